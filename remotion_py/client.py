"""Client and AsyncClient: the same methods, waiting or awaitable. The work is done by `_engine.Engine`."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Self, TypeVar, Unpack

from . import _loop
from ._aws_methods import AsyncAwsMethods, AwsMethods
from ._engine import Engine
from ._providers import make_provider
from .option import signature
from .options import PageOptions, RenderFramesOptions, RenderMediaOptions, RenderStillOptions
from .progress import RenderProgress
from .render import AsyncRender, Composition, Frames, OnProgress, Render, Still, Video

F = TypeVar("F", bound=Callable[..., Any])


def with_options(options: type) -> Callable[[F], F]:
    """Show the options of a method as its keyword arguments."""

    def decorate(method: F) -> F:
        method.__signature__ = signature(method, options)  # pyright: ignore[reportFunctionMemberAccess]
        return method

    return decorate


class Client(AwsMethods):
    """Renders compositions; its functions stay warm between calls until it is closed.

    Use it as a context manager, or close it. Without either it ends with the process.

    Args:
        provider: Where functions run: "local" or "aws".
        capacity: Local: renderer functions that run at the same time; None for one per core.
        store: Local: folder of the object store; None for the default one.
        browser_executable: Local: the browser to render with; None finds one.
        region: AWS: the region; None for that of the environment or profile.
        profile: AWS: a profile of the AWS configuration; None for boto3's own chain.
        function_name: AWS: the function; None for the one in the region.
        bucket_name: AWS: the bucket; None for that of the function.

    Raises:
        OptionError: An unknown provider or a wrong value.
        AwsError: No AWS region is known.
    """

    def __init__(
        self,
        provider: str = "local",
        *,
        capacity: int | None = None,
        store: str | os.PathLike[str] | None = None,
        browser_executable: str | os.PathLike[str] | None = None,
        region: str | None = None,
        profile: str | None = None,
        function_name: str | None = None,
        bucket_name: str | None = None,
    ) -> None:
        made = make_provider(
            provider,
            capacity=capacity,
            store=store,
            browser_executable=browser_executable,
            region=region,
            profile=profile,
            function_name=function_name,
            bucket_name=bucket_name,
        )
        self._engine = Engine(made)

    @classmethod
    def from_engine(cls, engine: Engine) -> Self:
        """Make a client of an engine that is set up already."""
        client = cls.__new__(cls)
        client._engine = engine
        return client

    @with_options(RenderMediaOptions)
    def render_media(
        self,
        serve_url: str | os.PathLike[str],
        composition: str,
        *,
        on_progress: OnProgress | None = None,
        **options: Unpack[RenderMediaOptions],
    ) -> Video:
        """Render a composition to a video and wait for it. Ctrl-C cancels it.

        Args:
            serve_url: Folder or http(s) URL of a bundle or of a plain page; on AWS also the name of a deployed site.
            composition: Id of the composition.
            on_progress: Called with each change of progress, in this thread.
            options: See `RenderMediaOptions`.

        Raises:
            RemotionPyError: See `remotion_py.errors` for the classes.
        """
        return self.start_render_media(serve_url, composition, **options).wait(on_progress)

    @with_options(RenderMediaOptions)
    def start_render_media(
        self, serve_url: str | os.PathLike[str], composition: str, **options: Unpack[RenderMediaOptions]
    ) -> Render[Video]:
        """Start rendering a composition and return at once.

        Args:
            serve_url: Folder or http(s) URL of a bundle or of a plain page; on AWS also the name of a deployed site.
            composition: Id of the composition.
            options: See `RenderMediaOptions`.

        Raises:
            InputError: An option that cannot be, before any work.
        """
        return Render(_loop.run(self._engine.start_render_media(serve_url, composition, options)))

    @with_options(RenderFramesOptions)
    def render_frames(
        self,
        serve_url: str | os.PathLike[str],
        composition: str,
        *,
        on_progress: OnProgress | None = None,
        **options: Unpack[RenderFramesOptions],
    ) -> Frames:
        """Render a composition to a folder of pictures and wait for it. Ctrl-C cancels it.

        Args:
            serve_url: Folder or http(s) URL of a bundle or of a plain page; on AWS also the name of a deployed site.
            composition: Id of the composition.
            on_progress: Called with each change of progress, in this thread.
            options: See `RenderFramesOptions`.

        Raises:
            RemotionPyError: See `remotion_py.errors` for the classes.
        """
        return Render(_loop.run(self._engine.start_render_frames(serve_url, composition, options))).wait(on_progress)

    @with_options(RenderStillOptions)
    def render_still(
        self, serve_url: str | os.PathLike[str], composition: str, **options: Unpack[RenderStillOptions]
    ) -> Still:
        """Render one frame of a composition to a picture.

        Args:
            serve_url: Folder or http(s) URL of a bundle or of a plain page; on AWS also the name of a deployed site.
            composition: Id of the composition.
            options: See `RenderStillOptions`.

        Raises:
            RemotionPyError: See `remotion_py.errors` for the classes.
        """
        return _loop.run(self._engine.render_still(serve_url, composition, options))

    @with_options(PageOptions)
    def get_compositions(self, serve_url: str | os.PathLike[str], **options: Unpack[PageOptions]) -> list[Composition]:
        """List the compositions of a site with their resolved props and metadata.

        Args:
            serve_url: Folder or http(s) URL of a bundle or of a plain page; on AWS also the name of a deployed site.
            options: See `PageOptions`.

        Raises:
            SiteError: There is no page, or it is no composition page.
        """
        return _loop.run(self._engine.get_compositions(serve_url, options))

    def get_render_progress(self, render_id: str) -> RenderProgress:
        """Read how far a render is, from its `progress.json`; no function is invoked.

        Args:
            render_id: The id of the render.

        Raises:
            RenderNotFoundError: There is no such render.
        """
        return _loop.run(self._engine.get_render_progress(render_id))

    def cancel_render(self, render_id: str) -> None:
        """Tell the functions of a render to end, whoever started it; returns before they have.

        Args:
            render_id: The id of the render.

        Raises:
            RenderNotFoundError: There is no such render.
        """
        _loop.run(self._engine.cancel_render(render_id))

    def close(self) -> None:
        """End all functions and their browsers; returns when they are gone. The client can be used again."""
        _loop.run(self._engine.close())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Client {self._engine.describe()}>"


class AsyncClient(AsyncAwsMethods):
    """Renders compositions from asynchronous code; the awaitable twin of `Client`.

    Args:
        provider: Where functions run: "local" or "aws".
        capacity: Local: renderer functions that run at the same time; None for one per core.
        store: Local: folder of the object store; None for the default one.
        browser_executable: Local: the browser to render with; None finds one.
        region: AWS: the region; None for that of the environment or profile.
        profile: AWS: a profile of the AWS configuration; None for boto3's own chain.
        function_name: AWS: the function; None for the one in the region.
        bucket_name: AWS: the bucket; None for that of the function.

    Raises:
        OptionError: An unknown provider or a wrong value.
        AwsError: No AWS region is known.
    """

    def __init__(
        self,
        provider: str = "local",
        *,
        capacity: int | None = None,
        store: str | os.PathLike[str] | None = None,
        browser_executable: str | os.PathLike[str] | None = None,
        region: str | None = None,
        profile: str | None = None,
        function_name: str | None = None,
        bucket_name: str | None = None,
    ) -> None:
        made = make_provider(
            provider,
            capacity=capacity,
            store=store,
            browser_executable=browser_executable,
            region=region,
            profile=profile,
            function_name=function_name,
            bucket_name=bucket_name,
        )
        self._engine = Engine(made)

    @with_options(RenderMediaOptions)
    async def render_media(
        self,
        serve_url: str | os.PathLike[str],
        composition: str,
        *,
        on_progress: OnProgress | None = None,
        **options: Unpack[RenderMediaOptions],
    ) -> Video:
        """Render a composition to a video; see `Client.render_media()`. Cancelling the task cancels the render."""
        render = await self.start_render_media(serve_url, composition, **options)
        return await render.wait(on_progress)

    @with_options(RenderMediaOptions)
    async def start_render_media(
        self, serve_url: str | os.PathLike[str], composition: str, **options: Unpack[RenderMediaOptions]
    ) -> AsyncRender[Video]:
        """Start rendering a composition; see `Client.start_render_media()`."""
        return AsyncRender(await _loop.bridge(self._engine.start_render_media(serve_url, composition, options)))

    @with_options(RenderFramesOptions)
    async def render_frames(
        self,
        serve_url: str | os.PathLike[str],
        composition: str,
        *,
        on_progress: OnProgress | None = None,
        **options: Unpack[RenderFramesOptions],
    ) -> Frames:
        """Render a composition to a folder of pictures; see `Client.render_frames()`."""
        task = await _loop.bridge(self._engine.start_render_frames(serve_url, composition, options))
        return await AsyncRender(task).wait(on_progress)

    @with_options(RenderStillOptions)
    async def render_still(
        self, serve_url: str | os.PathLike[str], composition: str, **options: Unpack[RenderStillOptions]
    ) -> Still:
        """Render one frame of a composition to a picture; see `Client.render_still()`."""
        return await _loop.bridge(self._engine.render_still(serve_url, composition, options))

    @with_options(PageOptions)
    async def get_compositions(
        self, serve_url: str | os.PathLike[str], **options: Unpack[PageOptions]
    ) -> list[Composition]:
        """List the compositions of a site; see `Client.get_compositions()`."""
        return await _loop.bridge(self._engine.get_compositions(serve_url, options))

    async def get_render_progress(self, render_id: str) -> RenderProgress:
        """Read how far a render is; see `Client.get_render_progress()`."""
        return await _loop.bridge(self._engine.get_render_progress(render_id))

    async def cancel_render(self, render_id: str) -> None:
        """Tell the functions of a render to end; see `Client.cancel_render()`."""
        await _loop.bridge(self._engine.cancel_render(render_id))

    async def close(self) -> None:
        """End all functions and their browsers; returns when they are gone. The client can be used again."""
        await _loop.bridge(self._engine.close())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"<AsyncClient {self._engine.describe()}>"
