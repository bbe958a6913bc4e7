"""The sounds of a range of frames: collected frame by frame, then mixed for a window of the output."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from ..errors import MediaError
from .audio import InlineLayer, Mix, write_mix
from .sources import Sources
from .tracks import AudioAsset, InlineAudio, Layer, Seam, Segment, Timeline, find_segments, inline_position, layer

_BYTES_PER_SAMPLE = 4
"""Of interleaved stereo with 16 bits."""
MOST_INLINE = 500
"""Each has an open file, of which a process has 1024 by default."""


@dataclass
class _InlineTrack:
    path: Path
    file: BinaryIO
    origin: int
    tone: float


class Soundtrack:
    """Gathers the audio of successive frames.

    Args:
        timeline: The output.
        first: Index of the first frame on the timeline.
        folder: For files on the way.
        ends: Whether nothing is heard after the last of these frames.
    """

    def __init__(self, timeline: Timeline, first: int, folder: Path, *, ends: bool) -> None:
        self._timeline = timeline
        self._first = first
        self._folder = folder
        self._ends = ends
        self._frames: list[list[AudioAsset]] = []
        self._inline: dict[str, _InlineTrack] = {}
        self._heads: dict[str, tuple[int, float]] = {}

    def add(self, heard: Sequence[AudioAsset], inline: Sequence[InlineAudio]) -> None:
        """Take what is heard in the next frame.

        Args:
            heard: Media files.
            inline: What the page decoded itself.

        Raises:
            MediaError: The page decodes more sounds than files can be open.
        """
        index = self._first + len(self._frames)
        self._frames.append(list(heard))
        for audio in inline:
            self._write(index, audio)

    def cut_off(self) -> list[Segment]:
        """Return the segments that were already running at the first frame, so that their heads lie before it."""
        return [
            segment
            for segment in find_segments(self._frames[:1], self._first)
            if self._first > 0 and segment.asset.media_frame > segment.asset.start_frame
        ]

    def seam(self) -> Seam:
        """Describe its segments for the chunks beside it."""
        heads = {key: head for key, (head, _) in self._heads.items()}
        pitched = any(track.tone != 1 for track in self._inline.values())
        return Seam.of(self._segments(), self._first, heads, whole=pitched)

    def found_head(self, asset_id: str, head: int, volume: float) -> None:
        """Take note of where a segment that was cut off began, and how loud it was there."""
        self._heads[asset_id] = head, volume

    async def write(
        self, window: tuple[int, int], output: Path, options: dict[str, Any], sources: Sources, *, forced: bool
    ) -> bool:
        """Mix a window and encode it.

        Args:
            window: First sample, and the one after the last.
            output: The file to write.
            options: FFmpeg's options of the encoder.
            sources: Where media files come from.
            forced: Write silence too; otherwise nothing is written when nothing is heard.

        Returns:
            Whether anything is heard.

        Raises:
            MediaError: A media file cannot be fetched or read, or FFmpeg failed.
        """
        layers = await self._layers(window, sources)
        mix = Mix(layers, self._inline_layers(window), window[1] - window[0], self._timeline.sample_rate)
        if mix.audible or forced:
            await write_mix(mix, output, options)
        return mix.audible

    def close(self) -> None:
        """Remove the files on the way."""
        for track in self._inline.values():
            track.file.close()
            track.path.unlink(missing_ok=True)
        self._inline.clear()

    async def _layers(self, window: tuple[int, int], sources: Sources) -> list[tuple[Layer, Path]]:
        found: list[tuple[Layer, Path]] = []
        for segment in self._segments():
            path = await sources.file(segment.asset.src)
            facts = await sources.facts(path, segment.asset.stream_index)
            heard = layer(segment, facts, self._timeline, window)
            if heard:
                found.append((heard, path))
        return found

    def _segments(self) -> list[Segment]:
        return [
            segment.begun(*self._heads[segment.asset.id])
            if segment.start == self._first and segment.asset.id in self._heads
            else segment
            for segment in find_segments(self._frames, self._first, ends=self._ends)
        ]

    def _inline_layers(self, window: tuple[int, int]) -> list[InlineLayer]:
        for track in self._inline.values():
            track.file.flush()
        return [
            InlineLayer(track.path, max(0, window[0] - track.origin), max(0, track.origin - window[0]), track.tone)
            for track in self._inline.values()
            if track.origin < window[1]
        ]

    def _write(self, index: int, audio: InlineAudio) -> None:
        position = inline_position(index, self._timeline)
        track = self._inline.get(audio.id)
        if track is None:
            if len(self._inline) >= MOST_INLINE:
                raise MediaError(
                    f"The page plays more than {MOST_INLINE} sounds that it decodes itself. Use fewer <Audio> and "
                    f"<Video> tags of @remotion/media, or render fewer frames at once."
                )
            path = self._folder / f"inline-{len(self._inline)}.s16"
            track = self._inline[audio.id] = _InlineTrack(path, path.open("w+b"), position, audio.tone)
        track.file.seek((position - track.origin) * _BYTES_PER_SAMPLE)
        track.file.write(audio.samples)
