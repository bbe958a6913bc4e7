"""`Render`, the handle of a running render; what it ends in, `Video` and `Still`; and what there is to render."""

from __future__ import annotations

import asyncio
import concurrent.futures
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from . import _loop
from .errors import OutputError, RemotionPyError
from .progress import RenderProgress
from .providers.base import Links
from .shows import About, How, ShowsItself, follow, open_page, watching

SHOWN_PATIENCE_S = 0.4
"""How long a call waits for its cell to show the end: a stopped cell has to end within half a second."""
OnProgress = Callable[[RenderProgress], Any]


def readable_size(count: int) -> str:
    """Return a number of bytes for people."""
    return f"{count / 1e6:.1f} MB" if count >= 100_000 else f"{count / 1e3:.1f} kB"


@dataclass(frozen=True)
class Artifact:
    """A file that a composition emitted by `<Artifact>`.

    Attributes:
        file: The file; None where it stays in a bucket.
        filename: The name that the composition gave it.
        frame: The frame that emitted it.
        size: Bytes.
        url: A link to it in its bucket, good for a day; None on this machine.
    """

    file: Path | None
    filename: str
    frame: int
    size: int
    url: str | None = field(compare=False, repr=False, default=None)

    @property
    def path(self) -> Path:
        """The file.

        Raises:
            OutputError: It stays in a bucket; `url` leads there.
        """
        return _required(self.file, f"The artifact {self.filename}")


@dataclass(frozen=True)
class Video(ShowsItself):
    """A finished video, or a finished sound.

    Attributes:
        file: The file; None where it stays in a bucket.
        render_id: The id of its render.
        size: Bytes.
        width: Pixels.
        height: Pixels.
        fps: Frames per second.
        frames: Number of frames.
        duration: Seconds.
        time_to_finish: Seconds that the render took.
        audio_path: The separate audio file, where one was asked for.
        artifacts: The files that the composition emitted.
        url: A link to it in its bucket, good for a day; None on this machine.
        cost: US dollars that its functions cost, by the price table; None on this machine.
        links: Its logs and its folder in the AWS console; None on this machine.
        warnings: Faults of the page that did not end its render, such as files that its server does not have.
    """

    file: Path | None
    render_id: str
    size: int
    width: int
    height: int
    fps: float
    frames: int
    duration: float
    time_to_finish: float = field(compare=False, default=0.0)
    audio_path: Path | None = None
    artifacts: tuple[Artifact, ...] = ()
    url: str | None = field(compare=False, repr=False, default=None)
    cost: float | None = field(compare=False, default=None)
    links: Links | None = field(compare=False, repr=False, default=None)
    warnings: tuple[str, ...] = field(compare=False, repr=False, default=())

    @property
    def path(self) -> Path:
        """The file.

        Raises:
            OutputError: It stays in a bucket; `url` leads there.
        """
        return _required(self.file, f"The video of the render {self.render_id}")

    def __str__(self) -> str:
        facts = f"{self.width}x{self.height}, {self.duration:.2f} s, {readable_size(self.size)}"
        return f"{self.file or self.url} ({facts})"


@dataclass(frozen=True)
class Still(ShowsItself):
    """A finished picture.

    Attributes:
        file: The file; None where it stays in a bucket.
        render_id: The id of its render.
        size: Bytes.
        width: Pixels.
        height: Pixels.
        frame: The frame that it shows.
        artifacts: The files that the composition emitted.
        url: A link to it in its bucket, good for a day; None on this machine.
        links: The logs of its function and its folder in the AWS console; None on this machine.
        warnings: Faults of the page that did not end its render, such as files that its server does not have.
    """

    file: Path | None
    render_id: str
    size: int
    width: int
    height: int
    frame: int
    artifacts: tuple[Artifact, ...] = ()
    url: str | None = field(compare=False, repr=False, default=None)
    links: Links | None = field(compare=False, repr=False, default=None)
    warnings: tuple[str, ...] = field(compare=False, repr=False, default=())

    @property
    def path(self) -> Path:
        """The file.

        Raises:
            OutputError: It stays in a bucket; `url` leads there.
        """
        return _required(self.file, f"The picture of the render {self.render_id}")

    def __str__(self) -> str:
        return f"{self.file or self.url} ({self.width}x{self.height}, frame {self.frame})"


@dataclass(frozen=True)
class Composition:
    """A composition of a site.

    Attributes:
        id: Its id.
        width: Pixels.
        height: Pixels.
        fps: Frames per second.
        duration_in_frames: Its length.
        props: Resolved props: defaults, input props and `calculateMetadata` together.
        default_props: Its default props.
    """

    id: str
    width: int
    height: int
    fps: float
    duration_in_frames: int
    props: dict[str, Any] = field(repr=False)
    default_props: dict[str, Any] = field(repr=False)

    @classmethod
    def from_wire(cls, wire: dict[str, Any]) -> Composition:
        """Read one from the answer of the compositions function."""
        return cls(
            id=wire["id"],
            width=wire["width"],
            height=wire["height"],
            fps=wire["fps"],
            duration_in_frames=wire["durationInFrames"],
            props=wire["props"],
            default_props=wire["defaultProps"],
        )

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.duration_in_frames / self.fps


@dataclass(frozen=True)
class Frames(ShowsItself):
    """A finished sequence of pictures.

    Attributes:
        folder: Where they are.
        paths: The pictures, in order.
        render_id: The id of their render.
        width: Pixels.
        height: Pixels.
        artifacts: The files that the composition emitted.
        warnings: Faults of the page that did not end its render, such as files that its server does not have.
    """

    folder: Path
    paths: tuple[Path, ...]
    render_id: str
    width: int
    height: int
    artifacts: tuple[Artifact, ...] = ()
    warnings: tuple[str, ...] = field(compare=False, repr=False, default=())

    def __str__(self) -> str:
        return f"{self.folder} ({len(self.paths)} pictures, {self.width}x{self.height})"


def _required(file: Path | None, what: str) -> Path:
    if file is None:
        raise OutputError(f"{what} stays in its bucket. Pass output= to bring it here, or follow its url.")
    return file


Result_co = TypeVar("Result_co", covariant=True)


class RenderTask(Protocol[Result_co]):
    """A running render as its handles see it; everything runs on the background loop."""

    render_id: str
    latest: RenderProgress
    links: Links | None
    left: bool

    async def progress(self) -> RenderProgress:
        """Return how far it is."""
        ...

    async def next_change(self, seen: RenderProgress | None) -> RenderProgress | None:
        """Wait for progress other than `seen`; None once the render has ended and that was seen."""
        ...

    async def result(self) -> Result_co:
        """Wait for what it ends in."""
        ...

    async def cancel(self) -> None:
        """Tell its functions to end."""
        ...

    def interrupt(self) -> None:
        """Cancel it without waiting, and end what nobody else uses."""
        ...


def _seen(task: RenderTask[Any], progress: RenderProgress, show: OnProgress, on_progress: OnProgress | None) -> None:
    """Show progress. What that raises cancels the render, also an error of ours, which may be of something else."""
    try:
        show(progress)
        if on_progress:
            on_progress(progress)
    except RemotionPyError:
        task.interrupt()
        raise


class Render(Generic[Result_co]):
    """A running render. Iterate over it for its progress; `wait()` for what it ends in.

    Attributes:
        render_id: Its id, which `get_render_progress()` takes.
        links: Its logs and its folder in the AWS console; None on this machine.
    """

    def __init__(
        self, task: RenderTask[Result_co], how: How = "none", about: About | None = None, unit: str = "frame"
    ) -> None:
        self._task = task
        self._how: How = how
        self._unit = unit
        self._page = open_page(about, task) if how == "html" and about else None
        self._shown = _loop.submit(follow(task, self._page)) if self._page else None
        self.render_id = task.render_id
        self.links = task.links

    def progress(self) -> RenderProgress:
        """Return how far it is."""
        return _loop.run(self._task.progress())

    def wait(self, on_progress: OnProgress | None = None) -> Result_co:
        """Wait for its end. Ctrl-C cancels it, and so does an error that `on_progress` raises.

        Args:
            on_progress: Called with each change of its progress, in this thread, whatever else shows it.

        Raises:
            RemotionPyError: What made it fail, as its own class.
            RenderCancelledError: It was cancelled.
        """
        try:
            with watching(self._how, self._unit) as show:
                for progress in self:
                    _seen(self._task, progress, show, on_progress)
            return _loop.run(self._task.result())
        except RemotionPyError:
            raise
        except BaseException:
            self._task.interrupt()
            raise
        finally:
            self.show_end()

    def show_end(self) -> None:
        """Wait a moment for its cell to show how it ended; of use where it has."""
        if self._page and self._shown:
            concurrent.futures.wait([self._shown], SHOWN_PATIENCE_S)
            self._page.settle()

    def cancel(self) -> None:
        """Cancel it; returns when its functions have been told."""
        _loop.run(self._task.cancel())
        self.show_end()

    def __iter__(self) -> Iterator[RenderProgress]:
        seen = None
        while (seen := _loop.run(self._task.next_change(seen))) is not None:
            yield seen

    def __repr__(self) -> str:
        return f"<Render {self.render_id}: {self._task.latest}>"


class AsyncRender(Generic[Result_co]):
    """A running render. Iterate over it asynchronously for its progress; await `wait()` for what it ends in.

    Attributes:
        render_id: Its id, which `get_render_progress()` takes.
        links: Its logs and its folder in the AWS console; None on this machine.
    """

    def __init__(
        self, task: RenderTask[Result_co], how: How = "none", about: About | None = None, unit: str = "frame"
    ) -> None:
        self._task = task
        self._how: How = how
        self._unit = unit
        self._page = open_page(about, task) if how == "html" and about else None
        self._shown = _loop.submit(follow(task, self._page)) if self._page else None
        self.render_id = task.render_id
        self.links = task.links

    async def progress(self) -> RenderProgress:
        """Return how far it is."""
        return await _loop.bridge(self._task.progress())

    async def wait(self, on_progress: OnProgress | None = None) -> Result_co:
        """Wait for its end. Cancelling the waiting task cancels the render, and so does an error in `on_progress`.

        Args:
            on_progress: Called with each change of its progress, in this loop, whatever else shows it.

        Raises:
            RemotionPyError: What made it fail, as its own class.
            RenderCancelledError: It was cancelled.
        """
        try:
            with watching(self._how, self._unit) as show:
                async for progress in self:
                    _seen(self._task, progress, show, on_progress)
            return await _loop.bridge(self._task.result())
        except RemotionPyError:
            raise
        except BaseException:
            self._task.interrupt()
            raise
        finally:
            await self.show_end()

    async def show_end(self) -> None:
        """Wait a moment for its cell to show how it ended; of use where it has."""
        if self._page and self._shown:
            await asyncio.wait([asyncio.wrap_future(self._shown)], timeout=SHOWN_PATIENCE_S)
            self._page.settle()

    async def cancel(self) -> None:
        """Cancel it; returns when its functions have been told."""
        await _loop.bridge(self._task.cancel())
        await self.show_end()

    async def __aiter__(self) -> AsyncIterator[RenderProgress]:
        seen = None
        while (seen := await _loop.bridge(self._task.next_change(seen))) is not None:
            yield seen

    def __repr__(self) -> str:
        return f"<AsyncRender {self.render_id}: {self._task.latest}>"
