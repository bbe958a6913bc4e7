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
from pathlib import Path
from typing import Any

from . import _loop
from ._version import __version__
from .errors import (
    FunctionError,
    OptionError,
    OutputError,
    RemotionPyError,
    RenderCancelledError,
    RenderInterruptedError,
    RenderNotFoundError,
    ThrottledError,
    from_wire,
)
from .lambda_.keys import cancel_key, progress_key
from .lambda_.stream import Decoder, Kind, Message
from .media.codecs import CODEC_OF_EXTENSION
from .media.formats import check_separate_audio, codec_of, resolve_format
from .options import PageOptions, RenderMediaOptions, RenderStillOptions, check_options, wire_options
from .output import check_output
from .page.discovery import find_browser
from .page.serve_url import check_folder, is_url
from .progress import RenderProgress, fatal_entry, from_document
from .providers.local.provider import LocalProvider
from .render import Artifact, Composition, Still, Video

POLL_S = 0.1
THROTTLED_PAUSE_S = 0.2
CANCEL_PATIENCE_S = 5.0
INTERRUPT_PATIENCE_S = 1.0
PICTURE_EXTENSIONS = {"png": ("png",), "jpeg": ("jpeg", "jpg"), "webp": ("webp",), "pdf": ("pdf",)}

_engines: weakref.WeakSet[Engine] = weakref.WeakSet()


class Engine:
    """A provider, and the renders that run on it.

    Args:
        provider: "local".
        capacity: Renderer functions that run at the same time; None for one per core.
        store: Folder of the object store; None for the default one.
        browser_executable: The browser to render with; None finds one.
        idle_s: Seconds without work after which the functions end; None keeps them until the client is closed.
    """

    def __init__(
        self,
        provider: str,
        *,
        capacity: int | None = None,
        store: str | os.PathLike[str] | None = None,
        browser_executable: str | os.PathLike[str] | None = None,
        idle_s: float | None = None,
    ) -> None:
        if provider != "local":
            raise OptionError(f"provider is {provider!r}, but must be 'local'. Others are not supported yet.")
        self.provider = LocalProvider(capacity=capacity, store=store, browser_executable=browser_executable)
        self._idle_s = idle_s
        self._active = 0
        self._idle: asyncio.TimerHandle | None = None
        self._background: set[asyncio.Task[Any]] = set()
        _engines.add(self)

    def describe(self) -> str:
        """Return one line for the repr of a client."""
        state = "running" if self.provider.alive else "not started"
        return f"{self.provider.name}, capacity {self.provider.capacity}, {state}"

    async def start_render_media(
        self, serve_url: str | os.PathLike[str], composition: str, given: Mapping[str, Any]
    ) -> RenderTask:
        """Check everything that can be checked, then start a render."""
        values = check_options(RenderMediaOptions, given)
        wire = _media_wire(values)
        output = _output(values["output"], (wire["outExtension"],), overwrite=values["overwrite"])
        audio = None
        if values["separate_audio_to"] is not None:
            extension = wire["separateAudioTo"].rpartition(".")[2]
            audio = _output(values["separate_audio_to"], (extension,), overwrite=values["overwrite"])
        payload = self._payload("start", serve_url, RenderMediaOptions, values) | wire | {"composition": composition}
        async with self._working():
            wanted = values["concurrency"] or self.provider.capacity
            functions = await self.provider.functions(renderers=wanted if wanted > 1 else 0)
            started = await functions.invoke(self.provider.function_name, payload)
            return RenderTask(self, started["renderId"], output, audio)

    async def render_still(
        self, serve_url: str | os.PathLike[str], composition: str, given: Mapping[str, Any]
    ) -> Still:
        """Render one frame."""
        values = check_options(RenderStillOptions, given)
        values["image_format"] = values["image_format"] or _picture_format(values["output"])
        output = _output(values["output"], PICTURE_EXTENSIONS[values["image_format"]], overwrite=values["overwrite"])
        payload = self._payload("still", serve_url, RenderStillOptions, values) | {"composition": composition}
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
            path = await self.take(result["outKey"], output)
            folder = output.parent / composition if output else None
            artifacts = await self.take_artifacts(result.get("receivedArtifacts", []), folder)
        return Still(
            path=path,
            render_id=result["renderId"],
            size=result["sizeInBytes"],
            width=result["width"],
            height=result["height"],
            frame=result["frame"],
            artifacts=artifacts,
        )

    async def get_compositions(self, serve_url: str | os.PathLike[str], given: Mapping[str, Any]) -> list[Composition]:
        """List the compositions of a site."""
        payload = self._payload("compositions", serve_url, PageOptions, check_options(PageOptions, given))
        async with self._working():
            functions = await self.provider.functions()
            found = await functions.invoke(self.provider.function_name, payload)
        return [Composition.from_wire(item) for item in found["compositions"]]

    async def get_render_progress(self, render_id: str) -> RenderProgress:
        """Read the progress of a render."""
        data = await self.read_progress(render_id)
        return from_document(json.loads(data), render_id, self.provider.store.bucket)

    async def read_progress(self, render_id: str) -> bytes:
        """Read `progress.json` of a render."""
        try:
            data = await self.provider.store.get(progress_key(render_id))
        except ValueError:
            data = None
        if data is None:
            raise RenderNotFoundError(
                f"There is no render {render_id!r} in the object store. Check the id, and that the store is the same "
                f"one (REMOTION_PY_STORE, or the store of the Client)."
            )
        return data

    async def take(self, key: str, output: Path | None) -> Path:
        """Bring a finished object to its output; without one it stays in the store."""
        store = self.provider.store
        if output is None:
            return store.path(key)
        try:
            await store.get_file(key, output)
        except OSError as error:
            raise OutputError(
                f"The result cannot be written to {output}: {error.strerror or error}. It is kept in "
                f"{store.path(key)}; copy it from there."
            ) from error
        await store.delete(key)
        return output

    async def take_artifacts(self, listed: list[dict[str, Any]], folder: Path | None) -> tuple[Artifact, ...]:
        """Bring the artifacts of a render to a folder; without one they stay in the store."""
        found: list[Artifact] = []
        for item in listed:
            target = folder / item["filename"] if folder else None
            if target:
                target.parent.mkdir(parents=True, exist_ok=True)
            path = await self.take(item["s3Key"], target)
            found.append(Artifact(path, item["filename"], item["frame"], item["sizeInBytes"]))
        return tuple(found)

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

    def _payload(
        self, kind: str, serve_url: str | os.PathLike[str], options: type, values: dict[str, Any]
    ) -> dict[str, Any]:
        url = os.fspath(serve_url)
        if not is_url(url):
            url = str(check_folder(url))
        find_browser(self.provider.browser_executable)
        return wire_options(options, values) | {
            "type": kind,
            "version": __version__,
            "serveUrl": url,
            "bucketName": self.provider.store.bucket,
            "privacy": "private",
        }

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


class RenderTask:
    """A render that was started: follows its progress, and takes its output when it is done.

    Args:
        engine: What it runs on.
        render_id: Its id.
        output: Where its video goes; None leaves it in the store.
        audio: Where its separate audio goes.
    """

    def __init__(self, engine: Engine, render_id: str, output: Path | None, audio: Path | None) -> None:
        self.render_id = render_id
        self.latest = RenderProgress(render_id=render_id, bucket_name=engine.provider.store.bucket)
        self._engine = engine
        self._output = output
        self._audio = audio
        self._changed = asyncio.Condition()
        self._cancelled_at: float | None = None
        self._following = asyncio.get_running_loop().create_task(self._follow())
        # A render that nobody waits for may fail; its error is in its progress.
        self._following.add_done_callback(lambda task: task.cancelled() or task.exception())

    async def progress(self) -> RenderProgress:
        """Return how far it is."""
        return await self._engine.get_render_progress(self.render_id)

    async def next_change(self, seen: RenderProgress | None) -> RenderProgress | None:
        """Wait for progress other than `seen`; None once the render has ended and that was seen."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.latest is not seen or self._following.done())
        return None if self.latest is seen else self.latest

    async def result(self) -> Video:
        """Wait for the video."""
        return await asyncio.shield(self._following)

    async def cancel(self) -> None:
        """Tell its functions to end."""
        if self._following.done():
            return
        self._cancelled_at = asyncio.get_running_loop().time()
        await self._engine.provider.store.put(cancel_key(self.render_id), b"{}")
        with contextlib.suppress(RemotionPyError, TimeoutError):
            await asyncio.wait_for(self.result(), CANCEL_PATIENCE_S + 1)

    def interrupt(self) -> None:
        """Cancel it without waiting, and end what nobody else uses."""
        _loop.submit(self._interrupt())

    async def _interrupt(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.cancel(), INTERRUPT_PATIENCE_S)
        self._following.cancel()
        await asyncio.gather(self._following, return_exceptions=True)
        await self._engine.end_if_idle()

    async def _follow(self) -> Video:
        with self._engine.working():
            try:
                return await self._poll()
            finally:
                # Waiters look at `done()`, which is true only after this has ended.
                asyncio.get_running_loop().call_soon(self._engine.spawn, self._notify())

    async def _poll(self) -> Video:
        provider = self._engine.provider
        read = b""
        while True:
            data = await self._engine.read_progress(self.render_id)
            lost = None if provider.alive else "the local Lambda endpoint has ended"
            lost = lost or provider.failure(self.render_id)
            if data != read:
                read = data
                progress = from_document(json.loads(data), self.render_id, provider.store.bucket)
                if progress.done:
                    video = await self._finish(progress)
                    self.latest = progress
                    return video
                self.latest = progress
                # What functions report while their endpoint dies is a consequence, not the reason.
                if progress.fatal_error and not lost:
                    raise progress.fatal_error
                await self._notify()
            try:
                self._give_up(lost)
            except RemotionPyError as error:
                await self._record(data, error)
                raise
            await asyncio.sleep(POLL_S)

    def _give_up(self, lost: str | None) -> None:
        now = asyncio.get_running_loop().time()
        if self._cancelled_at is not None and (lost or now - self._cancelled_at > CANCEL_PATIENCE_S):
            raise RenderCancelledError(f"The render {self.render_id} was cancelled.")
        if lost:
            raise RenderInterruptedError(
                f"The render {self.render_id} was interrupted: its main function is gone ({lost}). Start it again."
            )

    async def _record(self, data: bytes, error: RemotionPyError) -> None:
        """Write what ended the render into its document, for those who ask later; its main function no longer can."""
        document = json.loads(data)
        document["errors"].append(fatal_entry(error))
        with contextlib.suppress(OSError):
            await self._engine.provider.store.put(progress_key(self.render_id), json.dumps(document).encode())

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def _finish(self, progress: RenderProgress) -> Video:
        metadata, post = progress.render_metadata, progress.post_render_data
        assert metadata
        assert post
        path = await self._engine.take(post["outKey"], self._output)
        audio_key = post.get("separateAudioKey")
        folder = self._output.parent / metadata["compositionId"] if self._output else None
        return Video(
            path=path,
            audio_path=await self._engine.take(audio_key, self._audio) if audio_key else None,
            artifacts=await self._engine.take_artifacts(progress.artifacts, folder),
            render_id=self.render_id,
            size=post["outputSize"],
            width=metadata["dimensions"]["width"],
            height=metadata["dimensions"]["height"],
            fps=metadata["fps"] / metadata["everyNthFrame"],
            frames=progress.total_frames,
            duration=progress.total_frames * metadata["everyNthFrame"] / metadata["fps"],
            time_to_finish=post["timeToFinish"] / 1000,
        )


def _media_wire(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of a payload that the output's name decides, once the options are known to go together."""
    output, separate = values["output"], values["separate_audio_to"]
    extension = None if output is None else Path(output).suffix.lower()[1:]
    if output and not extension:
        raise OutputError(
            f"The output {os.fspath(output)!r} has no extension, so its format is not known. Name it like 'out.mp4'."
        )
    if output and not values["codec"] and extension and extension not in CODEC_OF_EXTENSION:
        raise OutputError(
            f"The output {Path(output).name!r} ends in .{extension}, which is no format that can be written. It must "
            f"end in one of: {', '.join(f'.{item}' for item in CODEC_OF_EXTENSION)}."
        )
    wire = wire_options(RenderMediaOptions, values) | {
        "codec": codec_of(values["codec"], extension),
        "outExtension": extension,
        "separateAudioTo": None if separate is None else Path(separate).name,
    }
    form = resolve_format(wire)
    check_separate_audio(wire, form)
    return {key: wire[key] for key in ("codec", "separateAudioTo")} | {"outExtension": form.extension}


def _picture_format(output: str | os.PathLike[str] | None) -> str:
    extension = "" if output is None else Path(output).suffix.lower()[1:]
    return next((name for name, listed in PICTURE_EXTENSIONS.items() if extension in listed), "png")


def _output(output: str | os.PathLike[str] | None, extensions: tuple[str, ...], *, overwrite: bool) -> Path | None:
    return None if output is None else check_output(output, extensions, overwrite=overwrite)


@atexit.register
def _end_all() -> None:
    for engine in list(_engines):
        if engine.provider.alive:
            _loop.run(engine.close())
