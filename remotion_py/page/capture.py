"""Requests frames of a page one by one, and takes pictures of them.

With frame control, the browser paints nothing and runs no requestAnimationFrame without a request for a frame. So
frames are requested repeatedly during every wait. Without frame control the browser paints on its own schedule.
"""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Literal, Protocol, TypeVar

from ..errors import BrowserCrashedError
from .cdp import CdpSession, ProtocolError

T = TypeVar("T")
PictureFormat = Literal["jpeg", "png", "webp"]
EAGER_FRAMES = 4
"""A seek resolves within 1.8 frames on average (measured): ask for the first ones at once, then at display rate."""
FRAME_INTERVAL_S = 1 / 60
DRAWN_EVERY = 12
"""Seeks of most pages are over by then."""
CAPTURE_TRIES = 5
CONNECT_INTERVAL_S = 0.005
CONNECT_LIMIT_S = 0.5
CONNECT_ROUNDS = 10
"""For surfaces that change nothing: behind others, or black on black. On a busy machine the rounds take longer."""

Drive = Callable[[str], Awaitable[bool]]
"""Calls a function of the drivers of a page and its frames in turn, until one answers true."""


class FrameSource(Protocol):
    """How frames of one page are made."""

    async def wait(self, answer: Coroutine[Any, Any, T]) -> T:
        """Keep the page alive until the answer is there."""
        ...

    async def present(self, drive: Drive) -> None:
        """Have surfaces (videos and transferred canvases) hand their newest pictures to the display."""
        ...

    async def capture(self, format: PictureFormat, quality: int) -> bytes:
        """Take a picture of the page as it is.

        Args:
            format: "jpeg", "png" or "webp".
            quality: 0 to 100, for JPEG and WebP.
        """
        ...

    async def flush(self) -> None:
        """Draw the page once more after a picture, which would count as damage otherwise."""
        ...

    async def damaged(self) -> bool:
        """Draw what has changed since `flush()`, and return whether anything has."""
        ...


def _screenshot(format: PictureFormat, quality: int) -> dict[str, Any]:
    return {"format": format, "optimizeForSpeed": True} | ({} if format == "png" else {"quality": quality})


class ControlledFrames:
    """Frames by `HeadlessExperimental.beginFrame`; one at a time per page."""

    def __init__(self, cdp: CdpSession) -> None:
        self._cdp = cdp
        self._damaged = False

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

    async def present(self, drive: Drive) -> None:
        """Have surfaces hand over their newest pictures, and wait until those that are new are in the picture.

        A surface has a connection of its own to the display (traced with Chromium 156). A video hands over one picture,
        and drops what comes after it until a drawing has taken that one; what it dropped, it hands over when it is
        sought again, instead of the new picture. So a page that seeks twice in a frame stays one picture behind, for as
        many frames as it likes. A canvas hands over its picture when it is asked for a drawing.
        """
        await self._hand_over(drive)
        while await drive("hideNewSurface()"):
            await self._begin({})
            without = await self.capture("jpeg", 50)
            await drive("show()")
            await self._begin({})
            end, rounds = time.monotonic() + CONNECT_LIMIT_S, 0
            while await self.capture("jpeg", 50) == without and (rounds < CONNECT_ROUNDS or time.monotonic() < end):
                rounds += 1
                await asyncio.sleep(CONNECT_INTERVAL_S)
                await self._hand_over(drive)

    async def _hand_over(self, drive: Drive) -> None:
        """Let a drawing take what waits, have all videos come back into sight, and let another one take that."""
        await self._begin({})
        await drive("hideVideos()")
        await self._begin({})
        await drive("show()")
        await self._begin({})

    async def capture(self, format: PictureFormat, quality: int) -> bytes:
        """Draw the page and take its picture."""
        for _ in range(CAPTURE_TRIES):
            answer = await self._begin({"screenshot": _screenshot(format, quality)})
            if answer.get("screenshotData"):
                return base64.b64decode(answer["screenshotData"])
        raise BrowserCrashedError(f"The browser drew no picture in {CAPTURE_TRIES} attempts.")

    async def flush(self) -> None:
        """Draw the page once more after a picture."""
        await self._begin({})
        self._damaged = False

    async def damaged(self) -> bool:
        """Draw what has changed since `flush()`; frames that were drawn while the page was waited for count too."""
        await self._begin({})
        return self._damaged

    async def _begin(self, params: dict[str, Any]) -> dict[str, Any]:
        damaged, self._damaged = self._damaged, True  # also if the answer is lost
        try:
            answer = await self._cdp.send("HeadlessExperimental.beginFrame", params)
            self._damaged = damaged or answer.get("hasDamage") is not False
            return answer
        except ProtocolError as error:
            if "pending" not in str(error):
                raise BrowserCrashedError(f"The browser refused to draw a frame: {error}") from error
            # A frame whose waiting was cancelled is still under way; the page is usable once it is over.
            await asyncio.sleep(FRAME_INTERVAL_S)
            return {}


class FreeFrames:
    """Frames by `Page.captureScreenshot`, from a browser that paints by itself."""

    def __init__(self, cdp: CdpSession) -> None:
        self._cdp = cdp

    async def wait(self, answer: Coroutine[Any, Any, T]) -> T:
        """Wait for the answer."""
        return await answer

    async def present(self, drive: Drive) -> None:
        """Leave it to the browser, which draws all the time."""

    async def capture(self, format: PictureFormat, quality: int) -> bytes:
        """Take a picture of the page."""
        try:
            answer = await self._cdp.send("Page.captureScreenshot", _screenshot(format, quality))
        except ProtocolError as error:
            raise BrowserCrashedError(f"The browser refused to take a picture: {error}") from error
        return base64.b64decode(answer["data"])

    async def flush(self) -> None:
        """Do nothing: the browser draws all the time."""

    async def damaged(self) -> bool:
        """Return that something may have changed."""
        return True
