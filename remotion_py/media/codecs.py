"""What we know of each video codec (pure). Facts: page contract, section 9."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class Codec:
    """A video codec as Remotion names it.

    Attributes:
        name: Remotion's name.
        encoder: FFmpeg's encoder.
        extension: Extension of the finished file.
        default_crf: Constant rate factor when none is given.
        even_size: Whether width and height have to be even.
    """

    name: str
    encoder: str
    extension: str
    default_crf: int
    even_size: bool


CODECS = {"h264": Codec("h264", "libx264", "mp4", 18, even_size=True)}


def fit_size(codec: Codec, width: int, height: int, scale: float) -> tuple[int, int]:
    """Return the size at which a composition is laid out, so that the codec can encode it.

    Each side is made smaller, one by one, until it is even after scaling (page contract 9.4).
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


def exact_fps(fps: float) -> Fraction:
    """Return frames per second as the ratio that is meant: 29.97 is 2997/100, and 30000/1001 is itself."""
    nice = Fraction(fps).limit_denominator(1001)
    return nice if float(nice) == float(fps) else Fraction(str(fps))
