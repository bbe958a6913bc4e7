"""The types of `progress.json` (no I/O). Fields: design/wire.md 4.9.

Main functions write these types; `tests/schema.py` compares documents of real renders with them. Clients read
documents that others may have changed, so they check them: `_data/stored.py`. All times are milliseconds since the
epoch, all durations milliseconds.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

from ..errors import ErrorWire


class AttemptJson(TypedDict):
    """An invocation of a renderer function; `end` is None while it runs."""

    chunk: int
    attempt: int
    start: int
    end: int | None


class RetryJson(TypedDict):
    """A chunk that is rendered again; `attempt` is the number of the new attempt, from 2."""

    chunk: int
    attempt: int
    time: int


class TimingJson(TypedDict):
    """When the renderer function of a finished chunk started and ended."""

    chunk: int
    start: int
    rendered: int


class ErrorJson(ErrorWire):
    """A failed attempt, or the error that ended the render (`isFatal`); `chunk` is None for a main function's own."""

    stack: str
    type: Literal["renderer", "stitcher", "webhook"]
    frame: int | None
    chunk: int | None
    attempt: int
    isFatal: bool
    willRetry: bool


class StoredArtifactJson(TypedDict):
    """A file that the composition emitted, as a renderer function reports it; sizes are bytes."""

    filename: str
    frame: int
    sizeInBytes: int
    s3Key: str
    s3Url: None


class ArtifactJson(StoredArtifactJson):
    """An artifact and the chunk of its frame."""

    chunk: int


class ThumbnailJson(TypedDict):
    """The newest frame: a JPEG in base64."""

    frame: int
    picture: str


# "for" is a keyword of Python.
WaitJson = TypedDict("WaitJson", {"frame": int | None, "seconds": int, "for": str})
"""What a frame of a chunk has been waiting for."""


class BrowserLogJson(TypedDict):
    """A message that a page wrote to its console."""

    type: str
    text: str
    frame: int | None
    stack: list[str]


class BrowserLogsJson(TypedDict, total=False):
    """New messages of a page's console, and how many more there were than are kept."""

    entries: list[BrowserLogJson]
    dropped: int


class ChunkReport(TypedDict):
    """How far the current attempt at a chunk is; renderer functions stream it."""

    rendered: int
    encoded: int
    reused: int
    verified: int
    waiting: WaitJson | None
    warnings: list[str]
    browserLogs: BrowserLogsJson
    thumbnail: NotRequired[ThumbnailJson | None]


class DimensionsJson(TypedDict):
    """Pixels of the output."""

    width: int
    height: int


class RenderMetadataJson(TypedDict):
    """What a main function knows of its render once its chunks are planned."""

    type: Literal["video"]
    siteId: str
    compositionId: str
    renderId: str | None
    startedDate: int
    totalChunks: int
    estimatedRenderLambdaInvokations: int
    estimatedTotalLambdaInvokations: int
    frameRange: list[int]
    everyNthFrame: int
    framesPerLambda: int | None
    fps: float
    durationInFrames: int
    dimensions: DimensionsJson
    scale: float
    inputProps: dict[str, Any]
    codec: str
    imageFormat: str
    imageSequencePattern: str | None
    pixelFormat: str | None
    sampleRate: int
    crf: float | None
    x264Preset: str | None
    muted: bool
    audioCodec: str | None
    functionName: str
    rendererFunctionName: str | None
    memorySizeInMb: int
    region: str
    lambdaVersion: str
    privacy: str


class FrameRangeJson(TypedDict):
    """How long one of the slowest chunks took."""

    chunk: int
    timeInMilliseconds: int
    frameRange: list[int]


class PostRenderDataJson(TypedDict):
    """What a finished render made; sizes are bytes."""

    outputFile: str
    outKey: str
    outBucket: str
    separateAudioKey: str | None
    outputSize: int
    renderSize: int
    startTime: int
    endTime: int
    timeToFinish: int
    timeToRenderFrames: int
    timeToEncode: int
    timeToRenderChunks: int
    timeToCombine: int
    retriesInfo: list[RetryJson]
    mostExpensiveFrameRanges: list[FrameRangeJson]


class EndReport(TypedDict, total=False):
    """What a webhook reports of the end of a render."""

    outputUrl: str
    outputFile: str
    timeToFinish: int
    lambdaErrors: list[ErrorJson]
    errors: list[dict[str, Any]]


class OwnJson(TypedDict):
    """The fields that Remotion's clients do not know."""

    waiting: list[WaitJson]
    warnings: list[str]
    browserLogs: list[BrowserLogJson]
    webhookPending: bool
    framesReused: int
    framesVerified: int


class ProgressJson(TypedDict):
    """The state of a render."""

    cancellationEnabled: bool
    chunks: list[int]
    chunkFrames: dict[str, int]
    framesRendered: int
    framesEncoded: int
    combinedFrames: int
    lambdasInvoked: int
    timeToCombine: int | None
    timeToEncode: int | None
    timeToRenderFrames: int | None
    retries: list[RetryJson]
    timings: list[TimingJson]
    attempts: list[AttemptJson]
    errors: list[ErrorJson]
    fatalErrorTimestamp: int | None
    timeoutTimestamp: int
    functionLaunched: int | None
    serveUrlOpened: int | None
    compositionValidated: int | None
    receivedArtifact: list[ArtifactJson]
    renderMetadata: RenderMetadataJson | None
    postRenderData: PostRenderDataJson | None
    thumbnail: NotRequired[ThumbnailJson]
    heartbeatTimestamp: NotRequired[int]
    remotionPy: OwnJson
