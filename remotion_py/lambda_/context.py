"""The services that a role uses; the worker provides them."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ..errors import RenderCancelledError
from ..media.sources import Sources
from ..page.session import BrowserSession
from ..providers.base import Functions, ObjectStore
from .keys import cancel_key
from .payload import RenderPayload
from .shared_assets import SharedAssets

log = logging.getLogger(__name__)


def now_ms() -> int:
    """Milliseconds since the epoch."""
    return int(time.time() * 1000)


class Stopwatch:
    """Times whose differences are correct, even if the system clock is set in the meantime."""

    def __init__(self) -> None:
        self._began_ms = now_ms()
        self._began = time.monotonic()

    def ms(self) -> int:
        """Milliseconds since the epoch, by the clock as it was at the beginning."""
        return self._began_ms + int((time.monotonic() - self._began) * 1000)


class OpenStore(Protocol):
    """Opens object stores."""

    def __call__(
        self, bucket: str, *, extra: Mapping[str, str] | None = None, provider: Mapping[str, Any] | None = None
    ) -> ObjectStore:
        """Open the store of a bucket.

        Args:
            bucket: The bucket.
            extra: Headers of every object that is written, where the store has such.
            provider: Endpoint and credentials of another store that speaks S3's protocol.
        """
        ...


@dataclass(frozen=True)
class Context:
    """Services and limits of one invocation.

    Attributes:
        functions: Invokes other functions.
        open_store: Opens the store of a bucket.
        bucket: The bucket of a caller who names none.
        session: The sandbox's browser session, warm between invocations.
        sources: The media files that pages name.
        function_name: Name of this function.
        region: Where it runs.
        memory_mb: Memory of this function.
        deadline_ms: When this invocation will be ended, in ms since the epoch.
        capacity: Renderer functions that the provider runs at the same time; None where it has plenty.
        encoder_threads: Threads that an encoder may use; 0 for all.
        cancel_poll_s: Seconds between two looks for a cancellation.
        stream_bytes: Chunks above it go through the store instead of the stream; None for a stream without limits.
        temp: A folder for this invocation alone.
    """

    functions: Functions
    open_store: OpenStore
    bucket: str
    session: BrowserSession
    sources: Sources
    function_name: str
    region: str
    memory_mb: int
    deadline_ms: int
    capacity: int | None
    encoder_threads: int
    cancel_poll_s: float
    stream_bytes: int | None
    temp: Path

    @property
    def seconds_left(self) -> float:
        """Seconds until this invocation will be ended."""
        return max(0.0, self.deadline_ms / 1000 - time.time())

    def begin(self, payload: RenderPayload) -> None:
        """Begin the work for a render: its downloads are its own, or those of all its functions."""
        shared = None
        if payload.cache_assets:
            shared = SharedAssets(self.open_store(payload.bucket_name), payload.render_id)
        self.sources.begin(payload.render_id, shared, payload.chromium_options.get("userAgent"))

    @asynccontextmanager
    async def cancellable(self, store: ObjectStore, render_id: str) -> AsyncGenerator[None]:
        """Raise `RenderCancelledError` in the body once the render is cancelled."""
        body = asyncio.current_task()
        assert body
        cancelled = False

        async def watch() -> None:
            nonlocal cancelled
            while await store.head(cancel_key(render_id)) is None:
                await asyncio.sleep(self.cancel_poll_s)
            cancelled = True
            body.cancel()

        watcher = asyncio.create_task(watch())
        try:
            yield
        except asyncio.CancelledError:
            if not cancelled:
                raise
            body.uncancel()
            raise RenderCancelledError(f"The render {render_id} was cancelled.") from None
        finally:
            watcher.cancel()
            await asyncio.gather(watcher, return_exceptions=True)
