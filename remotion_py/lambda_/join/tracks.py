"""The audio track of a render, built from chunks in any order of arrival."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from ...media.audio import Mix, aac_options, track_arguments, write_mix
from ...media.ffmpeg import FFmpeg
from ..chunk import ChunkFiles
from ..job import VideoJob
from ..plan import ChunkPlan
from .audio import INTERMEDIATE, AacTrack, AudioTrack, EncodedTrack

_BYTES_PER_SAMPLE = 4
_PIECE = 1024 * 1024

log = logging.getLogger(__name__)


class AudioJoin:
    """Makes one track of the audio of chunks.

    A chunk cannot always know how a sound that it is in the middle of began. Where its guess turns out to differ from
    what the chunk before knows, the audio of the whole render is evaluated in one piece, and the rest is taken from it.

    Args:
        job: What is rendered.
        plans: The chunks, in order.
        folder: For its files.
        direct: A file of its own that the track is encoded to; None when it goes beside the video.
        forced: Make a silent track when nothing is heard.
        in_one_piece: Renders the audio of all frames at once; its file is None when nothing is heard.
    """

    def __init__(
        self,
        job: VideoJob,
        plans: Sequence[ChunkPlan],
        folder: Path,
        direct: Path | None,
        *,
        forced: bool,
        in_one_piece: Callable[[], Awaitable[ChunkFiles]],
    ) -> None:
        self._job = job
        self._plans = plans
        self._folder = folder
        self._forced = forced
        self._in_one_piece = in_one_piece
        self._arrived: dict[int, ChunkFiles] = {}
        self._whole: Path | None = None
        self._wrong = False
        self._encoder: FFmpeg | None = None
        self._encoded = direct or folder / f"track.{INTERMEDIATE.get(job.format.audio_codec or '', 'wav')}"
        self._silent = 0
        self._next = 0
        self._turn = asyncio.Lock()

    async def put(self, index: int, files: ChunkFiles) -> None:
        """Take the audio of a chunk."""
        self._arrived[index] = files
        async with self._turn:
            while self._next in self._arrived and not self._wrong:
                self._wrong = not self._fits(self._next)
                if not self._wrong:
                    if not self._job.format.seamless_aac:
                        await self._feed(self._plans[self._next].window, self._arrived[self._next].audio)
                    self._next += 1

    async def finish(self) -> AudioTrack | None:
        """Return the track once all chunks are there; None when nothing is heard."""
        if self._wrong:
            log.info("the audio is evaluated in one piece: chunk %d has no data about its start", self._next)
            self._whole = (await self._in_one_piece()).audio
        if self._job.format.seamless_aac:
            return await self._aac()
        if self._wrong:
            start, end = self._plans[0].window[0], self._plans[-1].window[1]
            begin = self._plans[self._next].window[0]
            await self._feed((begin, end), self._whole, skip=begin - start)
        if self._encoder is None and not self._forced:
            return None
        await self._encode_silence()
        assert self._encoder
        await self._encoder.finish()
        return EncodedTrack(self._encoded)

    async def kill(self) -> None:
        """End what is under way."""
        if self._encoder:
            await self._encoder.kill()

    def _fits(self, index: int) -> bool:
        seam = self._arrived[index].seam
        before = self._arrived[index - 1].seam if index else None
        return seam is None or len(self._plans) == 1 or seam.follows(before)

    async def _feed(self, window: tuple[int, int], path: Path | None, skip: int = 0) -> None:
        if path is None:
            self._silent += window[1] - window[0]
            return
        await self._encode_silence()
        assert self._encoder
        with path.open("rb") as file:
            file.seek(skip * _BYTES_PER_SAMPLE)
            while piece := file.read(_PIECE):
                await self._encoder.write(piece)
        path.unlink()

    async def _encode_silence(self) -> None:
        if self._encoder is None:
            form = self._job.format
            arguments = track_arguments(
                form.audio_codec or "", form.sample_rate, self._job.payload.audio_bitrate, self._encoded
            )
            self._encoder = FFmpeg(arguments, "encode the audio")
            await self._encoder.start()
        while self._silent:
            piece = min(self._silent, _PIECE // _BYTES_PER_SAMPLE)
            await self._encoder.write(bytes(piece * _BYTES_PER_SAMPLE))
            self._silent -= piece

    async def _aac(self) -> AudioTrack | None:
        lengths = [len(plan.captured) for plan in self._plans]
        audible = self._whole if self._wrong else any(files.audio for files in self._arrived.values())
        if not self._forced and not audible:
            return None
        if self._wrong:
            window = self._plans[0].window[0], self._plans[-1].window[1]
            files, lengths = [self._whole or await self._silence(window, "whole")], [sum(lengths)]
        else:
            files = [
                self._arrived[index].audio or await self._silence(plan.window, str(index))
                for index, plan in enumerate(self._plans)
            ]
        start = self._plans[0].captured.start - self._job.start
        return AacTrack(
            files,
            lengths,
            self._job.fps,
            start=start // self._job.every_nth,
            padded=self._job.payload.for_seamless_aac_concatenation,
        )

    async def _silence(self, window: tuple[int, int], name: str) -> Path:
        path = self._folder / f"silence-{name}.aac"
        mix = Mix([], [], window[1] - window[0], self._job.format.sample_rate)
        await write_mix(mix, path, aac_options(self._job.payload.audio_bitrate))
        return path
