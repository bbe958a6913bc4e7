"""Converts decoded frames for display in a page: upright, with square pixels, in its colours."""

from __future__ import annotations

from typing import Any, Protocol

from .looking import VideoFacts
from .pictures import bitmap

_FLAGS = "bilinear"
"""Of the scaler; with these its pixels are those of the npm renderer."""
_ALPHA_FLAGS = "bilinear+accurate_rnd+full_chroma_int"
"""With alpha the plain ones are off by 1.3 of 255 on opaque pixels, the npm renderer is by 0.9, these are by 0.4."""


class FrameConverter(Protocol):
    """Makes pictures of frames."""

    def picture(self, frame: Any) -> bytes:
        """Return a frame of PyAV as a bitmap file."""
        ...

    def close(self) -> None:
        """End what it runs."""
        ...


class PlainConverter:
    """Converts by the filters of PyAV.

    Args:
        facts: What is known of the video.
        alpha: Keep the alpha plane.
    """

    def __init__(self, facts: VideoFacts, *, alpha: bool) -> None:
        self._facts = facts
        self._alpha = alpha
        self._graph: Any = None
        self._shape: Any = None

    def picture(self, frame: Any) -> bytes:
        """Return a frame of PyAV as a bitmap file."""
        shape = (frame.width, frame.height, frame.format.name, frame.colorspace, frame.color_range)
        if self._graph is None or shape != self._shape:
            self._graph, self._shape = self._make_graph(frame), shape
        self._graph.push(frame)
        made = self._graph.pull()
        return bitmap(made.width, made.height, made.planes[0], made.planes[0].line_size, alpha=self._alpha)

    def close(self) -> None:
        """Let go of the filters."""
        self._graph = None

    def _make_graph(self, frame: Any) -> Any:
        import av.filter

        graph = av.filter.Graph()
        graph.threads = 1
        last: Any = graph.add_buffer(
            width=frame.width, height=frame.height, format=frame.format, time_base=self._facts.tick
        )
        width, height = self._facts.decoded_size
        flags = _ALPHA_FLAGS if self._alpha else _FLAGS
        filters = [("scale", f"{width}:{height}:flags={flags}"), ("format", "bgra" if self._alpha else "bgr24")]
        for name, arguments in filters + self._facts.orientation.filters:
            node = graph.add(name, arguments)
            last.link_to(node)
            last = node
        last.link_to(graph.add("buffersink"))
        graph.configure()
        return graph
