"""The packets of video chunks, in sequence on the exact frame grid.

These rules come from experiments: pts, dts and duration of every packet are rewritten; the reorder delay of a chunk
depends on its length, so one dts offset serves the whole file; an exact time base makes drift impossible.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from ...errors import ConcatError
from ...media.opening import open_media

MIN_TIMESCALE = 10_000
"""Players choke on time scales of a few ticks per second; the frame rate's numerator is multiplied up to this."""


@dataclass(frozen=True)
class VideoChunk:
    """A measured chunk.

    Attributes:
        path: Its file.
        places: At which place each packet is displayed.
        delay: By how many frames decoding runs ahead.
        has_audio: Whether the file holds audio too.
    """

    path: Path
    places: list[int]
    delay: int
    has_audio: bool


class VideoTrack:
    """The video of successive chunks.

    Args:
        paths: The chunks, in order.
        fps: Frames per second of the result.

    Raises:
        ConcatError: A chunk has no video, or opens without a key frame.
    """

    def __init__(self, paths: Sequence[Path], fps: Fraction) -> None:
        self.fps = fps
        self._chunks = [_measure(path) for path in paths]
        self._delay = max(chunk.delay for chunk in self._chunks)
        self.ticks = fps.numerator * math.ceil(MIN_TIMESCALE / fps.numerator)

    @property
    def lengths(self) -> list[int]:
        """Frames of each chunk."""
        return [len(chunk.places) for chunk in self._chunks]

    @property
    def with_audio(self) -> list[Path]:
        """The chunks whose files hold audio too."""
        return [chunk.path for chunk in self._chunks if chunk.has_audio]

    def add_to(self, joined: Any, *, tagged: bool) -> Any:
        """Add its stream to an output container.

        Args:
            joined: The container.
            tagged: Whether the container identifies codecs by the tags of the chunks, as MP4 and MOV do.
        """
        with open_media(self._chunks[0].path) as first:
            template = first.streams.video[0]
            stream = joined.add_stream_from_template(template, opaque=True)
            stream.metadata.update(template.metadata)
            tag = template.codec_context.codec_tag
        if tagged and tag.isprintable():
            stream.codec_context.codec_tag = tag
        stream.time_base = Fraction(1, self.ticks)
        return stream

    def packets(self, stream: Any, on_progress: Callable[[int], None] | None) -> Iterator[Any]:
        """Yield all packets for a stream, in the order of decoding."""
        duration = self.ticks * self.fps.denominator // self.fps.numerator
        extradata: Any = None
        done = 0
        for number, chunk in enumerate(self._chunks):
            with open_media(chunk.path) as source:
                video = source.streams.video[0]
                found = video.codec_context.extradata
                if number and found != extradata:
                    raise ConcatError(
                        f"The chunk {chunk.path} was encoded with other settings than the first one. "
                        f"Encode all chunks with the same codec, size, frame rate and quality."
                    )
                extradata = found
                for index, packet in enumerate(_packets(video)):
                    packet.stream = stream
                    packet.time_base = Fraction(1, self.ticks)
                    packet.pts = (done + chunk.places[index]) * duration
                    packet.dts = (done + index - self._delay) * duration
                    packet.duration = duration
                    yield packet
            done += len(chunk.places)
            if on_progress:
                on_progress(done)


def _packets(video: Any) -> Iterator[Any]:
    return (packet for packet in video.container.demux(video) if packet.size)


def _measure(path: Path) -> VideoChunk:
    from av.error import FFmpegError

    try:
        with open_media(path) as source:
            if not source.streams.video:
                raise ConcatError(f"The chunk {path} has no video stream. Pass files that contain video.")
            has_audio = bool(source.streams.audio)
            shown: list[int] = []
            for packet in _packets(source.streams.video[0]):
                if not shown and not packet.is_keyframe:
                    raise ConcatError(
                        f"The chunk {path} does not start with a key frame, so it cannot follow another "
                        f"one. Encode each chunk separately."
                    )
                shown.append(packet.pts)
    except FFmpegError as error:
        raise ConcatError(f"The chunk {path} cannot be read: {error}. Render it again.") from error
    if not shown:
        raise ConcatError(f"The chunk {path} has no frames. Render it again.")
    rank = {pts: place for place, pts in enumerate(sorted(shown))}
    places = [rank[pts] for pts in shown]
    return VideoChunk(path, places, max(index - place for index, place in enumerate(places)), has_audio)
