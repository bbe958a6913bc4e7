"""Things that are costly to make and kept below `.cache`; made by one of the parallel test processes at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

CACHE = Path(__file__).parent.parent / ".cache"


@contextmanager
def one_at_a_time(name: str) -> Iterator[None]:
    """Keep other processes from making the same."""
    (CACHE / "locks").mkdir(parents=True, exist_ok=True)
    with FileLock(CACHE / "locks" / f"{name}.lock"):
        yield
