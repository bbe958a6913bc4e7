"""The default client, and every method of `Client` as a function on it.

Its workers shut down after 60 s of inactivity, and when the process ends.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any, Unpack

from ._client.engine import Engine
from ._client.listing import Renders
from ._runtime.tracebacks import short_traceback
from .batch.result import BatchProgress, BatchResult
from .batch.rows import RowProps, Rows
from .client import Client
from .display import Progress
from .options.help import like
from .options.renders import PageOptions, RenderFramesOptions, RenderMediaOptions, RenderStillOptions
from .progress import RenderProgress, State
from .providers.local.provider import LocalProvider
from .results import Composition, Frames, Still, Video
from .running import OnProgress, Render

IDLE_S = 60.0

_lock = threading.Lock()
_client: Client | None = None
_owner = 0


def default_client() -> Client:
    """Return the client that the module-level functions use; a forked child process creates its own."""
    global _client, _owner
    with _lock:
        if _client is None or _owner != os.getpid():
            _client, _owner = Client.from_engine(Engine(LocalProvider(), idle_s=IDLE_S), "rp"), os.getpid()
        return _client


@short_traceback
@like(Client.render_media)
def render_media(
    serve_url: str | os.PathLike[str],
    composition: str,
    *,
    on_progress: OnProgress | None = None,
    progress: Progress = None,
    **options: Unpack[RenderMediaOptions],
) -> Video:
    """Render a composition to a video and wait for it; see `Client.render_media()`. Ctrl-C cancels it."""
    return default_client().render_media(serve_url, composition, on_progress=on_progress, progress=progress, **options)


render = render_media


@short_traceback
@like(Client.start_render_media)
def start_render_media(
    serve_url: str | os.PathLike[str],
    composition: str,
    *,
    progress: Progress = None,
    detach: bool = False,
    **options: Unpack[RenderMediaOptions],
) -> Render[Video]:
    """Start rendering a composition and return at once; see `Client.start_render_media()`."""
    return default_client().start_render_media(serve_url, composition, progress=progress, detach=detach, **options)


@short_traceback
@like(Client.render_frames)
def render_frames(
    serve_url: str | os.PathLike[str],
    composition: str,
    *,
    on_progress: OnProgress | None = None,
    progress: Progress = None,
    **options: Unpack[RenderFramesOptions],
) -> Frames:
    """Render a composition to a folder of pictures and wait for it; see `Client.render_frames()`. Ctrl-C cancels it."""
    return default_client().render_frames(serve_url, composition, on_progress=on_progress, progress=progress, **options)


@short_traceback
@like(Client.render_batch)
def render_batch(
    rows: Rows,
    serve_url: str | os.PathLike[str],
    composition: str,
    output: str,
    *,
    props: RowProps = None,
    manifest: str | os.PathLike[str] | None = None,
    parallel: int | None = None,
    on_progress: Callable[[BatchProgress], Any] | None = None,
    progress: Progress = None,
    **options: Any,
) -> BatchResult:
    """Render a composition once for each row, several in parallel; see `Client.render_batch()`. Ctrl-C cancels it."""
    return default_client().render_batch(
        rows,
        serve_url,
        composition,
        output,
        props=props,
        manifest=manifest,
        parallel=parallel,
        on_progress=on_progress,
        progress=progress,
        **options,
    )


@short_traceback
@like(Client.render_still)
def render_still(serve_url: str | os.PathLike[str], composition: str, **options: Unpack[RenderStillOptions]) -> Still:
    """Render one frame of a composition to a picture; see `Client.render_still()`."""
    return default_client().render_still(serve_url, composition, **options)


@short_traceback
@like(Client.get_compositions)
def get_compositions(serve_url: str | os.PathLike[str], **options: Unpack[PageOptions]) -> list[Composition]:
    """List the compositions of a site; see `Client.get_compositions()`."""
    return default_client().get_compositions(serve_url, **options)


@short_traceback
@like(Client.attach)
def attach(render_id: str, *, progress: Progress = None) -> Render[Any]:
    """Reconnect to a render, after a restart of the kernel or from another process; see `Client.attach()`."""
    return default_client().attach(render_id, progress=progress)


@short_traceback
@like(Client.renders)
def renders(
    *,
    limit: int = 50,
    folder: str | os.PathLike[str] | None = None,
    state: State | None = None,
    composition: str | None = None,
) -> Renders:
    """List the renders in the store, the newest first; see `Client.renders()`."""
    return default_client().renders(limit=limit, folder=folder, state=state, composition=composition)


@short_traceback
@like(Client.get_render_progress)
def get_render_progress(render_id: str) -> RenderProgress:
    """Read the progress of a render; see `Client.get_render_progress()`."""
    return default_client().get_render_progress(render_id)


@short_traceback
@like(Client.cancel_render)
def cancel_render(render_id: str) -> None:
    """Cancel a render that any client started; see `Client.cancel_render()`."""
    default_client().cancel_render(render_id)


@short_traceback
@like(Client.close)
def close() -> None:
    """End the default client's functions now; the next call starts them again."""
    default_client().close()
