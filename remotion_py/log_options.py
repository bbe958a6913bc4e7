"""Options of what a page writes to its console, and delivering it to the caller."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypedDict

from .checks import boolean, function
from .option import Option


@dataclass(frozen=True)
class BrowserLog:
    """A message that a page wrote to its console.

    Attributes:
        type: The method of `console` that wrote it: "log", "warning", "error", "info", "debug" and others.
        text: Its arguments, separated by spaces; at most 1,000 characters.
        frame: The frame that was rendered, from 0; None while the page loaded or its metadata was calculated.
        stack: Where it was written, the innermost call first, each as FILE:LINE:COLUMN from 1; at most 5 calls.
    """

    type: str
    text: str
    frame: int | None = None
    stack: tuple[str, ...] = ()

    def __str__(self) -> str:
        where = "" if self.frame is None else f" at frame {self.frame}"
        place = f" ({self.stack[0]})" if self.stack else ""
        return f"[page{where}] {self.type}: {self.text}{place}"


OnBrowserLog = Callable[[BrowserLog], Any]


class LogOptions(TypedDict, total=False):
    """Options of what a page writes to its console."""

    on_browser_log: Annotated[
        OnBrowserLog | None,
        Option(
            "Called with each `BrowserLog` of the page, at most 1,000 in a render, in a thread of its own.",
            None,
            "",
            function,
        ),
    ]
    dump_browser_logs: Annotated[
        bool,
        Option(
            "Write what the page writes to its console to standard error, at most 1,000 lines.",
            False,
            "dumpBrowserLogs",
            boolean,
            "dump-browser-logs",
        ),
    ]


LOG_OPTIONS = frozenset(LogOptions.__annotations__)
"""They change nothing in what is rendered."""


class LogDelivery:
    """Delivers the messages of a page to what asked for them, each once.

    Args:
        options: Checked options of the call, or those that were given.
    """

    def __init__(self, options: Mapping[str, Any] | None = None) -> None:
        options = options or {}
        self._call: OnBrowserLog | None = options.get("on_browser_log")
        self._dump: bool = options.get("dump_browser_logs", False)
        self._delivered = 0

    async def deliver(self, logs: Sequence[BrowserLog]) -> None:
        """Deliver what is new in the messages of a render so far; the caller gets what its function raises."""
        new = logs[self._delivered :] if self._call or self._dump else ()
        self._delivered = len(logs)
        if new:
            await asyncio.to_thread(self._hand_over, new)

    def _hand_over(self, logs: Sequence[BrowserLog]) -> None:
        for entry in logs:
            if self._dump:
                sys.stderr.write(f"{entry}\n")
            if self._call:
                self._call(entry)
