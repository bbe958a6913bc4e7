"""How a render is shown while it runs: as a page in a notebook, as a bar on a terminal, as lines in a log, or not.

A show on the page is driven by the background loop, so that it moves whatever its cell does; all others are driven by
the thread that waits, as they print.
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
"""What `progress=` takes: a mode, a function that is called with each change, or a class like `tqdm`."""
VARIABLE = "REMOTION_PY_PROGRESS"
LINE_STEP = 0.1
PAGE_INTERVAL_S = 1 / 8
HEARTBEAT_S = 10.0
"""How often a page is shown again where nothing changes: a card that is older counts as stale before long."""


@dataclass(frozen=True)
class About:
    """What is told of a render beside its progress.

    Attributes:
        title: The composition.
        command: What makes the same again, in Python.
        explain: Writes the error of a page in the words of its user.
    """

    title: str
    command: str = ""
    explain: Callable[[str], str] = str


class Page(Protocol):
    """A show in a notebook's cell.

    Attributes:
        cell: The number of the run of its cell.
        place: What names its cell, whenever it runs; None where that is not known.
    """

    cell: int
    place: str | None

    def update(self, progress: Any) -> None:
        """Show how far it is."""
        ...

    def refresh(self) -> None:
        """Show the same again as of now."""
        ...

    def done(self, result: Any) -> None:
        """Show what it ended in."""
        ...

    def failed(self, error: BaseException) -> None:
        """Show what made it fail."""
        ...

    def left(self, render_id: str) -> None:
        """Say that it is not followed any more, though it goes on."""
        ...

    def settle(self) -> None:
        """Say the last state once more if another cell runs now: programs that run notebooks hear that one only."""
        ...


class Shown(Protocol):
    """What every kind of progress tells."""

    @property
    def overall_progress(self) -> float:
        """0.0 to 1.0."""
        ...

    @property
    def bar(self) -> tuple[int, int, str]:
        """How many units are done of how many, and a note; the total is 0 while it is not known."""
        ...

    @property
    def line(self) -> str:
        """One line for a log."""
        ...


Watcher = Callable[[Any], Any]
How: TypeAlias = "Mode | Watcher | type"
"""How a render is shown, once that is decided."""


def chosen(progress: Progress) -> How:
    """Return how to show, by what the caller asked, the environment, and the place.

    Raises:
        OptionError: Neither a mode nor something to call.
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
    """Whether this runs in a kernel, whose cells show HTML; a plain IPython is a terminal."""
    if "IPython" not in sys.modules:
        return False
    shell: Any = sys.modules["IPython"].get_ipython()
    return shell is not None and hasattr(shell, "kernel")


def open_page(about: About, task: Any, *, starts: bool = True) -> Page | None:
    """Open a show of a render in the current cell; None where that cannot be.

    Args:
        about: What is displayed beside its progress.
        task: The render.
        starts: The cell has started it, and ends it when it is run again.
    """
    if not in_notebook():
        return None
    if starts:
        notebook("cells").note_started(task)
    return notebook("live").LivePage(about, render_id=task.render_id)


def running_cell() -> int:
    """Return the number of the run of a notebook's cell that is under way."""
    return notebook("cells").running_cell()


def replace_earlier() -> None:
    """End what an earlier run of the current cell has started."""
    if in_notebook():
        notebook("cells").replace_earlier()


class ShowsItself:
    """A result that cells show as itself."""

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return notebook("results").mimebundle(self)


async def follow(task: Any, page: Page) -> None:
    """Show a render on a page until it has ended; runs on the background loop. A page that fails ends no render."""
    with contextlib.suppress(asyncio.CancelledError):
        try:
            seen = None
            while True:
                try:
                    seen = await asyncio.wait_for(task.next_change(seen), HEARTBEAT_S)
                except TimeoutError:
                    page.refresh()
                    continue
                if seen is None:
                    break
                page.update(seen)
                await asyncio.sleep(PAGE_INTERVAL_S)
            try:
                result = await task.result()
            except BaseException as error:
                if task.left:
                    page.left(task.render_id)
                else:
                    page.failed(error)
            else:
                await asyncio.to_thread(page.done, result)
        except Exception:
            log.warning("the render cannot be shown any more", exc_info=True)


@contextlib.contextmanager
def watching(how: How, unit: str = "frame") -> Generator[Watcher]:
    """Give a function that shows progress from the thread that waits; `unit` is what a bar counts."""
    if isinstance(how, type):
        with _bar(how, unit) as show:
            yield show
    elif callable(how):
        yield how
    elif how == "text" and sys.stderr.isatty():
        from tqdm import tqdm

        with _bar(tqdm, unit) as show:
            yield show
    elif how == "text" or (how == "html" and not in_notebook()):
        yield _lines()
    else:
        yield lambda _: None


@contextlib.contextmanager
def _bar(tqdm: type, unit: str) -> Generator[Watcher]:
    make = cast("Callable[..., Any]", tqdm)
    layout = "{percentage:3.0f}% |{bar}| {n_fmt}/{total_fmt} " + f"{unit}s" + "{postfix} [{elapsed}<{remaining}]"
    bar = make(total=1, unit=unit, bar_format=layout, dynamic_ncols=True)
    try:

        def show(progress: Shown) -> None:
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


def _lines() -> Watcher:
    told = 0.0
    waits: set[Any] = set()

    def show(progress: Shown) -> None:
        nonlocal told
        if progress.overall_progress >= told + LINE_STEP or progress.overall_progress == 1 > told:
            told = progress.overall_progress
            sys.stderr.write(f"{progress.line}\n")
        for text in getattr(progress, "waiting", ()):
            reason = text.partition("waiting ")[0], text.partition(" s for ")[2]
            if reason not in waits:  # once, as its seconds go on
                waits.add(reason)
                sys.stderr.write(f"{text}\n")

    return show
