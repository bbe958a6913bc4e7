"""Remote assets once per render: the function that needs one first stores it, the others read it from the store."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from ..providers.base import ObjectExistsError, ObjectStore
from .keys import render_prefix

POLL_S = 0.3
PATIENCE_S = 120.0
"""After this the first function is taken for dead, and the asset is fetched from its origin."""

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
        """Bring an asset to a file; returns the note that its first function took of it.

        Args:
            name: What it is called among the assets.
            path: Where it goes.
            download: Brings it from its origin to `path`, and returns the note.
        """
        key, waited = f"{self._prefix}{name}", 0.0
        while True:
            note = await self._store.get(f"{key}.json")
            if note is not None:
                await self._store.get_file(key, path)
                return json.loads(note)
            try:
                await self._store.put(f"{key}.lock", b"", if_absent=True)
            except ObjectExistsError:
                if waited >= PATIENCE_S:
                    log.warning("nobody has stored the asset %s; fetching it from its origin", name)
                    return await download()
                await asyncio.sleep(POLL_S)
                waited += POLL_S
                continue
            return await self._store_first(key, path, download)

    async def _store_first(
        self, key: str, path: Path, download: Callable[[], Awaitable[dict[str, Any]]]
    ) -> dict[str, Any]:
        try:
            note = await download()
            await self._store.put(key, await asyncio.to_thread(path.read_bytes))
            await self._store.put(f"{key}.json", json.dumps(note).encode())
        except BaseException:
            await self._store.delete(f"{key}.lock")
            raise
        return note
