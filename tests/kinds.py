"""Small files of many kinds, as cameras, recorders and muxers write them; made by FFmpeg once and kept below `.cache`.

Each frame shows its number as eight black and white squares, each sound is a noise that never repeats. So a test can
tell which frame of the source a picture is, and where in the source a sample was, without trust in the code under test.
"""

from __future__ import annotations

import hashlib
import itertools
import shutil
import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from .cache import CACHE, one_at_a_time
from .media import pcm, run

WIDTH, HEIGHT = 160, 96
RATE, FPS, FRAMES = 48_000, 30, 60
SIDE = WIDTH // 10


@dataclass(frozen=True)
class Kind:
    """A file and what is right for it.

    Attributes:
        name: Of the file.
        late: Frame of the render at which the first frame of the source is displayed; below 0 when a cut hides some.
        sound_late: Seconds until its sound begins, with what a codec puts first; None when as late as its picture.
        frames: How many frames of the source it has; 0 without pictures.
        sound: Whether it has sound.
        exact: Whether each frame can be told: not in damaged files, and not in those that leave frames out.
        corner: Which corner of the source is displayed at the top left.
    """

    name: str
    late: int = 0
    sound_late: float | None = None
    frames: int = FRAMES
    sound: bool = True
    exact: bool = True
    corner: str = "red"

    def shows(self, frame: int) -> int:
        """Return the frame of the source that is right at a frame of a render at 30 frames per second."""
        return min(max(frame - self.late, -min(self.late, 0)), self.frames - 1)

    def upright(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return a picture as the source has it."""
        if self.name == "mirrored.mp4":
            return picture[:, ::-1]
        return np.rot90(picture, {"turned.mp4": 1, "hlg-turned.mov": -1}.get(self.name, 0))


CORNERS = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255), "yellow": (255, 255, 0)}


def numbered(number: int, width: int = WIDTH, height: int = HEIGHT, alpha: bool = False) -> NDArray[np.uint8]:
    """A picture that shows a number in its middle third and a colour in each corner."""
    picture = np.full((height, width, 4 if alpha else 3), 128, np.uint8)
    if alpha:
        picture[..., 3] = 255
        picture[:8, SIDE * 4 : SIDE * 6, 3] = 0
    for bit in range(8):
        picture[height // 3 : 2 * height // 3, (bit + 1) * SIDE : (bit + 2) * SIDE, :3] = 255 * (number >> bit & 1)
    high, wide = height // 4, width // 4
    for (down, across), colour in zip(itertools.product((0, 1), (0, 1)), CORNERS.values(), strict=True):
        rows = slice(height - high, height) if down else slice(0, high)
        columns = slice(width - wide, width) if across else slice(0, wide)
        picture[rows, columns, :3] = colour
    return picture


def read_number(picture: NDArray[np.uint8]) -> int:
    """Read the number of a picture; its colours may be off."""
    height, width = picture.shape[:2]
    row = picture[height // 2 - 5 : height // 2 + 5, :, :3].mean(axis=(0, 2))
    side = width / 10
    return sum(int(row[int((bit + 1.3) * side) : int((bit + 1.7) * side)].mean() > 128) << bit for bit in range(8))


def read_corner(picture: NDArray[np.uint8]) -> str:
    """Tell which corner of the source is displayed at the top left."""
    found = picture[6, 6, :3].astype(int)
    return min(CORNERS, key=lambda name: int(np.abs(found - CORNERS[name]).sum()))


def noise(seconds: float) -> NDArray[np.float64]:
    """A low noise, which lossy codecs keep."""
    samples = np.random.default_rng(1).standard_normal(round(seconds * RATE))
    return np.convolve(samples, np.hanning(31) / 15, "same") * 0.25


@cache
def _frames(count: int = FRAMES, width: int = WIDTH, height: int = HEIGHT, alpha: bool = False) -> bytes:
    return b"".join(numbered(number, width, height, alpha).tobytes() for number in range(count))


def _raw(width: int = WIDTH, height: int = HEIGHT, pixels: str = "rgb24") -> tuple[object, ...]:
    return "-f", "rawvideo", "-pix_fmt", pixels, "-s", f"{width}x{height}", "-r", FPS, "-i", "pipe:0"


H264 = ("-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-crf", 12, "-g", 12, "-bf", 3)
HEVC = ("-c:v", "libx265", "-preset", "ultrafast", "-crf", 12, "-pix_fmt", "yuv420p10le", "-tag:v", "hvc1")
OPEN = "log-level=error:keyint=12:min-keyint=12:bframes=3:open-gop=1:scenecut=0"
HLG = ("-color_primaries", "bt2020", "-color_trc", "arib-std-b67", "-colorspace", "bt2020nc")
HLG_PARAMS = ":colorprim=bt2020:transfer=arib-std-b67:colormatrix=bt2020nc"
PQ = ("-color_primaries", "bt2020", "-color_trc", "smpte2084", "-colorspace", "bt2020nc")
VP8 = ("-c:v", "libvpx", "-crf", 10, "-b:v", "2M", "-cpu-used", 8, "-deadline", "realtime", "-g", 15)
VP9 = ("-c:v", "libvpx-vp9", "-crf", 20, "-b:v", 0, "-cpu-used", 8, "-deadline", "realtime", "-g", 15)
OPUS = ("-c:a", "libopus", "-b:a", "96k")
AAC = ("-c:a", "aac", "-b:a", "128k")

Maker = Callable[[Path], object]
KINDS: dict[str, Kind] = {}
_MAKERS: dict[str, Maker] = {}


def _kind(kind: Kind, maker: Maker) -> None:
    KINDS[kind.name] = kind
    _MAKERS[kind.name] = maker


def _film(kind: Kind, *options: object, before: tuple[object, ...] = (), between: tuple[object, ...] = ()) -> None:
    """A file with pictures, and with sound unless its kind says otherwise."""

    def make(path: Path) -> None:
        sound = (*between, "-i", path.parent / "noise.wav", "-map", "0:v", "-map", "1:a") if kind.sound else ()
        run(*before, *_raw(), *sound, *options, path, feed=_frames())

    _kind(kind, make)


def _from(kind: Kind, source: str, *options: object, before: tuple[object, ...] = ()) -> None:
    """A file whose packets are those of another one."""
    _kind(kind, lambda path: run(*before, "-i", path.parent / source, "-c", "copy", *options, path))


def _sound(name: str, *options: object, late: float = 0.0) -> None:
    kind = Kind(name, frames=0, sound_late=late)
    _kind(kind, lambda path: run("-i", path.parent / "noise.wav", *options, path))


def _changed(kind: Kind, source: str, change: Callable[[bytes], bytes]) -> None:
    """A file with other bytes than another one."""
    _kind(kind, lambda path: path.write_bytes(change((path.parent / source).read_bytes())))


def _silent(name: str, **more: object) -> Kind:
    return Kind(name, sound=False, **more)  # type: ignore[arg-type]


_film(Kind("plain.mp4"), *H264, *AAC)
_film(Kind("open-gop.mp4"), *H264, "-x264-params", "open-gop=1:scenecut=0:keyint=12:bframes=3", *AAC)
_film(_silent("refresh.mp4"), *H264, "-x264-params", "intra-refresh=1:keyint=12:bframes=0")
_film(Kind("empty-moov.mp4", late=2), *H264, *AAC, "-movflags", "frag_keyframe+empty_moov+default_base_moof")
_film(Kind("delay-moov.mp4"), *H264, *AAC, "-movflags", "frag_keyframe+delay_moov")
_from(Kind("cut.mp4", late=-18), "plain.mp4", before=("-ss", 0.6))
_film(Kind("late-sound.mp4", sound_late=0.5), *H264, *AAC, between=("-itsoffset", 0.5))
_kind(
    Kind("late-picture.mkv", late=10, sound_late=0.021),
    lambda path: run(
        *("-itsoffset", 0.3, "-i", path.parent / "plain.mp4", "-i", path.parent / "plain.mp4"),
        *("-map", "0:v", "-map", "1:a", "-c", "copy", path),
    ),
)
_from(Kind("offset.mkv", late=15), "plain.mp4", "-output_ts_offset", 0.5)
_film(Kind("vp8.webm"), *VP8, *OPUS)
_film(Kind("vorbis.webm", late=1, sound_late=0.003), *VP9, "-c:a", "libvorbis")
_from(Kind("offset.webm", late=25, sound_late=0.807), "vp8.webm", "-output_ts_offset", 0.8)
_kind(
    Kind("live.webm", late=1, sound_late=0.007),
    lambda path: run("-i", path.parent / "vp8.webm", "-c", "copy", "-live", 1, "-f", "webm", path),
)
_changed(Kind("said-short.webm"), "vp8.webm", lambda data: _with_duration(data, 500.0))
_changed(Kind("said-long.webm"), "vp8.webm", lambda data: _with_duration(data, 90_000.0))
_film(_silent("av1.mp4"), "-c:v", "libaom-av1", "-cpu-used", 8, "-row-mt", 1, "-crf", 20, "-b:v", 0, "-g", 20)
_film(Kind("theora.ogv"), "-c:v", "libtheora", "-q:v", 8, "-g", 12, "-c:a", "libvorbis")
_from(Kind("transport.ts", late=44), "plain.mp4")
_film(Kind("program.mpg", late=16), "-c:v", "mpeg2video", "-q:v", 2, "-g", 12, "-bf", 2, "-c:a", "mp2", "-b:a", "192k")
_film(
    Kind("xvid.avi", late=1, sound_late=0.023),
    "-c:v",
    "mpeg4",
    "-q:v",
    2,
    "-g",
    12,
    "-bf",
    2,
    "-c:a",
    "mp3",
    "-b:a",
    "192k",
)
_from(Kind("flash.flv", late=2, exact=False), "plain.mp4")
_film(Kind("media.wmv", late=2, sound_late=0.043), "-c:v", "wmv2", "-q:v", 2, "-g", 12, "-c:a", "wmav2", "-b:a", "192k")
_film(Kind("motion.mov"), "-c:v", "mjpeg", "-q:v", 2, "-pix_fmt", "yuvj420p", "-c:a", "pcm_s16le")
_film(Kind("hevc.mp4"), *HEVC, "-x265-params", OPEN, *AAC)
_film(_silent("hlg.mov"), *HEVC, "-x265-params", OPEN + HLG_PARAMS, *HLG)
_from(_silent("hlg-cut.mov", late=-18), "hlg.mov", before=("-ss", 0.6))
_from(_silent("hlg-turned.mov", corner="green"), "hlg.mov", before=("-display_rotation", 90))
_film(_silent("hlg-no-matrix.mp4"), *H264, "-color_trc", "arib-std-b67")
_film(_silent("pq.webm"), *VP9, "-pix_fmt", "yuv420p10le", *PQ)
_from(_silent("turned.mp4", corner="blue"), "plain.mp4", "-an", before=("-display_rotation", -90))
_from(_silent("mirrored.mp4", corner="green"), "plain.mp4", "-an", before=("-display_hflip",))
_from(_silent("upside-down.mp4", corner="blue"), "plain.mp4", "-an", before=("-display_vflip",))
_film(_silent("wide-pixels.mp4"), *H264, "-vf", "scale=80:96,setsar=2")
_film(_silent("uneven.mp4", exact=False), *H264, "-vf", "select='not(mod(n,7))+not(mod(n,5))'", "-fps_mode", "vfr")
_film(_silent("movie.gif", frames=20, exact=False), "-vf", "fps=10")
_film(_silent("movie.apng"), "-pix_fmt", "rgb24", "-f", "apng")
_kind(
    _silent("odd.mp4", frames=20),
    lambda path: run(*_raw(161, 97), *H264[:4], "-pix_fmt", "yuv444p", "-g", 12, path, feed=_frames(20, 161, 97)),
)
for _name, _alpha in (
    ("glass-vp8.webm", (*VP8, "-pix_fmt", "yuva420p", "-auto-alt-ref", 0)),
    ("glass.mov", ("-c:v", "prores_ks", "-profile:v", 4, "-pix_fmt", "yuva444p10le")),
):
    _kind(
        _silent(_name, frames=30),
        lambda path, options=_alpha: run(
            *_raw(pixels="rgba"), *options, path, feed=_frames(30, WIDTH, HEIGHT, alpha=True)
        ),
    )

_sound("plain.wav")
_sound("plain.flac")
_sound("plain.aiff")
_sound("plain.m4a", *AAC)
_sound("plain.aac", "-c:a", "aac", "-q:a", 2, late=0.021)
_sound("plain.mp3", "-b:a", "192k")
_sound("bare.mp3", "-q:a", 4, "-write_xing", 0, "-id3v2_version", 0, late=0.023)
_sound("plain.ogg", "-c:a", "libvorbis")
_sound("opus.ogg", *OPUS)
_sound("opus.webm", *OPUS)
_sound("aac.mkv", *AAC)
_sound("low.wma", "-c:a", "wmav2", "-ar", 44100, "-b:a", "192k", late=0.046)
_sound("surround.ac3", "-ac", 6, "-b:a", "448k", late=0.005)
_sound("gap.webm", *OPUS, "-bsf:a", "noise=drop='between(pts*tb,0.6,1.2)'")
_sound("wild.mka", *AAC, "-bsf:a", "setts=ts='if(eq(N,80),TS+48000*36000,TS)'")

DAMAGED = {
    "damaged.mp4": "plain.mp4",
    "damaged.mkv": "offset.mkv",
    "damaged.webm": "vp8.webm",
    "damaged-hevc.mp4": "hevc.mp4",
    "damaged-hlg.mov": "hlg.mov",
    "damaged.mpg": "program.mpg",
    "damaged.mp3": "plain.mp3",
    "damaged.aac": "plain.aac",
}
"""Files with wrong bytes in their middle, and those that they were."""
for _name, _source in DAMAGED.items():
    _was = KINDS[_source]
    _kind(
        Kind(_name, _was.late, _was.sound_late, _was.frames, _was.sound, exact=False),
        lambda path, source=_source: path.write_bytes(_damaged_file(path.parent / source)),
    )
_changed(
    Kind("truncated.mp4", frames=36, exact=False),
    "quick.mp4",
    lambda data: data[: len(data) * 6 // 10],
)
_MAKERS["quick.mp4"] = lambda path: run("-i", path.parent / "plain.mp4", "-c", "copy", "-movflags", "+faststart", path)


def _damaged_file(path: Path) -> bytes:
    """Return a file whose packets are whole but for a few, which nothing can decode."""
    data = bytearray(path.read_bytes())
    with av.open(str(path)) as container:
        stream = (*container.streams.video, *container.streams.audio)[0]
        positions = [packet.pos for packet in container.demux(stream) if packet.pos]
    for share in (0.27, 0.29, 0.5, 0.73):
        # Damage inside a picture is not always noticed by FFmpeg, which then displays what was in memory before.
        at = positions[int(len(positions) * share)]
        data[at : at + 16] = b"\xff" * 16
    return bytes(data)


def damaged(data: bytes, seed: int, middle: float = 0.5, share: float = 0.4, runs: int = 4) -> bytes:
    """Return a file with a few runs of wrong bytes in the middle of it.

    Args:
        data: The file.
        seed: Of the places and bytes.
        middle: Around which part of the file they lie.
        share: Of the file in which they lie.
        runs: How many.
    """
    chance = np.random.default_rng(seed)
    changed = bytearray(data)
    for _ in range(runs):
        at = int(len(data) * (middle + share * (chance.random() - 0.5)))
        changed[at : at + 24] = chance.bytes(24)
    return bytes(changed[: len(data)])


def _with_duration(data: bytes, milliseconds: float) -> bytes:
    at = data.find(b"\x44\x89")
    return data[: at + 3] + struct.pack(">d", milliseconds) + data[at + 11 :]


@one_at_a_time("kinds")
def kinds_folder() -> Path:
    """Return the folder with all files, making them where they are missing."""
    sources = Path(__file__).read_bytes() + av.__version__.encode()
    folder = CACHE / "kinds" / hashlib.sha256(sources).hexdigest()[:16]
    if not folder.exists():
        making = folder.with_suffix(".making")
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(parents=True)
        run("-f", "s16le", "-ar", RATE, "-ac", 1, "-i", "pipe:0", making / "noise.wav", feed=pcm(noise(FRAMES / FPS)))
        pending = dict(_MAKERS)
        # Others are made of these.
        for name in ("plain.mp4", "vp8.webm", "hlg.mov", "hevc.mp4", "program.mpg", "quick.mp4", "offset.mkv"):
            pending.pop(name)(making / name)
        for name, make in pending.items():
            make(making / name)
        making.replace(folder)
    return folder


FAMILIES = {
    "mp4": (
        "plain.mp4",
        "open-gop.mp4",
        "refresh.mp4",
        "empty-moov.mp4",
        "delay-moov.mp4",
        "cut.mp4",
        "late-sound.mp4",
    ),
    "matroska": ("late-picture.mkv", "offset.mkv", "vp8.webm", "vorbis.webm", "offset.webm", "live.webm"),
    "lengths": ("said-short.webm", "said-long.webm", "truncated.mp4", "uneven.mp4", "odd.mp4", "wide-pixels.mp4"),
    "other": (
        "av1.mp4",
        "theora.ogv",
        "transport.ts",
        "program.mpg",
        "xvid.avi",
        "flash.flv",
        "media.wmv",
        "motion.mov",
    ),
    "hdr": ("hevc.mp4", "hlg.mov", "hlg-cut.mov", "hlg-turned.mov", "hlg-no-matrix.mp4", "pq.webm"),
    "turned": (
        "turned.mp4",
        "mirrored.mp4",
        "upside-down.mp4",
        "movie.gif",
        "movie.apng",
        "glass-vp8.webm",
        "glass.mov",
    ),
    "sounds": ("plain.wav", "plain.flac", "plain.aiff", "plain.m4a", "plain.aac", "plain.mp3", "bare.mp3", "plain.ogg"),
    "more sounds": ("opus.ogg", "opus.webm", "aac.mkv", "low.wma", "surround.ac3", "gap.webm", "wild.mka"),
    "damaged": tuple(DAMAGED),
}
"""All of them, a few at a time."""
assert sorted(itertools.chain(*FAMILIES.values())) == sorted(KINDS)


def with_pictures(family: str) -> list[Kind]:
    """Return the files of a family that have pictures."""
    return [KINDS[name] for name in FAMILIES[family] if KINDS[name].frames]


def with_sound(family: str) -> list[Kind]:
    """Return the files of a family that have sound."""
    return [KINDS[name] for name in FAMILIES[family] if KINDS[name].sound]
