"""Encodes captured frames to one chunk of video."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from .codecs import PRORES_PROFILES
from .ffmpeg import FFmpeg
from .formats import Format, has_alpha

_COLORS = {
    "bt601": ({"matrix": "470bg", "primaries": "709", "transfer": "709"}, ("bt470bg", "bt709", "bt709")),
    "bt709": ({"matrix": "709", "primaries": "709", "transfer": "709"}, ("bt709", "bt709", "bt709")),
    "bt2020-ncl": (
        {"matrix": "2020_ncl", "primaries": "2020", "transfer": "2020_10"},
        ("bt2020nc", "bt2020", "bt2020-10"),
    ),
}
"""For each colour space: what zscale converts to, and the tags of matrix, primaries and transfer.

Frames are sRGB; a JPEG holds them as full-range BT.601. Keeping its matrix keeps its chroma: the mean SSIM against the
npm renderer's full-range video of the same frames is 0.997, and 0.993 (lowest 0.990) after conversion to BT.709
(measured 2026-11-23, crf 18). Limited range is what players expect. The transfer of BT.709 is taken for that of sRGB,
as everybody does: players show both alike."""

AV1_SPEED = 6
"""Of libaom, whose own default takes seconds for each frame."""
VP9_SPEED = 2
VP8_SPEED = 1


@dataclass(frozen=True)
class VideoSettings:
    """How frames become video.

    Attributes:
        format: Codec, pixels, colours and quality.
        fps: Frames per second, exact.
        x264_preset: Preset of x264; None for its own default, medium.
        video_bitrate: Such as 4M; None leaves it to the quality.
        max_rate: Highest bitrate.
        buffer_size: Buffer in which the highest bitrate is kept.
        gop_size: Most frames between key frames; None leaves it to the encoder.
        threads: Threads of the encoder; 0 lets it choose.
        crop: Width and height that are kept of pictures that are larger; None for all.
        odd: Whether width or height is odd.
    """

    format: Format
    fps: Fraction
    x264_preset: str | None = None
    video_bitrate: str | None = None
    max_rate: str | None = None
    buffer_size: str | None = None
    gop_size: int | None = None
    threads: int = 1
    crop: tuple[int, int] | None = None
    odd: bool = False


def encode_arguments(settings: VideoSettings, output: Path) -> list[str]:
    """Return FFmpeg's arguments for encoding frames from its standard input."""
    import ffmpeg  # pyright: ignore[reportMissingTypeStubs]

    form = settings.format
    jpeg = form.image_format == "jpeg"
    source: Any = ffmpeg.input("pipe:0", format="ivf", threads=1 if settings.threads else 0)
    common: dict[str, Any] = {"map_metadata": -1, "fflags": "+bitexact", "threads": settings.threads}
    if form.codec.keeps_pictures:
        # FFmpeg does not know that each PNG stands alone, and would wait for a key frame.
        return _arguments(source, output, common | {"c:v": "copy", "copyinkf": None})
    if settings.crop:
        source = source.filter("crop", *settings.crop, 0, 0, exact=1)
    zscale, (matrix, primaries, transfer) = _COLORS[form.color_space]
    if not jpeg:
        # zscale reads planes only; a PNG with alpha is RGBA, one without is RGB.
        source = source.filter("format", "gbrap" if has_alpha(form.pixel_format) else "gbrp")
    elif settings.odd:
        # zscale cannot halve an odd side, which the usual scaler can, before and after it.
        source = source.filter("format", "yuvj444p")
    origin = {"matrixin": "470bg"} if jpeg else {}
    converted = source.filter(
        "zscale", **origin, rangein="full", range="limited", primariesin="709", transferin="709", **zscale
    )
    if settings.odd:
        whole = form.pixel_format.replace("420", "444").replace("422", "444")
        converted = converted.filter("format", whole)
    # Pictures that stay for several frames are repeated here, after their conversion.
    fps = f"{settings.fps.numerator}/{settings.fps.denominator}"
    converted = converted.filter("format", form.pixel_format).filter("fps", fps)
    options = common | {
        "c:v": form.codec.encoder,
        "pix_fmt": form.pixel_format,
        "color_range": "tv",
        "colorspace": matrix,
        "color_primaries": primaries,
        "color_trc": transfer,
    }
    return _arguments(converted, output, options | _quality(settings) | _of_encoder(settings))


def _arguments(stream: Any, output: Path, options: dict[str, Any]) -> list[str]:
    return list(stream.output(str(output), **options).global_args("-y").get_args())


def _quality(settings: VideoSettings) -> dict[str, Any]:
    form = settings.format
    options: dict[str, Any] = {}
    if form.crf is not None:
        options["crf"] = form.crf
        if form.codec.name in ("vp9", "av1"):
            options["b:v"] = 0
        elif form.codec.name == "vp8":
            # libvpx takes the bitrate as a ceiling of the quality; without one it stays at 200 kbit/s.
            options["b:v"] = "100M"
    if settings.video_bitrate:
        options["b:v"] = settings.video_bitrate
    if settings.max_rate:
        options["maxrate"] = settings.max_rate
    if settings.buffer_size:
        options["bufsize"] = settings.buffer_size
    if settings.gop_size:
        options["g"] = settings.gop_size
    return options


def _of_encoder(settings: VideoSettings) -> dict[str, Any]:
    form = settings.format
    name = form.codec.name
    options: dict[str, Any] = {}
    if settings.x264_preset:
        options["preset"] = settings.x264_preset
    if form.codec.tag:
        options["tag:v"] = form.codec.tag
    if name == "h265":
        options["x265-params"] = f"log-level=error:pools={settings.threads or '*'}"
    if name == "prores":
        options |= {"profile:v": PRORES_PROFILES.index(form.prores_profile or "hq"), "vendor": "apl0"}
    if name == "av1":
        options |= {"cpu-used": AV1_SPEED, "row-mt": 1}
        if settings.fps < 1:
            # libaom takes no ticks of more than a second; chunks get the exact grid when they are joined.
            options |= {"enc_time_base": f"1/{settings.fps.numerator}", "fps_mode": "passthrough"}
    if name == "vp9":
        options |= {"cpu-used": VP9_SPEED, "row-mt": 1}
    if name == "vp8":
        options["cpu-used"] = VP8_SPEED
    if name in ("vp8", "vp9") and has_alpha(form.pixel_format):
        options["auto-alt-ref"] = 0
    return options


class ChunkEncoder:
    """Encodes frames, given one by one, to a chunk.

    Args:
        settings: How to encode.
        output: The chunk to write.
    """

    def __init__(self, settings: VideoSettings, output: Path) -> None:
        self.output = output
        self.frames = 0
        self._settings = settings
        self._last: bytes | None = None
        self._written = 0
        self._ffmpeg = FFmpeg(encode_arguments(settings, output), "encode the frames")

    async def __aenter__(self) -> ChunkEncoder:
        await self._ffmpeg.start()
        await self._ffmpeg.write(_ivf_header(self._settings))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._ffmpeg.kill()

    async def write(self, picture: bytes) -> None:
        """Encode one more frame; waits while the encoder is behind. A frame that is equal to the last costs little."""
        if self._settings.format.codec.keeps_pictures or picture != self._last:
            await self._write(picture, self.frames)
        self.frames += 1

    async def finish(self) -> None:
        """Flush the encoder and close the chunk."""
        if self._last is not None and self._written < self.frames - 1:
            await self._write(self._last, self.frames - 1)  # it ends the repeats of the last picture
        await self._ffmpeg.finish()

    async def _write(self, picture: bytes, index: int) -> None:
        await self._ffmpeg.write(_ivf_frame(len(picture), index) + picture)
        self._last, self._written = picture, index


def _ivf_header(settings: VideoSettings) -> bytes:
    """Return the header of an IVF file: a simple container in which pictures have time stamps.

    Its numbers are little-endian: version, length of the header, codec, width and height (the pictures have them),
    time base, number of frames (not known), and four bytes that are not used.
    """
    codec = b"MJPG" if settings.format.image_format == "jpeg" else b"MPNG"
    fps = settings.fps
    return b"DKIF" + struct.pack("<HH4sHHIIII", 0, 32, codec, 0, 0, fps.numerator, fps.denominator, 0, 0)


def _ivf_frame(size: int, index: int) -> bytes:
    return struct.pack("<IQ", size, index)
