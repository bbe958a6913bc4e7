"""Reads `progress.json` for clients (no I/O). Fields: design/wire.md 4.9.

On AWS the document is in a bucket, and names in it become paths on this machine. So it is checked like all external
data before other code uses it.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import DocumentError
from .browser_log import BrowserLog
from .untrusted import LARGEST, Fail, Fields, read_json, shortened

OWN = "remotionPy"
"""Key of the fields of `progress.json` that are ours alone; other clients do not look at them."""
MOST_CHUNKS = 100_000
MOST_WARNINGS = 1_000
MOST_LOGS = 10_000
MOST_CALLS = 100
MOST_FRAMES = 2**31
MOST_ENTRIES = 100_000
LATEST_MS = 253_402_300_799_000
"""The end of the year 9999, in ms since the epoch."""
_CHUNK = re.compile(r"[0-9]{1,9}")
PICTURE_PATTERN = "element-[frame].[ext]"
LONGEST_LINK = 20_000
LONGEST_KEY = 2_000
LONGEST_PICTURE = 10_000_000
"""Characters of a thumbnail in base64."""


def document_fault(name: str, render_id: str) -> Fail:
    """Return what makes the error of a stored document that is not as it must be.

    Args:
        name: Of the document, such as "progress.json".
        render_id: The render that it belongs to.
    """

    def fail(sentence: str) -> DocumentError:
        return DocumentError(
            f"The document {name} of the render {render_id} cannot be used: {sentence.removesuffix('.')}. "
            f"It is damaged, or another program wrote it. Start the render again.",
        )

    return fail


@dataclass(frozen=True)
class Metadata:
    """What a render knows of itself once its frames are planned.

    Attributes:
        composition_id: The composition.
        first: The first frame.
        last: The last one.
        every_nth: Only each n-th frame is captured.
        total_chunks: Planned chunks.
        fps: Frames per second of the composition.
        width: Pixels of the output.
        height: Pixels of the output.
        image_format: What frames are captured as.
        picture_pattern: Names of the pictures of a sequence.
    """

    composition_id: str
    first: int
    last: int
    every_nth: int
    total_chunks: int
    fps: float
    width: int
    height: int
    image_format: str
    picture_pattern: str

    @classmethod
    def read(cls, metadata: object, fail: Fail) -> Metadata:
        """Read the field `renderMetadata`."""
        found = Fields(metadata, "its renderMetadata", fail)
        frames = found.wholes("frameRange", 0, MOST_FRAMES, most=2)
        if len(frames) != 2 or frames[0] > frames[1]:
            found.refuse("frameRange", "the numbers of its first and last frame")
        size = found.inner("dimensions", "its dimensions")
        for name in ("functionName", "rendererFunctionName", "codec"):
            found.text(name, default="", empty=True)
        found.whole("startedDate", 0, LATEST_MS, default=0)
        return cls(
            composition_id=found.text("compositionId"),
            first=frames[0],
            last=frames[1],
            every_nth=found.whole("everyNthFrame", 1, MOST_FRAMES, default=1),
            total_chunks=found.whole("totalChunks", 0, MOST_CHUNKS),
            fps=found.number("fps", 0, LARGEST, above=True),
            width=size.whole("width", 0, MOST_FRAMES),
            height=size.whole("height", 0, MOST_FRAMES),
            image_format=found.text("imageFormat", default="", empty=True),
            picture_pattern=found.text("imageSequencePattern", default=PICTURE_PATTERN, empty=True, exact=True),
        )

    @property
    def frames(self) -> int:
        """How many frames the render has."""
        return max(0, (self.last - self.first) // self.every_nth + 1)


@dataclass(frozen=True)
class Finished:
    """What a render made.

    Attributes:
        out_key: Key of the output.
        out_bucket: Its bucket.
        output_file: A link to it.
        output_size: Bytes.
        separate_audio_key: Key of the separate audio file; None without one.
        time_to_finish: From start to upload, in ms.
        end_time: When it was uploaded, in ms since the epoch.
    """

    out_key: str
    out_bucket: str
    output_file: str
    output_size: int
    separate_audio_key: str | None
    time_to_finish: int
    end_time: int

    @classmethod
    def read(cls, post_render_data: object, fail: Fail) -> Finished:
        """Read the field `postRenderData`."""
        found = Fields(post_render_data, "its postRenderData", fail)
        audio = "separateAudioKey"
        return cls(
            out_key=found.text("outKey", longest=LONGEST_KEY, exact=True),
            out_bucket=found.text("outBucket", default=""),
            output_file=found.text("outputFile", longest=LONGEST_LINK, default="", empty=True),
            output_size=found.whole("outputSize", 0),
            separate_audio_key=found.text(audio, longest=LONGEST_KEY, exact=True) if found.has(audio) else None,
            time_to_finish=found.whole("timeToFinish", 0),
            end_time=found.whole("endTime", 0),
        )


@dataclass(frozen=True)
class StoredArtifact:
    """A file that a composition emitted, as the store has it.

    Attributes:
        filename: The name that the composition gave it.
        frame: The frame that emitted it.
        size: Bytes.
    """

    filename: str
    frame: int
    size: int

    @classmethod
    def read(cls, entry: object, fail: Fail) -> StoredArtifact:
        """Read an entry of `receivedArtifact`."""
        found = Fields(entry, "an artifact in it", fail)
        filename = found.text("filename", exact=True)
        return cls(filename, found.whole("frame", 0, MOST_FRAMES), found.whole("sizeInBytes", 0))


@dataclass(frozen=True)
class Document:
    """A `progress.json`; what is missing in it, but for its time limit, has not happened yet.

    Attributes:
        frames_rendered: Frames captured so far.
        frames_encoded: Frames encoded so far.
        combined_frames: Frames concatenated so far.
        lambdas_invoked: Renderer functions that have started.
        launched: When its main function started, in ms since the epoch; as all times here None for not yet.
        site_opened: When the page was loaded.
        validated: When the frames were planned.
        timeout: When the main function is ended.
        chunks: The finished chunks.
        invoked: The chunks whose functions were invoked.
        rendering: The chunks that have frames.
        retried: The chunks that were tried again.
        errors: As wire objects.
        retries: As in the document.
        artifacts: As in the document.
        metadata: What was planned.
        finished: What was made.
        thumbnail: The newest frame as a small JPEG.
        heartbeat: When its main function stored it last.
        waiting: What frames have been waiting for, where that takes long: one sentence for each chunk that waits.
        warnings: Faults of the page that do not end the render.
        browser_logs: What the page wrote to its console, where that was asked for.
        webhook_pending: The webhook is still to be sent.
        frames_reused: Frames that were not captured, as nothing had changed.
        frames_verified: Frames that were captured to check that.
    """

    frames_rendered: int
    frames_encoded: int
    combined_frames: int
    lambdas_invoked: int
    launched: int | None
    site_opened: int | None
    validated: int | None
    timeout: int
    chunks: frozenset[int]
    invoked: frozenset[int]
    rendering: frozenset[int]
    retried: frozenset[int]
    errors: list[dict[str, Any]]
    retries: list[dict[str, Any]]
    artifacts: list[dict[str, Any]]
    metadata: Metadata | None
    finished: Finished | None
    thumbnail: bytes | None
    heartbeat: int | None
    waiting: tuple[str, ...]
    warnings: tuple[str, ...]
    browser_logs: tuple[BrowserLog, ...]
    webhook_pending: bool
    frames_reused: int
    frames_verified: int

    @classmethod
    def read(cls, document: dict[str, Any], render_id: str) -> Document:
        """Check a document and read it.

        Raises:
            DocumentError: A field is not what it must be.
        """
        fail = document_fault("progress.json", render_id)
        found = Fields(document, "it", fail)

        def time(name: str) -> int | None:
            return found.whole(name, 0, LATEST_MS) if found.has(name) else None

        time("fatalErrorTimestamp")
        artifacts = found.items("receivedArtifact", most=MOST_ENTRIES, default=())
        for artifact in artifacts:
            StoredArtifact.read(artifact, fail)
        attempts = found.objects("attempts", "an attempt in it", most=MOST_ENTRIES, optional=True)
        for attempt in attempts:
            attempt.whole("start", 0, LATEST_MS)
            attempt.whole("end", 0, LATEST_MS, default=0)
        retries = found.objects("retries", "a retry in it", most=MOST_ENTRIES, optional=True)
        counted = found.inner("chunkFrames", "its chunkFrames") if found.has("chunkFrames") else None
        own = found.inner(OWN, "its own part") if found.has(OWN) else Fields({}, "its own part", fail)
        waits = own.objects("waiting", "a wait in it", most=MOST_CHUNKS, optional=True)
        for error in found.objects("errors", "an error in it", most=MOST_ENTRIES, optional=True):
            error.flag("isFatal", default=False)
            error.whole("chunk", 0, MOST_CHUNKS, default=0)
            if error.has("data"):
                error.inner("data", "the data of an error in it")
        return cls(
            frames_rendered=found.whole("framesRendered", 0, default=0),
            frames_encoded=found.whole("framesEncoded", 0, default=0),
            combined_frames=found.whole("combinedFrames", 0, default=0),
            lambdas_invoked=found.whole("lambdasInvoked", 0, default=0),
            launched=time("functionLaunched"),
            site_opened=time("serveUrlOpened"),
            validated=time("compositionValidated"),
            timeout=found.whole("timeoutTimestamp", 0, LATEST_MS),
            chunks=frozenset(found.wholes("chunks", 0, MOST_CHUNKS, most=MOST_ENTRIES, default=())),
            invoked=frozenset(one.whole("chunk", 0, MOST_CHUNKS) for one in attempts),
            rendering=frozenset(int(name) for name in counted.names if _CHUNK.fullmatch(name))
            if counted
            else frozenset(),
            retried=frozenset(one.whole("chunk", 0, MOST_CHUNKS) for one in retries),
            errors=list(document.get("errors") or []),
            retries=list(document.get("retries") or []),
            artifacts=list(artifacts),
            metadata=Metadata.read(document["renderMetadata"], fail) if found.has("renderMetadata") else None,
            finished=Finished.read(document["postRenderData"], fail) if found.has("postRenderData") else None,
            thumbnail=_thumbnail(found) if found.has("thumbnail") else None,
            heartbeat=time("heartbeatTimestamp"),
            waiting=tuple(_sentence(wait) for wait in waits),
            warnings=_warnings(own),
            browser_logs=_browser_logs(own),
            webhook_pending=own.flag("webhookPending", default=False),
            frames_reused=own.whole("framesReused", 0, default=0),
            frames_verified=own.whole("framesVerified", 0, default=0),
        )


def parse_document(data: str | bytes, render_id: str) -> dict[str, Any]:
    """Return the JSON object of a `progress.json`, not checked yet.

    Raises:
        DocumentError: It holds no JSON object.
    """
    fail = document_fault("progress.json", render_id)
    document = read_json(data, fail)
    Fields(document, "it", fail)
    return document


def _thumbnail(found: Fields) -> bytes:
    thumbnail = found.inner("thumbnail", "its thumbnail")
    try:
        return base64.b64decode(thumbnail.text("picture", longest=LONGEST_PICTURE), validate=True)
    except (binascii.Error, ValueError):
        thumbnail.refuse("picture", "base64")


def own_warnings(result: dict[str, Any]) -> tuple[str, ...]:
    """Return the warnings in the result of a still.

    Raises:
        DocumentError: They are not texts.
    """
    fail = document_fault("of the result", str(result.get("renderId")))
    return _warnings(Fields(result.get(OWN) or {}, "it", fail))


def own_browser_logs(result: Mapping[str, Any]) -> tuple[BrowserLog, ...]:
    """Return what a page wrote to its console from the answer of a function.

    Raises:
        DocumentError: It is not as it must be.
    """
    fail = document_fault("of the result", str(result.get("renderId")))
    return _browser_logs(Fields(result.get(OWN) or {}, "it", fail))


def _browser_logs(own: Fields) -> tuple[BrowserLog, ...]:
    return tuple(_browser_log(log) for log in own.objects("browserLogs", "a log", most=MOST_LOGS, optional=True))


def _browser_log(log: Fields) -> BrowserLog:
    return BrowserLog(
        log.text("type", default="", empty=True),
        log.text("text", default="", empty=True),
        log.whole("frame", 0, MOST_FRAMES) if log.has("frame") else None,
        tuple(shortened(place) for place in log.items("stack", most=MOST_CALLS, default=())),
    )


def _warnings(own: Fields) -> tuple[str, ...]:
    listed = own.items("warnings", most=MOST_WARNINGS, default=())
    if not all(isinstance(warning, str) for warning in listed):
        own.refuse("warnings", "a list of strings")
    return tuple(shortened(warning) for warning in listed)


def _sentence(wait: Fields) -> str:
    where = f"frame {wait.whole('frame', 0, MOST_FRAMES)}: " if wait.has("frame") else ""
    return f"{where}waiting {wait.whole('seconds', 0)} s for {wait.text('for')}"
