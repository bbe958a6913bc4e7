"""A render in its cell: shown at once, updated in place, and left there as it ended."""

from __future__ import annotations

import secrets
from typing import Any

from ..batch.result import BatchProgress
from ..errors import RenderCancelledError, RenderInterruptedError
from ..progress import RenderProgress
from ..shows import About
from . import batches, results, view
from .cells import running_cell


class LivePage:
    """One output of the cell in which it is made; later updates find it, whatever cell runs then.

    Args:
        about: What is told of the render.
        note: How far it is.
        state: What names that for programs.
    """

    def __init__(self, about: About, note: str = "starting", state: str = "running") -> None:
        self._about = about
        self._id = f"remotion-py-{secrets.token_hex(8)}"
        self._last: RenderProgress | None = None
        self._said = ("", "")
        self._cell = running_cell()
        self._note(note, state, update=False)

    def begin(self, about: About) -> None:
        """Show a render in the place of the one before."""
        self._about, self._last = about, None
        self._note("starting", "running")

    def clear(self) -> None:
        """Show nothing."""
        self._publish("", "")

    def _note(self, note: str, state: str, *, update: bool = True) -> None:
        html = view.framed(state, view.heading(self._about.title, note))
        self._publish(html, f"{self._about.title}: {note}", update=update)

    def update(self, progress: RenderProgress | BatchProgress) -> None:
        """Show how far it is."""
        title = self._about.title
        if isinstance(progress, BatchProgress):
            self._publish(batches.running(title, progress), f"{title}: {progress}")
        else:
            self._last = progress
            self._publish(view.running(title, progress), f"{title}: {progress}")

    def done(self, result: Any) -> None:
        """Show the video itself, or the pictures."""
        results.already_shown(result, self._cell)
        self._publish(*results.shown(result, self._about.title, self._about.command))

    def failed(self, error: BaseException) -> None:
        """Show what made it fail, how far it came, and how to start it again."""
        state = "failed"
        if isinstance(error, RenderCancelledError) or not isinstance(error, Exception):
            state = "cancelled"
        elif isinstance(error, RenderInterruptedError):
            state = "interrupted"
        html = view.failure(self._about.title, error, self._last, state=state, again=self._about.command)
        self._publish(html, f"{self._about.title}: {state}")

    def left(self, render_id: str) -> None:
        """Say that it is not followed any more, though it goes on."""
        title = self._about.title
        again = f"attach({render_id!r})"
        self._publish(view.left(title, self._last, again), f"{title}: not followed any more; {again} takes it up")

    def settle(self) -> None:
        """Say the last state once more if another cell runs now: programs that run notebooks hear that one only."""
        if running_cell() != self._cell:
            self._publish(*self._said)

    def _publish(self, html: str, text: str, *, update: bool = True) -> None:
        from IPython.display import display

        self._said = (html, text)
        display({"text/html": html, "text/plain": text}, raw=True, display_id=self._id, update=update)
