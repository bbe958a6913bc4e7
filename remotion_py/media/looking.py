"""The facts about a video that are needed before its frames are read."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from ..errors import MediaError
from .decoding import decoded_frames, packets_of
from .opening import opened

ALPHA_DECODERS = {"vp8": "libvpx", "vp9": "libvpx-vp9"}
"""FFmpeg's own decoders of these leave the alpha plane out."""
_HDR = {16: "smpte2084", 18: "arib-std-b67"}
"""FFmpeg's numbers of the transfers of high dynamic range, and their names."""
_WIDEST_PIXEL = 16
"""A pixel that is said to be wider, or higher, than this many times its other side comes from a damaged file."""


@dataclass(frozen=True)
class Orientation:
    """How the frames of a file are displayed: mirrored, if at all, and then turned.

    Attributes:
        mirrored: Left and right are exchanged.
        turn: Clockwise degrees: 0, 90, 180 or 270.
    """

    mirrored: bool = False
    turn: int = 0

    @classmethod
    def of_matrix(cls, matrix: bytes) -> Orientation:
        """Read a display matrix: nine numbers of 32 bits, of which the first two of two rows hold the linear part."""
        a, b, _, c, d = struct.unpack("=5i", matrix[:20])
        return cls(a * d - b * c < 0, round(math.degrees(math.atan2(-c, d)) / 90) * 90 % 360)

    @property
    def upright(self) -> bool:
        """Whether width and height stay as they are."""
        return self.turn in (0, 180)

    @property
    def filters(self) -> list[tuple[str, str]]:
        """FFmpeg's filters for it, and their arguments."""
        mirror = [("hflip", "")] if self.mirrored else []
        return mirror + [("transpose", "clock")] * (self.turn // 90)


@dataclass(frozen=True)
class VideoFacts:
    """What has to be known of a video before it is read.

    Attributes:
        codec: FFmpeg's name of its codec.
        alpha: Whether it has an alpha plane.
        hdr: FFmpeg's name of its transfer when that is one of high dynamic range, or "".
        width: Pixels as displayed, after rotation and with square pixels.
        height: Pixels as displayed.
        orientation: How its frames are displayed.
        keys: Time stamps at which decoding can begin, in order of decoding; empty when unknown.
        tick: Seconds from one time stamp to the next.
    """

    codec: str
    alpha: bool
    hdr: str
    width: int
    height: int
    orientation: Orientation
    keys: tuple[int, ...]
    tick: Fraction

    @property
    def decoded_size(self) -> tuple[int, int]:
        """Width and height with square pixels before frames are turned."""
        return (self.width, self.height) if self.orientation.upright else (self.height, self.width)


def look(path: Path) -> VideoFacts:
    """Return what has to be known of a video.

    Raises:
        MediaError: The file cannot be read, or holds no video.
    """
    with opened(path, "video") as container:
        if not container.streams.video:
            raise MediaError(f"The file {path} has no video. Use an audio tag in the page, or another file.")
        stream = container.streams.video[0]
        context = stream.codec_context
        if context is None:
            raise MediaError(f"The video {path} is in a format that FFmpeg cannot decode. Convert it to H.264.")
        first = next(decoded_frames(packets_of(container, stream), context), None)
        if first is None:
            raise MediaError(f"The video {path} has no frames that can be decoded. Check that the file is complete.")
        codec = context.codec.canonical_name
        tagged = any(key.lower() == "alpha_mode" and value == "1" for key, value in stream.metadata.items())
        alpha = tagged or (codec not in ALPHA_DECODERS and _has_alpha(str(context.pix_fmt)))
        orientation = _orientation(first)
        width, height = round(first.width * _pixel_width(stream)), first.height
        if not orientation.upright:
            width, height = height, width
        keys = tuple(entry.timestamp for entry in stream.index_entries if entry.is_keyframe)
        hdr = _HDR.get(int(context.color_trc), "")
        return VideoFacts(codec, alpha, hdr, max(1, width), height, orientation, keys, Fraction(stream.time_base))


def _pixel_width(stream: Any) -> Fraction:
    ratio = Fraction(stream.sample_aspect_ratio or 1)
    return ratio if Fraction(1, _WIDEST_PIXEL) <= ratio <= _WIDEST_PIXEL else Fraction(1)


def _orientation(frame: Any) -> Orientation:
    from av.sidedata.sidedata import Type

    matrix = frame.side_data.get(Type.DISPLAYMATRIX)
    return Orientation() if matrix is None else Orientation.of_matrix(bytes(matrix))


def _has_alpha(pixel_format: str) -> bool:
    return pixel_format.startswith(("yuva", "gbrap", "rgba", "bgra", "argb", "abgr", "ya8", "ya16"))
