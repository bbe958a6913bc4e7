"""`Render` and `AsyncRender`: a running render, with methods to follow, await and cancel it."""

from __future__ import annotations

import asyncio
import concurrent.futures
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, Generic, Protocol, TypeVar

from ._runtime import background
from ._runtime.tracebacks import short_tracebacks
from .display import Card, DisplayMode, RenderInfo, follow, in_notebook, open_card, progress_reporter, running_cell
from .errors import RemotionPyError
from .progress import RenderProgress
from .providers.base import Links

DISPLAY_PATIENCE_S = 15.0
"""Maximum time, in seconds, that the end of a call waits for its card; pictures are slow on a busy machine."""
STOPPED_PATIENCE_S = 0.4
"""The same for a call that was stopped: its cell must end within half a second."""
OnProgress = Callable[[RenderProgress], Any]

Result_co = TypeVar("Result_co", covariant=True)


class RunningTask(Protocol[Result_co]):
    """The interface of a running render that `Render` and `AsyncRender` use; it runs on the background loop."""

    render_id: str
    latest: RenderProgress
    links: Links | None
    left: bool

    @property
    def ended(self) -> bool:
        """Whether the render has ended, or this client no longer follows it."""
        ...

    async def progress(self) -> RenderProgress:
        """Return the progress."""
        ...

    async def next_change(self, seen: RenderProgress | None) -> RenderProgress | None:
        """Wait for progress that differs from `seen`; None if the render has ended and `seen` is its last progress."""
        ...

    async def result(self) -> Result_co:
        """Wait for the result."""
        ...

    async def cancel(self) -> None:
        """Request that its functions end."""
        ...

    def interrupt(self) -> None:
        """Cancel the render without waiting, and end the functions that no other call uses."""
        ...


def _seen(task: RunningTask[Any], progress: RenderProgress, show: OnProgress, on_progress: OnProgress | None) -> None:
    """Show progress. Any exception from that cancels the render.

    A `RemotionPyError` needs its own handler here, because it may come from something else than this render: the
    handler in `wait()` does not cancel the render for that class.
    """
    try:
        show(progress)
        if on_progress:
            on_progress(progress)
    except RemotionPyError:
        task.interrupt()
        raise


@short_tracebacks
class _Displayed(Generic[Result_co]):
    """A running render that notebooks display: in the cell that starts it, and in each cell that has it as its value.

    Attributes:
        render_id: The id of the render, for example for `get_render_progress()`.
        links: Links to its logs and its folder in the AWS console; None on this machine.
    """

    def __init__(
        self,
        task: RunningTask[Result_co],
        mode: DisplayMode = "none",
        info: RenderInfo | None = None,
        unit: str = "frame",
    ) -> None:
        self._task = task
        self._mode: DisplayMode = mode
        self._info = info or RenderInfo(task.render_id)
        self._unit = unit
        self._cards: list[tuple[Card, concurrent.futures.Future[None]]] = []
        if mode == "html" and info:
            self._open_card(starts=True)
        self.render_id = task.render_id
        self.links = task.links

    def _open_card(self, *, starts: bool) -> None:
        card = open_card(self._info, self._task, starts=starts)
        if card is None:
            return
        for earlier, shown in self._cards:
            if earlier.place == card.place is not None:
                shown.cancel()  # the cell was run again, so its earlier output no longer exists
        self._cards.append((card, background.submit(follow(self._task, card))))

    def _settle(self) -> None:
        for card, _ in self._cards:
            card.settle()

    def _ipython_display_(self) -> None:
        if not in_notebook():
            raise NotImplementedError  # makes IPython use the next representation, the repr
        cell = running_cell()
        if any(card.cell == cell for card, _ in self._cards):
            return  # this cell displays it already
        self._open_card(starts=False)
        if self._task.ended:
            concurrent.futures.wait([self._cards[-1][1]], DISPLAY_PATIENCE_S)

    def _repr_html_(self) -> str:
        return self._task.latest._repr_html_()  # pyright: ignore[reportPrivateUsage]

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.render_id}: {self._task.latest}>"


@short_tracebacks
class Render(_Displayed[Result_co]):
    """A running render. Iterate over it for its progress; `wait()` returns the result.

    As the last value of a notebook cell, it is displayed as a card that follows the render.

    Attributes:
        render_id: The id of the render, for example for `get_render_progress()`.
        links: Links to its logs and its folder in the AWS console; None on this machine.
    """

    def progress(self) -> RenderProgress:
        """Return the progress."""
        return background.run(self._task.progress())

    def wait(self, on_progress: OnProgress | None = None) -> Result_co:
        """Wait for the end of the render. Ctrl-C or an error in `on_progress` cancels it.

        Args:
            on_progress: Called with each change of progress, in this thread, in addition to the progress display.

        Raises:
            RemotionPyError: The render failed; the class of the error describes the cause.
            RenderCancelledError: The render was cancelled.
        """
        patience_s = DISPLAY_PATIENCE_S
        try:
            with progress_reporter(self._mode, self._unit) as show:
                for progress in self:
                    _seen(self._task, progress, show, on_progress)
            return background.run(self._task.result())
        except RemotionPyError:
            raise
        except BaseException:
            self._task.interrupt()
            patience_s = STOPPED_PATIENCE_S
            raise
        finally:
            self.show_end(patience_s)

    def show_end(self, patience_s: float = DISPLAY_PATIENCE_S) -> None:
        """Wait at most `patience_s` until the card of an ended render displays how it ended."""
        if self._cards:
            concurrent.futures.wait([shown for _, shown in self._cards], patience_s)
            self._settle()

    def cancel(self) -> None:
        """Cancel the render; returns when the request is stored, before its functions have ended."""
        background.run(self._task.cancel())
        self.show_end()

    def __iter__(self) -> Iterator[RenderProgress]:
        seen = None
        while (seen := background.run(self._task.next_change(seen))) is not None:
            yield seen


@short_tracebacks
class AsyncRender(_Displayed[Result_co]):
    """A running render. Iterate over it asynchronously for its progress; await `wait()` for the result.

    As the last value of a notebook cell, it is displayed as a card that follows the render.

    Attributes:
        render_id: The id of the render, for example for `get_render_progress()`.
        links: Links to its logs and its folder in the AWS console; None on this machine.
    """

    async def progress(self) -> RenderProgress:
        """Return the progress."""
        return await background.bridge(self._task.progress())

    async def wait(self, on_progress: OnProgress | None = None) -> Result_co:
        """Wait for the end of the render. Cancelling the waiting task or an error in `on_progress` cancels the render.

        Args:
            on_progress: Called with each change of progress, in this loop, in addition to the progress display.

        Raises:
            RemotionPyError: The render failed; the class of the error describes the cause.
            RenderCancelledError: The render was cancelled.
        """
        patience_s = DISPLAY_PATIENCE_S
        try:
            with progress_reporter(self._mode, self._unit) as show:
                async for progress in self:
                    _seen(self._task, progress, show, on_progress)
            return await background.bridge(self._task.result())
        except RemotionPyError:
            raise
        except BaseException:
            self._task.interrupt()
            patience_s = STOPPED_PATIENCE_S
            raise
        finally:
            await self.show_end(patience_s)

    async def show_end(self, patience_s: float = DISPLAY_PATIENCE_S) -> None:
        """Wait at most `patience_s` until the card of an ended render displays how it ended."""
        if self._cards:
            futures = [asyncio.wrap_future(shown) for _, shown in self._cards]
            await asyncio.wait(futures, timeout=patience_s)
            self._settle()

    async def cancel(self) -> None:
        """Cancel the render; returns when the request is stored, before its functions have ended."""
        await background.bridge(self._task.cancel())
        await self.show_end()

    async def __aiter__(self) -> AsyncIterator[RenderProgress]:
        seen = None
        while (seen := await background.bridge(self._task.next_change(seen))) is not None:
            yield seen
