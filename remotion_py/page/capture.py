"""Asking a page for frames, one by one, and taking pictures of them.

With frame control nothing is painted and no requestAnimationFrame runs unless a frame is asked for, so waiting for a
page means pumping frames beside it. Without it the browser paints by itself.
"""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Coroutine
from typing import Any, Literal, Protocol, TypeVar

from ..errors import BrowserCrashedError
from .cdp import Carrier, ProtocolError

T = TypeVar("T")
PictureFormat = Literal["jpeg", "png", "webp"]
Videos = Literal["none", "shown", "appear"]
"""What `<video>` tags do in a frame: there are none in sight, all were there before, or some come into sight."""

EAGER_FRAMES = 4
"""A seek resolves within 1.8 frames on average (measured): ask for the first ones at once, then at display rate."""
FRAME_INTERVAL_S = 1 / 60
DRAWN_EVERY = 12
"""Seeks of most pages are over by then."""
CAPTURE_TRIES = 5
SETTLE_INTERVAL_S = 0.005
SETTLE_STILL = 4
SETTLE_LIMIT_S = 0.5
"""A video's picture reaches the display a moment after the page knows of it: it is there when so many drawings in a row
changed nothing. The limit is for pages that change all the time."""


class Frames(Protocol):
    """How frames of one page are made."""

    async def wait(self, answer: Coroutine[Any, Any, T]) -> T:
        """Keep the page alive until the answer is there."""
        ...

    async def draw(self) -> None:
        """Draw the page as it is."""
        ...

    async def capture(self, format: PictureFormat, quality: int, *, videos: Videos) -> bytes:
        """Take a picture of the page as it is.

        Args:
            format: "jpeg", "png" or "webp".
            quality: 0 to 100, for JPEG and WebP.
            videos: What its `<video>` tags do: their pictures come to the display by a way of their own.
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

    async def draw(self) -> None:
        """Draw the page."""
        await self._begin({})

    async def capture(self, format: PictureFormat, quality: int, *, videos: Videos) -> bytes:
        """Draw the page and take its picture."""
        if videos != "none":
            await self._begin({})
        if videos == "appear":
            await self._settle()
        for _ in range(CAPTURE_TRIES):
            answer = await self._begin({"screenshot": _screenshot(format, quality)})
            if answer.get("screenshotData"):
                return base64.b64decode(answer["screenshotData"])
        raise BrowserCrashedError(f"The browser drew no picture in {CAPTURE_TRIES} tries.")

    async def _settle(self) -> None:
        """Draw until the picture stands still."""
        end = time.monotonic() + SETTLE_LIMIT_S
        still = 0
        while still < SETTLE_STILL and time.monotonic() < end:
            await asyncio.sleep(SETTLE_INTERVAL_S)
            still = 0 if (await self._begin({})).get("hasDamage") else still + 1

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

    async def draw(self) -> None:
        """Leave it to the browser."""

    async def capture(self, format: PictureFormat, quality: int, *, videos: Videos) -> bytes:
        """Take a picture of the page."""
        del videos
        try:
            answer = await self._carrier.send("Page.captureScreenshot", _screenshot(format, quality))
        except ProtocolError as error:
            raise BrowserCrashedError(f"The browser refused to take a picture: {error}") from error
        return base64.b64decode(answer["data"])
