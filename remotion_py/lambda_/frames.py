"""Renders frames in a browser session, and retries when a page or browser fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass, replace

from ..errors import BrowserCrashedError, PageTimeoutError
from ..media.resize import cropped, shrunk
from ..page.bundle import CompositionPage
from ..page.capture import PictureFormat
from ..page.flags import SMALLEST_SCALE
from ..page.reuse import Capture, FrameReuse, Source
from ..page.session import BrowserSession
from .assets import FrameAssets
from .job import Job

CRASH_RETRIES = 1
"""How often one frame is tried again in a new browser before the whole chunk is given up."""


@dataclass(frozen=True)
class RenderedFrame:
    """A frame as the page showed it.

    Attributes:
        frame: Its number.
        capture: Its picture, and where that is from; None when none was wanted.
        assets: What it plays and emits.
    """

    frame: int
    capture: Capture | None
    assets: FrameAssets

    @property
    def picture(self) -> bytes | None:
        """Its encoded picture; None when none was wanted."""
        return self.capture.picture if self.capture else None


async def show_frames(
    session: BrowserSession, job: Job, frames: Iterable[int], captured: Callable[[int], bool], *, reuse: bool = False
) -> AsyncGenerator[RenderedFrame]:
    """Show frames one after the other.

    Args:
        session: The browser session.
        job: What is rendered.
        frames: Which ones, in order.
        captured: Returns whether a frame's picture is needed.
        reuse: Whether frames in which nothing changes get the picture of the frame before.

    Raises:
        ReuseMismatchError: A page cannot be rendered with `reuse`.
        PageError: The page failed at a frame.
        BrowserCrashedError: The browser died at the same frame once more.
        PageTimeoutError: The page did not answer, and did not in a new browser either.
    """
    attempt = 1
    crashes = 0
    waiting = list(frames)
    waiting.reverse()
    while waiting:
        try:
            page = await _page(session, job, waiting[-1], attempt)
            pictures = _Pictures(page, job, FrameReuse() if reuse else None)
            while waiting:
                assets = FrameAssets.from_page(await page.seek(waiting[-1]), waiting[-1])
                wanted = captured(waiting[-1])
                taken = await pictures.next() if wanted else None
                shown = RenderedFrame(waiting.pop(), taken, assets)
                crashes = 0
                yield shown
        except BrowserCrashedError as error:
            await session.discard(browser=True)
            crashes += 1
            if crashes > CRASH_RETRIES and error.data.get("silent"):
                # Two browsers that hang at one frame are the page's doing, so the chunk is not worth another function.
                raise PageTimeoutError(error.message, **error.data) from None
            if crashes > CRASH_RETRIES:
                raise
        except PageTimeoutError as error:
            await session.discard(browser=False)
            if not error.data.get("retries_left"):
                raise
            attempt += 1
        except Exception:
            await session.discard(browser=False)
            raise


async def show_frame(session: BrowserSession, job: Job, frame: int, *, captured: bool) -> RenderedFrame:
    """Show one frame; see `show_frames()`."""
    async with aclosing(show_frames(session, job, [frame], lambda _: captured)) as shown:
        return await anext(shown)


class _Pictures:
    """Takes the pictures of one page, in the size of the output.

    Args:
        page: The page.
        job: What is rendered.
        reuse: What is known of its pictures; None captures every frame.
    """

    def __init__(self, page: CompositionPage, job: Job, reuse: FrameReuse | None) -> None:
        self._page = page
        self._job = job
        self._reuse = reuse
        self._resized: bytes | None = None

    async def next(self) -> Capture:
        """Return the picture of the frame that is displayed."""
        job = self._job
        if job.image_format == "pdf":
            return Capture(await self._page.print())
        size = (*job.dimensions, job.image_format, job.jpeg_quality)
        if job.scale < SMALLEST_SCALE:
            return await self._resize(shrunk, await self._capture(job.image_format), size)
        if job.drawn_exactly or job.encoder_crops:
            return await self._capture(job.image_format)
        return await self._resize(cropped, await self._capture("png"), size)

    async def _capture(self, format: PictureFormat) -> Capture:
        if self._reuse:
            return await self._page.capture_or_reuse(self._reuse, format, self._job.jpeg_quality)
        return Capture(await self._page.capture(format, self._job.jpeg_quality))

    async def _resize(self, resize: Callable[..., bytes], taken: Capture, size: tuple[int, int, str, int]) -> Capture:
        if self._resized is None or taken.source is Source.CAPTURED:
            self._resized = await asyncio.to_thread(resize, taken.picture, *size)
        return Capture(self._resized, taken.source)


async def _page(session: BrowserSession, job: Job, frame: int, attempt: int) -> CompositionPage:
    return await session.show(
        job.serve_url,
        replace(job.payload.page_settings, initial_frame=frame, attempt=attempt),
        job.laid_out,
        background=job.background,
        media=job.media,
        generation=job.render_id,
    )
