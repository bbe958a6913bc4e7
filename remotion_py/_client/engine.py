"""The asynchronous core of both clients; everything here runs on the background loop."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import logging
import os
import random
import socket
import weakref
from collections.abc import AsyncGenerator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from .._data.output import inside
from .._data.stored import own_browser_logs, parse_document
from .._runtime import background
from ..display import About
from ..errors import (
    DocumentError,
    FunctionError,
    RemotionPyError,
    RenderError,
    RenderNotFoundError,
    ThrottledError,
    from_wire,
)
from ..lambda_.keys import PROGRESS, cancel_key, new_render_id, progress_key
from ..lambda_.stream import Decoder, FramingError, Kind, Message
from ..options.option import check_options
from ..options.renders import PageOptions, RenderStillOptions
from ..progress import RenderProgress, from_document
from ..providers.base import RENDERS, ObjectInfo, Provider
from ..results import Composition, Still
from .delivery import Delivery
from .detached import order_elsewhere
from .listing import Filter, Renders
from .log_delivery import LogDelivery
from .payload import PICTURE_EXTENSIONS, checked_output, make_payload, picture_format
from .record import Ending, Follower, Handle, ListedRender, Owner, listed, lost
from .reproduce import Keeps
from .request import Order, check_transparency, make_order
from .task import RenderTask

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 5.0
THROTTLED_PATIENCE_S = 600.0
"""How long a still waits for capacity, in seconds."""
CALL_TRIES = 3
DIED = ("Runtime.ExitError", "Sandbox.StoodStill", "Unreachable")
"""Types of errors of a function that ended before it answered, so that the same call is worth another one."""
_UNKNOWN = Handle("video")
"""Stands for the handle of a render that has none."""

log = logging.getLogger(__name__)

_engines: weakref.WeakSet[Engine] = weakref.WeakSet()


class Engine:
    """A provider, and the renders that run on it.

    Args:
        provider: Where functions and objects live.
        idle_s: Seconds without work after which the functions end; None keeps them until the client is closed.
    """

    def __init__(self, provider: Provider, *, idle_s: float | None = None) -> None:
        self.provider = provider
        self._delivery = Delivery(provider)
        self._idle_s = idle_s
        self._active = 0
        self._idle: asyncio.TimerHandle | None = None
        self._background: set[asyncio.Task[Any]] = set()
        self._attached: weakref.WeakSet[RenderTask[Any]] = weakref.WeakSet()
        _engines.add(self)

    def describe(self) -> str:
        """Return one line for the repr of a client."""
        return self.provider.describe()

    async def start_render(
        self,
        kind: Ending,
        serve_url: str | os.PathLike[str],
        composition: str,
        given: Mapping[str, Any],
        *,
        keep: Keeps | None = None,
        detach: bool = False,
        watched: bool = False,
    ) -> RenderTask[Any]:
        """Check everything that can be checked, then start a render.

        Args:
            kind: What it ends in.
            serve_url: The site.
            composition: Id of the composition.
            given: The options.
            keep: Writes the call that makes the same again.
            detach: It outlives this process.
            watched: Somebody looks at its newest frame.
        """
        order = await make_order(kind, self.provider, serve_url, composition, given, keep=keep)
        if (watched or detach) and not self.provider.wire_version:
            order.payload["thumbnails"] = True
        logs = LogDelivery(given)
        return await (self._start_detached(order, logs) if detach else self.start(order, logs=logs))

    async def start(self, order: Order, *, lasts: bool = False, logs: LogDelivery | None = None) -> RenderTask[Any]:
        """Start what was ordered."""
        async with self._working():
            wanted = order.concurrency or self.provider.capacity or 1
            payload = order.payload
            if not self.provider.wire_version:
                payload = payload | {"renderId": new_render_id(payload.get("deleteAfter"))}
            renderers = wanted if wanted > 1 else 0
            render_id = (await self._invoke(payload, renderers, again=not self.provider.wire_version))["renderId"]
            await self._keep_handle(order, render_id)
        output, audio = (Path(path) if path else None for path in (order.output, order.audio))
        if order.kind == "frames":
            take: Any = partial(self._delivery.frames, output, order.overwrite)
        else:
            take = partial(self._delivery.video, output, audio, order.overwrite)
        return RenderTask(self, render_id, take, lasts=lasts, logs=logs)

    async def _keep_handle(self, order: Order, render_id: str) -> None:
        kept = Handle(
            kind=order.kind,
            composition=order.payload["composition"],
            output=order.output,
            audio=order.audio,
            overwrite=order.overwrite,
            command=order.command,
            host=socket.gethostname(),
            owner=Owner.of(self.provider.pid) if self.provider.pid else None,
        )
        await kept.write(self.provider.store, render_id)

    async def _start_detached(self, order: Order, logs: LogDelivery) -> RenderTask[Any]:
        """Start what was ordered so that it outlives this process: in one of its own, or where it does anyway."""
        settings = self.provider.detached()
        if settings is None:
            return await self.start(order, lasts=True, logs=logs)
        return (await self.attach(await order_elsewhere(order, settings), logs))[0]

    async def attach(self, render_id: str, logs: LogDelivery | None = None) -> tuple[RenderTask[Any], About, bool]:
        """Take up a render that was started by whomever; returns what can be told of it, and whether it has ended."""
        progress = await self.get_render_progress(render_id)
        handle = await self._handle(render_id)
        task = RenderTask(
            self,
            render_id,
            partial(self._take_late, handle),
            lost=Follower(self.provider.store, render_id, handle).lost if self.provider.on_this_machine else _unknown,
            lasts=True,
            logs=logs,
        )
        self._attached.add(task)
        known = handle or _UNKNOWN
        title = known.composition or (progress.render_metadata or {}).get("compositionId") or render_id
        return task, About(title, known.command), progress.ended

    async def _take_late(self, handle: Handle | None, progress: RenderProgress) -> Any:
        handle = handle or await self._handle(progress.render_id) or _UNKNOWN
        return await self._delivery.late(handle, progress)

    async def _lost_elsewhere(self, render_id: str, handle: Handle | None) -> str | None:
        """Look once why the main function of a render of others is gone, or None."""
        if not self.provider.on_this_machine:
            return None
        return await lost(self.provider.store, render_id, handle)

    async def _handle(self, render_id: str) -> Handle | None:
        return await Handle.read(self.provider.store, render_id)

    async def renders(self, limit: int, wanted: Filter) -> Renders:
        """List what is kept in the store, the newest first."""
        await self.provider.open()
        objects = [item for item in await self.provider.store.list(RENDERS) if item.key.endswith(f"/{PROGRESS}")]
        newest = sorted(objects, key=lambda item: item.modified, reverse=True)
        return await wanted.first(limit, newest, self._listed)

    async def _listed(self, item: ObjectInfo) -> ListedRender | None:
        render_id = item.key.removeprefix(RENDERS).partition("/")[0]
        try:
            handle = await self._handle(render_id)
            reason = await self._lost_elsewhere(render_id, handle)
            progress = await self.get_render_progress(render_id)
        except RenderNotFoundError:
            return None  # deleted meanwhile
        except DocumentError as error:
            log.warning("%s", error)
            return None
        return listed(progress, handle, lost=reason is not None, modified=item.modified)

    async def render_still(
        self, serve_url: str | os.PathLike[str], composition: str, given: Mapping[str, Any]
    ) -> Still:
        """Render one frame."""
        values = check_options(RenderStillOptions, given)
        values["image_format"] = values["image_format"] or picture_format(values["output"])
        check_transparency(values)
        output = checked_output(
            values["output"], PICTURE_EXTENSIONS[values["image_format"]], overwrite=values["overwrite"]
        )
        payload = await self._payload("still", serve_url, RenderStillOptions, values)
        payload |= {"composition": composition}
        async with self._working():
            tries, pause, waited = values["max_retries"], FIRST_PAUSE_S, 0.0
            while True:
                try:
                    result = await self._still(payload, LogDelivery(values))
                    break
                except ThrottledError:
                    if waited >= THROTTLED_PATIENCE_S:
                        raise
                    await asyncio.sleep(pause * random.uniform(0.5, 1.5))
                    waited, pause = waited + pause, min(pause * 2, LONGEST_PAUSE_S)
                except RemotionPyError as error:
                    if not error.retryable or not tries:
                        raise
                    tries -= 1
            folder = inside(output.parent, composition) if output else None
            return await self._delivery.still(output, folder, values["overwrite"], result)

    async def get_compositions(self, serve_url: str | os.PathLike[str], given: Mapping[str, Any]) -> list[Composition]:
        """List the compositions of a site."""
        found = await self.call(await self.payload("compositions", serve_url, PageOptions, given))
        await LogDelivery(given).deliver(own_browser_logs(found))
        return [Composition.from_wire(item) for item in found["compositions"]]

    async def call(self, payload: dict[str, Any]) -> dict[str, Any]:
        """Call the function and return its answer."""
        async with self._working():
            return await self._invoke(payload)

    async def _invoke(self, payload: dict[str, Any], renderers: int = 0, *, again: bool = True) -> dict[str, Any]:
        """Call the function, and `again` when its process dies before it answers."""
        for number in range(CALL_TRIES):
            try:
                functions = await self.provider.functions(renderers=renderers)
                return await functions.invoke(self.provider.function_name, payload)
            except FunctionError as error:
                if not again or number == CALL_TRIES - 1 or error.data.get("type") not in DIED:
                    raise
                log.warning("the call is repeated: %s", error)
                await asyncio.sleep(FIRST_PAUSE_S)  # another process may be on its way out too
        raise AssertionError("unreachable: the last try returns or raises")

    async def get_render_progress(self, render_id: str) -> RenderProgress:
        """Read the progress of a render."""
        data = await self.read_progress(render_id)
        return self.read_document(parse_document(data, render_id), render_id)

    def read_document(self, document: dict[str, Any], render_id: str) -> RenderProgress:
        """Read a `progress.json` document."""
        progress = from_document(document, render_id, self.provider.store.bucket)
        return replace(progress, cost=self.provider.cost(document))

    async def cancel_render(self, render_id: str) -> None:
        """Tell the functions of a render to end."""
        await self.read_progress(render_id)
        await self.provider.store.put(cancel_key(render_id), b"{}")

    async def remove_render(self, render_id: str) -> int:
        """Remove a render with what it left in the store; returns the bytes that this freed.

        Raises:
            RenderError: It is still running.
        """
        await self.provider.open()
        if self.provider.on_this_machine and await self._runs(render_id):
            raise RenderError(f"The render {render_id} is still running. Run 'remotion-py cancel {render_id}' first.")
        return await self.provider.remove(render_id)

    async def _runs(self, render_id: str) -> bool:
        try:
            progress = await self.get_render_progress(render_id)
            return not progress.ended and not await self._lost_elsewhere(render_id, await self._handle(render_id))
        except DocumentError:
            return False  # no render writes such a document; renders() leaves it out, so removing is all that is left

    async def read_progress(self, render_id: str) -> bytes:
        """Read `progress.json` of a render."""
        await self.provider.open()
        try:
            data = await self.provider.store.get(progress_key(render_id))
        except ValueError:
            data = None
        if data is None:
            raise RenderNotFoundError(
                f"There is no render {render_id!r} in {self.provider.store.bucket!r}. Check the id, and that the "
                f"client looks where it was rendered to (REMOTION_PY_STORE, store=, or bucket_name= on AWS)."
            )
        return data

    @contextlib.asynccontextmanager
    async def _working(self) -> AsyncGenerator[None]:
        with self.working():
            try:
                yield
            except asyncio.CancelledError:
                self.spawn(self.end_if_idle())
                raise

    @contextlib.contextmanager
    def working(self):
        """Keep the functions from ending for idleness."""
        self._active += 1
        if self._idle:
            self._idle.cancel()
            self._idle = None
        try:
            yield
        finally:
            self._active -= 1
            if not self._active and self._idle_s is not None:
                loop = asyncio.get_running_loop()
                self._idle = loop.call_later(self._idle_s, lambda: self.spawn(self.end_if_idle()))

    async def end_if_idle(self) -> None:
        """End the functions when no call is using them."""
        await asyncio.sleep(0)
        if not self._active:
            await self.close()

    def spawn(self, work: Any) -> None:
        """Run a coroutine in the background."""
        task = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def close(self) -> None:
        """End all functions, and follow no render of others any more."""
        for task in list(self._attached):
            await task.leave()
        await self.provider.close()

    async def payload(
        self, kind: str, serve_url: str | os.PathLike[str], options: type, given: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Check options and return what the function is told; see `make_payload()`."""
        return await self._payload(kind, serve_url, options, check_options(options, given))

    async def _payload(
        self, kind: str, serve_url: str | os.PathLike[str], options: type, values: Mapping[str, Any]
    ) -> dict[str, Any]:
        return await make_payload(self.provider, kind, serve_url, options, values)

    async def _still(self, payload: dict[str, Any], logs: LogDelivery) -> dict[str, Any]:
        functions = await self.provider.functions()
        decoder = Decoder()
        result: dict[str, Any] | None = None
        async with contextlib.aclosing(functions.stream(self.provider.function_name, payload)) as stream:
            async for data in stream:
                for item in _decoded(decoder, data):
                    if item.kind in (Kind.ERROR_OCCURRED, Kind.STILL_RENDERED):
                        await logs.deliver(own_browser_logs(item.body))
                    if item.kind is Kind.ERROR_OCCURRED:
                        raise from_wire(item.body["errorInfo"])
                    if item.kind is Kind.STILL_RENDERED:
                        result = item.body
        if result is None:
            raise FunctionError("The still function ended without a picture.")
        return result


async def _unknown() -> None:
    """Stand for the looks of a `Follower` at a render elsewhere: only its silence shows its end, see `RenderTask`."""


def _decoded(decoder: Decoder, data: bytes) -> list[Message]:
    try:
        return [item for item in decoder.feed(data) if isinstance(item, Message)]
    except FramingError as error:
        raise FunctionError(f"The stream of the still function is broken: {error}", type="BrokenStream") from error


@atexit.register
def _end_all() -> None:
    for engine in list(_engines):
        if engine.provider.alive:
            background.run(engine.close())
