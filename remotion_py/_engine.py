"""The asynchronous core of both clients; everything here runs on the background loop."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import json
import os
import random
import weakref
from collections.abc import AsyncGenerator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from . import _loop
from ._delivery import Delivery
from ._payload import PICTURE_EXTENSIONS, checked_output, make_payload, media_wire, picture_format
from ._task import RenderTask
from .errors import FunctionError, OptionError, RemotionPyError, RenderNotFoundError, ThrottledError, from_wire
from .lambda_.keys import cancel_key, progress_key
from .lambda_.stream import Decoder, Kind, Message
from .media.codecs import SEQUENCE
from .option import check_options
from .options import PageOptions, RenderFramesOptions, RenderMediaOptions, RenderStillOptions
from .output import check_output_folder
from .progress import RenderProgress, from_document
from .providers.aws.provider import AwsProvider
from .providers.aws.sites import deploy_folder
from .providers.base import Provider
from .providers.threads import in_thread
from .render import Composition, Frames, Still, Video

THROTTLED_PAUSE_S = 0.2

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
        _engines.add(self)

    def describe(self) -> str:
        """Return one line for the repr of a client."""
        return self.provider.describe()

    async def start_render_media(
        self, serve_url: str | os.PathLike[str], composition: str, given: Mapping[str, Any]
    ) -> RenderTask[Video]:
        """Check everything that can be checked, then start a render."""
        values = check_options(RenderMediaOptions, given)
        wire = media_wire(values)
        output = checked_output(values["output"], (wire["outExtension"],), overwrite=values["overwrite"])
        audio = None
        if values["separate_audio_to"] is not None:
            extension = wire["separateAudioTo"].rpartition(".")[2]
            audio = checked_output(values["separate_audio_to"], (extension,), overwrite=values["overwrite"])
        payload = await self._payload("start", serve_url, RenderMediaOptions, values)
        payload |= wire | {"composition": composition}
        started = await self._start(payload, values)
        return RenderTask(self, started, partial(self._delivery.video, output, audio, values["overwrite"]))

    async def start_render_frames(
        self, serve_url: str | os.PathLike[str], composition: str, given: Mapping[str, Any]
    ) -> RenderTask[Frames]:
        """Check everything that can be checked, then start a render of pictures."""
        values = check_options(RenderFramesOptions, given)
        pattern = values["image_sequence_pattern"]
        if "[frame]" not in pattern or ".." in pattern or pattern.startswith("/"):
            raise OptionError(
                f"image_sequence_pattern is {pattern!r}, but must hold [frame] and lead to a file below the output, "
                f"such as 'element-[frame].[ext]'."
            )
        output = values["output"]
        if output is None and not self.provider.on_this_machine:
            raise OptionError("output is not given, but pictures that are rendered on AWS need a folder. Pass one.")
        folder = None if output is None else check_output_folder(output, overwrite=values["overwrite"])
        payload = await self._payload("start", serve_url, RenderFramesOptions, values)
        payload |= {"composition": composition, "codec": SEQUENCE, "outExtension": None}
        started = await self._start(payload, values)
        return RenderTask(self, started, partial(self._delivery.frames, folder, values["overwrite"]))

    async def _start(self, payload: dict[str, Any], values: Mapping[str, Any]) -> str:
        async with self._working():
            wanted = values["concurrency"] or self.provider.capacity or 1
            functions = await self.provider.functions(renderers=wanted if wanted > 1 else 0)
            return (await functions.invoke(self.provider.function_name, payload))["renderId"]

    async def render_still(
        self, serve_url: str | os.PathLike[str], composition: str, given: Mapping[str, Any]
    ) -> Still:
        """Render one frame."""
        values = check_options(RenderStillOptions, given)
        values["image_format"] = values["image_format"] or picture_format(values["output"])
        output = checked_output(
            values["output"], PICTURE_EXTENSIONS[values["image_format"]], overwrite=values["overwrite"]
        )
        payload = await self._payload("still", serve_url, RenderStillOptions, values)
        payload |= {"composition": composition}
        async with self._working():
            tries = values["max_retries"]
            while True:
                try:
                    result = await self._still(payload)
                    break
                except ThrottledError:
                    await asyncio.sleep(THROTTLED_PAUSE_S * random.uniform(0.5, 1.5))
                except RemotionPyError as error:
                    if not error.retryable or not tries:
                        raise
                    tries -= 1
            folder = output.parent / composition if output else None
            return await self._delivery.still(output, folder, values["overwrite"], result)

    async def get_compositions(self, serve_url: str | os.PathLike[str], given: Mapping[str, Any]) -> list[Composition]:
        """List the compositions of a site."""
        payload = await self._payload("compositions", serve_url, PageOptions, check_options(PageOptions, given))
        async with self._working():
            functions = await self.provider.functions()
            found = await functions.invoke(self.provider.function_name, payload)
        return [Composition.from_wire(item) for item in found["compositions"]]

    async def get_render_progress(self, render_id: str) -> RenderProgress:
        """Read the progress of a render."""
        data = await self.read_progress(render_id)
        return self.read_document(json.loads(data), render_id)

    def read_document(self, document: dict[str, Any], render_id: str) -> RenderProgress:
        """Read a `progress.json` document."""
        return from_document(document, render_id, self.provider.store.bucket, self.provider.cost(document))

    async def cancel_render(self, render_id: str) -> None:
        """Tell the functions of a render to end."""
        await self.read_progress(render_id)
        await self.provider.store.put(cancel_key(render_id), b"{}")

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
        """End all functions."""
        await self.provider.close()

    async def _payload(
        self, kind: str, serve_url: str | os.PathLike[str], options: type, values: dict[str, Any]
    ) -> dict[str, Any]:
        return await make_payload(self.provider, kind, serve_url, options, values, self._deploy)

    async def _deploy(self, folder: Path) -> str:
        assert isinstance(self.provider, AwsProvider)
        return await in_thread(deploy_folder, self.provider.aws, folder, self.provider.store.bucket)

    async def _still(self, payload: dict[str, Any]) -> dict[str, Any]:
        functions = await self.provider.functions()
        decoder = Decoder()
        result: dict[str, Any] | None = None
        async for data in functions.stream(self.provider.function_name, payload):
            for item in decoder.feed(data):
                if not isinstance(item, Message):
                    continue
                if item.kind is Kind.ERROR_OCCURRED:
                    raise from_wire(item.body["errorInfo"])
                if item.kind is Kind.STILL_RENDERED:
                    result = item.body
        if result is None:
            raise FunctionError("The still function ended without a picture.")
        return result


@atexit.register
def _end_all() -> None:
    for engine in list(_engines):
        if engine.provider.alive:
            _loop.run(engine.close())
