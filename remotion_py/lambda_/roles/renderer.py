"""The renderer function: renders one chunk and streams it back with its progress."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path

from ..._data.progress_json import ChunkReport
from ...errors import RemotionPyError, to_wire
from ..chunk import ChunkFiles, ChunkRender
from ..context import Context, Stopwatch
from ..job import VideoJob
from ..keys import chunk_key
from ..payload import RendererPayload
from ..stream import Kind, encode, header
from ..thumbnails import Thumbnails
from ..watch import ChunkWatch, ended

PROGRESS_INTERVAL_S = 0.25
HEARTBEAT_S = 5.0
PIECE = 256 * 1024

log = logging.getLogger(__name__)


async def renderer(payload: RendererPayload, context: Context) -> AsyncIterator[bytes]:
    """Render one chunk.

    Args:
        payload: What `VideoJob.to_renderer()` makes.
        context: Services and limits of this invocation.

    Yields:
        Messages: invoked, frames rendered (also as a heartbeat), the chunk, complete; or an error.
    """
    job = VideoJob.from_renderer(payload)
    clock = Stopwatch()
    started = clock.ms()
    yield encode(Kind.LAMBDA_INVOKED, {"attempt": payload.attempt})
    store = context.open_store(payload.bucket_name)
    assert isinstance(payload.frame_range, list)
    first, last = payload.frame_range
    chunk = ChunkRender(context, job, (first, last), f"chunk-{payload.chunk:08d}")

    async def run() -> ChunkFiles:
        async with context.cancellable(store, job.render_id):
            return await chunk.run()

    task = asyncio.create_task(run())
    watch = ChunkWatch(chunk, context.session, payload.timeout_in_milliseconds)
    try:
        try:
            async for message in _progress(task, chunk, watch, Thumbnails(job, chunk)):
                yield message
            files = await task
        except Exception as error:
            log.warning("chunk %d failed: %s", payload.chunk, error)
            retry = isinstance(error, RemotionPyError) and error.retryable
            yield encode(Kind.ERROR_OCCURRED, {"error": str(error), "shouldRetry": retry, "errorInfo": to_wire(error)})
            return
    finally:
        await ended(task)
    rendered = clock.ms()
    for kind, path in ((Kind.AUDIO_CHUNK_RENDERED, files.audio), (Kind.VIDEO_CHUNK_RENDERED, files.video)):
        if not path:
            continue
        if context.stream_bytes is not None and path.stat().st_size > context.stream_bytes:
            key = chunk_key(job.render_id, payload.chunk, payload.attempt, path.name)
            await store.put_file(key, path)
            yield encode(Kind.CHUNK_STORED, {"kind": kind, "key": key})
        else:
            async for piece in _file(kind, path):
                yield piece
    seam = asdict(files.seam) if files.seam else None
    yield encode(Kind.CHUNK_COMPLETE, {"start": started, "rendered": rendered, "seam": seam})


async def _progress(
    task: asyncio.Task[ChunkFiles], chunk: ChunkRender, watch: ChunkWatch, thumbnails: Thumbnails
) -> AsyncIterator[bytes]:
    """Report the progress of the chunk, and what it waits for; now and then also when nothing changed, as a heartbeat.

    Raises:
        FunctionError: It stalls.
    """
    reported, emitted, sent = None, 0, 0.0
    while not task.done():
        await asyncio.wait([task], timeout=PROGRESS_INTERVAL_S)
        found = watch.look()
        if found != reported or time.monotonic() - sent >= HEARTBEAT_S:
            reported, sent = found, time.monotonic()
            report: ChunkReport = {**found, "thumbnail": await thumbnails.next()}
            yield encode(Kind.FRAMES_RENDERED, report)
        for artifact in chunk.artifacts[emitted:]:
            emitted += 1
            yield encode(Kind.ARTIFACT_EMITTED, artifact)


async def _file(kind: Kind, path: Path) -> AsyncIterator[bytes]:
    yield header(kind, path.stat().st_size)
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece
    path.unlink()
