"""Client, whose methods wait; `async_client.AsyncClient` has the same to await. The work is `_engine.Engine`'s."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Self, Unpack, cast

from . import _loop
from ._aws_methods import AwsMethods
from ._client_base import ClientBase, with_options
from ._handle import ListedRender
from .batch.result import BatchProgress, BatchResult
from .batch.rows import RowProps, Rows
from .batch.run import Batch
from .options import PageOptions, RenderFramesOptions, RenderMediaOptions, RenderStillOptions
from .progress import RenderProgress
from .render import Composition, Frames, OnProgress, Render, Still, Video
from .shows import About, Progress


class Client(ClientBase, AwsMethods):
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

    @with_options(RenderMediaOptions)
    def render_media(
        self,
        serve_url: str | os.PathLike[str],
        composition: str,
        *,
        on_progress: OnProgress | None = None,
        progress: Progress = None,
        **options: Unpack[RenderMediaOptions],
    ) -> Video:
        """Render a composition to a video and wait for it. Ctrl-C cancels it.

        Args:
            serve_url: Folder or http(s) URL of a bundle or of a plain page; on AWS also the name of a deployed site.
            composition: Id of the composition.
            on_progress: Called with each change of progress, in this thread.
            progress: How to show it: "html", "text", "none", a class like tqdm, or a function of `RenderProgress`;
                "auto" takes what the place allows. None is the variable REMOTION_PY_PROGRESS, or "auto".
            options: See `RenderMediaOptions`.

        Raises:
            RemotionPyError: See `remotion_py.errors` for the classes.
        """
        started = self.start_render_media(serve_url, composition, progress=progress, **options)
        return started.wait(on_progress)

    @with_options(RenderMediaOptions)
    def start_render_media(
        self,
        serve_url: str | os.PathLike[str],
        composition: str,
        *,
        progress: Progress = None,
        detach: bool = False,
        **options: Unpack[RenderMediaOptions],
    ) -> Render[Video]:
        """Start rendering a composition and return at once.

        Args:
            serve_url: Folder or http(s) URL of a bundle or of a plain page; on AWS also the name of a deployed site.
            composition: Id of the composition.
            progress: How to show it; see `render_media()`. In a notebook its cell shows it at once, elsewhere `wait()`.
            detach: Go on when this process, its kernel or this client ends; `attach()` takes it up again. On this
                machine that is a process with functions of its own, which ends with the render.
            options: See `RenderMediaOptions`.

        Raises:
            InputError: An option that cannot be, before any work.
        """
        how, about, keep = self._show(progress, "render_media", serve_url, composition, options)
        starting = self._engine.start_render(
            "video", serve_url, composition, options, keep=keep, detach=detach, watched=how == "html"
        )
        return Render(_loop.run(starting), how, about)

    @with_options(RenderFramesOptions)
    def render_frames(
        self,
        serve_url: str | os.PathLike[str],
        composition: str,
        *,
        on_progress: OnProgress | None = None,
        progress: Progress = None,
        **options: Unpack[RenderFramesOptions],
    ) -> Frames:
        """Render a composition to a folder of pictures and wait for it. Ctrl-C cancels it.

        Args:
            serve_url: Folder or http(s) URL of a bundle or of a plain page; on AWS also the name of a deployed site.
            composition: Id of the composition.
            on_progress: Called with each change of progress, in this thread.
            progress: How to show it: "html", "text", "none", a class like tqdm, or a function of `RenderProgress`;
                "auto" takes what the place allows. None is the variable REMOTION_PY_PROGRESS, or "auto".
            options: See `RenderFramesOptions`.

        Raises:
            RemotionPyError: See `remotion_py.errors` for the classes.
        """
        how, about, keep = self._show(progress, "render_frames", serve_url, composition, options)
        starting = self._engine.start_render(
            "frames", serve_url, composition, options, keep=keep, watched=how == "html"
        )
        return Render(_loop.run(starting), how, about).wait(on_progress)

    def render_batch(
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
        """Render a composition once for each row, several rows at a time; a row that fails does not stop the others.

        The same call again renders what is missing, has failed or has changed. Ctrl-C cancels it.

        Args:
            rows: A data frame, a list of mappings, dataclasses or models, or the path of a .jsonl or .csv file.
            serve_url: Folder or http(s) URL of a bundle or of a plain page; on AWS also the name of a deployed site.
            composition: Id of the composition.
            output: Template of the outputs, such as "videos/{name}.mp4": fields of the row, and `{index}`. Pictures, as
                in "{name}.png", make stills.
            props: Props of all rows, which a row's fields go over; or a function from a row to its props. None makes
                the row's fields the props.
            manifest: File in which each row's end is noted; None for one beside the outputs.
            parallel: Rows at the same time; None for one per renderer, or 4 on AWS.
            on_progress: Called with each change of progress, in this thread.
            progress: How to show it; see `render_media()`.
            options: Of each render; see `RenderMediaOptions`, or `RenderStillOptions` for pictures.

        Raises:
            InputError: A row or an option that cannot be, before the first frame.
            SiteError: There is no such site or composition.
        """
        how = self._how(progress)
        batch = Batch(
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
        about = About(f"{composition}, {len(batch.rows)} rows")
        task: Any = _loop.run(batch.start())
        render: Render[BatchResult] = Render(task, how, about, unit="row")
        return render.wait(cast(Any, on_progress))

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

    def attach(self, render_id: str, *, progress: Progress = None) -> Render[Any]:
        """Take up a render again, after a restart of the kernel or from another process.

        Its handle tells what the one that started it told. Ctrl-C ends the waiting and not the render, which
        `cancel()` does. A render whose process has ended before it fails as interrupted.

        Args:
            render_id: The id of the render; `renders()` lists them.
            progress: How to show it; see `render_media()`. In a notebook its cell shows it at once, elsewhere `wait()`.

        Raises:
            RenderNotFoundError: There is no such render.
        """
        how = self._how(progress)
        task, about, ended = _loop.run(self._engine.attach(render_id))
        render = Render(task, how, about)
        if ended:
            render.show_end()
        return render

    def renders(self, *, limit: int = 50) -> list[ListedRender]:
        """List the renders that are kept in the store, finished ones too, the newest first.

        Args:
            limit: How many at most.
        """
        return _loop.run(self._engine.renders(limit))

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
