"""The progress display of a render: a card in a notebook, a bar on a terminal, lines in a log, or none.

The background loop updates a card, so that it updates whatever its cell does. The waiting thread updates all other
displays, because they print.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias, cast

from ._runtime.notebooks import notebook
from .errors import OptionError
from .progress import RenderProgress

log = logging.getLogger(__name__)

Mode = Literal["auto", "html", "text", "none"]
MODES: tuple[Mode, ...] = ("auto", "html", "text", "none")
Progress: TypeAlias = "Mode | Callable[[RenderProgress], Any] | type | None"
"""The type of `progress=`: a mode, a function that is called with each change, or a class like `tqdm`."""
VARIABLE = "REMOTION_PY_PROGRESS"
LINE_STEP = 0.1
CARD_INTERVAL_S = 1 / 8
HEARTBEAT_S = 10.0
"""Seconds after which an unchanged card is displayed again; a card that is older counts as stale."""


@dataclass(frozen=True)
class RenderInfo:
    """The data about a render that is displayed in addition to its progress.

    Attributes:
        title: The composition.
        command: Python code that repeats the render.
        explain: Rewrites an error of the page so that it refers to the code that the user wrote.
    """

    title: str
    command: str = ""
    explain: Callable[[str], str] = str


class Card(Protocol):
    """The card of a render in a notebook's cell.

    Attributes:
        cell: The execution number of its cell.
        place: The id of its cell; None if unknown.
    """

    cell: int
    place: str | None

    def update(self, progress: Any) -> None:
        """Display its progress."""
        ...

    def refresh(self) -> None:
        """Display the same progress with the current time."""
        ...

    def done(self, result: Any) -> None:
        """Display its result."""
        ...

    def failed(self, error: BaseException) -> None:
        """Display its error."""
        ...

    def left(self, render_id: str) -> None:
        """Display that this client stopped following the render, which continues."""
        ...

    def settle(self) -> None:
        """Display the last state again if another cell runs now.

        Programs that run notebooks record only the output of the cell that runs.
        """
        ...


class ProgressLike(Protocol):
    """The common interface of all kinds of progress."""

    @property
    def overall_progress(self) -> float:
        """0.0 to 1.0."""
        ...

    @property
    def bar(self) -> tuple[int, int, str]:
        """The number of finished units, the total number (0 while unknown), and a note."""
        ...

    @property
    def line(self) -> str:
        """One line for a log."""
        ...


Reporter = Callable[[Any], Any]
DisplayMode: TypeAlias = "Mode | Reporter | type"
"""How a render is displayed, after `resolve_mode()`."""


def resolve_mode(progress: Progress) -> DisplayMode:
    """Return how to display a render: from the caller's choice, the environment variable, and where this code runs.

    Raises:
        OptionError: The value is neither a mode nor callable.
    """
    if progress is None:
        progress = cast(Mode, os.environ.get(VARIABLE) or "auto")
    if not callable(progress) and progress not in MODES:
        raise OptionError(
            f"progress is {progress!r}, but must be a function, a class like tqdm, or one of: {', '.join(MODES)}."
        )
    if progress != "auto":
        return progress
    if in_notebook():
        return "html"
    return "text" if sys.stderr.isatty() or os.environ.get("CI") else "none"


def in_notebook() -> bool:
    """Return whether this code runs in a kernel, whose cells display HTML; IPython in a terminal is none."""
    if "IPython" not in sys.modules:
        return False
    shell: Any = sys.modules["IPython"].get_ipython()
    return shell is not None and hasattr(shell, "kernel")


def open_card(info: RenderInfo, task: Any, *, starts: bool = True) -> Card | None:
    """Open the card of a render in the current cell; None outside notebooks.

    Args:
        info: The data to display in addition to the progress.
        task: The render.
        starts: The cell starts the render; the render ends when the cell is run again.
    """
    if not in_notebook():
        return None
    if starts:
        notebook("cells").note_started(task)
    return notebook("live").LiveCard(info, render_id=task.render_id)


def running_cell() -> int:
    """Return the execution number of the cell that runs now."""
    return notebook("cells").running_cell()


def replace_earlier() -> None:
    """End the renders that an earlier run of the current cell has started."""
    if in_notebook():
        notebook("cells").replace_earlier()


class Displayable:
    """A result that notebooks display."""

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return notebook("results").mimebundle(self)


async def follow(task: Any, card: Card) -> None:
    """Update the card of a render until the render has ended. An error of the card does not affect the render."""
    with contextlib.suppress(asyncio.CancelledError):
        try:
            seen = None
            while True:
                try:
                    seen = await asyncio.wait_for(task.next_change(seen), HEARTBEAT_S)
                except TimeoutError:
                    card.refresh()
                    continue
                if seen is None:
                    break
                card.update(seen)
                await asyncio.sleep(CARD_INTERVAL_S)
            try:
                result = await task.result()
            except BaseException as error:
                if task.left:
                    card.left(task.render_id)
                else:
                    card.failed(error)
            else:
                await asyncio.to_thread(card.done, result)
        except Exception:
            log.warning("the render can no longer be displayed", exc_info=True)


@contextlib.contextmanager
def progress_reporter(mode: DisplayMode, unit: str = "frame") -> Generator[Reporter]:
    """Yield a function that displays progress, for the thread that waits; `unit` is the unit that a bar counts."""
    if isinstance(mode, type):
        with _bar(mode, unit) as show:
            yield show
    elif callable(mode):
        yield mode
    elif mode == "text" and sys.stderr.isatty():
        from tqdm import tqdm

        with _bar(tqdm, unit) as show:
            yield show
    elif mode == "text" or (mode == "html" and not in_notebook()):
        yield _lines()
    else:
        yield lambda _: None


@contextlib.contextmanager
def _bar(tqdm: type, unit: str) -> Generator[Reporter]:
    make = cast("Callable[..., Any]", tqdm)
    layout = "{percentage:3.0f}% |{bar}| {n_fmt}/{total_fmt} " + f"{unit}s" + "{postfix} [{elapsed}<{remaining}]"
    bar = make(total=1, unit=unit, bar_format=layout, dynamic_ncols=True)
    try:

        def show(progress: ProgressLike) -> None:
            done, total, note = progress.bar
            if not total:
                return
            bar.total = total
            bar.n = done
            bar.set_postfix_str(note, refresh=False)
            bar.refresh()

        yield show
    finally:
        bar.close()


def _lines() -> Reporter:
    reported = 0.0
    waits: set[Any] = set()

    def show(progress: ProgressLike) -> None:
        nonlocal reported
        if progress.overall_progress >= reported + LINE_STEP or progress.overall_progress == 1 > reported:
            reported = progress.overall_progress
            sys.stderr.write(f"{progress.line}\n")
        for text in getattr(progress, "waiting", ()):
            reason = text.partition("waiting ")[0], text.partition(" s for ")[2]
            if reason not in waits:  # write each reason once: only its number of seconds changes
                waits.add(reason)
                sys.stderr.write(f"{text}\n")

    return show
