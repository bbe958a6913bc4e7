"""The audio of a render: taken chunk by chunk as it arrives, in whatever order, and made one track."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from ..media.audio import Mix, aac_options, track_arguments, write_mix
from ..media.ffmpeg import FFmpeg
from .concat_audio import AacTrack, AudioTrack, EncodedTrack
from .job import Job
from .plan import ChunkPlan

_BYTES_PER_SAMPLE = 4
_PIECE = 1024 * 1024
_INTERMEDIATE = {"mp3": "mp4", "opus": "webm", "pcm-16": "wav"}
"""Containers that keep what an encoder put before the first sample apart from the audio."""


class AudioJoin:
    """Makes one track of the audio of chunks.

    Args:
        job: What is rendered.
        plans: The chunks, in order.
        folder: For its files.
        direct: A file of its own that the track is encoded to; None when it goes beside the video.
        forced: Make a silent track when nothing is heard.
    """

    def __init__(
        self, job: Job, plans: Sequence[ChunkPlan], folder: Path, direct: Path | None, *, forced: bool
    ) -> None:
        self._job = job
        self._plans = plans
        self._folder = folder
        self._direct = direct
        self._forced = forced
        self._arrived: dict[int, Path | None] = {}
        self._encoder: FFmpeg | None = None
        self._encoded = direct or folder / f"track.{_INTERMEDIATE.get(job.format.audio_codec or '', 'wav')}"
        self._silent = 0
        self._next = 0
        self._turn = asyncio.Lock()

    async def put(self, index: int, path: Path | None) -> None:
        """Take the audio of a chunk; None means that nothing is heard in it."""
        self._arrived[index] = path
        if self._job.format.seamless_aac:
            return
        async with self._turn:
            while self._next in self._arrived:
                await self._feed(self._next)
                self._next += 1

    async def finish(self) -> AudioTrack | None:
        """Return the track once all chunks are there; None when nothing is heard."""
        if self._job.format.seamless_aac:
            return await self._aac()
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

    async def _feed(self, index: int) -> None:
        path = self._arrived[index]
        begin, end = self._plans[index].window
        if path is None:
            self._silent += end - begin
            return
        await self._encode_silence()
        assert self._encoder
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                await self._encoder.write(piece)
        path.unlink()

    async def _encode_silence(self) -> None:
        if self._encoder is None:
            form = self._job.format
            arguments = track_arguments(
                form.audio_codec or "", form.sample_rate, self._job.payload.get("audioBitrate"), self._encoded
            )
            self._encoder = FFmpeg(arguments, "encode the audio")
            await self._encoder.start()
        while self._silent:
            piece = min(self._silent, _PIECE // _BYTES_PER_SAMPLE)
            await self._encoder.write(bytes(piece * _BYTES_PER_SAMPLE))
            self._silent -= piece

    async def _aac(self) -> AudioTrack | None:
        if not self._forced and not any(self._arrived.values()):
            return None
        files = [self._arrived[index] or await self._silence(index) for index in range(len(self._plans))]
        start: int = self._plans[0].captured.start - self._job.payload["compositionStart"]
        return AacTrack(
            files,
            [len(plan.captured) for plan in self._plans],
            self._job.fps,
            start=start // self._job.every_nth,
            padded=bool(self._job.payload.get("forSeamlessAacConcatenation")),
        )

    async def _silence(self, index: int) -> Path:
        path = self._folder / f"silence-{index}.aac"
        begin, end = self._plans[index].window
        mix = Mix([], [], end - begin, self._job.format.sample_rate)
        await write_mix(mix, path, aac_options(self._job.payload.get("audioBitrate")))
        return path
