"""Converts decoded frames to bitmaps for a page, with or without alpha."""

from __future__ import annotations

import struct
from typing import Any

MEDIA_TYPE = "image/bmp"
_FILE_HEADER = 14
_V1_HEADER = 40
_V4_HEADER = 108
_BITFIELDS = 3


def bitmap(width: int, height: int, rows: Any, line_size: int, *, alpha: bool) -> bytes:
    """Return a bitmap file; nothing is compressed, so it costs next to nothing.

    Args:
        width: Pixels.
        height: Pixels.
        rows: A buffer of BGR or BGRA pixels, row by row from the top.
        line_size: Bytes from one row of the buffer to the next.
        alpha: Whether pixels are BGRA.
    """
    used = width * (4 if alpha else 3)
    stride = (used + 3) // 4 * 4
    view = memoryview(rows)
    if line_size == stride:
        pixels = view[: stride * height]
    else:
        padding = bytes(stride - used)
        pixels = b"".join(bytes(view[at : at + used]) + padding for at in range(0, line_size * height, line_size))
    header = _alpha_header(width, height) if alpha else _plain_header(width, height)
    offset = _FILE_HEADER + len(header)
    return b"".join((struct.pack("<2sIHHI", b"BM", offset + stride * height, 0, 0, offset), header, pixels))


def _plain_header(width: int, height: int) -> bytes:
    # A negative height means that the first row is the topmost.
    return struct.pack("<IiiHHIIiiII", _V1_HEADER, width, -height, 1, 24, 0, 0, 2835, 2835, 0, 0)


def _alpha_header(width: int, height: int) -> bytes:
    base = struct.pack("<IiiHHIIiiII", _V4_HEADER, width, -height, 1, 32, _BITFIELDS, 0, 2835, 2835, 0, 0)
    masks = struct.pack("<IIII", 0x00FF0000, 0x0000FF00, 0x000000FF, 0xFF000000)
    return (base + masks + b"BGRs").ljust(_V4_HEADER, b"\0")
