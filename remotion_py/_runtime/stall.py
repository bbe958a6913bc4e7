"""Detects stalls with the monotonic clock."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

VARIABLE = "REMOTION_PY_STALL_SECONDS"
STALL_S = 30.0
"""Seconds without a heartbeat after which a process counts as stalled. A working one sends several a
second, also on a machine that is overloaded."""
GAP_S = 10.0
"""A longer pause between two looks means that the observer stalled as well, as in a paused container."""


def stall_s() -> float:
    """Return the limit for processes that stall, in seconds: `REMOTION_PY_STALL_SECONDS`, or 30."""
    return float(os.environ.get(VARIABLE) or STALL_S)


class StallDetector:
    """Measures for how long a value has stayed the same.

    Args:
        gap_s: Seconds between two looks after which nothing is known about the time between them.
        clock: A monotonic clock, in seconds.
    """

    def __init__(self, gap_s: float = GAP_S, clock: Callable[[], float] = time.monotonic) -> None:
        self._gap_s = gap_s
        self._clock = clock
        self._value: object = self
        self._since = self._looked = clock()

    def look(self, value: object) -> float:
        """Return the seconds for which the value has been what it is now; 0.0 where it has just changed."""
        now = self._clock()
        if value != self._value or now - self._looked > self._gap_s:
            self._value, self._since = value, now
        self._looked = now
        return now - self._since
