"""Heartbeats between the processes of the local provider: a file that each process touches from its event loop.

A process that is stopped, waits for a disk that does not respond, or computes without a pause touches nothing. The
progress reports of a process cannot show this, because it may also be silent for good reasons.
"""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

from ..._runtime.stall import StallDetector, stall_s

INTERVAL_S = 1.0
START_LIMIT_S = 120.0
"""Seconds until the first heartbeat of a process, which loads its modules: slow on an overloaded machine."""
_NAME = "alive"


async def beat(folder: Path) -> None:
    """Touch a process's file, until this is cancelled.

    Args:
        folder: The folder of the process.
    """
    while True:
        with contextlib.suppress(OSError):  # a full disk is not a death, and is reported elsewhere
            (folder / _NAME).touch()
        await asyncio.sleep(INTERVAL_S)


class Heartbeat:
    """Watches a process by its file.

    Args:
        folder: The folder of the process.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / _NAME
        self._detector = StallDetector()

    def still_s(self) -> float:
        """Return for how many seconds the process has stood still; to be asked every few seconds."""
        return self._detector.look(self._touched())

    async def lost(self) -> float:
        """Wait until the process has stood still for too long; returns for how many seconds."""
        while True:
            still_s = self.still_s()
            if still_s > (START_LIMIT_S if self._touched() is None else stall_s()):
                return still_s
            await asyncio.sleep(INTERVAL_S)

    def _touched(self) -> int | None:
        try:
            return self._file.stat().st_mtime_ns
        except OSError:
            return None
