"""Uploads a render's `progress.json` when it changes, at most every 250 ms, and regularly as a heartbeat."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from types import TracebackType

from ..errors import RemotionPyError, RenderError, from_wire, to_wire
from ..providers.base import ObjectStore
from .context import now_ms
from .document import ProgressDocument
from .keys import progress_key

MIN_INTERVAL_S = 0.25
HEARTBEAT_S = 20.0
"""Who follows a render on AWS takes its main function for dead when its document stays the same for long."""
TRIES = 3

log = logging.getLogger(__name__)


class Publisher:
    """Keeps the stored document up to date while it is open; its end uploads the last state.

    Args:
        document: What to upload.
        store: Where to.
        render_id: The render that it belongs to.
    """

    def __init__(self, document: ProgressDocument, store: ObjectStore, render_id: str) -> None:
        self._document = document
        self._store = store
        self._key = progress_key(render_id)
        self._published = b""
        self._failure: Exception | None = None
        self._ending = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Publisher:
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._task
        # A put that is under way cannot be called back, and would land after the last one; so it is waited for.
        self._ending.set()
        await asyncio.gather(self._task, return_exceptions=True)
        if not await self._publish() and not error:
            # Clients that poll would wait forever: a failed invocation leaves a record of its own.
            raise self._reason()

    async def _run(self) -> None:
        while not self._ending.is_set():
            await self._publish()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), MIN_INTERVAL_S)

    def _reason(self) -> RemotionPyError:
        reason = f" {from_wire(to_wire(self._failure)).message}" if self._failure else ""
        return RenderError(
            f"The last progress.json could not be written to the store, so the state of the render is "
            f"unknown.{reason} Render again when the store is writable, or select another folder with "
            f"REMOTION_PY_STORE or store=."
        )

    async def _publish(self) -> bool:
        now = now_ms()
        beat = now - now % int(HEARTBEAT_S * 1000)
        data = json.dumps(self._document.to_json() | {"heartbeatTimestamp": beat}).encode()
        if data == self._published:
            return True
        for attempt in range(TRIES):
            try:
                await self._store.put(self._key, data)
            except Exception as error:  # a render does not fail because its progress cannot be stored
                self._failure = error
                log.warning("progress.json was not uploaded (try %d): %s", attempt + 1, error)
                await asyncio.sleep(0.1 * 2**attempt)
            else:
                self._published = data
                return True
        return False
