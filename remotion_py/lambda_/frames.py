"""Rendering a run of frames on a stage, with the retries that a page or browser in trouble gets."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

from ..errors import BrowserCrashedError, PageTimeoutError
from ..media.video import ChunkEncoder
from ..page.bundle import CompositionPage
from ..page.stage import Stage
from .job import Job, page_settings

CRASH_RETRIES = 1
"""How often one frame is tried again in a new browser before the whole chunk is given up."""


async def render_frames(stage: Stage, job: Job, first: int, last: int) -> AsyncGenerator[bytes]:
    """Yield the encoded picture of each frame from `first` to `last`, in order.

    Raises:
        PageError: The page failed at a frame.
        BrowserCrashedError: The browser died at the same frame once more.
    """
    attempt = 1
    frame = first
    crashes = 0
    while frame <= last:
        try:
            page = await _page(stage, job, frame, attempt)
            while frame <= last:
                await page.seek(frame)
                picture = await page.capture(job.image_format, job.jpeg_quality)
                yield picture
                frame, crashes = frame + 1, 0
        except BrowserCrashedError:
            await stage.discard(browser=True)
            crashes += 1
            if crashes > CRASH_RETRIES:
                raise
        except PageTimeoutError as error:
            await stage.discard(browser=False)
            if not error.data.get("retries_left"):
                raise
            attempt += 1
        except Exception:
            await stage.discard(browser=False)
            raise


async def _page(stage: Stage, job: Job, frame: int, attempt: int) -> CompositionPage:
    return await stage.show(
        job.serve_url,
        page_settings(job.payload, first_frame=frame, attempt=attempt),
        job.laid_out,
        job.scale,
        transparent=job.transparent,
        generation=job.render_id,
    )


class ChunkRender:
    """Renders one chunk to a file, and tells how far it is.

    Args:
        stage: Where the page is shown.
        job: What to render.
        frames: First and last frame.
        threads: Threads of the encoder.
        output: The chunk to write.
    """

    def __init__(self, stage: Stage, job: Job, frames: tuple[int, int], threads: int, output: Path) -> None:
        self.rendered = 0
        self.encoded = 0
        self._stage = stage
        self._job = job
        self._frames = frames
        self._encoder = ChunkEncoder(job.video(threads), output)

    async def run(self) -> None:
        """Render and encode all frames of the chunk."""
        first, last = self._frames
        async with self._encoder as encoder:
            async for picture in render_frames(self._stage, self._job, first, last):
                self.rendered += 1
                await encoder.write(picture)
                self.encoded = encoder.frames
            await encoder.finish()
