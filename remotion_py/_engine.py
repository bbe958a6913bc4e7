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
from ._task import RenderTask
from ._version import __version__
from .errors import (
    FunctionError,
    OptionError,
    OutputError,
    RemotionPyError,
    RenderNotFoundError,
    ThrottledError,
    from_wire,
)
from .lambda_.keys import progress_key
from .lambda_.stream import Decoder, Kind, Message
from .media.codecs import CODEC_OF_EXTENSION, SEQUENCE
from .media.formats import check_separate_audio, codec_of, resolve_format
from .media.sequence import extract
from .option import check_options, wire_options
from .options import (
    PageOptions,
    RenderFramesOptions,
    RenderMediaOptions,
    RenderStillOptions,
)
from .output import check_output, check_output_folder
from .page.discovery import find_browser
from .page.serve_url import check_folder, is_url
from .progress import RenderProgress, from_document
from .providers.local.provider import LocalProvider
from .render import Artifact, Composition, Frames, Still, Video

THROTTLED_PAUSE_S = 0.2
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
    ) -> RenderTask[Video]:
        """Check everything that can be checked, then start a render."""
        values = check_options(RenderMediaOptions, given)
        wire = _media_wire(values)
        output = _output(values["output"], (wire["outExtension"],), overwrite=values["overwrite"])
        audio = None
        if values["separate_audio_to"] is not None:
            extension = wire["separateAudioTo"].rpartition(".")[2]
            audio = _output(values["separate_audio_to"], (extension,), overwrite=values["overwrite"])
        payload = self._payload("start", serve_url, RenderMediaOptions, values) | wire | {"composition": composition}
        started = await self._start(payload, values)
        return RenderTask(self, started, partial(self._video, output, audio, values["overwrite"]))

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
        folder = None if output is None else check_output_folder(output, overwrite=values["overwrite"])
        payload = self._payload("start", serve_url, RenderFramesOptions, values)
        payload |= {"composition": composition, "codec": SEQUENCE, "outExtension": None}
        started = await self._start(payload, values)
        return RenderTask(self, started, partial(self._frames, folder, values["overwrite"]))

    async def _start(self, payload: dict[str, Any], values: Mapping[str, Any]) -> str:
        async with self._working():
            wanted = values["concurrency"] or self.provider.capacity
            functions = await self.provider.functions(renderers=wanted if wanted > 1 else 0)
            return (await functions.invoke(self.provider.function_name, payload))["renderId"]

    async def _video(self, output: Path | None, audio: Path | None, overwrite: bool, progress: RenderProgress) -> Video:
        metadata, post = _finished(progress)
        audio_key = post.get("separateAudioKey")
        folder = output.parent / metadata["compositionId"] if output else None
        return Video(
            path=await self.take(post["outKey"], output),
            audio_path=await self.take(audio_key, audio) if audio_key else None,
            artifacts=await self.take_artifacts(progress.artifacts, folder, overwrite=overwrite),
            render_id=progress.render_id,
            size=post["outputSize"],
            width=metadata["dimensions"]["width"],
            height=metadata["dimensions"]["height"],
            fps=metadata["fps"] / metadata["everyNthFrame"],
            frames=progress.total_frames,
            duration=progress.total_frames * metadata["everyNthFrame"] / metadata["fps"],
            time_to_finish=post["timeToFinish"] / 1000,
        )

    async def _frames(self, output: Path | None, overwrite: bool, progress: RenderProgress) -> Frames:
        metadata, post = _finished(progress)
        archive = await self.take(post["outKey"], None)
        folder = output or archive.with_suffix("")
        paths = await asyncio.to_thread(extract, archive, folder)
        archive.unlink()
        return Frames(
            folder=folder,
            paths=tuple(paths),
            artifacts=await self.take_artifacts(
                progress.artifacts, folder / metadata["compositionId"], overwrite=overwrite
            ),
            render_id=progress.render_id,
            width=metadata["dimensions"]["width"],
            height=metadata["dimensions"]["height"],
        )

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
            artifacts = await self.take_artifacts(
                result.get("receivedArtifacts", []), folder, overwrite=values["overwrite"]
            )
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

    async def take_artifacts(
        self, listed: list[dict[str, Any]], folder: Path | None, *, overwrite: bool
    ) -> tuple[Artifact, ...]:
        """Bring the artifacts of a render to a folder; without one, and rather than replace a file, they stay."""
        found: list[Artifact] = []
        for item in sorted(listed, key=lambda one: (one["frame"], one["filename"])):
            target = folder / item["filename"] if folder else None
            if target and target.exists() and not overwrite:
                target = None
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


def _finished(progress: RenderProgress) -> tuple[dict[str, Any], dict[str, Any]]:
    assert progress.render_metadata
    assert progress.post_render_data
    return progress.render_metadata, progress.post_render_data


def _media_wire(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of a payload that the output's name decides, once the options are known to go together."""
    output, separate = values["output"], values["separate_audio_to"]
    extension = None if output is None else Path(output).suffix.lower()[1:]
    if output and not extension and not Path(output).is_dir():
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
        "outExtension": extension or None,
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
