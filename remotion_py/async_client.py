"""`AsyncClient`: the async version of `Client`. `_client.engine` does the work."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import Any, Self, Unpack, cast

from ._client.aws_methods import AsyncAwsMethods
from ._client.facade import ClientBase
from ._client.listing import Filter, Renders
from ._runtime import background
from ._runtime.tracebacks import short_tracebacks
from .batch.result import BatchProgress, BatchResult
from .batch.rows import RowProps, Rows
from .batch.run import Batch
from .client import Client
from .display import Progress, RenderInfo
from .options.help import like
from .options.renders import PageOptions, RenderFramesOptions, RenderMediaOptions, RenderStillOptions
from .progress import RenderProgress, State
from .results import Composition, Frames, Still, Video
from .running import AsyncRender, OnProgress


@short_tracebacks
class AsyncClient(ClientBase, AsyncAwsMethods):
    """Renders compositions from asynchronous code; the async version of `Client`.

    Args:
        provider: Where functions run: "local" or "aws".
        capacity: Local: number of renderer functions in parallel; None for one per core.
        store: Local: folder of the object store; None for the default one.
        browser_executable: Local: path of the Chromium to render with; None selects an installed one.
        region: AWS: the region; None for the region of the environment or profile.
        profile: AWS: a profile of the AWS configuration; None for boto3's default.
        function_name: AWS: the function; None for the one in the region.
        bucket_name: AWS: the bucket; None for the bucket of the function.

    Raises:
        OptionError: An unknown provider or an invalid value.
        AwsError: No AWS region is configured.
    """

    @like(Client.render_media)
    async def render_media(
        self,
        serve_url: str | os.PathLike[str],
        composition: str,
        *,
        on_progress: OnProgress | None = None,
        progress: Progress = None,
        **options: Unpack[RenderMediaOptions],
    ) -> Video:
        """Render a composition to a video; see `Client.render_media()`. Cancelling the task cancels the render."""
        render = await self.start_render_media(serve_url, composition, progress=progress, **options)
        return await render.wait(on_progress)

    render = render_media

    @like(Client.start_render_media)
    async def start_render_media(
        self,
        serve_url: str | os.PathLike[str],
        composition: str,
        *,
        progress: Progress = None,
        detach: bool = False,
        **options: Unpack[RenderMediaOptions],
    ) -> AsyncRender[Video]:
        """Start rendering a composition; see `Client.start_render_media()`."""
        mode, info, write_command = self._show(progress, "render_media", serve_url, composition, options)
        starting = self._engine.start_render(
            "video", serve_url, composition, options, write_command=write_command, detach=detach, watched=mode == "html"
        )
        return AsyncRender(await background.bridge(starting), mode, info)

    @like(Client.render_frames)
    async def render_frames(
        self,
        serve_url: str | os.PathLike[str],
        composition: str,
        *,
        on_progress: OnProgress | None = None,
        progress: Progress = None,
        **options: Unpack[RenderFramesOptions],
    ) -> Frames:
        """Render a composition to a folder of pictures; see `Client.render_frames()`."""
        mode, info, write_command = self._show(progress, "render_frames", serve_url, composition, options)
        starting = self._engine.start_render(
            "frames", serve_url, composition, options, write_command=write_command, watched=mode == "html"
        )
        return await AsyncRender(await background.bridge(starting), mode, info).wait(on_progress)

    @like(Client.render_batch)
    async def render_batch(
        self,
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
        """Render a composition once for each row; see `Client.render_batch()`. Cancelling the task cancels the rows.

        If `props` is a function, it is called in another thread.
        """
        mode = self._mode(progress)
        # In a thread: reading files and frames, and hashing a site, would block the caller's event loop.
        batch = await asyncio.to_thread(
            Batch,
            self._engine,
            rows,
            serve_url,
            composition,
            output,
            props=props,
            manifest=manifest,
            parallel=parallel,
            options=options,
        )
        info = RenderInfo(f"{composition}, {len(batch.rows)} rows")
        task: Any = await background.bridge(batch.start())
        render: AsyncRender[BatchResult] = AsyncRender(task, mode, info, unit="row")
        return await render.wait(cast(Any, on_progress))

    @like(Client.render_still)
    async def render_still(
        self, serve_url: str | os.PathLike[str], composition: str, **options: Unpack[RenderStillOptions]
    ) -> Still:
        """Render one frame of a composition to a picture; see `Client.render_still()`."""
        return await background.bridge(self._engine.render_still(serve_url, composition, options))

    @like(Client.get_compositions)
    async def get_compositions(
        self, serve_url: str | os.PathLike[str], **options: Unpack[PageOptions]
    ) -> list[Composition]:
        """List the compositions of a site; see `Client.get_compositions()`."""
        return await background.bridge(self._engine.get_compositions(serve_url, options))

    @like(Client.attach)
    async def attach(self, render_id: str, *, progress: Progress = None) -> AsyncRender[Any]:
        """Reconnect to a render; see `Client.attach()`. Cancelling the task that waits does not cancel the render."""
        mode = self._mode(progress)
        task, info, ended = await background.bridge(self._engine.attach(render_id))
        render = AsyncRender(task, mode, info)
        if ended:
            await render.show_end()
        return render

    @like(Client.renders)
    async def renders(
        self,
        *,
        limit: int = 50,
        folder: str | os.PathLike[str] | None = None,
        state: State | None = None,
        composition: str | None = None,
    ) -> Renders:
        """List the renders in the store; see `Client.renders()`."""
        return await background.bridge(self._engine.renders(limit, Filter(folder, state, composition)))

    @like(Client.get_render_progress)
    async def get_render_progress(self, render_id: str) -> RenderProgress:
        """Read the progress of a render; see `Client.get_render_progress()`."""
        return await background.bridge(self._engine.get_render_progress(render_id))

    @like(Client.cancel_render)
    async def cancel_render(self, render_id: str) -> None:
        """Cancel a render that any client started; see `Client.cancel_render()`."""
        await background.bridge(self._engine.cancel_render(render_id))

    @like(Client.close)
    async def close(self) -> None:
        """End all functions and their browsers, and wait until they have ended. You can use the client again."""
        await background.bridge(self._engine.close())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
