"""Finding a Chromium, launching it by Playwright, opening pages in it, and ending it whole."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp

from ..errors import BrowserCrashedError
from .cdp import Carrier, DirectCarrier, PlaywrightCarrier, ProtocolError
from .discovery import BrowserChoice
from .flags import FLAGS, FRAME_CONTROL_FLAGS, BrowserSettings
from .gate import Gate

if TYPE_CHECKING:
    from playwright.async_api import Browser as PlaywrightBrowser
    from playwright.async_api import CDPSession, Page, Playwright

LAUNCH_TIMEOUT_S = 25
CLOSE_TIMEOUT_S = 2

_KEPT_ENVIRONMENT = (
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "TMPDIR",
    "LD_LIBRARY_PATH",
    "FONTCONFIG_PATH",
    "FONTCONFIG_FILE",
)


class Browser:
    """A running Chromium and the gate before it. Use `Browser.launch()`."""

    def __init__(self, playwright: Playwright, browser: PlaywrightBrowser, gate: Gate, frame_control: bool) -> None:
        self.gate = gate
        self.frame_control = frame_control
        self.settings = BrowserSettings()
        self.version = browser.version
        self._playwright = playwright
        self._browser = browser
        self._session: CDPSession | None = None
        self._debugger: str | None = None
        self._group: int | None = None

    @classmethod
    async def launch(cls, choice: BrowserChoice, settings: BrowserSettings | None = None) -> Browser:
        """Launch a browser, with frame control where it can be had (probed once, at launch).

        Args:
            choice: The browser.
            settings: What is fixed at launch; None for the usual.

        Raises:
            BrowserCrashedError: It did not start.
        """
        settings = settings or BrowserSettings()
        gate = Gate()
        await gate.start()
        browser: Browser | None = None
        for frame_control in (True, False) if choice.headless_shell and sys.platform == "linux" else (False,):
            own = os.environ.get("REMOTION_PY_BROWSER_FLAGS", "").split()
            flags = (*FLAGS, f"--proxy-server=socks5://127.0.0.1:{gate.port}", *settings.flags(), *own)
            try:
                control = FRAME_CONTROL_FLAGS if frame_control else ()
                browser = await cls._start(choice, (*flags, *control), settings.timezone, gate)
            except BaseException:
                await gate.close()
                raise
            browser.settings = settings
            try:
                browser.frame_control = frame_control and await browser._probe_frame_control()
            except BaseException:
                await browser.close()
                raise
            if browser.frame_control or not frame_control:
                return browser
            await browser._stop()
        raise AssertionError("unreachable: the last try has no frame control")

    @classmethod
    async def _start(cls, choice: BrowserChoice, flags: tuple[str, ...], timezone: str, gate: Gate) -> Browser:
        from playwright.async_api import Error, async_playwright

        playwright = await async_playwright().start()
        try:
            launched = await playwright.chromium.launch(
                executable_path=str(choice.path),
                args=list(flags),
                env={"TZ": timezone, **{key: os.environ[key] for key in _KEPT_ENVIRONMENT if key in os.environ}},
                timeout=LAUNCH_TIMEOUT_S * 1000,
            )
            browser = cls(playwright, launched, gate, frame_control=False)
            await browser._look_around()
        except Error as error:
            await playwright.stop()
            first = str(error).split("\n")[0]
            raise BrowserCrashedError(
                f"The browser {choice.path} did not start: {first} Run 'remotion-py doctor' to see what it lacks."
            ) from error
        except BaseException:
            await playwright.stop()
            raise
        return browser

    async def _look_around(self) -> None:
        session = await self._browser.new_browser_cdp_session()
        self._session = session
        for process in (await session.send("SystemInfo.getProcessInfo"))["processInfo"]:
            if process["type"] == "browser" and os.getpgid(process["id"]) == process["id"]:
                self._group = process["id"]
        for argument in (await session.send("Browser.getBrowserCommandLine"))["arguments"]:
            if argument.startswith("--user-data-dir="):
                written = Path(argument.split("=", 1)[1]) / "DevToolsActivePort"
                with contextlib.suppress(OSError, ValueError):
                    port, path = written.read_text().split()
                    self._debugger = f"ws://127.0.0.1:{port}{path}"

    async def _probe_frame_control(self) -> bool:
        try:
            page = await asyncio.wait_for(self.open_page(64, 64, controlled=True), 5)
        except (ProtocolError, TimeoutError):
            return False
        try:
            await asyncio.wait_for(page.carrier.send("HeadlessExperimental.beginFrame", {"noDisplayUpdates": True}), 5)
        except (ProtocolError, TimeoutError):
            return False
        finally:
            await page.close()
        return True

    async def open_page(self, width: int, height: int, *, controlled: bool | None = None, script: str = "") -> OpenPage:
        """Open an empty page in a context of its own.

        Args:
            width: Width of the viewport in CSS pixels.
            height: Height of the viewport in CSS pixels.
            controlled: Whether frames are asked for one by one; None where the browser can.
            script: Runs before the scripts of every document that the page loads.

        Raises:
            BrowserCrashedError: The browser died or does not answer.
        """
        from playwright.async_api import Error

        try:
            return await asyncio.wait_for(self._open(width, height, controlled, script), LAUNCH_TIMEOUT_S)
        except ProtocolError:
            raise
        except (Error, aiohttp.ClientError, OSError, TimeoutError) as error:
            reason = str(error).split("\n")[0] or "it does not answer"
            raise BrowserCrashedError(
                f"The browser could not open a page ({reason}). This is often a lack of memory: render with a lower "
                f"concurrency, or see 'remotion-py doctor'."
            ) from error

    async def _open(self, width: int, height: int, controlled: bool | None, script: str) -> OpenPage:
        session = self._session
        assert session
        before = set((await session.send("Target.getBrowserContexts"))["browserContextIds"])
        context = await self._browser.new_context(viewport={"width": width, "height": height}, service_workers="allow")
        after = set((await session.send("Target.getBrowserContexts"))["browserContextIds"])
        if script:
            await context.add_init_script(script)
        async with context.expect_page() as opened:
            target = await self._send(
                "Target.createTarget",
                {
                    "url": "about:blank",
                    "width": width,
                    "height": height,
                    "browserContextId": (after - before).pop(),
                    "enableBeginFrameControl": self.frame_control if controlled is None else controlled,
                },
            )
        page = await opened.value
        carrier: Carrier
        if self._debugger:
            carrier = await DirectCarrier.attach(self._debugger, target["targetId"])
        else:
            carrier = PlaywrightCarrier(await context.new_cdp_session(page))
        return OpenPage(page, carrier)

    async def _send(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        from playwright.async_api import Error

        assert self._session
        try:
            return await self._session.send(method, params)
        except Error as error:
            raise ProtocolError(str(error)) from error

    @property
    def alive(self) -> bool:
        """Whether the browser is still connected."""
        return self._browser.is_connected()

    async def close(self) -> None:
        """End the browser, its driver and its gate; by force when it does not end by itself."""
        await self._stop()
        await self.gate.close()

    async def _stop(self) -> None:
        with contextlib.suppress(Exception):
            await asyncio.wait_for(self._browser.close(), CLOSE_TIMEOUT_S)
        self.kill()
        with contextlib.suppress(Exception):
            await asyncio.wait_for(self._playwright.stop(), CLOSE_TIMEOUT_S)

    def kill(self) -> None:
        """Kill the browser's process group, also when it is stopped or busy."""
        if self._group:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._group, signal.SIGKILL)


class OpenPage:
    """A page and the DevTools session by which it is driven."""

    def __init__(self, page: Page, carrier: Carrier) -> None:
        self.page = page
        self.carrier = carrier

    async def close(self) -> None:
        """Close the page with its context; gives up after a while on a page that hangs."""
        await self.carrier.close()
        with contextlib.suppress(Exception):
            await asyncio.wait_for(self.page.context.close(), CLOSE_TIMEOUT_S)
