"""The cache of downloads on disk, each with a note of its origin. The oldest are removed when space is needed."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

CACHE_BYTES = 20 * 1024**3
"""Of all kept downloads; the ones that were not used for longest are removed."""


class Kept:
    """A download on disk, and the note beside it.

    Attributes:
        data: The file.
        note: Where it is from, and when it was looked at last; empty where there is none.
    """

    def __init__(self, data: Path) -> None:
        self.data = data
        self._note = data.with_suffix(".json")
        self.note: dict[str, Any] = {}
        with contextlib.suppress(OSError, ValueError):
            self.note = json.loads(self._note.read_text())

    @property
    def validators(self) -> dict[str, str]:
        """The headers of a request that asks whether the file has changed."""
        headers: dict[str, str] = self.note.get("headers", {})
        asked = {"ETag": "If-None-Match", "Last-Modified": "If-Modified-Since"}
        return {asked[key]: value for key, value in headers.items() if key in asked}

    def remember(self, note: dict[str, Any]) -> None:
        """Write the note."""
        self.note = note
        self._note.write_text(json.dumps(note))

    @property
    def partial(self) -> Path:
        """Where the file is written, so that half a file is never taken for a whole one."""
        return self.data.with_suffix(".partial")

    def write(self, data: bytes) -> None:
        """Write the file, whole or not at all."""
        self.partial.write_bytes(data)
        self.partial.replace(self.data)

    def touch(self) -> None:
        """Note that the file was used now."""
        os.utime(self.data)


@contextlib.asynccontextmanager
async def locked(path: Path) -> AsyncGenerator[None]:
    """Hold a lock among the processes of this machine; it ends with its process."""
    with path.open("w") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                await asyncio.sleep(0.05)
        yield


def trim(folder: Path, keep: Path) -> None:
    """Remove the downloads that were not used for longest, until the rest fits.

    Args:
        folder: Where they are.
        keep: The one that is needed now.
    """

    def entry(path: Path) -> tuple[float, int, Path]:
        stat = path.stat()
        return stat.st_mtime, stat.st_size, path

    with contextlib.suppress(OSError):
        found = sorted(entry(path) for path in folder.iterdir() if not path.suffix)
        total = sum(size for _, size, _ in found)
        for _, size, path in found:
            if total <= CACHE_BYTES:
                return
            if path != keep:
                path.unlink(missing_ok=True)
                total -= size
