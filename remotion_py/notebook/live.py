"""A render in its cell: displayed at once, updated in place, and kept in its final state."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Any

from ..batch.result import BatchProgress
from ..display import RenderInfo
from ..errors import RenderCancelledError, RenderInterruptedError
from ..progress import RenderProgress
from . import batches, results, view
from .cells import cell_name, running_cell
from .styles import moment

Draw = Callable[[datetime], tuple[str, str]]
"""Returns what is displayed at a time, as HTML and as text."""


class LiveCard:
    """One output of the cell in which it is made; later updates find it, whatever cell runs then.

    Args:
        info: What is displayed beside its progress.
        note: The progress.
        state: "running", or another name of a state for programs, with which the card does not turn stale.
        render_id: The id of the render; "" for what `attach()` does not know.
    """

    def __init__(self, info: RenderInfo, note: str = "starting", state: str = "running", render_id: str = "") -> None:
        self._info = info
        self._render_id = render_id
        self._id = f"remotion-py-{secrets.token_hex(8)}"
        self._last: RenderProgress | None = None
        self._result: Any = None
        self._said = ("", "")
        self.cell, self.place = running_cell(), cell_name()
        if state == "running":
            self._draw = self._starting(note)
            self._publish(*self._draw(_now()), update=False)
        else:
            html = view.framed(state, view.heading(info.title, note))
            self._publish(html, f"{info.title}: {note}", update=False)

    def begin(self, info: RenderInfo) -> None:
        """Show a render in the place of the one before."""
        self._info, self._last, self._result = info, None, None
        self._draw = self._starting("starting")
        self.refresh()

    def clear(self) -> None:
        """Show nothing."""
        self._publish("", "")

    def update(self, progress: RenderProgress | BatchProgress) -> None:
        """Display the progress."""
        title, again = self._info.title, self._again

        def draw(when: datetime) -> tuple[str, str]:
            if isinstance(progress, BatchProgress):
                html = batches.running(title, progress, when)
            else:
                html = view.running(title, progress, when, again)
            return html, f"{title}: {progress}{_at(when)}"

        if isinstance(progress, RenderProgress):
            self._last = progress
        self._draw: Draw = draw
        self.refresh()

    def refresh(self) -> None:
        """Show the same again as of now, as a card that is not updated for a while counts as stale."""
        self._publish(*self._draw(_now()))

    def done(self, result: Any) -> None:
        """Show the video itself, or the pictures."""
        self._result = result
        results.already_shown(result, self.cell)
        self._publish(*results.shown(result, self._info.title, self._info.command))

    def failed(self, error: BaseException) -> None:
        """Display the error, the last progress, and the call that starts it again."""
        state = "failed"
        if isinstance(error, RenderCancelledError) or not isinstance(error, Exception):
            state = "cancelled"
        elif isinstance(error, RenderInterruptedError):
            state = "interrupted"
        words = f"{type(error).__name__}: {self._info.explain(str(error))}"
        html = view.failure(self._info.title, words, self._last, state=state, again=self._info.command)
        self._publish(html, f"{self._info.title}: {state}")

    def left(self, render_id: str) -> None:
        """Display that this client stopped following it, while it may run on."""
        self._render_id = render_id
        now = _now()
        text = f"{self._info.title}: no longer followed{_at(now)}; {self._again} shows it again"
        self._publish(view.left(self._info.title, self._last, now, self._again), text)

    def settle(self) -> None:
        """Publish the last state once more if another cell runs now, as programs that run notebooks record that cell.

        The cell that waits has the result as its value, which need not be displayed a second time.
        """
        cell = running_cell()
        if cell != self.cell:
            self._publish(*self._said)
            if self._result is not None:
                results.already_shown(self._result, self.cell, cell)

    @property
    def _again(self) -> str:
        """Code that shows the render again."""
        if not self._render_id:
            return ""
        called = self._info.command.partition(".")[0]
        return f"{called if called.isidentifier() else 'rp'}.attach({self._render_id!r})"

    def _starting(self, note: str) -> Draw:
        title, again = self._info.title, self._again
        return lambda when: (view.starting(title, note, when, again), f"{title}: {note}{_at(when)}")

    def _publish(self, html: str, text: str, *, update: bool = True) -> None:
        from IPython.display import display

        self._said = (html, text)
        display({"text/html": html, "text/plain": text}, raw=True, display_id=self._id, update=update)


def _now() -> datetime:
    return datetime.now().astimezone()


def _at(when: datetime) -> str:
    return f" (last updated {moment(when)})"
