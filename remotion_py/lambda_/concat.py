"""Chunks to one file, seamlessly: packets are copied onto the exact frame grid, nothing is encoded again.

What has to hold was found by trying: pts, dts and duration of every packet are rewritten; the reorder delay of a
chunk depends on its length, so one dts offset serves the whole file; an exact time base makes drift impossible.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from ..errors import ConcatError
from ..media.codecs import exact_fps

EXTENSIONS = (".mp4", ".m4v", ".mov")
"""Containers whose time base can hold the exact frame grid; WebM and Matroska count milliseconds."""

MIN_TIMESCALE = 10_000
"""Players choke on time scales of a few ticks per second; the frame rate's numerator is multiplied up to this."""


@dataclass(frozen=True)
class _Chunk:
    """A measured chunk: at which place each packet is shown, and by how many frames decoding runs ahead."""

    path: Path
    places: list[int]
    delay: int


def concat_chunks(
    chunks: Sequence[str | os.PathLike[str]],
    output: str | os.PathLike[str],
    *,
    fps: float | Fraction,
    on_progress: Callable[[int], None] | None = None,
) -> int:
    """Join chunks of video into one file without encoding anything again.

    Args:
        chunks: Video files in their order, encoded with the same settings, each opening with a key frame.
        output: The file to write; an .mp4, .m4v or .mov. It is only there once it is whole.
        fps: Frames per second of the result; a float is taken as the ratio it means (29.97 is 2997/100).
        on_progress: Called with the number of frames joined so far, after each chunk.

    Returns:
        The number of frames in the result.

    Raises:
        ConcatError: No chunks, a chunk without video, one that opens without a key frame, or settings that differ.
    """
    import av

    if not chunks:
        raise ConcatError("There are no chunks to join. Pass at least one file.")
    rate = fps if isinstance(fps, Fraction) else exact_fps(fps)
    measured = [_measure(Path(path)) for path in chunks]
    delay = max(chunk.delay for chunk in measured)
    target = Path(output)
    if target.suffix.lower() not in EXTENSIONS:
        raise ConcatError(f"The output {target.name!r} must end in one of: {', '.join(EXTENSIONS)}. Rename it.")
    partial = target.with_name(f".{target.stem}.partial{target.suffix}")
    done = 0
    try:
        with (
            av.open(str(measured[0].path)) as first,
            av.open(str(partial), "w", options={"movflags": "faststart", "fflags": "+bitexact"}) as joined,
        ):
            template = first.streams.video[0]
            stream = joined.add_stream_from_template(template, opaque=True)
            stream.metadata.update(template.metadata)
            ticks = rate.numerator * math.ceil(MIN_TIMESCALE / rate.numerator)
            stream.time_base = Fraction(1, ticks)
            duration = ticks * rate.denominator // rate.numerator
            for chunk in measured:
                _copy(chunk, joined, stream, template.codec_context.extradata, done, delay, duration)
                done += len(chunk.places)
                if on_progress:
                    on_progress(done)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return done


def _copy(
    chunk: _Chunk, joined: Any, stream: Any, extradata: bytes | None, start: int, delay: int, duration: int
) -> None:
    import av

    with av.open(str(chunk.path)) as source:
        video = source.streams.video[0]
        if video.codec_context.extradata != extradata:
            raise ConcatError(
                f"The chunk {chunk.path} was encoded with other settings than the first one. "
                f"Encode all chunks with the same codec, size, frame rate and quality."
            )
        for index, packet in enumerate(_packets(video)):
            packet.stream = stream
            packet.time_base = stream.time_base
            packet.pts = (start + chunk.places[index]) * duration
            packet.dts = (start + index - delay) * duration
            packet.duration = duration
            joined.mux(packet)


def _packets(video: Any) -> Iterator[Any]:
    return (packet for packet in video.container.demux(video) if packet.size)


def _measure(path: Path) -> _Chunk:
    import av
    from av.error import FFmpegError

    try:
        with av.open(str(path)) as source:
            if not source.streams.video:
                raise ConcatError(f"The chunk {path} has no video stream. Pass files that hold video.")
            shown: list[int] = []
            for packet in _packets(source.streams.video[0]):
                if not shown and not packet.is_keyframe:
                    raise ConcatError(
                        f"The chunk {path} does not open with a key frame, so it cannot follow another one. "
                        f"Encode each chunk by itself."
                    )
                shown.append(packet.pts)
    except FFmpegError as error:
        raise ConcatError(f"The chunk {path} cannot be read: {error}. Render it again.") from error
    if not shown:
        raise ConcatError(f"The chunk {path} has no frames. Render it again.")
    rank = {pts: place for place, pts in enumerate(sorted(shown))}
    places = [rank[pts] for pts in shown]
    return _Chunk(path, places, max(index - place for index, place in enumerate(places)))
