"""Many streams to chunks on disk, and their progress to the document; failed chunks are tried again."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

from ..errors import FunctionError, RemotionPyError, ThrottledError, from_wire
from ..providers.base import Functions
from .context import now_ms
from .document import ProgressDocument
from .job import Job
from .stream import Decoder, FramingError, Kind, Message

STALL_S = 60.0
"""A renderer function tells something every five seconds; one that is silent for this long is given up."""
FIRST_PAUSE_S = 0.05
LONGEST_PAUSE_S = 2.0


class Collector:
    """Renders the chunks of a job by renderer functions.

    Args:
        functions: Invokes them.
        function_name: Their name.
        job: What to render.
        document: Where progress goes.
        folder: Where chunks go.
        parallel: How many functions run at the same time.
        max_retries: How often a chunk is tried again.
    """

    def __init__(
        self,
        functions: Functions,
        function_name: str,
        job: Job,
        document: ProgressDocument,
        folder: Path,
        *,
        parallel: int,
        max_retries: int,
    ) -> None:
        self._functions = functions
        self._function_name = function_name
        self._job = job
        self._document = document
        self._folder = folder
        self._slots = asyncio.Semaphore(parallel)
        self._max_retries = max_retries

    async def run(self, chunks: Sequence[tuple[int, int]]) -> list[Path]:
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

    async def _chunk(self, index: int, frames: tuple[int, int]) -> Path:
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
                    self._document.retried(index, attempt, now_ms(), error)

    async def _attempt(self, index: int, frames: tuple[int, int], attempt: int) -> Path:
        payload = self._job.to_renderer(index, frames, attempt)
        pause = FIRST_PAUSE_S
        while True:
            receiver = _Receiver(self._document, index, frames, self._folder / f"chunk-{index:08d}-{attempt}.mp4")
            try:
                with contextlib.closing(receiver):
                    async with contextlib.aclosing(self._functions.stream(self._function_name, payload)) as stream:
                        while (data := await _next(stream)) is not None:
                            receiver.feed(data)
                    return receiver.result()
            except ThrottledError:
                # Another render has the capacity now. Waiting is no failure, so it does not count as an attempt.
                await asyncio.sleep(pause * random.uniform(0.5, 1.5))
                pause = min(pause * 2, LONGEST_PAUSE_S)


async def _next(stream: Any) -> bytes | None:
    try:
        return await asyncio.wait_for(anext(stream), STALL_S)
    except StopAsyncIteration:
        return None
    except TimeoutError:
        raise FunctionError(f"A renderer function told nothing for {STALL_S:.0f} s.", type="Stalled") from None


class _Receiver:
    """Takes the stream of one attempt at one chunk; its file counts only when the stream is complete."""

    def __init__(self, document: ProgressDocument, index: int, frames: tuple[int, int], path: Path) -> None:
        self._document = document
        self._index = index
        self._frames = frames[1] - frames[0] + 1
        self._path = path
        self._decoder = Decoder()
        self._file: BinaryIO | None = None
        self._arrived = False
        self._complete = False

    def feed(self, data: bytes) -> None:
        """Take more bytes of the stream."""
        try:
            for item in self._decoder.feed(data):
                if isinstance(item, Message):
                    self._take(item)
                else:
                    self._write(item.data, first=item.first, last=item.last)
        except FramingError as error:
            raise FunctionError(f"The stream of chunk {self._index} is broken: {error}") from error

    def result(self) -> Path:
        """Return the chunk's file, once the stream has ended."""
        if not (self._arrived and self._complete and self._decoder.complete):
            raise FunctionError(f"The stream of chunk {self._index} ended before the chunk was complete.")
        return self._path

    def close(self) -> None:
        """Close the file, and remove it unless it is whole."""
        if self._file:
            self._file.close()
        if not self._complete:
            self._path.unlink(missing_ok=True)

    def _take(self, message: Message) -> None:
        body = message.body
        if message.kind is Kind.LAMBDA_INVOKED:
            self._document.invoked(self._index)
        elif message.kind is Kind.FRAMES_RENDERED:
            self._document.frames(self._index, body["rendered"], body["encoded"])
        elif message.kind is Kind.ERROR_OCCURRED:
            raise from_wire(body["errorInfo"])
        elif message.kind is Kind.CHUNK_COMPLETE and self._arrived:
            self._complete = True
            self._document.chunk_done(self._index, self._frames, body["start"], body["rendered"])

    def _write(self, data: bytes, *, first: bool, last: bool) -> None:
        if first:
            self._file = self._path.open("wb")
        assert self._file
        self._file.write(data)
        if last:
            self._file.close()
            self._arrived = True
