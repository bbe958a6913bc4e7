"""The table of codecs, with their sizes and rates (no I/O). Facts: design/page-contract.md 9."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from .._data.rates import HIGHEST_FPS, LOWEST_FPS
from ..errors import OptionError

LARGEST_RATE_TERM = 10**9
"""Of a frame rate as a ratio; libvpx takes no time base beyond it, containers none beyond 2**31."""
_RATE_PRECISION = Fraction(1, 10**9)
"""How much of a frame rate may get lost by writing it down: 4 microseconds in an hour."""


@dataclass(frozen=True)
class Codec:
    """A codec as Remotion names it.

    Attributes:
        name: Remotion's name.
        encoder: FFmpeg's video encoder; "" for audio alone.
        audio: Extensions that fit each audio codec, the default ones first.
        chunk: Container in which a chunk of its video travels.
        crf: Lowest, highest and default constant rate factor; None where it has none.
        even_size: Whether width and height have to be even.
        pixel_formats: The pixel formats that it can hold, the default first.
        tag: Codec tag in MP4 and MOV; "" for the usual one.
    """

    name: str
    encoder: str
    audio: Mapping[str, tuple[str, ...]]
    chunk: str = ""
    crf: tuple[int, int, int] | None = None
    even_size: bool = False
    pixel_formats: tuple[str, ...] = ()
    tag: str = ""

    @property
    def has_video(self) -> bool:
        """Whether it holds pictures."""
        return bool(self.encoder)

    @property
    def default_audio(self) -> str | None:
        """The audio codec that goes with it; None when it is silent."""
        return next(iter(self.audio), None)

    @property
    def extension(self) -> str:
        """Extension of its usual file."""
        if self.audio:
            return next(iter(self.audio.values()))[0]
        return "zip" if self.name == SEQUENCE else self.name

    @property
    def keeps_pictures(self) -> bool:
        """Whether chunks carry the captured pictures as they are: a palette, or a folder, needs all of them."""
        return self.name in ("gif", SEQUENCE)


_PLANAR = ("yuv420p", "yuv422p", "yuv444p", "yuv420p10le", "yuv422p10le", "yuv444p10le")
_AAC = ("aac", "m4a", "m4b", "3gp")

SEQUENCE = "image-sequence"
"""Our name for pictures that are not encoded at all; they travel as they were captured, as those of a GIF do."""

CODECS = {
    codec.name: codec
    for codec in (
        Codec(
            "h264",
            "libx264",
            {"aac": ("mp4", "mkv", "mov"), "mp3": ("mp4", "mkv", "mov"), "pcm-16": ("mkv", "mov")},
            "mp4",
            (1, 51, 18),
            even_size=True,
            pixel_formats=_PLANAR,
        ),
        Codec(
            "h264-mkv",
            "libx264",
            {"pcm-16": ("mkv",), "mp3": ("mkv",)},
            "mp4",
            (1, 51, 18),
            even_size=True,
            pixel_formats=_PLANAR,
        ),
        Codec(
            "h264-ts",
            "libx264",
            {"aac": ("ts",)},
            "mp4",
            (1, 51, 18),
            even_size=True,
            pixel_formats=_PLANAR,
        ),
        Codec(
            "h265",
            "libx265",
            {"aac": ("mp4", "mkv", "mov"), "pcm-16": ("mkv",)},
            "mp4",
            (0, 51, 23),
            even_size=True,
            pixel_formats=_PLANAR,
            tag="hvc1",
        ),
        Codec(
            "vp8",
            "libvpx",
            {"opus": ("webm",), "pcm-16": ("mkv",)},
            "webm",
            (4, 63, 9),
            pixel_formats=("yuv420p", "yuva420p"),
        ),
        Codec(
            "vp9",
            "libvpx-vp9",
            {"opus": ("webm",), "pcm-16": ("mkv",)},
            "webm",
            (0, 63, 28),
            pixel_formats=("yuv420p", "yuva420p", *_PLANAR[1:]),
        ),
        Codec(
            "av1",
            "libaom-av1",
            {"aac": ("mp4", "mkv"), "opus": ("webm", "mkv"), "pcm-16": ("mkv",)},
            "mp4",
            (0, 63, 30),
            even_size=True,
            pixel_formats=_PLANAR,
        ),
        Codec(
            "prores",
            "prores_ks",
            {"pcm-16": ("mov", "mkv", "mxf"), "aac": ("mov", "mkv")},
            "mov",
            pixel_formats=("yuv422p10le", "yuv444p10le", "yuva444p10le"),
        ),
        Codec("gif", "gif", {}, "mov", pixel_formats=("rgba",)),
        Codec(SEQUENCE, "copy", {}, "mov", pixel_formats=("rgba",)),
        Codec("mp3", "", {"mp3": ("mp3",), "pcm-16": ("wav",)}),
        Codec("aac", "", {"aac": _AAC, "pcm-16": ("wav",)}),
        Codec("wav", "", {"pcm-16": ("wav",)}),
    )
}

AUDIO_ENCODERS = {"aac": "aac", "mp3": "libmp3lame", "opus": "libopus", "pcm-16": "pcm_s16le"}
"""FFmpeg's encoder for each audio codec."""

CODEC_OF_EXTENSION = {
    "mp4": "h264",
    "webm": "vp8",
    "mkv": "h264-mkv",
    "mov": "prores",
    "mxf": "prores",
    "ts": "h264-ts",
    "gif": "gif",
    "mp3": "mp3",
    "wav": "wav",
    **dict.fromkeys(_AAC, "aac"),
}
"""The codec that is meant when only an output is named."""

PRORES_PROFILES = ("proxy", "light", "standard", "hq", "4444", "4444-xq")
"""In the order of FFmpeg's numbers for them."""


def fit_size(codec: Codec, width: int, height: int, scale: float) -> tuple[int, int]:
    """Return the size at which a composition is laid out, so that the codec can encode it.

    Each side is made smaller, one by one, until it is even after scaling (design/page-contract.md 9.4).
    """
    if not codec.even_size:
        return width, height
    return _fit(width, scale), _fit(height, scale)


def _fit(side: int, scale: float) -> int:
    while side > 1 and scaled(side, scale) % 2:
        side -= 1
    return side


def scaled(side: int, scale: float) -> int:
    """Return a side in pixels of the output; a half is rounded up, as JavaScript does."""
    return math.floor(side * scale + 0.5)


def exact_fps(fps: float | Fraction) -> Fraction:
    """Return frames per second as the ratio that is meant.

    29.97 is 2997/100, and 30000/1001 is itself, also where it was written with a few digits, as 29.97002997. What no
    ratio of numbers that encoders take is equal to becomes the nearest one: 1000 / 33.37 differs by less than 1e-9.

    Raises:
        OptionError: It is below `LOWEST_FPS` or above `HIGHEST_FPS`.
    """
    # A fraction of 1/100 is below the float 0.01, and a large one cannot be a float.
    if not 0 < fps <= HIGHEST_FPS or float(fps) < LOWEST_FPS:
        raise OptionError(
            f"The composition has {fps} frames per second, which is not a valid frame rate. Use a number "
            f"from {LOWEST_FPS} to {HIGHEST_FPS:,}, in the composition or as force_fps."
        )
    given = Fraction(fps)
    nice = given.limit_denominator(1001)
    if abs(nice - given) <= given * _RATE_PRECISION:
        return nice
    written = given if isinstance(fps, Fraction) else Fraction(str(fps))
    if written.numerator <= LARGEST_RATE_TERM and written.denominator <= LARGEST_RATE_TERM:
        return written
    return given.limit_denominator(max(1, math.floor(LARGEST_RATE_TERM / max(1, given))))
