"""The main function: resolves the composition, invokes renderers, concatenates and uploads the result."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..._data.progress_json import RenderMetadataJson
from ..._version import __version__
from ...errors import DiskFullError, RemotionPyError, RenderError
from ...media.formats import check_gif_rate
from ...page.bundle import CompositionPage
from ...page.contract import PageComposition
from ...providers.base import ObjectExistsError, ObjectStore
from ..chunk import ChunkFiles, ChunkRender
from ..collect import Collector
from ..context import Context, Stopwatch, now_ms
from ..destination import Destination, destination
from ..document import ProgressDocument
from ..job import VideoJob
from ..join.combine import combine, direct_audio_file, separate_audio_file
from ..join.tracks import AudioJoin
from ..keys import cancel_key, launched_key, separate_audio_key
from ..large_props import KINDS, offloaded, passed_on, props_key
from ..limits import check_limits
from ..payload import StartPayload
from ..plan import MAX_CHUNKS, check_span, plan_chunks, resolve_frame_range
from ..publish import MIN_INTERVAL_S, Publisher
from ..thumbnails import Thumbnails
from ..watch import ChunkWatch, ended
from ..webhook import send_webhook

END_MARGIN_S = 1.0
OUT_OF_TIME = "The main function ran out of time. Render fewer frames per call with frame_range."
BYTES_PER_PIXEL = 0.01
"""Of a compressed frame; measured 0.002 to 0.01 for x264 at crf 18 on moving charts and text."""
SPARE_BYTES = 64 * 1024 * 1024

log = logging.getLogger(__name__)


async def run_main(payload: StartPayload, context: Context) -> dict[str, Any]:
    """Render a composition.

    A failure is recorded in `progress.json` and not raised, since Lambda would invoke the function again. Lambda may
    also deliver one event twice (AWS: asynchronous invocation): the second main function leaves the render alone.

    Args:
        payload: What `start` passed on, with its render id.
        context: Services and limits of this invocation.

    Returns:
        An empty object.
    """
    store = context.open_store(payload.bucket_name)
    try:
        await store.put(launched_key(payload.render_id), b"{}", if_absent=True)
    except ObjectExistsError:
        log.warning("render %s is already running in another main function", payload.render_id)
        return {}
    document = ProgressDocument(now_ms(), context.deadline_ms)
    document.webhook(pending=bool(payload.webhook.get("url")))
    async with Publisher(document, store, payload.render_id):
        limit = asyncio.timeout(max(END_MARGIN_S, context.seconds_left - END_MARGIN_S))
        try:
            async with limit, context.cancellable(store, payload.render_id):
                await _Main(payload, context, document, store).run()
            status = "success"
        except Exception as error:
            late = isinstance(error, TimeoutError) and limit.expired()
            log.warning("render %s failed: %s", payload.render_id, error)
            document.failed(RenderError(OUT_OF_TIME) if late else error, now_ms())
            await _stop_renderers(store, payload.render_id)
            status = "timeout" if late else "error"
        await _report(payload, document, status)
    return {}


async def _report(payload: StartPayload, document: ProgressDocument, status: str) -> None:
    """Send the webhook; a failure is reported in `progress.json`, and does not fail the render."""
    content = {"renderId": payload.render_id, "bucketName": payload.bucket_name, "expectedBucketOwner": None}
    try:
        await send_webhook(payload.webhook, status, content | document.end(status))
    except RenderError as error:
        document.webhook_failed(error)
    finally:
        document.webhook(pending=False)


async def _stop_renderers(store: ObjectStore, render_id: str) -> None:
    """Request the renderer functions of a failed render to end."""
    with contextlib.suppress(OSError, RemotionPyError):
        await store.put(cancel_key(render_id), b"{}")


class _Main:
    """One render, from its serve URL to its uploaded video."""

    def __init__(self, payload: StartPayload, context: Context, document: ProgressDocument, store: ObjectStore) -> None:
        self._payload = payload
        self._context = context
        self._document = document
        self._store = store
        self._now = Stopwatch().ms
        self._props_key: str | None = None
        self._started = self._now()

    async def run(self) -> None:
        """Go through all steps."""
        try:
            await self._run()
        finally:
            if self._props_key:
                with contextlib.suppress(OSError, RemotionPyError):
                    await self._store.delete(self._props_key)

    async def _run(self) -> None:
        self._context.begin(self._payload)
        job, chunks = self._plan(await self._resolve())
        job = await self._with_light_props(job)
        place = destination(self._payload, job.format.extension)
        await place.check(place.open(self._context))
        _check_disk(self._context.temp, job, sum(last - first + 1 for first, last in chunks))
        plans = [job.plan(frames) for frames in chunks]
        rendering = self._now()
        direct = direct_audio_file(job, self._context.temp)
        silent_too = bool(self._payload.enforce_audio_track or direct)
        whole = (chunks[0][0], chunks[-1][1])

        async def in_one_piece() -> ChunkFiles:
            return await ChunkRender(self._context, job, whole, "whole", pictures=False).run()

        audio = AudioJoin(job, plans, self._context.temp, direct, forced=silent_too, in_one_piece=in_one_piece)
        try:
            files = await (
                self._render_here(job, chunks[0], audio) if len(chunks) == 1 else self._fan_out(job, chunks, audio)
            )
            combining = self._now()
            track = await audio.finish() if job.has_audio else None
        finally:
            await audio.kill()
        output = await combine(job, files, track, self._context.temp, self._combined())
        await self._upload(job, place, output, rendering, combining, chunks)

    async def _resolve(self) -> PageComposition:
        async def question(page: CompositionPage) -> PageComposition:
            self._document.site_opened(self._now())
            return await page.composition(self._payload.composition)

        try:
            return await self._context.session.ask(
                self._payload.serve_url,
                self._payload.page_settings,
                question,
                generation=self._payload.render_id,
            )
        finally:
            self._document.log(self._context.session.logs.drain())

    def _plan(self, composition: PageComposition) -> tuple[VideoJob, list[tuple[int, int]]]:
        """Check what could not be checked before the composition was known, and split its frames."""
        composition = self._payload.forced(composition)
        first, last = resolve_frame_range(self._payload.frame_range, composition.duration_in_frames)
        start = self._payload.composition_start
        start = first if start is None else start
        padded = self._payload.for_seamless_aac_concatenation
        payload = replace(
            self._payload,
            frame_range=[first, last],
            composition_start=start,
            last_heard_frame=composition.duration_in_frames - 1 if padded else last,
        )
        job = VideoJob(payload, composition)
        check_span(first, start, job.every_nth)
        check_gif_rate(job.format, job.fps)
        check_limits(job)
        chunks = plan_chunks(
            first,
            last,
            every_nth=job.every_nth,
            concurrency=self._payload.concurrency,
            frames_per_lambda=self._payload.frames_per_lambda,
            capacity=self._context.capacity,
        )
        self._document.composition_validated(self._now(), self._metadata(job, (first, last), chunks))
        return job, chunks

    async def _with_light_props(self, job: VideoJob) -> VideoJob:
        """Put large resolved props into the store once, rather than into the payload of each renderer function."""
        kind = KINDS["resolvedProps"]
        props = await offloaded(job.composition.resolved_props, kind, self._store, owner=job.render_id)
        self._props_key = props_key(kind, props["hash"]) if "hash" in props else None
        return VideoJob(replace(job.payload, offloaded_props=props), job.composition) if "hash" in props else job

    async def _render_here(self, job: VideoJob, frames: tuple[int, int], audio: AudioJoin) -> list[ChunkFiles]:
        """Render the only chunk in this function, with the retries that one of several gets."""
        attempt = 1
        while True:
            chunk = ChunkRender(self._context, job, frames, f"chunk-00000000-{attempt}")
            try:
                files = await self._reported(job, chunk)
                break
            except RemotionPyError as error:
                if not error.retryable or attempt > self._payload.max_retries:
                    raise
                attempt += 1
                log.warning("the chunk is rendered again: %s", error)
                self._document.retried(0, attempt, self._now(), error)
        await audio.put(0, files)
        return [files]

    async def _reported(self, job: VideoJob, chunk: ChunkRender) -> ChunkFiles:
        thumbnails = Thumbnails(job, chunk)
        watch = ChunkWatch(chunk, self._context.session, self._payload.timeout_in_milliseconds)
        noted = 0

        def note_artifacts() -> None:
            nonlocal noted
            for artifact in chunk.artifacts[noted:]:
                noted += 1
                self._document.artifact(0, artifact)

        started = self._now()
        self._document.invoked(0)
        task = asyncio.create_task(chunk.run())
        try:
            while not task.done():
                await asyncio.wait({task}, timeout=MIN_INTERVAL_S)
                self._document.report(0, {**watch.look(), "thumbnail": await thumbnails.next()})
                note_artifacts()
            files = await task
        finally:
            await ended(task)
        note_artifacts()
        self._document.chunk_done(0, chunk.encoded, started, self._now())
        return files

    async def _fan_out(self, job: VideoJob, chunks: list[tuple[int, int]], audio: AudioJoin) -> list[ChunkFiles]:
        async def on_chunk(index: int, files: ChunkFiles) -> None:
            await audio.put(index, files)

        collector = Collector(
            self._context.functions,
            self._payload.renderer_function_name or self._context.function_name,
            self._store,
            job,
            self._document,
            self._context.temp,
            parallel=self._context.capacity or MAX_CHUNKS,
            max_retries=self._payload.max_retries,
            on_chunk=on_chunk,
        )
        return await collector.run(chunks)

    def _combined(self) -> Callable[[int], None]:
        loop = asyncio.get_running_loop()
        return lambda frames: loop.call_soon_threadsafe(self._document.combined, frames) and None

    async def _upload(
        self,
        job: VideoJob,
        place: Destination,
        output: Path,
        rendering: int,
        combining: int,
        chunks: list[tuple[int, int]],
    ) -> None:
        size = output.stat().st_size
        combined = self._now()
        target = place.open(self._context)
        await place.put_file(target, output)
        separate = separate_audio_file(job, self._context.temp)
        audio_key = separate_audio_key(job.render_id, separate.suffix[1:]) if separate else None
        if separate and audio_key:
            await self._store.put_file(audio_key, separate)
        ended = self._now()
        slowest = sorted(self._document.timings, key=lambda timing: timing["start"] - timing["rendered"])[:5]
        self._document.done(
            {
                "outputFile": await target.presign(place.key),
                "outKey": place.key,
                "outBucket": place.bucket,
                "separateAudioKey": audio_key,
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

    def _metadata(
        self, job: VideoJob, frame_range: tuple[int, int], chunks: list[tuple[int, int]]
    ) -> RenderMetadataJson:
        width, height = job.dimensions
        return {
            "type": "video",
            "renderId": job.render_id,
            "inputProps": passed_on(self._payload.to_wire())["inputProps"],
            "scale": self._payload.scale,
            "framesPerLambda": self._payload.frames_per_lambda,
            "x264Preset": self._payload.x264_preset,
            "imageSequencePattern": self._payload.image_sequence_pattern,
            "siteId": job.serve_url,
            "compositionId": job.composition.id,
            "startedDate": self._started,
            "totalChunks": len(chunks),
            "estimatedRenderLambdaInvokations": len(chunks),
            "estimatedTotalLambdaInvokations": len(chunks) + 1,
            "frameRange": list(frame_range),
            "everyNthFrame": job.every_nth,
            "fps": job.composition.fps,
            "durationInFrames": job.composition.duration_in_frames,
            "dimensions": {"width": width, "height": height},
            "codec": job.format.codec.name,
            "imageFormat": job.format.image_format,
            "pixelFormat": job.format.pixel_format,
            "sampleRate": job.format.sample_rate,
            "crf": job.format.crf,
            "muted": job.format.audio_codec is None,
            "audioCodec": job.format.audio_codec,
            "functionName": self._context.function_name,
            "rendererFunctionName": self._payload.renderer_function_name,
            "memorySizeInMb": self._context.memory_mb,
            "region": self._context.region,
            "lambdaVersion": __version__,
            "privacy": "private",
        }


def _check_disk(folder: Path, job: VideoJob, frames: int) -> None:
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
