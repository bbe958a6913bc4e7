"""Asking a page for frames, one by one, and taking pictures of them.

With frame control nothing is painted and no requestAnimationFrame runs unless a frame is asked for, so waiting for a
page means pumping frames beside it. Without it the browser paints by itself.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Coroutine
from typing import Any, Literal, Protocol, TypeVar

from ..errors import BrowserCrashedError
from .cdp import Carrier, ProtocolError

T = TypeVar("T")
PictureFormat = Literal["jpeg", "png", "webp"]

EAGER_FRAMES = 4
"""A seek resolves within 1.8 frames on average (measured): ask for the first ones at once, then at display rate."""
FRAME_INTERVAL_S = 1 / 60
DRAWN_EVERY = 12
"""Seeks of most pages are over by then."""
CAPTURE_TRIES = 5


class Frames(Protocol):
    """How frames of one page are made."""

    async def wait(self, answer: Coroutine[Any, Any, T]) -> T:
        """Keep the page alive until the answer is there."""
        ...

    async def capture(self, format: PictureFormat, quality: int, *, settle: bool) -> bytes:
        """Take a picture of the page as it is.

        Args:
            format: "jpeg", "png" or "webp".
            quality: 0 to 100, for JPEG and WebP.
            settle: Draw once more before, as a `<video>` needs after it is ready.
        """
        ...


def _screenshot(format: PictureFormat, quality: int) -> dict[str, Any]:
    return {"format": format, "optimizeForSpeed": True} | ({} if format == "png" else {"quality": quality})


class ControlledFrames:
    """Frames by `HeadlessExperimental.beginFrame`; one at a time per page."""

    def __init__(self, carrier: Carrier) -> None:
        self._carrier = carrier

    async def wait(self, answer: Coroutine[Any, Any, T]) -> T:
        """Pump frames until the answer is there."""
        task = asyncio.ensure_future(answer)
        asked = 0
        try:
            while not task.done():
                asked += 1
                # A <video> that is sought may wait for a frame that is drawn.
                await self._begin({} if asked % DRAWN_EVERY == 0 else {"noDisplayUpdates": True})
                if not task.done():
                    await asyncio.wait([task], timeout=0.001 if asked < EAGER_FRAMES else FRAME_INTERVAL_S)
            return task.result()
        finally:
            if not task.done():
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    async def capture(self, format: PictureFormat, quality: int, *, settle: bool) -> bytes:
        """Draw the page and take its picture."""
        if settle:
            await self._begin({})
        for _ in range(CAPTURE_TRIES):
            answer = await self._begin({"screenshot": _screenshot(format, quality)})
            if answer.get("screenshotData"):
                return base64.b64decode(answer["screenshotData"])
        raise BrowserCrashedError(f"The browser drew no picture in {CAPTURE_TRIES} tries.")

    async def _begin(self, params: dict[str, Any]) -> dict[str, Any]:
        try:
            return await self._carrier.send("HeadlessExperimental.beginFrame", params)
        except ProtocolError as error:
            if "pending" not in str(error):
                raise BrowserCrashedError(f"The browser refused to draw a frame: {error}") from error
            # A frame whose waiting was cancelled is still under way; the page is usable once it is over.
            await asyncio.sleep(FRAME_INTERVAL_S)
            return {}


class FreeFrames:
    """Frames by `Page.captureScreenshot`, from a browser that paints by itself."""

    def __init__(self, carrier: Carrier) -> None:
        self._carrier = carrier

    async def wait(self, answer: Coroutine[Any, Any, T]) -> T:
        """Wait for the answer."""
        return await answer

    async def capture(self, format: PictureFormat, quality: int, *, settle: bool) -> bytes:
        """Take a picture of the page."""
        del settle
        try:
            answer = await self._carrier.send("Page.captureScreenshot", _screenshot(format, quality))
        except ProtocolError as error:
            raise BrowserCrashedError(f"The browser refused to take a picture: {error}") from error
        return base64.b64decode(answer["data"])
