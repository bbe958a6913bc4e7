"""Writes the streams of chunks to disk and their progress to the document. Failed chunks are retried."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from ..errors import FunctionError, RemotionPyError, ThrottledError, from_wire
from ..media.tracks import Seam
from ..providers.base import Functions, ObjectStore
from .chunk import ChunkFiles, audio_file, video_file
from .context import Stopwatch
from .document import ProgressDocument
from .job import VideoJob
from .stream import Decoder, FramingError, Kind, Message, Piece

STALL_S = 60.0
"""A renderer function reports something every five seconds; one that is silent for this long is given up."""
FIRST_PAUSE_S = 0.05
LONGEST_PAUSE_S = 2.0


class Collector:
    """Renders the chunks of a job by renderer functions.

    Args:
        functions: Invokes them.
        function_name: Their name.
        store: Where chunks wait that are too large for their stream.
        job: What to render.
        document: Where progress goes.
        folder: Where chunks go.
        on_chunk: Called with each finished chunk, as soon as it is there.
        parallel: How many functions run at the same time.
        max_retries: How often a chunk is tried again.
    """

    def __init__(
        self,
        functions: Functions,
        function_name: str,
        store: ObjectStore,
        job: VideoJob,
        document: ProgressDocument,
        folder: Path,
        *,
        parallel: int,
        max_retries: int,
        on_chunk: Callable[[int, ChunkFiles], Awaitable[None]],
    ) -> None:
        self._functions = functions
        self._function_name = function_name
        self._store = store
        self._job = job
        self._document = document
        self._folder = folder
        self._slots = asyncio.Semaphore(parallel)
        self._max_retries = max_retries
        self._on_chunk = on_chunk
        self._now = Stopwatch().ms

    async def run(self, chunks: Sequence[tuple[int, int]]) -> list[ChunkFiles]:
        """Render all chunks; the first one that fails for good ends the others.

        Args:
            chunks: First and last frame of each.

        Returns:
            Their files, in order.
        """
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._chunk(index, frames)) for index, frames in enumerate(chunks)]
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None
        return [task.result() for task in tasks]

    async def _chunk(self, index: int, frames: tuple[int, int]) -> ChunkFiles:
        files = await self._rendered(index, frames)
        await self._on_chunk(index, files)
        return files

    async def _rendered(self, index: int, frames: tuple[int, int]) -> ChunkFiles:
        async with self._slots:
            attempt = 1
            while True:
                try:
                    return await self._attempt(index, frames, attempt)
                except RemotionPyError as error:
                    error.data.setdefault("chunk", index)
                    if not error.retryable or attempt > self._max_retries:
                        raise
                    attempt += 1
                    self._document.retried(index, attempt, self._now(), error)

    async def _attempt(self, index: int, frames: tuple[int, int], attempt: int) -> ChunkFiles:
        pause = FIRST_PAUSE_S
        while True:
            with contextlib.suppress(ThrottledError):
                return await self._invocation(index, frames, attempt)
            # Another render has the capacity now. Waiting is not a failure, so it does not count as an attempt.
            await asyncio.sleep(pause * random.uniform(0.5, 1.5))
            pause = min(pause * 2, LONGEST_PAUSE_S)

    async def _invocation(self, index: int, frames: tuple[int, int], attempt: int) -> ChunkFiles:
        """Invoke a renderer function once and receive its chunk.

        Raises:
            ThrottledError: Nothing ran, so the document keeps no entry: a wait for capacity makes thousands of tries.
        """
        payload = self._job.to_renderer(index, frames, attempt)
        entry = self._document.attempt_started(index, attempt, self._now())
        try:
            with contextlib.closing(
                _Receiver(self._document, self._job, index, frames, self._folder, attempt)
            ) as receiver:
                async with contextlib.aclosing(self._functions.stream(self._function_name, payload)) as stream:
                    while (data := await _next(stream)) is not None:
                        receiver.feed(data)
                await receiver.fetch(self._store)
                files = receiver.result()
                self._document.chunk_done(index, receiver.frames, *receiver.times)
                return files
        except ThrottledError:
            self._document.attempt_refused(entry)
            raise
        finally:
            entry["end"] = self._now()


async def _next(stream: Any) -> bytes | None:
    try:
        return await asyncio.wait_for(anext(stream), STALL_S)
    except StopAsyncIteration:
        return None
    except TimeoutError:
        raise FunctionError(f"A renderer function reported nothing for {STALL_S:.0f} s.", type="Stalled") from None


class _Receiver:
    """Takes the stream of one attempt at one chunk; its files count only when the stream is complete."""

    def __init__(
        self, document: ProgressDocument, job: VideoJob, index: int, frames: tuple[int, int], folder: Path, attempt: int
    ) -> None:
        name = f"chunk-{index:08d}-{attempt}"
        self._document = document
        self._index = index
        self.frames = len(range(frames[0], frames[1] + 1, job.every_nth))
        self._wanted = {Kind.VIDEO_CHUNK_RENDERED} if job.format.codec.has_video else set[Kind]()
        self._paths = {
            Kind.VIDEO_CHUNK_RENDERED: video_file(job, folder, name),
            Kind.AUDIO_CHUNK_RENDERED: audio_file(job, folder, name),
        }
        self.times = 0, 0
        self._decoder = Decoder()
        self._file: BinaryIO | None = None
        self._arrived: set[Kind] = set()
        self._complete = False
        self._seam: Seam | None = None
        self._stored: dict[Kind, str] = {}

    def feed(self, data: bytes) -> None:
        """Take more bytes of the stream."""
        try:
            for item in self._decoder.feed(data):
                if isinstance(item, Message):
                    self._take(item)
                else:
                    self._write(item)
        except (FramingError, KeyError, TypeError, ValueError, AttributeError) as error:
            raise FunctionError(
                f"The stream of chunk {self._index} contains invalid data: {error!r}", type="BrokenStream"
            ) from error

    async def fetch(self, store: ObjectStore) -> None:
        """Download the files that were too large for the stream."""
        for kind, key in self._stored.items():
            try:
                await store.get_file(key, self._paths[kind])
            except FileNotFoundError as error:
                raise FunctionError(
                    f"The file of chunk {self._index} is missing in the object store: {error}"
                ) from error
            await store.delete(key)

    def result(self) -> ChunkFiles:
        """Return the chunk's files, once the stream has ended."""
        if not (self._complete and self._decoder.complete):
            raise FunctionError(f"The stream of chunk {self._index} ended before the chunk was complete.")
        return ChunkFiles(
            video=self._paths[Kind.VIDEO_CHUNK_RENDERED] if self._wanted else None,
            audio=self._paths[Kind.AUDIO_CHUNK_RENDERED] if Kind.AUDIO_CHUNK_RENDERED in self._arrived else None,
            seam=self._seam,
        )

    def close(self) -> None:
        """Close the open file, and remove what there is unless it is whole."""
        if self._file:
            self._file.close()
        if not self._complete:
            for path in self._paths.values():
                path.unlink(missing_ok=True)

    def _take(self, message: Message) -> None:
        body = message.body
        if message.kind is Kind.LAMBDA_INVOKED:
            self._document.invoked(self._index)
        elif message.kind is Kind.FRAMES_RENDERED:
            self._document.report(self._index, body)
        elif message.kind is Kind.ARTIFACT_EMITTED:
            self._document.artifact(self._index, body)
        elif message.kind is Kind.ERROR_OCCURRED:
            raise from_wire(body["errorInfo"])
        elif message.kind is Kind.CHUNK_STORED:
            self._stored[Kind(body["kind"])] = body["key"]
            self._arrived.add(Kind(body["kind"]))
        elif message.kind is Kind.CHUNK_COMPLETE and self._wanted <= self._arrived:
            self._complete = True
            self._seam = Seam(**body["seam"]) if body.get("seam") else None
            self.times = body["start"], body["rendered"]

    def _write(self, piece: Piece) -> None:
        if piece.first:
            self._file = self._paths[piece.kind].open("wb")
        assert self._file
        self._file.write(piece.data)
        if piece.last:
            self._file.close()
            self._arrived.add(piece.kind)
