"""The packets of a joined audio track: AAC packets of chunks by index, or an encoded track."""

from __future__ import annotations

import itertools
import wave
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

from ...errors import ConcatError
from ...media.aac import PACKET, PRIMING, AacChunk, aac_chunks, pick_packets
from ...media.audio import track_arguments
from ...media.ffmpeg import run_ffmpeg
from ...media.opening import open_media
from ...media.tracks import Timeline

PIECE = 256 * 1024
INTERMEDIATE = {"aac": "mkv", "mp3": "mp4", "opus": "webm", "pcm-16": "wav"}
"""Containers that keep what an encoder put before the first sample apart from the audio."""
MOST_PRIMING = 4
"""Packets; libfdk_aac puts 2 before the first sample, FFmpeg's own encoder 1."""


class AudioTrack(Protocol):
    """Audio that can be written beside video."""

    def add_to(self, joined: Any) -> Any:
        """Add its stream to an output container."""
        ...

    def packets(self, stream: Any, end: Fraction | None) -> Iterator[Any]:
        """Yield all packets for a stream; the first may lie before zero, which an edit list hides.

        Args:
            stream: The stream.
            end: When the track ends, in seconds; None keeps what the encoder put after it.
        """
        ...


class AacTrack:
    """AAC of successive chunks with padding, in ADTS files.

    Args:
        paths: The chunks, in order.
        lengths: Frames of each.
        fps: Frames per second.
        start: Index of the first frame on the timeline of the whole.
        padded: Keep the padding on both sides, so that the result is a longer chunk.

    Raises:
        ConcatError: A file is not ADTS, or has fewer packets than its frames need.
    """

    def __init__(
        self, paths: Sequence[Path], lengths: Sequence[int], fps: Fraction, *, start: int = 0, padded: bool = False
    ) -> None:
        self._paths = paths
        self._padded = padded
        counted = [_count(path) for path in paths]
        self.sample_rate = counted[0][1]
        timeline = Timeline(fps, self.sample_rate)
        self._chunks = aac_chunks(lengths, timeline, start)
        self.end_sample = timeline.sample(start + sum(lengths))
        self.priming = PRIMING
        for number, (path, (packets, rate), chunk) in enumerate(zip(paths, counted, self._chunks, strict=True)):
            self._check(path, packets, rate, chunk, first=number == 0)

    def _check(self, path: Path, packets: int, rate: int, chunk: AacChunk, *, first: bool) -> None:
        priming = packets - (chunk.right - chunk.left)
        if first and 1 <= priming <= MOST_PRIMING:
            self.priming = priming
        if rate != self.sample_rate or priming != self.priming:
            raise ConcatError(
                f"The audio {path} has {packets} packets at {rate} Hz, but its frames need "
                f"{chunk.right - chunk.left + self.priming} at {self.sample_rate} Hz. Render it with composition_start "
                f"and for_seamless_aac_concatenation, and pass the chunks in their order."
            )

    def add_to(self, joined: Any) -> Any:
        """Add its stream to an output container."""
        with open_media(self._paths[0]) as first:
            stream = joined.add_stream_from_template(first.streams.audio[0], opaque=True)
        stream.time_base = Fraction(1, self.sample_rate)
        return stream

    def packets(self, stream: Any, end: Fraction | None) -> Iterator[Any]:
        """Yield all packets for a stream; they always end with the track."""
        del end
        number = -self.priming + (self._chunks[0].left if self._padded else 0)
        for pick in pick_packets(self._chunks, None if self._padded else self.end_sample, self.priming):
            for packet in _adts_packets(self._paths[pick.chunk], pick.begin, pick.end):
                packet.stream = stream
                packet.time_base = Fraction(1, self.sample_rate)
                packet.pts = packet.dts = number * PACKET
                packet.duration = PACKET if self._padded else min(PACKET, self.end_sample - number * PACKET)
                number += 1
                yield packet


def encode_waves(
    paths: Sequence[Path], lengths: Sequence[int], fps: Fraction, codec: str, folder: Path
) -> EncodedTrack:
    """Encode the samples of successive chunks as one track.

    Args:
        paths: A WAV file for each chunk: 16 bits, stereo, cut at the samples where its frames begin and end.
        lengths: Frames of each chunk.
        fps: Frames per second.
        codec: Remotion's name of the audio codec.
        folder: Where the track is written.

    Raises:
        ConcatError: A file is not such a WAV file, or has fewer samples than its frames need.
    """
    rate = _wave_rate(paths[0])
    timeline = Timeline(fps, rate)
    borders = [timeline.sample(index) for index in itertools.accumulate(lengths, initial=0)]
    for path, (begin, end) in zip(paths, itertools.pairwise(borders), strict=True):
        with wave.open(str(path)) as file:
            found = file.getframerate(), file.getnframes()
        if found != (rate, end - begin):
            raise ConcatError(
                f"The audio {path} has {found[1]} samples at {found[0]} Hz, but its frames need {end - begin} at "
                f"{rate} Hz. Render it with composition_start, and pass the chunks in their order."
            )

    def samples() -> Iterator[bytes]:
        for path in paths:
            with wave.open(str(path)) as file:
                while piece := file.readframes(PIECE):
                    yield piece

    # AAC goes into MP4 here, whose time stamps are exact.
    output = folder / f"track.{'mp4' if codec == 'aac' else INTERMEDIATE[codec]}"
    run_ffmpeg(track_arguments(codec, rate, None, output), "encode the audio", samples)
    return EncodedTrack(output)


def _wave_rate(path: Path) -> int:
    try:
        with wave.open(str(path)) as file:
            if (file.getnchannels(), file.getsampwidth()) != (2, 2):
                raise wave.Error("it is not stereo with 16 bits")
            return file.getframerate()
    except (OSError, EOFError, wave.Error) as error:
        raise ConcatError(f"The audio {path} cannot be read as WAV: {error}. Render it again.") from error


class EncodedTrack:
    """A track that is encoded already, in a file of its own.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def add_to(self, joined: Any) -> Any:
        """Add its stream to an output container."""
        with open_media(self._path) as source:
            template = source.streams.audio[0]
            stream = joined.add_stream_from_template(template, opaque=True)
            stream.time_base = template.time_base
        return stream

    def packets(self, stream: Any, end: Fraction | None) -> Iterator[Any]:
        """Yield all packets for a stream."""
        with open_media(self._path) as source:
            packets: Iterator[Any] = source.demux(source.streams.audio[0])
            for packet in packets:
                if not packet.size:
                    continue
                if end is not None:
                    left = round(end / packet.time_base) - packet.pts
                    if left <= 0:
                        return
                    packet.duration = min(packet.duration, left)
                packet.stream = stream
                yield packet


def _adts_packets(path: Path, begin: int, end: int) -> Iterator[Any]:
    with open_media(path) as source:
        index = 0
        for packet in source.demux(source.streams.audio[0]):
            if packet.size:
                if begin <= index < end:
                    yield packet
                index += 1


def _count(path: Path) -> tuple[int, int]:
    """Return the number of packets of an ADTS file, and its sample rate."""
    from av.error import FFmpegError

    try:
        with open_media(path, "aac") as source:
            stream = source.streams.audio[0]
            packets = sum(1 for packet in source.demux(stream) if packet.size)
            if not stream.codec_context.sample_rate:
                raise IndexError("it has no AAC frames")
            return packets, stream.codec_context.sample_rate
    except (FFmpegError, IndexError) as error:
        raise ConcatError(f"The audio {path} cannot be read as AAC: {error}. Render it again.") from error
