"""Divides frames into chunks (no I/O). Formula: design/wire.md 4.3, but balanced and limited by the capacity."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import OptionError
from ..media.aac import AacChunk, aac_chunk
from ..media.tracks import Timeline

MIN_CHUNK_FRAMES = 5
MAX_CHUNKS = 200
IDEAL_CHUNK_FRAMES = 20
LOCAL_CHUNK_FRAMES = 150
"""Most frames in a chunk where functions queue for few cores: bounds what a retry repeats, keeps overhead small."""

VOLUME_BLOCK = 2048
"""Samples for which FFmpeg keeps one volume, at most, for most codecs."""


def resolve_frame_range(frame_range: Sequence[int | None] | int | None, duration: int) -> tuple[int, int]:
    """Return the first and last frame to render of a composition with `duration` frames.

    Args:
        frame_range: `[first, last]`, of which a last of None means the end; one frame; None means all frames.
        duration: Length of the composition in frames.

    Raises:
        OptionError: The range lies outside the composition.
    """
    if frame_range is None:
        return 0, duration - 1
    first, last = (frame_range, frame_range) if isinstance(frame_range, int) else frame_range
    first, last = first or 0, duration - 1 if last is None else last
    if first > last or last >= duration:
        raise OptionError(
            f"The frame range {first}-{last} is outside the composition, which has {duration} frames (0 to "
            f"{duration - 1}). Choose frames in this range."
        )
    return first, last


def resolve_frame(frame: int, duration: int) -> int:
    """Return the frame of a still; a negative one counts from the end.

    Raises:
        OptionError: It lies outside the composition.
    """
    resolved = frame + duration if frame < 0 else frame
    if not 0 <= resolved < duration:
        raise OptionError(
            f"The frame {frame} is outside the composition, which has {duration} frames (0 to "
            f"{duration - 1}). Choose a frame in this range."
        )
    return resolved


def check_span(first: int, start: int, every_nth: int) -> None:
    """Check that a render can be a chunk of a whole that begins at `start`.

    Raises:
        OptionError: It begins before that, or between two captured frames.
    """
    if first < start or (first - start) % every_nth:
        raise OptionError(
            f"composition_start is {start}, but this render begins at frame {first}. composition_start must "
            f"be equal or smaller, and the difference a multiple of every_nth_frame."
        )


def plan_chunks(
    first: int,
    last: int,
    *,
    every_nth: int = 1,
    concurrency: int | None = None,
    frames_per_lambda: int | None = None,
    capacity: int | None = None,
) -> list[tuple[int, int]]:
    """Split frames into chunks whose lengths differ by at most one.

    Args:
        first: First frame.
        last: Last frame, included.
        every_nth: Only each n-th frame is captured; chunks begin with a captured one.
        concurrency: Number of chunks wanted; fewer when they would get shorter than 5 frames.
        frames_per_lambda: Most frames in a chunk.
        capacity: Renderer functions that can run at the same time; None for a provider that has plenty.

    Returns:
        (first, last) of each chunk, both included, in order.

    Raises:
        OptionError: More than 200 chunks would be needed.
    """
    frames = (last - first) // every_nth + 1
    count = _count(frames, concurrency, frames_per_lambda, capacity)
    if count > MAX_CHUNKS:
        raise OptionError(
            f"{frames} frames in chunks of {frames_per_lambda} make {count} chunks, but the maximum is "
            f"{MAX_CHUNKS}. Increase frames_per_lambda to {math.ceil(frames / MAX_CHUNKS)} or more."
        )
    borders = [first + every_nth * (frames * index // count) for index in range(count)]
    return [(start, end - 1) for start, end in itertools.pairwise([*borders, last + 1])]


def _count(frames: int, concurrency: int | None, frames_per_lambda: int | None, capacity: int | None) -> int:
    most = max(1, frames // MIN_CHUNK_FRAMES)
    if frames_per_lambda is not None:
        return math.ceil(frames / max(frames_per_lambda, min(MIN_CHUNK_FRAMES, frames)))
    if concurrency is not None:
        return min(concurrency, most)
    wide = _wide_count(frames)
    if capacity is None or wide <= capacity:
        return min(wide, most)
    waves = math.ceil(frames / (capacity * LOCAL_CHUNK_FRAMES))
    return min(capacity * waves, MAX_CHUNKS, most)


def _wide_count(frames: int) -> int:
    target = 75 + 75 * min(frames, 18_000) / 18_000
    return math.ceil(frames / max(frames / target, IDEAL_CHUNK_FRAMES))


@dataclass(frozen=True)
class ChunkPlan:
    """What rendering one chunk looks at.

    Attributes:
        captured: The frames whose pictures are taken, in order.
        heard: The frames whose audio is evaluated; empty without audio.
        window: The samples of its audio on the output's timeline.
        aac: Its packets, when it carries AAC.
    """

    captured: range
    heard: range
    window: tuple[int, int]
    aac: AacChunk | None

    @property
    def visited(self) -> range:
        """All frames that are displayed, in order."""
        if not self.heard:
            return self.captured
        return range(min(self.heard.start, self.captured.start), max(self.heard.stop, self.captured.stop))


def plan_chunk(
    frames: tuple[int, int],
    timeline: Timeline,
    *,
    start: int,
    last_heard: int,
    every_nth: int = 1,
    audio: bool = True,
    seamless_aac: bool = False,
) -> ChunkPlan:
    """Return what rendering one chunk looks at.

    Args:
        frames: Its first and last frame.
        timeline: The output.
        start: The frame at which the timeline begins.
        last_heard: The last frame whose audio may be evaluated.
        every_nth: Only each n-th frame is captured; the audio runs on through the others.
        audio: Whether audio is wanted.
        seamless_aac: Whether it carries AAC packets with padding, or PCM cut at exact samples.
    """
    captured = range(frames[0], frames[1] + 1, every_nth)
    first = frames[0] - start
    last = first + len(captured) * every_nth - 1
    aac = aac_chunk(first, last, timeline) if seamless_aac else None
    window = aac.window if aac else (timeline.sample(first), timeline.sample(last + 1))
    if not audio:
        return ChunkPlan(captured, range(0), window, aac)
    # The volume changes from block to block of samples, and sounds are placed to a millisecond.
    margin = 0 if aac else VOLUME_BLOCK
    low, high = timeline.frames_of(window[0] - margin, window[1] + timeline.sample_rate // 1000)
    heard = range(max(low + start, start), min(high + start, last_heard) + 1)
    return ChunkPlan(captured, heard, window, aac)
