"""The state of a render as in `progress.json` (no I/O). Fields: design/wire.md 4.9."""

from __future__ import annotations

from collections.abc import Iterable

from .._data.progress_json import (
    ArtifactJson,
    AttemptJson,
    BrowserLogJson,
    BrowserLogsJson,
    ChunkReport,
    EndReport,
    PostRenderDataJson,
    ProgressJson,
    RenderMetadataJson,
    RetryJson,
    StoredArtifactJson,
    ThumbnailJson,
    TimingJson,
    WaitJson,
)
from ..errors import to_wire
from ..page.logs import LogLimit, dropped_warning
from .artifacts import ArtifactNames

MOST_WARNINGS = 50


class ProgressDocument:
    """Folds the reports of all functions of a render.

    Reports of an attempt that was given up never count twice: each chunk's numbers are those of its latest attempt.

    Args:
        now: Milliseconds since the epoch.
        timeout_timestamp: When the main function will be ended, in the same unit.
    """

    def __init__(self, now: int, timeout_timestamp: int) -> None:
        self._rendered: dict[int, int] = {}
        self._encoded: dict[int, int] = {}
        self._reused: dict[int, int] = {}
        self._verified: dict[int, int] = {}
        self._invoked: set[int] = set()
        self._artifacts: dict[str, ArtifactJson] = {}
        self._names = ArtifactNames()
        self._waiting: dict[int, WaitJson] = {}
        self._warnings: dict[str, None] = {}
        self._logs: list[BrowserLogJson] = []
        self._log_limit = LogLimit()
        self._webhook_pending = False
        self._document: ProgressJson = {
            "cancellationEnabled": True,
            "chunks": [],
            "chunkFrames": {},
            "framesRendered": 0,
            "framesEncoded": 0,
            "combinedFrames": 0,
            "lambdasInvoked": 0,
            "timeToCombine": None,
            "timeToEncode": None,
            "timeToRenderFrames": None,
            "retries": [],
            "timings": [],
            "attempts": [],
            "errors": [],
            "fatalErrorTimestamp": None,
            "timeoutTimestamp": timeout_timestamp,
            "functionLaunched": now,
            "serveUrlOpened": None,
            "compositionValidated": None,
            "receivedArtifact": [],
            "renderMetadata": None,
            "postRenderData": None,
            "remotionPy": {
                "waiting": [],
                "warnings": [],
                "browserLogs": [],
                "webhookPending": False,
                "framesReused": 0,
                "framesVerified": 0,
            },
        }

    def to_json(self) -> ProgressJson:
        """Return the document."""
        dropped = self._log_limit.dropped
        return {
            **self._document,
            "framesRendered": sum(self._rendered.values()),
            "framesEncoded": sum(self._encoded.values()),
            "lambdasInvoked": len(self._invoked),
            "chunkFrames": {str(chunk): frames for chunk, frames in self._rendered.items() if frames},
            "remotionPy": {
                "waiting": [self._waiting[chunk] for chunk in sorted(self._waiting)],
                "warnings": [*self._warnings, *([dropped_warning(dropped)] if dropped else [])],
                "browserLogs": self._logs,
                "webhookPending": self._webhook_pending,
                "framesReused": sum(self._reused.values()),
                "framesVerified": sum(self._verified.values()),
            },
        }

    def site_opened(self, now: int) -> None:
        """The page of the serve URL is loaded."""
        self._document["serveUrlOpened"] = now

    def composition_validated(self, now: int, metadata: RenderMetadataJson) -> None:
        """The composition is known and the render is planned."""
        self._document["compositionValidated"] = now
        self._document["renderMetadata"] = metadata

    def attempt_started(self, chunk: int, attempt: int, now: int) -> AttemptJson:
        """A renderer function is being invoked; returns the entry, whose `end` is to be filled in."""
        entry: AttemptJson = {"chunk": chunk, "attempt": attempt, "start": now, "end": None}
        self._document["attempts"].append(entry)
        return entry

    def attempt_refused(self, entry: AttemptJson) -> None:
        """No function ran for an attempt, as there was no capacity: it leaves no entry, however often that happens."""
        self._document["attempts"].remove(entry)

    def invoked(self, chunk: int) -> None:
        """The renderer function of a chunk has started."""
        self._invoked.add(chunk)

    def frames(self, chunk: int, rendered: int, encoded: int, thumbnail: ThumbnailJson | None = None) -> None:
        """A chunk's current attempt has come this far, and may show a small picture of where it is."""
        self._waiting.pop(chunk, None)
        self._rendered[chunk], self._encoded[chunk] = rendered, encoded
        if thumbnail:
            self._document["thumbnail"] = thumbnail

    def report(self, chunk: int, found: ChunkReport) -> None:
        """A chunk's current attempt has reported; see `ChunkWatch.look()`."""
        self.frames(chunk, found["rendered"], found["encoded"], found.get("thumbnail"))
        self._reused[chunk], self._verified[chunk] = found.get("reused", 0), found.get("verified", 0)
        if waiting := found.get("waiting"):
            self._waiting[chunk] = waiting
        self.warn(found.get("warnings") or ())
        self.log(found.get("browserLogs") or {})

    def warn(self, warnings: Iterable[str]) -> None:
        """The page has faults that do not end the render, such as missing files; each counts once."""
        for warning in warnings:
            if len(self._warnings) < MOST_WARNINGS:
                self._warnings[warning] = None

    def log(self, found: BrowserLogsJson) -> None:
        """The page has written to its console; see `BrowserLogs.drain()`."""
        self._logs += [entry for entry in found.get("entries", ()) if self._log_limit.takes(entry)]
        self._log_limit.dropped += found.get("dropped", 0)

    def webhook(self, *, pending: bool) -> None:
        """Whether the webhook is still to be sent, after the end of the render."""
        self._webhook_pending = pending

    def chunk_done(self, chunk: int, frames: int, start: int, rendered: int) -> None:
        """A chunk has arrived whole; `start` and `rendered` are when its function began and ended."""
        self.invoked(chunk)
        self.frames(chunk, frames, frames)
        if chunk not in self._document["chunks"]:
            self._document["chunks"].append(chunk)
            self._document["timings"].append({"chunk": chunk, "start": start, "rendered": rendered})

    def artifact(self, chunk: int, found: StoredArtifactJson) -> None:
        """An artifact has been stored; another attempt at its chunk stores it again.

        Raises:
            PageScriptError: Another frame emitted one of the same name, or there are too many.
        """
        self._names.add(found["filename"], found["frame"], found["sizeInBytes"], again=True)
        # The list of the document is this dictionary's values: the newest attempt at a chunk replaces those before it.
        self._artifacts[found["filename"]] = {**found, "chunk": chunk}
        self._document["receivedArtifact"] = list(self._artifacts.values())

    def retried(self, chunk: int, attempt: int, now: int, error: BaseException) -> None:
        """An attempt at a chunk failed; `attempt` is the number of the next one."""
        self.frames(chunk, 0, 0)
        self._reused.pop(chunk, None)
        self._verified.pop(chunk, None)
        self._document["retries"].append({"chunk": chunk, "attempt": attempt, "time": now})
        self._add_error(error, chunk, attempt - 1, fatal=False)

    def combined(self, frames: int) -> None:
        """So many frames are concatenated."""
        self._document["combinedFrames"] = frames

    def failed(self, error: BaseException, now: int) -> None:
        """The render has failed for good."""
        self._waiting.clear()
        self._document["fatalErrorTimestamp"] = now
        self._add_error(error, None, 1, fatal=True)

    def done(self, post_render_data: PostRenderDataJson) -> None:
        """The video is uploaded."""
        self._document.pop("thumbnail", None)  # the video replaces it
        self._document["timeToCombine"] = post_render_data["timeToCombine"]
        self._document["timeToEncode"] = post_render_data["timeToEncode"]
        self._document["timeToRenderFrames"] = post_render_data["timeToRenderFrames"]
        self._document["postRenderData"] = post_render_data

    def end(self, status: str) -> EndReport:
        """Return what a webhook reports of the end of the render."""
        post = self._document["postRenderData"]
        if status == "success" and post:
            return {
                "outputUrl": post["outputFile"],
                "outputFile": post["outputFile"],
                "timeToFinish": post["timeToFinish"],
                "lambdaErrors": self._document["errors"],
            }
        if status == "error":
            errors = [error for error in self._document["errors"] if error["isFatal"]]
            return {"errors": [{key: error[key] for key in ("message", "name", "stack")} for error in errors]}
        return {}

    def webhook_failed(self, error: BaseException) -> None:
        """The webhook could not be sent, which does not fail the render."""
        self._add_error(error, None, 1, fatal=False)
        self._document["errors"][-1]["type"] = "webhook"
        self._document["errors"][-1]["willRetry"] = False

    @property
    def artifacts(self) -> list[ArtifactJson]:
        """The artifacts so far."""
        return self._document["receivedArtifact"]

    @property
    def retries(self) -> list[RetryJson]:
        """The retries so far."""
        return self._document["retries"]

    @property
    def timings(self) -> list[TimingJson]:
        """When each finished chunk began and ended."""
        return self._document["timings"]

    def _add_error(self, error: BaseException, chunk: int | None, attempt: int, *, fatal: bool) -> None:
        wire = to_wire(error)
        data = wire["data"]
        self._document["errors"].append(
            {
                **wire,
                "type": "stitcher" if wire["name"] in ("MediaError", "ConcatError") else "renderer",
                "frame": data.get("frame"),
                "chunk": data.get("chunk", chunk),
                "isFatal": fatal,
                "attempt": attempt,
                "willRetry": not fatal,
                "stack": wire["message"],
            }
        )
