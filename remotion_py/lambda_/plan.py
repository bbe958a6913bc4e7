"""Frames to chunks (pure). Formula: reference/lambda.md 4.3; but balanced, and aware of the provider's capacity."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from ..errors import OptionError

MIN_CHUNK_FRAMES = 5
MAX_CHUNKS = 200
IDEAL_CHUNK_FRAMES = 20
LOCAL_CHUNK_FRAMES = 150
"""Most frames in a chunk where functions queue for few cores: bounds what a retry repeats, keeps overhead small."""


def resolve_frame_range(frame_range: Sequence[int | None] | None, duration: int) -> tuple[int, int]:
    """Return the first and last frame to render of a composition with `duration` frames.

    Args:
        frame_range: `[first, last]`; a last of None means the end; None means all frames.
        duration: Length of the composition in frames.

    Raises:
        OptionError: The range lies outside the composition.
    """
    if frame_range is None:
        return 0, duration - 1
    first, last = frame_range
    first, last = first or 0, duration - 1 if last is None else last
    if first > last or last >= duration:
        raise OptionError(
            f"The frame range {first}-{last} lies outside the composition, which has {duration} frames "
            f"(0 to {duration - 1}). Choose frames inside it."
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
            f"The frame {frame} lies outside the composition, which has {duration} frames (0 to {duration - 1}). "
            f"Choose one inside it."
        )
    return resolved


def plan_chunks(
    first: int,
    last: int,
    *,
    concurrency: int | None = None,
    frames_per_lambda: int | None = None,
    capacity: int | None = None,
) -> list[tuple[int, int]]:
    """Split frames into chunks whose lengths differ by at most one.

    Args:
        first: First frame.
        last: Last frame, included.
        concurrency: Number of chunks wanted; fewer when they would get shorter than 5 frames.
        frames_per_lambda: Most frames in a chunk.
        capacity: Renderer functions that can run at the same time; None for a provider that has plenty.

    Returns:
        (first, last) of each chunk, both included, in order.

    Raises:
        OptionError: More than 200 chunks would be needed.
    """
    frames = last - first + 1
    count = _count(frames, concurrency, frames_per_lambda, capacity)
    if count > MAX_CHUNKS:
        raise OptionError(
            f"{frames} frames in chunks of {frames_per_lambda} make {count} chunks, but {MAX_CHUNKS} is the most. "
            f"Raise frames_per_lambda to {math.ceil(frames / MAX_CHUNKS)} or more."
        )
    borders = [first + frames * index // count for index in range(count + 1)]
    return [(start, end - 1) for start, end in itertools.pairwise(borders)]


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
