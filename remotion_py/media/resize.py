"""Scales and crops captured pictures: a browser draws none below half the size, and some a pixel too large."""

from __future__ import annotations

import io
from fractions import Fraction
from typing import Any

from .opening import INPUT_LIMITS

_CODECS = {"png": "png", "jpeg": "mjpeg", "webp": "libwebp"}
_BEST, _STEP = 1, 0.15
"""FFmpeg's scale for JPEG, from the quality of 0 to 100 that browsers take: 80 is its 4."""


def thumbnail(data: bytes, width: int) -> bytes:
    """Return a picture as a small JPEG without transparency.

    Args:
        data: The picture, as PNG, JPEG or WebP.
        width: Pixels that it is to have.
    """
    frame = _decoded(data)
    height = max(2, round(frame.height * width / frame.width))
    return _encoded(frame, width, height, "jpeg", 60)


def shrunk(data: bytes, width: int, height: int, format: str, quality: int) -> bytes:
    """Return an encoded picture in a smaller size.

    Args:
        data: The picture, as PNG, JPEG or WebP.
        width: Pixels that it is to have.
        height: Pixels that it is to have.
        format: "png", "jpeg" or "webp"; that of the picture and of the result.
        quality: 0 to 100, for JPEG and WebP.
    """
    return _encoded(_decoded(data), width, height, format, quality)


def cropped(data: bytes, width: int, height: int, format: str, quality: int) -> bytes:
    """Return an encoded picture without what is right of a width and below a height; see `shrunk()`.

    Args:
        data: The picture, as PNG, so that it is encoded with loss only once.
        width: Pixels that are kept.
        height: Pixels that are kept.
        format: "png", "jpeg" or "webp".
        quality: 0 to 100, for JPEG and WebP.
    """
    from av.filter import Graph

    frame = _decoded(data)
    graph = Graph()
    graph.link_nodes(
        graph.add_buffer(
            template=None, width=frame.width, height=frame.height, format=frame.format, time_base=Fraction(1)
        ),
        graph.add("crop", f"{width}:{height}:0:0:exact=1"),
        graph.add("buffersink"),
    ).configure()
    graph.push(frame)
    return _encoded(graph.pull(), width, height, format, quality)


def _decoded(data: bytes) -> Any:
    import av

    with av.open(io.BytesIO(data), "r", options=INPUT_LIMITS) as container:
        return next(container.decode(video=0))


def _encoded(frame: Any, width: int, height: int, format: str, quality: int) -> bytes:
    import av
    from av.video.reformatter import Interpolation

    codec: Any = av.CodecContext.create(_CODECS[format], "w")
    pixels = {"png": "rgba" if len(frame.format.components) == 4 else "rgb24", "jpeg": "yuvj420p", "webp": "bgra"}
    codec.width, codec.height, codec.pix_fmt, codec.time_base = width, height, pixels[format], Fraction(1, 1)
    if format == "jpeg":
        codec.qmin = codec.qmax = max(_BEST, round(_BEST + (100 - quality) * _STEP))
    elif format == "webp":
        codec.options = {"quality": str(quality)}
    small = frame.reformat(width=width, height=height, format=pixels[format], interpolation=Interpolation.LANCZOS)
    small.pts, small.time_base = 0, Fraction(1, 1)
    return b"".join(bytes(packet) for packet in [*codec.encode(small), *codec.encode(None)])
