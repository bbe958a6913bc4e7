"""The result of `get_render_progress()`, and its arithmetic (no I/O).

Field names and weights are documented for Remotion Lambda (`getRenderProgress()`); here they are in snake_case.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from ._data.browser_log import BrowserLog
from ._data.stored import Document
from ._runtime.notebooks import notebook
from .errors import RemotionPyError, RenderInterruptedError, from_wire
from .errors import to_wire as error_to_wire

ChunkState = Literal["waiting", "invoked", "rendering", "encoded", "retried", "failed"]
"""The state of one chunk; "retried" means that its function runs for the second time or more."""


State = Literal["starting", "rendering", "done", "failed", "cancelled", "interrupted"]
SILENT_MS = 90_000
"""Milliseconds without a heartbeat after which a main function counts as silent; it stores its document every 20 s."""
_ENDS: dict[str, State] = {"RenderCancelledError": "cancelled", "RenderInterruptedError": "interrupted"}


@dataclass(frozen=True, repr=False)
class RenderProgress:
    """The progress of a render.

    Attributes:
        render_id: The id of the render.
        bucket_name: The bucket that contains the render.
        overall_progress: 0.0 to 1.0; 1.0 only when done.
        done: The result is finished and uploaded.
        fatal_error_encountered: The render failed; `errors` has the reasons.
        launched: Its main function has started.
        cancelled: The render ended because its caller cancelled it.
        frames_rendered: Frames captured so far.
        frames_encoded: Frames encoded so far.
        frames_reused: Frames that look like the frame before and were not captured (`reuse_frames`).
        frames_verified: Frames that were captured only to check that they look like the frame before.
        combined_frames: Frames concatenated so far.
        total_frames: Frames of the whole render; 0 until the composition is known.
        chunks: Finished chunks.
        total_chunks: Planned chunks; 0 until planned.
        lambdas_invoked: Renderer functions that have started.
        retries_info: One `{"chunk", "attempt", "time"}` for each retry.
        errors: The errors so far, each as a JSON object; fatal errors have `isFatal`.
        time_to_finish: Milliseconds from start to upload; None until done.
        fps: Frames rendered per second since the start of rendering; 0.0 before.
        eta: Estimated number of seconds until the end; None while unknown.
        out_key: Key of the video in its bucket; None until done.
        output_size_in_bytes: Size of the video in bytes; None until done.
        render_metadata: Composition, size, codec and plan; None until the composition is known.
        artifacts: One `{"filename", "frame", "sizeInBytes", "s3Key"}` for each file that the composition emitted.
        cost: Cost so far in US dollars, from the price table; None on this machine and before the composition is known.
        chunk_states: The state of each chunk, in order; empty until the chunks are planned.
        thumbnail: The newest frame as a small JPEG, if the client that started the render displays it; None when done.
        post_render_data: Timings and output of a finished render; None before.
        waiting: The cause of each long wait for a frame: one sentence for each chunk that waits.
        warnings: Errors of the page that do not stop the render, such as files that its server does not have.
        browser_logs: Console messages of the page, if `on_browser_log` or `dump_browser_logs` was given.
        webhook_pending: The render has ended, but its webhook is still being sent.
    """

    render_id: str
    bucket_name: str
    overall_progress: float = 0.0
    done: bool = False
    fatal_error_encountered: bool = False
    launched: bool = False
    cancelled: bool = False
    frames_rendered: int = 0
    frames_encoded: int = 0
    combined_frames: int = 0
    total_frames: int = 0
    chunks: int = 0
    total_chunks: int = 0
    lambdas_invoked: int = 0
    retries_info: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    errors: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    time_to_finish: int | None = None
    fps: float = 0.0
    eta: float | None = None
    out_key: str | None = None
    output_size_in_bytes: int | None = None
    render_metadata: dict[str, Any] | None = None
    artifacts: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    post_render_data: dict[str, Any] | None = None
    cost: float | None = None
    chunk_states: tuple[ChunkState, ...] = ()
    thumbnail: bytes | None = None
    waiting: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    browser_logs: tuple[BrowserLog, ...] = ()
    webhook_pending: bool = False
    frames_reused: int = 0
    frames_verified: int = 0

    @property
    def fatal_error(self) -> RemotionPyError | None:
        """The error that ended the render, or None."""
        for error in self.errors:
            if error.get("isFatal"):
                return from_wire(error)
        return None

    @property
    def bar(self) -> tuple[int, int, str]:
        """The number of finished units, the total number (0 while unknown), and a note."""
        speed = f", {self.fps:.1f} fps" if self.fps else ""
        waiting = f", {self.waiting[0]}" if self.waiting else ""
        return self.frames_rendered, self.total_frames, f"{self.chunks}/{self.total_chunks} chunks{speed}{waiting}"

    @property
    def line(self) -> str:
        """One line for a log."""
        eta = f", about {self.eta:.0f} s left" if self.eta else ""
        return f"{self}, {self.fps:.1f} fps{eta}"

    @property
    def state(self) -> State:
        """The current state of the render, or how it ended."""
        if self.done:
            return "done"
        if self.fatal_error:
            return _ENDS.get(type(self.fatal_error).__name__, "failed")
        return "rendering" if self.launched else "starting"

    @property
    def ended(self) -> bool:
        """Whether the render has ended, with or without success."""
        return self.state not in ("starting", "rendering")

    def _repr_html_(self) -> str:
        return notebook("view").snapshot(self, datetime.now().astimezone())

    def __repr__(self) -> str:
        return f"<RenderProgress of {self.render_id}: {self}>"

    def __str__(self) -> str:
        return (
            f"{self.overall_progress:4.0%} {self.state}: {self.frames_rendered}/{self.total_frames or '?'} frames, "
            f"{self.chunks}/{self.total_chunks or '?'} chunks"
        )


def overall_progress(
    *,
    functions_launched: bool,
    site_opened: bool,
    composition_validated: bool,
    lambdas_invoked: int,
    total_chunks: int,
    frames_rendered: int,
    frames_encoded: int,
    combined_frames: int,
    total_frames: int,
) -> float:
    """Combine the phases of a render into one number from 0 to 1, by Remotion's documented weights."""
    opening = (functions_launched + site_opened + composition_validated) / 3
    if not total_frames or not total_chunks:
        return 0.1 * opening
    return min(
        1.0,
        0.1 * opening
        + 0.1 * min(1.0, lambdas_invoked / total_chunks)
        + 0.6 * frames_rendered / total_frames
        + 0.1 * frames_encoded / total_frames
        + 0.1 * combined_frames / total_frames,
    )


def fatal_entry(error: RemotionPyError) -> dict[str, Any]:
    """Return an error that ended a render, and that its functions did not report, as an entry of `errors`."""
    return error_to_wire(error) | {"isFatal": True, "willRetry": False}


def from_document(document: dict[str, Any], render_id: str, bucket_name: str) -> RenderProgress:
    """Read a `progress.json` document into a `RenderProgress`; the provider computes its cost.

    Raises:
        DocumentError: The document is not the progress of a render.
    """
    found = Document.read(document, render_id)
    post = found.finished
    frames = found.metadata.frames if found.metadata else 0
    planned = found.metadata.total_chunks if found.metadata else 0
    errors = found.errors
    if not post and _is_late(found, time.time() * 1000) and not any(e.get("isFatal") for e in errors):
        late = RenderInterruptedError(
            f"The render {render_id} reached its time limit without a report. Start it again."
        )
        errors.append(fatal_entry(late))
    fatal = [error for error in errors if error.get("isFatal")]
    overall = 1.0 if post else min(0.999, _overall(found, frames, planned))
    fps, eta = _speed(found, frames)
    return RenderProgress(
        render_id=render_id,
        bucket_name=bucket_name,
        overall_progress=overall,
        done=post is not None,
        fatal_error_encountered=bool(fatal),
        launched=found.launched is not None,
        cancelled=any(error.get("name") == "RenderCancelledError" for error in fatal),
        frames_rendered=frames if post else found.frames_rendered,
        frames_encoded=frames if post else found.frames_encoded,
        frames_reused=found.frames_reused,
        frames_verified=found.frames_verified,
        combined_frames=frames if post else found.combined_frames,
        total_frames=frames,
        chunks=planned if post else len(found.chunks),
        total_chunks=planned,
        lambdas_invoked=planned if post else found.lambdas_invoked,
        retries_info=found.retries,
        errors=errors,
        time_to_finish=post.time_to_finish if post else None,
        fps=fps,
        eta=0.0 if post else eta,
        out_key=post.out_key if post else None,
        output_size_in_bytes=post.output_size if post else None,
        render_metadata=document.get("renderMetadata"),
        artifacts=found.artifacts,
        post_render_data=document.get("postRenderData"),
        chunk_states=_chunk_states(found, planned),
        thumbnail=found.thumbnail,
        waiting=() if post or fatal else found.waiting,
        warnings=found.warnings,
        browser_logs=found.browser_logs,
        webhook_pending=bool(post or fatal) and found.webhook_pending,
    )


def _is_late(found: Document, now: float) -> bool:
    """Whether a main function has exceeded its time limit: the limit has passed, and it reports nothing.

    The clock alone is not enough: it may have been set forward, or have continued while the machine was asleep.
    """
    silent = not found.heartbeat or now - found.heartbeat > SILENT_MS
    return now > found.timeout and silent


def _chunk_states(found: Document, planned: int) -> tuple[ChunkState, ...]:
    fatal = [error for error in found.errors if error.get("isFatal")]
    alone = planned == 1 and any(error.get("frame") is not None for error in fatal)
    states: dict[Any, ChunkState] = dict.fromkeys(range(planned), "waiting")
    states |= dict.fromkeys(found.invoked, "invoked")
    states |= dict.fromkeys(found.rendering, "rendering")
    states |= dict.fromkeys(found.retried, "retried")
    states |= {0 if alone else error.get("chunk"): "failed" for error in fatal}
    states |= dict.fromkeys(range(planned) if found.finished else found.chunks, "encoded")
    return tuple(states[chunk] for chunk in range(planned))


def _overall(found: Document, frames: int, planned: int) -> float:
    return overall_progress(
        functions_launched=found.launched is not None,
        site_opened=found.site_opened is not None,
        composition_validated=found.validated is not None,
        lambdas_invoked=found.lambdas_invoked,
        total_chunks=planned,
        frames_rendered=found.frames_rendered,
        frames_encoded=found.frames_encoded,
        combined_frames=found.combined_frames,
        total_frames=frames,
    )


def _speed(found: Document, frames: int) -> tuple[float, float | None]:
    now = found.finished.end_time if found.finished else time.time() * 1000
    if not found.validated or not found.frames_rendered or not frames:
        return 0.0, None
    seconds = max((now - found.validated) / 1000, 0.5)
    fps = found.frames_rendered / seconds
    return fps, max(0.0, (frames - found.frames_rendered) / fps)


def to_wire(progress: RenderProgress, document: dict[str, Any], now: int) -> dict[str, Any]:
    """Return the answer of Remotion's `getRenderProgress()` for a document.

    Args:
        progress: The progress that was read from the document.
        document: The `progress.json` document.
        now: Milliseconds since the epoch.
    """
    post: dict[str, Any] = progress.post_render_data or {}
    passed_on = (
        "renderMetadata",
        "timeoutTimestamp",
        "functionLaunched",
        "serveUrlOpened",
        "compositionValidated",
    )
    times = ("timeToCombine", "timeToRenderFrames", "timeToEncode")
    return {key: document.get(key) for key in (*passed_on, *times)} | {
        "type": "success",
        "renderId": progress.render_id,
        "bucket": progress.bucket_name,
        "overallProgress": progress.overall_progress,
        "done": progress.done,
        "fatalErrorEncountered": progress.fatal_error_encountered,
        "errors": progress.errors,
        "chunks": progress.chunks,
        "framesRendered": progress.frames_rendered,
        "combinedFrames": progress.combined_frames,
        "encodingStatus": {
            "framesEncoded": progress.frames_encoded,
            "combinedFrames": progress.combined_frames,
            "timeToCombine": document.get("timeToCombine"),
        },
        "lambdasInvoked": progress.lambdas_invoked,
        "outKey": progress.out_key,
        "outBucket": post.get("outBucket"),
        "outputFile": post.get("outputFile"),
        "outputSizeInBytes": progress.output_size_in_bytes,
        "renderSize": progress.output_size_in_bytes or 0,
        "timeToFinish": progress.time_to_finish,
        "timeToFinishChunks": post.get("timeToRenderChunks"),
        "retriesInfo": progress.retries_info,
        "mostExpensiveFrameRanges": post.get("mostExpensiveFrameRanges"),
        "currentTime": now,
        "cleanup": {"doneIn": None, "minFilesToDelete": 0, "filesDeleted": 0},
        "artifacts": progress.artifacts,
    }
