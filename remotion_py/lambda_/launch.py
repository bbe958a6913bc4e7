"""The main function: resolves the composition, has its chunks rendered, concatenates and uploads them."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import shutil
from pathlib import Path
from typing import Any

from .._version import __version__
from ..errors import DiskFullError, RenderError
from ..media.codecs import CODECS, exact_fps
from ..page.bundle import CompositionPage
from ..page.contract import Composition
from ..providers.base import ObjectStore
from .collect import Collector
from .concat import concat_chunks
from .context import Context, now_ms
from .document import ProgressDocument
from .frames import ChunkRender
from .job import Job, page_settings
from .keys import cancel_key, output_key
from .plan import MAX_CHUNKS, plan_chunks, resolve_frame_range
from .publish import MIN_INTERVAL_S, Publisher

END_MARGIN_S = 1.0
OUT_OF_TIME = "The main function ran out of time. Render fewer frames at once, by a frame range."
BYTES_PER_PIXEL = 0.01
"""Of a compressed frame; measured 0.002 to 0.01 for x264 at crf 18 on moving charts and text."""
SPARE_BYTES = 64 * 1024 * 1024

log = logging.getLogger(__name__)


async def launch(payload: dict[str, Any], context: Context) -> dict[str, Any]:
    """Render a composition.

    A failure is recorded in `progress.json` and not raised, since Lambda would invoke the function again.

    Args:
        payload: What `start` passed on, with its render id.
        context: The surroundings.

    Returns:
        An empty object.
    """
    document = ProgressDocument(now_ms(), context.deadline_ms)
    store = context.open_store(payload["bucketName"])
    async with Publisher(document, store, payload["renderId"]):
        limit = asyncio.timeout(max(END_MARGIN_S, context.seconds_left - END_MARGIN_S))
        try:
            async with limit, context.cancellable(store, payload["renderId"]):
                await _Main(payload, context, document, store).run()
        except Exception as error:
            late = isinstance(error, TimeoutError) and limit.expired()
            log.warning("render %s failed: %s", payload["renderId"], error)
            document.failed(RenderError(OUT_OF_TIME) if late else error, now_ms())
            await _stop_renderers(store, payload["renderId"])
    return {}


async def _stop_renderers(store: ObjectStore, render_id: str) -> None:
    """Tell the renderer functions that are still at work on a failed render to end."""
    with contextlib.suppress(OSError):
        await store.put(cancel_key(render_id), b"{}")


class _Main:
    """One render, from its serve URL to its uploaded video."""

    def __init__(
        self, payload: dict[str, Any], context: Context, document: ProgressDocument, store: ObjectStore
    ) -> None:
        self._payload = payload
        self._context = context
        self._document = document
        self._store = store
        self._started = now_ms()

    async def run(self) -> None:
        """Go through all steps."""
        job = await self._resolve()
        duration = job.composition.duration_in_frames
        first, last = resolve_frame_range(self._payload.get("frameRange"), duration)
        chunks = plan_chunks(
            first,
            last,
            concurrency=self._payload.get("concurrency"),
            frames_per_lambda=self._payload.get("framesPerLambda"),
            capacity=self._context.capacity,
        )
        self._document.composition_validated(now_ms(), self._metadata(job, (first, last), chunks))
        _check_disk(self._context.temp, job, last - first + 1)
        rendering = now_ms()
        files = await (self._render_here(job, chunks[0]) if len(chunks) == 1 else self._fan_out(job, chunks))
        combining = now_ms()
        output = await self._combine(job, files)
        await self._upload(job, output, rendering, combining, chunks)

    async def _resolve(self) -> Job:
        async def question(page: CompositionPage) -> Composition:
            self._document.site_opened(now_ms())
            return await page.composition(self._payload["composition"])

        composition = await self._context.stage.ask(
            self._payload["serveUrl"],
            page_settings(self._payload),
            question,
            scale=self._payload.get("scale") or 1,
            generation=self._payload["renderId"],
        )
        return Job(self._payload, composition)

    async def _render_here(self, job: Job, frames: tuple[int, int]) -> list[Path]:
        chunk = ChunkRender(
            self._context.stage,
            job,
            frames,
            self._context.encoder_threads,
            self._context.temp / "chunk-00000000.mp4",
        )

        async def report() -> None:
            while True:
                self._document.frames(0, chunk.rendered, chunk.encoded)
                await asyncio.sleep(MIN_INTERVAL_S)

        started = now_ms()
        self._document.invoked(0)
        reporter = asyncio.create_task(report())
        try:
            await chunk.run()
        finally:
            reporter.cancel()
            await asyncio.gather(reporter, return_exceptions=True)
        self._document.chunk_done(0, chunk.encoded, started, now_ms())
        return [self._context.temp / "chunk-00000000.mp4"]

    async def _fan_out(self, job: Job, chunks: list[tuple[int, int]]) -> list[Path]:
        collector = Collector(
            self._context.functions,
            self._payload.get("rendererFunctionName") or self._context.function_name,
            job,
            self._document,
            self._context.temp,
            parallel=self._context.capacity or MAX_CHUNKS,
            max_retries=self._payload.get("maxRetries", 1),
        )
        return await collector.run(chunks)

    async def _combine(self, job: Job, files: list[Path]) -> Path:
        output = self._context.temp / f"out.{CODECS[self._payload['codec']].extension}"
        loop = asyncio.get_running_loop()

        def combined(frames: int) -> None:
            loop.call_soon_threadsafe(self._document.combined, frames)

        fps = exact_fps(job.composition.fps)
        await asyncio.to_thread(concat_chunks, files, output, fps=fps, on_progress=combined)
        for file in files:
            file.unlink()
        return output

    async def _upload(
        self, job: Job, output: Path, rendering: int, combining: int, chunks: list[tuple[int, int]]
    ) -> None:
        size = output.stat().st_size
        combined = now_ms()
        key = output_key(job.render_id, output.suffix[1:])
        await self._store.put_file(key, output)
        ended = now_ms()
        slowest = sorted(self._document.timings, key=lambda timing: timing["start"] - timing["rendered"])[:5]
        self._document.done(
            {
                "outputFile": await self._store.presign(key),
                "outKey": key,
                "outBucket": self._store.bucket,
                "outputSize": size,
                "renderSize": size,
                "startTime": self._started,
                "endTime": ended,
                "timeToFinish": ended - self._started,
                "timeToRenderFrames": combining - rendering,
                "timeToEncode": combining - rendering,
                "timeToRenderChunks": combining - rendering,
                "timeToCombine": combined - combining,
                "retriesInfo": self._document.retries,
                "mostExpensiveFrameRanges": [
                    {
                        "chunk": timing["chunk"],
                        "timeInMilliseconds": timing["rendered"] - timing["start"],
                        "frameRange": list(chunks[timing["chunk"]]),
                    }
                    for timing in slowest
                ],
            }
        )

    def _metadata(self, job: Job, frame_range: tuple[int, int], chunks: list[tuple[int, int]]) -> dict[str, Any]:
        width, height = job.dimensions
        kept = (
            "codec",
            "imageFormat",
            "scale",
            "inputProps",
            "framesPerLambda",
            "crf",
            "x264Preset",
            "renderId",
        )
        return {key: self._payload.get(key) for key in kept} | {
            "type": "video",
            "siteId": job.serve_url,
            "compositionId": job.composition.id,
            "startedDate": self._started,
            "totalChunks": len(chunks),
            "estimatedRenderLambdaInvokations": len(chunks),
            "estimatedTotalLambdaInvokations": len(chunks) + 1,
            "frameRange": list(frame_range),
            "everyNthFrame": 1,
            "fps": job.composition.fps,
            "durationInFrames": job.composition.duration_in_frames,
            "dimensions": {"width": width, "height": height},
            "muted": True,
            "audioCodec": None,
            "functionName": self._context.function_name,
            "rendererFunctionName": self._payload.get("rendererFunctionName"),
            "memorySizeInMb": self._context.memory_mb,
            "region": self._context.region,
            "lambdaVersion": __version__,
            "privacy": "private",
        }


def _check_disk(folder: Path, job: Job, frames: int) -> None:
    """Refuse a render whose chunks and output would not fit.

    Raises:
        DiskFullError: With what is needed and what there is.
    """
    width, height = job.dimensions
    needed = SPARE_BYTES + int(2 * frames * width * height * BYTES_PER_PIXEL)
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise DiskFullError(
            f"Rendering {frames} frames of {width}x{height} needs about {needed // 2**20} MB of disk, but {folder} has "
            f"{free // 2**20} MB. Free some space, or set TMPDIR to a larger disk."
        )
