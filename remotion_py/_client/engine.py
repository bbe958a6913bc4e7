"""The asynchronous core of both clients. All of it runs on the background loop."""

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
from ..display import RenderInfo
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
from .detached import start_detached
from .listing import Filter, Renders
from .log_delivery import LogDelivery
from .payload import PICTURE_EXTENSIONS, checked_output, make_payload, picture_format
from .record import Follower, ListedRender, Owner, RenderRecord, ResultKind, listed, lost
from .reproduce import CommandWriter
from .request import RenderRequest, check_transparency, make_request
from .task import RenderTask

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 5.0
THROTTLED_PATIENCE_S = 600.0
"""How long a still waits for capacity, in seconds."""
CALL_TRIES = 3
DIED = ("Runtime.ExitError", "Sandbox.StoodStill", "Unreachable")
"""Error types of a function that ended before it answered, so that a retry is useful."""
_UNKNOWN = RenderRecord("video")
"""The default for a render without a record."""

log = logging.getLogger(__name__)

_engines: weakref.WeakSet[Engine] = weakref.WeakSet()


class Engine:
    """A provider, and the renders that run on it.

    Args:
        provider: Where functions run and objects are stored.
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
        kind: ResultKind,
        serve_url: str | os.PathLike[str],
        composition: str,
        given: Mapping[str, Any],
        *,
        write_command: CommandWriter | None = None,
        detach: bool = False,
        watched: bool = False,
    ) -> RenderTask[Any]:
        """Check everything that can be checked, then start a render.

        Args:
            kind: The kind of result.
            serve_url: The site.
            composition: Id of the composition.
            given: The options.
            write_command: Writes the call that repeats the render.
            detach: The render outlives this process.
            watched: Its newest frame is displayed.
        """
        request = await make_request(kind, self.provider, serve_url, composition, given, write_command=write_command)
        if (watched or detach) and not self.provider.wire_version:
            request.payload["thumbnails"] = True
        logs = LogDelivery(given)
        return await (self._start_detached(request, logs) if detach else self.start(request, logs=logs))

    async def start(
        self, request: RenderRequest, *, lasts: bool = False, logs: LogDelivery | None = None
    ) -> RenderTask[Any]:
        """Start a render that was requested."""
        async with self._working():
            wanted = request.concurrency or self.provider.capacity or 1
            payload = request.payload
            if not self.provider.wire_version:
                payload = payload | {"renderId": new_render_id(payload.get("deleteAfter"))}
            renderers = wanted if wanted > 1 else 0
            render_id = (await self._invoke(payload, renderers, again=not self.provider.wire_version))["renderId"]
            await self._write_record(request, render_id)
        output, audio = (Path(path) if path else None for path in (request.output, request.audio))
        if request.kind == "frames":
            deliver: Any = partial(self._delivery.frames, output, request.overwrite)
        else:
            deliver = partial(self._delivery.video, output, audio, request.overwrite)
        return RenderTask(self, render_id, deliver, lasts=lasts, logs=logs)

    async def _write_record(self, request: RenderRequest, render_id: str) -> None:
        kept = RenderRecord(
            kind=request.kind,
            composition=request.payload["composition"],
            output=request.output,
            audio=request.audio,
            overwrite=request.overwrite,
            command=request.command,
            host=socket.gethostname(),
            owner=Owner.of(self.provider.pid) if self.provider.pid else None,
        )
        await kept.write(self.provider.store, render_id)

    async def _start_detached(self, request: RenderRequest, logs: LogDelivery) -> RenderTask[Any]:
        """Start a render that outlives this process: in a separate process, or on AWS."""
        settings = self.provider.detached()
        if settings is None:
            return await self.start(request, lasts=True, logs=logs)
        return (await self.attach(await start_detached(request, settings), logs))[0]

    async def attach(self, render_id: str, logs: LogDelivery | None = None) -> tuple[RenderTask[Any], RenderInfo, bool]:
        """Attach to a render that any client started; returns the task, what to display, and whether it has ended."""
        progress = await self.get_render_progress(render_id)
        record = await self._record(render_id)
        task = RenderTask(
            self,
            render_id,
            partial(self._deliver_attached, record),
            lost=Follower(self.provider.store, render_id, record).lost if self.provider.on_this_machine else _unknown,
            lasts=True,
            logs=logs,
        )
        self._attached.add(task)
        known = record or _UNKNOWN
        title = known.composition or (progress.render_metadata or {}).get("compositionId") or render_id
        return task, RenderInfo(title, known.command), progress.ended

    async def _deliver_attached(self, record: RenderRecord | None, progress: RenderProgress) -> Any:
        record = record or await self._record(progress.render_id) or _UNKNOWN
        return await self._delivery.attached(record, progress)

    async def _lost_elsewhere(self, render_id: str, record: RenderRecord | None) -> str | None:
        """Return why the main function of another client's render is lost, or None; checks once."""
        if not self.provider.on_this_machine:
            return None
        return await lost(self.provider.store, render_id, record)

    async def _record(self, render_id: str) -> RenderRecord | None:
        return await RenderRecord.read(self.provider.store, render_id)

    async def renders(self, limit: int, wanted: Filter) -> Renders:
        """List the renders in the store, the newest first."""
        await self.provider.open()
        objects = [item for item in await self.provider.store.list(RENDERS) if item.key.endswith(f"/{PROGRESS}")]
        newest = sorted(objects, key=lambda item: item.modified, reverse=True)
        return await wanted.first(limit, newest, self._listed)

    async def _listed(self, item: ObjectInfo) -> ListedRender | None:
        render_id = item.key.removeprefix(RENDERS).partition("/")[0]
        try:
            record = await self._record(render_id)
            reason = await self._lost_elsewhere(render_id, record)
            progress = await self.get_render_progress(render_id)
        except RenderNotFoundError:
            return None  # deleted in the meantime
        except DocumentError as error:
            log.warning("%s", error)
            return None
        return listed(progress, record, lost=reason is not None, modified=item.modified)

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
        """Call the function; `again` repeats the call once if its process dies before it answers."""
        for number in range(CALL_TRIES):
            try:
                functions = await self.provider.functions(renderers=renderers)
                return await functions.invoke(self.provider.function_name, payload)
            except FunctionError as error:
                if not again or number == CALL_TRIES - 1 or error.data.get("type") not in DIED:
                    raise
                log.warning("retrying the call: %s", error)
                await asyncio.sleep(FIRST_PAUSE_S)  # another process may be ending too
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
        """Request that the functions of a render end."""
        await self.read_progress(render_id)
        await self.provider.store.put(cancel_key(render_id), b"{}")

    async def remove_render(self, render_id: str) -> int:
        """Remove a render and its objects in the store; returns the number of bytes that this freed.

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
            return not progress.ended and not await self._lost_elsewhere(render_id, await self._record(render_id))
        except DocumentError:
            return False  # no render writes such a document; renders() omits it, so removing it is always allowed

    async def read_progress(self, render_id: str) -> bytes:
        """Read `progress.json` of a render."""
        await self.provider.open()
        try:
            data = await self.provider.store.get(progress_key(render_id))
        except ValueError:
            data = None
        if data is None:
            raise RenderNotFoundError(
                f"There is no render {render_id!r} in {self.provider.store.bucket!r}. Check the id, and "
                f"that the client uses the same store (REMOTION_PY_STORE, store=, or bucket_name= on AWS)."
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
        """Keep the functions alive while a call is in progress."""
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
        """End all functions, and stop following the renders of other clients."""
        for task in list(self._attached):
            await task.leave()
        await self.provider.close()

    async def payload(
        self, kind: str, serve_url: str | os.PathLike[str], options: type, given: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Check options and return the payload; see `make_payload()`."""
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
            raise FunctionError(
                "The still function returned no picture. Render again; REMOTION_PY_DEBUG=1 shows the log of "
                "the function."
            )
        return result


async def _unknown() -> None:
    """The `lost` of a render on AWS, which this machine cannot check; `RenderTask` measures its silence instead."""


def _decoded(decoder: Decoder, data: bytes) -> list[Message]:
    try:
        return [item for item in decoder.feed(data) if isinstance(item, Message)]
    except FramingError as error:
        raise FunctionError(
            f"The stream of the still function contains invalid data: {error}", type="BrokenStream"
        ) from error


@atexit.register
def _end_all() -> None:
    for engine in list(_engines):
        if engine.provider.alive:
            background.run(engine.close())
