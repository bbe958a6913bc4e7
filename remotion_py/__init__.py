"""Render web page compositions - Remotion bundles and plain HTML pages - to video.

    import remotion_py as rp

    video = rp.render_media("examples/bar-chart-race", "race", output="race.mp4")

Names are loaded on first use, so that importing the package costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from ._version import __version__

if TYPE_CHECKING:
    from .client import AsyncClient, Client
    from .default import (
        close,
        get_compositions,
        get_render_progress,
        render_frames,
        render_media,
        render_still,
        start_render_media,
    )
    from .errors import RemotionPyError
    from .lambda_.concat import concat_chunks
    from .page import RUNTIME_JS
    from .progress import RenderProgress
    from .render import Artifact, AsyncRender, Composition, Frames, Render, Still, Video

__all__ = [
    "RUNTIME_JS",
    "Artifact",
    "AsyncClient",
    "AsyncRender",
    "Client",
    "Composition",
    "Frames",
    "RemotionPyError",
    "Render",
    "RenderProgress",
    "Still",
    "Video",
    "__version__",
    "close",
    "concat_chunks",
    "get_compositions",
    "get_render_progress",
    "render_frames",
    "render_media",
    "render_still",
    "start_render_media",
]

_HOMES = {
    "RUNTIME_JS": "page",
    "Artifact": "render",
    "AsyncClient": "client",
    "AsyncRender": "render",
    "Client": "client",
    "Composition": "render",
    "Frames": "render",
    "RemotionPyError": "errors",
    "Render": "render",
    "RenderProgress": "progress",
    "Still": "render",
    "Video": "render",
    "close": "default",
    "concat_chunks": "lambda_.concat",
    "get_compositions": "default",
    "get_render_progress": "default",
    "render_frames": "default",
    "render_media": "default",
    "render_still": "default",
    "start_render_media": "default",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{home}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
