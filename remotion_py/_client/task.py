"""A running render on the background loop: polls it, cancels it, and returns its result."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from typing import Any, Generic, Protocol, TypeVar

from .._data.stored import parse_document
from .._runtime import background
from .._runtime.stall import StallDetector
from ..errors import RemotionPyError, RenderCancelledError, RenderError, RenderInterruptedError
from ..lambda_.keys import cancel_key, progress_key
from ..progress import RenderProgress, fatal_entry
from ..providers.base import Provider
from .log_delivery import LogDelivery
from .record import silent

CANCEL_PATIENCE_S = 5.0
INTERRUPT_PATIENCE_S = 1.0
WEBHOOK_PATIENCE_S = 45.0
"""Maximum seconds to wait for a webhook, which is sent at most three times, with 10 s for each."""
ENDPOINT_ENDED = "the local Lambda endpoint has ended, because its client has ended"

T = TypeVar("T")


class Host(Protocol):
    """The interface of the engine that runs a render."""

    provider: Provider

    async def get_render_progress(self, render_id: str) -> RenderProgress:
        """Read the progress of a render."""
        ...

    def read_document(self, document: dict[str, Any], render_id: str) -> RenderProgress:
        """Read a `progress.json` document."""
        ...

    async def read_progress(self, render_id: str) -> bytes:
        """Read `progress.json` of a render."""
        ...

    def working(self) -> AbstractContextManager[None]:
        """Prevent the end of idle functions."""
        ...

    def spawn(self, work: Any) -> None:
        """Run a coroutine in the background."""
        ...

    async def end_if_idle(self) -> None:
        """End the functions when no call is using them."""
        ...


class RenderTask(Generic[T]):
    """A started render: follows its progress, and delivers its output when it is done.

    Attributes:
        render_id: Its id.
        links: Links to its logs and its folder in the AWS console.
        latest: The latest progress.
        left: This client stopped following the render, which may continue.

    Args:
        host: The engine that runs the render.
        render_id: Its id.
        deliver: Delivers the output of a finished render.
        lost: Returns why its main function is lost, or None while it runs; the default asks the client's provider.
        lasts: The render continues when no client waits for it any more.
        logs: Delivers the console messages of its pages.
    """

    def __init__(
        self,
        host: Host,
        render_id: str,
        deliver: Callable[[RenderProgress], Awaitable[T]],
        *,
        lost: Callable[[], Awaitable[str | None]] | None = None,
        lasts: bool = False,
        logs: LogDelivery | None = None,
    ) -> None:
        self.render_id = render_id
        self.links = host.provider.links(render_id)
        self.latest = RenderProgress(render_id=render_id, bucket_name=host.provider.store.bucket)
        self._host = host
        self._deliver = deliver
        self.left = False
        self._others = lost
        self._logs = logs or LogDelivery()
        self._lasts = lasts
        self._changed = asyncio.Condition()
        self._cancelled_at: float | None = None
        self._ended_at: float | None = None
        self._following = asyncio.get_running_loop().create_task(self._follow())
        # A render may fail while no code waits for it; its progress contains the error.
        self._following.add_done_callback(lambda task: task.cancelled() or task.exception())

    @property
    def ended(self) -> bool:
        """Whether the render has ended, or this client no longer follows it."""
        return self._following.done()

    async def progress(self) -> RenderProgress:
        """Return the progress."""
        return await self._host.get_render_progress(self.render_id)

    async def next_change(self, seen: RenderProgress | None) -> RenderProgress | None:
        """Wait for progress that differs from `seen`; None if the render has ended and `seen` is its last progress."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.latest is not seen or self._following.done())
        return None if self.latest is seen else self.latest

    async def result(self) -> T:
        """Wait for the result.

        Raises:
            RenderError: This client no longer follows the render.
        """
        try:
            return await asyncio.shield(self._following)
        except asyncio.CancelledError:
            if not self.left:
                raise
            raise RenderError(
                f"The render {self.render_id} is no longer followed, because its client was closed or the "
                f"waiting was stopped. It may still be running: call attach({self.render_id!r}) to follow "
                f"it again."
            ) from None

    async def cancel(self) -> None:
        """Request that its functions end."""
        if self._following.done():
            return
        self._cancelled_at = asyncio.get_running_loop().time()
        await self._host.provider.store.put(cancel_key(self.render_id), b"{}")
        with contextlib.suppress(RemotionPyError, TimeoutError):
            await asyncio.wait_for(self.result(), CANCEL_PATIENCE_S + 1)

    async def leave(self) -> None:
        """Stop following the render, if another process renders it."""
        if self._others and not self._following.done():
            await self._end_following()

    def interrupt(self) -> None:
        """End the render and unused functions without waiting; for a detached render, only stop following it."""
        background.submit(self._interrupt())

    async def _interrupt(self) -> None:
        if not self._lasts:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.cancel(), INTERRUPT_PATIENCE_S)
        await self._end_following()
        await self._host.end_if_idle()

    async def _end_following(self) -> None:
        self.left = self._lasts and not self._following.done()
        self._following.cancel()
        await asyncio.gather(self._following, return_exceptions=True)

    async def _follow(self) -> T:
        with self._host.working():
            try:
                return await self._poll()
            except RemotionPyError as error:
                if self.links:
                    error.data["logs"] = self.links.logs
                    error.add_note(f"Logs: {self.links.logs}")
                raise
            finally:
                # Waiting code checks `done()`, which is true only after this coroutine has ended.
                asyncio.get_running_loop().call_soon(self._host.spawn, self._notify())

    async def _poll(self) -> T:
        provider = self._host.provider
        read, silence = b"", StallDetector()
        while True:
            # Checked before the progress: a main function that ends after the render is done is not lost.
            lost = await self._lost()
            data = await self._host.read_progress(self.render_id)
            silent_s = silence.look(data)
            if provider.silent_s and self.latest.launched and silent_s > provider.silent_s:
                lost = lost or await self._silent(silent_s)
            if data != read:
                progress = self._host.read_document(parse_document(data, self.render_id), self.render_id)
                await self._deliver_logs(progress)
                if not lost and self._sends_webhook(progress):
                    await asyncio.sleep(provider.poll_s)
                    continue
                if progress.done:
                    result = await self._deliver(progress)
                    self.latest = progress
                    return result
                self.latest = progress
                # Errors that functions report while their endpoint dies are a consequence, not the cause.
                if progress.fatal_error and (self._others or not lost):
                    raise progress.fatal_error
                read = data
                await self._notify()
            try:
                self._give_up(lost)
            except RemotionPyError as error:
                await self._record(data, error, final=lost is not None)
                raise
            await asyncio.sleep(provider.poll_s)

    async def _deliver_logs(self, progress: RenderProgress) -> None:
        """Deliver the console messages of the page; an error of the caller's function cancels the render."""
        try:
            await self._logs.deliver(progress.browser_logs)
        except Exception:
            await self._host.provider.store.put(cancel_key(self.render_id), b"{}")
            raise

    def _sends_webhook(self, progress: RenderProgress) -> bool:
        """Whether only the webhook of the render is still pending; it would be lost if its client ended now."""
        if not progress.webhook_pending or self._others or not self._host.provider.on_this_machine:
            return False
        now = asyncio.get_running_loop().time()
        self._ended_at = self._ended_at or now
        return now - self._ended_at < WEBHOOK_PATIENCE_S

    async def _lost(self) -> str | None:
        if self._others:
            return await self._others()
        alive = self._host.provider.alive
        return await self._host.provider.failure(self.render_id) or (None if alive else ENDPOINT_ENDED)

    async def _silent(self, seconds: float) -> str:
        """Request that a silent main function ends, if it still runs; return the reason why it counts as lost."""
        if not self._others:
            with contextlib.suppress(OSError, RemotionPyError):
                await self._host.provider.store.put(cancel_key(self.render_id), b"{}")
        return silent(seconds)

    def _give_up(self, lost: str | None) -> None:
        now = asyncio.get_running_loop().time()
        if self._cancelled_at is not None and (lost or now - self._cancelled_at > CANCEL_PATIENCE_S):
            raise RenderCancelledError(f"The render {self.render_id} was cancelled.")
        if lost:
            closed = " and wait for it before you close its client, or start it with detach=True"
            advice = f"Start it again{closed if lost == ENDPOINT_ENDED else ''}."
            raise RenderInterruptedError(
                f"The render {self.render_id} was interrupted: its main function is gone ({lost}). {advice}"
            )

    async def _record(self, data: bytes, error: RemotionPyError, *, final: bool) -> None:
        """Record the error that ended the render; if the main function is lost, its own client also stores the error.

        Args:
            data: The document as read.
            error: The error that ended the render.
            final: The main function is lost. While it may still work, only it writes the document.
        """
        document = parse_document(data, self.render_id)
        document["errors"] = [*(document.get("errors") or []), fatal_entry(error)]
        self.latest = self._host.read_document(document, self.render_id)
        if final and not self._others:
            with contextlib.suppress(OSError, RemotionPyError):
                await self._host.provider.store.put(progress_key(self.render_id), json.dumps(document).encode())

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()
