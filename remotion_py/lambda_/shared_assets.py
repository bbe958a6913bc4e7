"""Downloads remote assets once per render: the first function that needs one stores it, and the others read it."""

from __future__ import annotations

import asyncio
import json
import logging
import math
import os
import secrets
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from .._runtime.stall import StallDetector
from ..errors import RemotionPyError
from ..providers.base import ObjectExistsError, ObjectStore
from .keys import render_prefix

POLL_S = 0.3
BEAT_S = 5.0
PATIENCE_S = 20.0
"""After this without a sign of the first function it counts as dead, and the next one takes its place. While it
downloads it renews its lock every few seconds, however long that takes."""

log = logging.getLogger(__name__)


class SharedAssets:
    """The assets of one render.

    Args:
        store: Where they lie.
        render_id: The render.
    """

    def __init__(self, store: ObjectStore, render_id: str) -> None:
        self._store = store
        self._prefix = f"{render_prefix(render_id)}assets/"

    async def have(self, name: str, path: Path, download: Callable[[], Awaitable[dict[str, Any]]]) -> dict[str, Any]:
        """Copy an asset to a file; returns the note that the function that downloaded it made.

        Args:
            name: What it is called among the assets.
            path: Where it goes.
            download: Downloads it from its origin to `path`, and returns the note.
        """
        key, silence = f"{self._prefix}{name}", StallDetector(gap_s=math.inf)
        while True:
            note = await self._store.get(f"{key}.json")
            if note is not None:
                await self._store.get_file(key, path)
                return json.loads(note)
            try:
                # Its own content, so that a lock that was taken over is not the old one that stood still.
                await self._store.put(f"{key}.lock", secrets.token_bytes(8), if_absent=True)
            except ObjectExistsError:
                lock = await self._store.get(f"{key}.lock")
                if lock is not None and silence.look(lock) >= PATIENCE_S:
                    log.warning("no function has stored the asset %s in time; downloading it here", name)
                    if await self._store.get(f"{key}.lock") == lock:  # another one may have taken over already
                        await self._store.delete(f"{key}.lock")
                    continue
                await asyncio.sleep(POLL_S)
                continue
            return await self._store_first(key, path, download)

    async def _store_first(
        self, key: str, path: Path, download: Callable[[], Awaitable[dict[str, Any]]]
    ) -> dict[str, Any]:
        beating = asyncio.create_task(self._renew(f"{key}.lock"))
        try:
            note = await download()
            # A link or a copy, as putting a file moves it; neither holds all of it in memory.
            upload = path.with_name(f"{path.name}.upload")
            await asyncio.to_thread(_linked, path, upload)
            try:
                await self._store.put_file(key, upload)
            finally:
                upload.unlink(missing_ok=True)
            await self._store.put(f"{key}.json", json.dumps(note).encode())
        except BaseException:
            await _stopped(beating)  # else it would write the lock again
            await self._store.delete(f"{key}.lock")
            raise
        finally:
            await _stopped(beating)
        return note

    async def _renew(self, lock: str) -> None:
        while True:
            await asyncio.sleep(BEAT_S)
            try:
                await self._store.put(lock, secrets.token_bytes(8))
            except (OSError, RemotionPyError) as error:
                log.warning("the lock %s could not be renewed: %s", lock, error)


async def _stopped(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _linked(path: Path, other: Path) -> None:
    other.unlink(missing_ok=True)
    try:
        os.link(path, other)
    except OSError:  # a file system without hard links
        shutil.copyfile(path, other)
