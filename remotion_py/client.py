"""The sync `Client`; `async_client.AsyncClient` has the same methods to await. `_client.engine` does the work."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Self, Unpack, cast

from ._client.aws_methods import AwsMethods
from ._client.facade import ClientBase
from ._client.listing import Filter, Renders
from ._runtime import background
from ._runtime.tracebacks import short_tracebacks
from .batch.result import BatchProgress, BatchResult
from .batch.rows import RowProps, Rows
from .batch.run import Batch
from .display import Progress, RenderInfo
from .options.help import with_options
from .options.renders import PageOptions, RenderFramesOptions, RenderMediaOptions, RenderStillOptions
from .progress import RenderProgress, State
from .results import Composition, Frames, Still, Video
from .running import OnProgress, Render


@short_tracebacks
class Client(ClientBase, AwsMethods):
    """Renders compositions. Its functions stay warm between calls until you close the client.

    Use it as a context manager, or call `close()`. Otherwise it is closed when the process ends.

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
            progress: Progress display: "html", "text", "none", a class like tqdm, or a function with one
                `RenderProgress`; "auto" selects one for the environment. None is REMOTION_PY_PROGRESS, or "auto".
            options: The options of `RenderMediaOptions`, listed under Options.

        Returns:
            The video. Its `path` is the file; a notebook shows it.

        Raises:
            RemotionPyError: See `remotion_py.errors` for the classes.

        Example:
            >>> site = "examples/bar-chart-race"
            >>> video = rp.render_media(site, "race", output="race.mp4", frames=(0, 59))
            >>> video.path, video.duration
        """
        started = self.start_render_media(serve_url, composition, progress=progress, **options)
        return started.wait(on_progress)

    render = render_media

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
            progress: Progress display; see `render_media()`. A notebook shows it at once; elsewhere `wait()` shows it.
            detach: Continue when this process, its kernel or this client ends; `attach()` reconnects to it. On this
                machine the render runs in a separate process with its own functions, which ends with the render.
            options: The options of `RenderMediaOptions`, listed under Options.

        Returns:
            The running render. Iterate over it for its progress, call `wait()` for the video, or `cancel()`.

        Raises:
            InputError: An option is invalid; raised before the render starts.

        Example:
            >>> site = "examples/bar-chart-race"
            >>> render = rp.start_render_media(site, "race", output="race.mp4")
            >>> video = render.wait()
        """
        mode, info, write_command = self._show(progress, "render_media", serve_url, composition, options)
        starting = self._engine.start_render(
            "video", serve_url, composition, options, write_command=write_command, detach=detach, watched=mode == "html"
        )
        return Render(background.run(starting), mode, info)

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
            progress: Progress display: "html", "text", "none", a class like tqdm, or a function with one
                `RenderProgress`; "auto" selects one for the environment. None is REMOTION_PY_PROGRESS, or "auto".
            options: The options of `RenderFramesOptions`, listed under Options.

        Returns:
            The pictures. Their `paths` are in order, in `folder`.

        Raises:
            RemotionPyError: See `remotion_py.errors` for the classes.

        Example:
            >>> site = "examples/bar-chart-race"
            >>> frames = rp.render_frames(site, "race", output="frames", frame_range=(0, 9))
            >>> frames.paths[0]
        """
        mode, info, write_command = self._show(progress, "render_frames", serve_url, composition, options)
        starting = self._engine.start_render(
            "frames", serve_url, composition, options, write_command=write_command, watched=mode == "html"
        )
        return Render(background.run(starting), mode, info).wait(on_progress)

    @with_options(RenderMediaOptions, RenderStillOptions)
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
        """Render a composition once for each row, several rows in parallel. Ctrl-C cancels the batch.

        A failed row does not stop the others. Repeat the call to render rows that are missing, failed or changed.

        Args:
            rows: A data frame, a list of mappings, dataclasses or models, or the path of a .jsonl or .csv file.
            serve_url: Folder or http(s) URL of a bundle or of a plain page; on AWS also the name of a deployed site.
            composition: Id of the composition.
            output: Template of the outputs, such as "videos/{name}.mp4": fields of the row, and `{index}`. A picture,
                such as "{name}.png", renders stills.
            props: Props of all rows, which the fields of a row override; or a function that returns the props of a row.
                None uses the fields of the row as props.
            manifest: File that records the result of each row; None for one beside the outputs.
            parallel: Number of rows in parallel; None for one per renderer function, or 4 on AWS.
            on_progress: Called with each change of progress, in this thread.
            progress: Progress display; see `render_media()`.
            options: The options of `RenderMediaOptions`, or of `RenderStillOptions` for pictures.

        Returns:
            The result of each row; `to_frame()` returns a table.

        Raises:
            InputError: A row or an option is invalid; raised before the first frame.
            SiteError: There is no such site or composition.

        Example:
            >>> rows = [{"title": "North"}, {"title": "South"}]
            >>> site = "examples/bar-chart-race"
            >>> result = rp.render_batch(rows, site, "race", "videos/{title}.mp4")
            >>> result.to_frame()
        """
        mode = self._mode(progress)
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
        info = RenderInfo(f"{composition}, {len(batch.rows)} rows")
        task: Any = background.run(batch.start())
        render: Render[BatchResult] = Render(task, mode, info, unit="row")
        return render.wait(cast(Any, on_progress))

    @with_options(RenderStillOptions)
    def render_still(
        self, serve_url: str | os.PathLike[str], composition: str, **options: Unpack[RenderStillOptions]
    ) -> Still:
        """Render one frame of a composition to a picture.

        Args:
            serve_url: Folder or http(s) URL of a bundle or of a plain page; on AWS also the name of a deployed site.
            composition: Id of the composition.
            options: The options of `RenderStillOptions`, listed under Options.

        Returns:
            The picture. Its `path` is the file; a notebook shows it.

        Raises:
            RemotionPyError: See `remotion_py.errors` for the classes.

        Example:
            >>> site = "examples/bar-chart-race"
            >>> still = rp.render_still(site, "race", frame=30, output="race.png")
            >>> still.path
        """
        return background.run(self._engine.render_still(serve_url, composition, options))

    @with_options(PageOptions)
    def get_compositions(self, serve_url: str | os.PathLike[str], **options: Unpack[PageOptions]) -> list[Composition]:
        """List the compositions of a site with their resolved props and metadata.

        Args:
            serve_url: Folder or http(s) URL of a bundle or of a plain page; on AWS also the name of a deployed site.
            options: The options of `PageOptions`, listed under Options.

        Returns:
            The compositions, in the order of the page.

        Raises:
            SiteError: There is no page, or the page has no compositions.

        Example:
            >>> site = "examples/bar-chart-race"
            >>> [found.id for found in rp.get_compositions(site)]
        """
        return background.run(self._engine.get_compositions(serve_url, options))

    def attach(self, render_id: str, *, progress: Progress = None) -> Render[Any]:
        """Reconnect to a render, after a restart of the kernel or from another process.

        The returned render has the same progress and result as for the caller that started it. Ctrl-C only stops
        waiting; `cancel()` ends the render. If the process of the render has died, the render fails as interrupted.

        Args:
            render_id: The id of the render; `renders()` lists them.
            progress: Progress display; see `render_media()`. A notebook shows it at once; elsewhere `wait()` shows it.

        Returns:
            The render; it may have ended.

        Raises:
            RenderNotFoundError: There is no such render.

        Example:
            >>> render = rp.attach(rp.renders()[0].render_id)
            >>> video = render.wait()
        """
        mode = self._mode(progress)
        task, info, ended = background.run(self._engine.attach(render_id))
        render = Render(task, mode, info)
        if ended:
            render.show_end()
        return render

    def renders(
        self,
        *,
        limit: int = 50,
        folder: str | os.PathLike[str] | None = None,
        state: State | None = None,
        composition: str | None = None,
    ) -> Renders:
        """List the renders in the store, including finished ones, the newest first. A notebook shows a table.

        Args:
            limit: Maximum number of renders.
            folder: Only renders with an output in this folder, such as "."; None for all.
            state: Only renders that are "starting", "rendering", "done", "failed", "cancelled" or "interrupted".
            composition: Only renders of this composition.

        Returns:
            The renders, each with its id, state, site, composition and times.

        Example:
            >>> rp.renders(state="done", limit=5)
        """
        return background.run(self._engine.renders(limit, Filter(folder, state, composition)))

    def get_render_progress(self, render_id: str) -> RenderProgress:
        """Read the progress of a render from its `progress.json`, without invoking a function.

        Args:
            render_id: The id of the render.

        Returns:
            Its progress.

        Raises:
            RenderNotFoundError: There is no such render.

        Example:
            >>> rp.get_render_progress(render.render_id).overall_progress
        """
        return background.run(self._engine.get_render_progress(render_id))

    def cancel_render(self, render_id: str) -> None:
        """Cancel a render that any client started; returns before its functions have ended.

        Args:
            render_id: The id of the render.

        Raises:
            RenderNotFoundError: There is no such render.
        """
        background.run(self._engine.cancel_render(render_id))

    def close(self) -> None:
        """End all functions and their browsers, and wait until they have ended. You can use the client again."""
        background.run(self._engine.close())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
