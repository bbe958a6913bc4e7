"""A message that a page wrote to its console."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


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
