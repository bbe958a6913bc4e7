"""Delivers the console messages of a page to the caller of a render."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from .._data.browser_log import BrowserLog, OnBrowserLog


class LogDelivery:
    """Delivers each message of a page once, to the function and the output that the caller's options request.

    Args:
        options: The options of the call, checked or as given.
    """

    def __init__(self, options: Mapping[str, Any] | None = None) -> None:
        options = options or {}
        self._call: OnBrowserLog | None = options.get("on_browser_log")
        self._dump: bool = options.get("dump_browser_logs", False)
        self._delivered = 0

    async def deliver(self, logs: Sequence[BrowserLog]) -> None:
        """Deliver the messages that are new since the last call; errors of the caller's function are raised."""
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
