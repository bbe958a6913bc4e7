"""Renders one chunk: pictures go to the encoder as they arrive, and the audio is mixed at the end."""

from __future__ import annotations

import contextlib
import logging
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

from .._data.progress_json import StoredArtifactJson
from ..media.audio import PCM_OPTIONS, aac_options
from ..media.soundtrack import Soundtrack
from ..media.tracks import AudioAsset, Seam, Segment
from ..media.video import ChunkEncoder
from ..page.reuse import ReuseMismatchError, Source
from .artifacts import ArtifactWriter
from .context import Context
from .frames import RenderedFrame, show_frame, show_frames
from .job import VideoJob
from .plan import ChunkPlan

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ChunkFiles:
    """A rendered chunk.

    Attributes:
        video: Its pictures; None for audio alone.
        audio: Its samples or packets; None where nothing is heard.
        seam: How its audio fits to that of its neighbours; None without audio.
    """

    video: Path | None
    audio: Path | None
    seam: Seam | None = None

    def unlink(self) -> None:
        """Remove the files."""
        for path in (self.video, self.audio):
            if path:
                path.unlink(missing_ok=True)


def video_file(job: VideoJob, folder: Path, name: str) -> Path:
    """Return where a chunk's pictures go."""
    return folder / f"{name}.{job.format.codec.chunk}"


def audio_file(job: VideoJob, folder: Path, name: str) -> Path:
    """Return where a chunk's audio goes."""
    return folder / f"{name}.{'aac' if job.format.seamless_aac else 'pcm'}"


class ChunkRender:
    """Renders one chunk to files, and reports its progress.

    Attributes:
        rendered: Frames that are captured.
        encoded: Frames that are encoded.
        reused: Frames that are equal to the frame before and were not captured.
        verified: Frames that were captured to check that they are equal to the frame before.
        newest: The frame that was captured last, and its picture.
        step: The frame that is being rendered, None where it is not a single one; and what it waits for.

    Args:
        context: Services and limits of this invocation.
        job: What to render.
        frames: First and last frame.
        name: Of its files, without extension.
        pictures: Whether pictures are wanted too.
    """

    def __init__(
        self, context: Context, job: VideoJob, frames: tuple[int, int], name: str, *, pictures: bool = True
    ) -> None:
        self.newest: tuple[int, bytes] | None = None
        self.step: tuple[int | None, str] = None, "the page"
        self._context = context
        self._job = job
        self._plan: ChunkPlan = job.plan(frames)
        self._name = name
        self._pictures = pictures and job.format.codec.has_video
        self._store = context.open_store(job.payload.bucket_name)
        self._looked: dict[int, list[AudioAsset]] = {}
        self._begin()

    def _begin(self) -> None:
        self.rendered = self.encoded = self.reused = self.verified = 0
        self._artifacts = ArtifactWriter(self._store, self._job.render_id)

    @property
    def artifacts(self) -> list[StoredArtifactJson]:
        """The artifacts that are stored so far."""
        return self._artifacts.stored

    async def run(self) -> ChunkFiles:
        """Render all of it; once more if it turns out that pictures cannot be reused."""
        try:
            return await self._run(reuse=self._job.payload.reuse_frames)
        except ReuseMismatchError as error:
            log.warning("%s: every frame is captured now. %s", self._name, error)
        self._begin()
        return await self._run(reuse=False)

    async def _run(self, *, reuse: bool) -> ChunkFiles:
        plan, job, folder = self._plan, self._job, self._context.temp
        self._context.begin(job.payload)
        first_index = plan.heard.start - job.start
        video = video_file(job, folder, self._name) if self._pictures else None
        ends = plan.heard.stop > job.last_heard
        with contextlib.closing(Soundtrack(job.timeline, first_index, folder, ends=ends)) as track:
            async with contextlib.AsyncExitStack() as stack:
                encoder: ChunkEncoder | None = None
                if video:
                    settings = job.video(self._context.encoder_threads)
                    encoder = await stack.enter_async_context(ChunkEncoder(settings, video))
                captured = plan.captured if video else range(0)
                ahead = iter(plan.visited)
                visited = show_frames(self._context.session, job, plan.visited, captured.__contains__, reuse=reuse)
                self.step = next(ahead, None), "the page"
                async with aclosing(visited) as shown:
                    async for item in shown:
                        await self._take(item, encoder, track)
                        self.step = next(ahead, None), "the page"
                self.step = None, "FFmpeg"
                if encoder:
                    await encoder.finish()
            self.step = None, "the sound"
            audio = await self._audio(track) if job.has_audio else None
            return ChunkFiles(video, audio, track.seam() if job.has_audio else None)

    async def _take(self, shown: RenderedFrame, encoder: ChunkEncoder | None, track: Soundtrack) -> None:
        if shown.frame in self._plan.heard:
            track.add(shown.assets.heard, shown.assets.inline)
        if shown.frame not in self._plan.captured:
            return
        if self._pictures or not self._job.format.codec.has_video:
            await self._artifacts.take(shown)
        self.rendered += 1
        if shown.capture:
            self.newest = shown.frame, shown.capture.picture
            self.reused += shown.capture.source is Source.REUSED
            self.verified += shown.capture.source is Source.VERIFIED
        self.step = shown.frame, "FFmpeg"
        if encoder and shown.capture:
            await encoder.write(shown.capture.picture)
        self.encoded = encoder.frames if encoder else self.rendered

    async def _audio(self, track: Soundtrack) -> Path | None:
        for segment in track.cut_off():
            head, volume = await self._head(segment)
            track.found_head(segment.asset.id, head, volume)
        output = audio_file(self._job, self._context.temp, self._name)
        options = aac_options(self._job.payload.audio_bitrate) if self._plan.aac else PCM_OPTIONS
        heard = await track.write(self._plan.window, output, options, self._context.sources, forced=False)
        return output if heard else None

    async def _head(self, segment: Segment) -> tuple[int, float]:
        """Find where a segment that began before this chunk began, and how loud it was there.

        Its frame counter says where its tag began; it is heard from the first frame on which it is not muted.
        """
        asset = segment.asset
        low = max(0, segment.start - round(asset.media_frame - asset.start_frame))
        found = await self._heard_at(low, asset)
        if found:
            return low, found.volume
        high, volume = segment.start, asset.volume
        while high - low > 1:
            middle = (low + high) // 2
            found = await self._heard_at(middle, asset)
            if found:
                high, volume = middle, found.volume
            else:
                low = middle
        return high, volume

    async def _heard_at(self, index: int, asset: AudioAsset) -> AudioAsset | None:
        start = self._job.start
        if index not in self._looked:
            shown = await show_frame(self._context.session, self._job, start + index, captured=False)
            self._looked[index] = list(shown.assets.heard)
        return next((found for found in self._looked[index] if found.id == asset.id), None)
