"""Launches a Chromium, opens pages in it, and ends all of its processes."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from ..errors import BrowserCrashedError
from .cdp import CdpSession, ProtocolError
from .chromium import Chromium
from .discovery import BrowserChoice
from .flags import FLAGS, FRAME_CONTROL_FLAGS, NO_SANDBOX, BrowserSettings
from .gate import NetworkGate
from .relay import Relay
from .sandboxing import sandbox_refused, sandbox_wanted

if TYPE_CHECKING:
    from playwright.async_api import Browser as PlaywrightBrowser
    from playwright.async_api import Page, Playwright

LAUNCH_TIMEOUT_S = 25
PROBE_TIMEOUT_S = 20
"""A browser without frame control answers so at once; one on a busy machine takes a while."""
CLOSE_TIMEOUT_S = 2
DRIVER_TIMEOUT_S = 20
"""A driver that is given up on its way out lives on, so a busy one gets its time."""

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

    def __init__(
        self, chromium: Chromium, relay: Relay, playwright: Playwright, browser: PlaywrightBrowser, gate: NetworkGate
    ) -> None:
        self.gate = gate
        self.frame_control = False
        self.sandboxed = False
        self.settings = BrowserSettings()
        self.version = browser.version
        self._chromium = chromium
        self._relay = relay
        self._playwright = playwright
        self._browser = browser

    @classmethod
    async def launch(cls, choice: BrowserChoice, settings: BrowserSettings | None = None) -> Browser:
        """Launch a browser, with its sandbox and with frame control if available.

        Args:
            choice: The browser.
            settings: What is fixed at launch; None for the usual.

        Raises:
            BrowserCrashedError: It did not start.
        """
        settings = settings or BrowserSettings()
        gate = NetworkGate()
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
            try:
                await browser._stop()
            except BaseException:
                await gate.close()
                raise
        raise AssertionError("unreachable: the last try has no frame control")

    @classmethod
    async def _start(cls, choice: BrowserChoice, flags: tuple[str, ...], timezone: str, gate: NetworkGate) -> Browser:
        from playwright.async_api import Error, async_playwright

        driver = asyncio.ensure_future(async_playwright().start())  # takes as long as the browser itself
        chromium: Chromium | None = None
        relay: Relay | None = None
        try:
            async with asyncio.timeout(LAUNCH_TIMEOUT_S):
                chromium, sandboxed = await _spawn(choice, flags, timezone)
                relay = Relay(chromium.connection)
                await relay.start()
                playwright = await driver
                connected = await playwright.chromium.connect_over_cdp(
                    relay.url, headers=relay.headers, is_local=True, timeout=LAUNCH_TIMEOUT_S * 1000
                )
        except BaseException as error:
            await _abandon(driver, chromium, relay)
            if not isinstance(error, (Error, OSError, TimeoutError, ProtocolError, BrowserCrashedError, _StartError)):
                raise
            raise _not_started(choice, error) from error
        browser = cls(chromium, relay, playwright, connected, gate)
        browser.sandboxed = sandboxed
        return browser

    async def _probe_frame_control(self) -> bool:
        try:
            page = await asyncio.wait_for(self.open_page(64, 64, controlled=True), PROBE_TIMEOUT_S)
        except (ProtocolError, TimeoutError):
            return False
        try:
            asked = page.cdp.send("HeadlessExperimental.beginFrame", {"noDisplayUpdates": True})
            await asyncio.wait_for(asked, PROBE_TIMEOUT_S)
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
        except (Error, OSError, TimeoutError) as error:
            reason = str(error).split("\n")[0] or "it does not respond"
            raise BrowserCrashedError(
                f"The browser could not open a page ({reason}). This is often a lack of memory: render with "
                f"a lower concurrency, or run 'remotion-py doctor'."
            ) from error

    async def _open(self, width: int, height: int, controlled: bool | None, script: str) -> OpenPage:
        connection = self._chromium.connection
        before = set((await connection.send("Target.getBrowserContexts"))["browserContextIds"])
        context = await self._browser.new_context(viewport={"width": width, "height": height}, service_workers="allow")
        after = set((await connection.send("Target.getBrowserContexts"))["browserContextIds"])
        if script:
            await context.add_init_script(script)
        async with context.expect_page() as opened:
            target = await connection.send(
                "Target.createTarget",
                {
                    "url": "about:blank",
                    "width": width,
                    "height": height,
                    "browserContextId": (after - before).pop(),
                    "enableBeginFrameControl": self.frame_control if controlled is None else controlled,
                },
            )
        return OpenPage(await opened.value, await connection.attach(target["targetId"]))

    @property
    def alive(self) -> bool:
        """Whether the browser is still connected."""
        return self._browser.is_connected() and not self._chromium.connection.closed.is_set()

    @property
    def pid(self) -> int:
        """Id of its process, and of its process group."""
        return self._chromium.pid

    async def close(self) -> None:
        """End the browser, its driver and its gate; by force when it does not end by itself."""
        try:
            await self._stop()
        finally:
            await self.gate.close()

    async def _stop(self) -> None:
        async with contextlib.AsyncExitStack() as steps:  # the last one first, each also when this is cancelled
            steps.push_async_callback(_quietly, self._playwright.stop, DRIVER_TIMEOUT_S)
            steps.push_async_callback(self._relay.close)
            steps.push_async_callback(self._chromium.end, CLOSE_TIMEOUT_S)
            steps.push_async_callback(_quietly, self._browser.close)

    def kill(self) -> None:
        """Kill the browser's process group, also when it is stopped or busy."""
        self._chromium.kill()


async def _quietly(end: Callable[[], Awaitable[None]], patience_s: float = CLOSE_TIMEOUT_S) -> None:
    """Call what ends something; gives up after a while, in s, and on its errors."""
    with contextlib.suppress(Exception):
        async with asyncio.timeout(patience_s):
            await end()


async def _spawn(choice: BrowserChoice, flags: tuple[str, ...], timezone: str) -> tuple[Chromium, bool]:
    """Start the process and connect to it; returns whether it runs in its own sandbox, as it does wherever it can."""
    kept = {key: os.environ[key] for key in _KEPT_ENVIRONMENT if key in os.environ}
    environment = kept | {"TZ": timezone}
    for sandboxed in (True, False) if sandbox_wanted(choice.path) else (False,):
        chromium = await Chromium.start(choice.path, flags if sandboxed else (*NO_SANDBOX, *flags), environment)
        try:
            await chromium.connection.open()
        except BaseException as error:
            await chromium.end(CLOSE_TIMEOUT_S)
            if not isinstance(error, BrowserCrashedError):
                raise
            if sandboxed and sandbox_refused(choice.path, chromium.output):
                continue
            raise _StartError(last_words(chromium.output) or "it exited at once") from error
        return chromium, sandboxed
    raise AssertionError("unreachable: the last try raises or returns")


async def _abandon(driver: asyncio.Future[Playwright], chromium: Chromium | None, relay: Relay | None) -> None:
    """End what was started of a launch that failed."""

    async def stop_driver() -> None:
        playwright = await asyncio.wait_for(driver, LAUNCH_TIMEOUT_S)  # it cannot be ended before it has started
        await _quietly(playwright.stop, DRIVER_TIMEOUT_S)

    async with contextlib.AsyncExitStack() as steps:  # the last one first, each also when this is cancelled
        steps.push_async_callback(_quietly, stop_driver, LAUNCH_TIMEOUT_S + DRIVER_TIMEOUT_S)
        if relay:
            steps.push_async_callback(relay.close)
        if chromium:
            chromium.kill()
            steps.push_async_callback(chromium.end, CLOSE_TIMEOUT_S)


class _StartError(Exception):
    """The process ended before it answered."""


def last_words(output: str) -> str:
    """Return the line that says why a browser ended, of what it wrote; empty where there is none."""
    lines = [line for line in output.splitlines() if line.strip()]
    reasons = [line for line in lines if re.search(r"FATAL|ERROR|error", line)]
    return (reasons or lines or [""])[-1].rpartition("] ")[2].strip()


def _not_started(choice: BrowserChoice, error: BaseException) -> BrowserCrashedError:
    reason = str(error).split("\n")[0].rstrip(".")
    if isinstance(error, TimeoutError):
        reason = f"it did not respond within {LAUNCH_TIMEOUT_S} s"
    return BrowserCrashedError(
        f"The browser {choice.path} did not start: {reason}. Run 'remotion-py doctor' to see what is missing."
    )


class OpenPage:
    """A page and the DevTools session that drives it."""

    def __init__(self, page: Page, cdp: CdpSession) -> None:
        self.page = page
        self.cdp = cdp

    async def close(self) -> None:
        """Close the page with its context; gives up after a while on a page that hangs."""
        await self.cdp.close()
        with contextlib.suppress(Exception):
            await asyncio.wait_for(self.page.context.close(), CLOSE_TIMEOUT_S)
