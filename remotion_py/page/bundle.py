"""Driving a page by the composition contract: loading, listing, resolving, seeking, capturing.

A Remotion bundle and a plain page with remotion-py.js answer the same contract, so there is one driver.
"""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Coroutine, Mapping
from typing import Any, TypeVar

from ..errors import (
    BrowserCrashedError,
    CompositionNotFoundError,
    NotACompositionPageError,
    PageError,
    PageScriptError,
    PageTimeoutError,
    SiteNotFoundError,
)
from .browser import Browser, OpenPage
from .capture import ControlledFrames, Frames, FreeFrames, PictureFormat, Videos
from .cdp import ProtocolError
from .contract import SITE_VERSION, Composition, MediaSettings, PageSettings, cancelled
from .redirect import AssetRedirect, Bring
from .trouble import Trouble

T = TypeVar("T")

NAVIGATION_TRIES = 3
NAVIGATION_PAUSE_S = 2
READY_MARGIN_S = 3
ANSWER_TIMEOUT_S = 2
COMMAND_TIMEOUT_S = 15
MAP_TIMEOUT_S = 10
_TRANSIENT = ("ERR_CONNECTION_RESET", "ERR_CONNECTION_TIMED_OUT", "ERR_EMPTY_RESPONSE", "ERR_NETWORK_CHANGED")


class CompositionPage:
    """A loaded page that answers the contract. Use `CompositionPage.load()`."""

    def __init__(
        self, opened: OpenPage, frames: Frames, url: str, settings: PageSettings, refused: list[tuple[str, int]]
    ) -> None:
        self.settings = settings
        self._opened = opened
        self._carrier = opened.carrier
        self._frames = frames
        self._url = url
        self._trouble = Trouble(url, refused, self._fetch)
        self._crashed = asyncio.Event()
        self._shown: Composition | None = None
        self._videos: Videos = "none"
        self._transparent = False
        self._redirect: AssetRedirect | None = None
        opened.carrier.on("Runtime.exceptionThrown", self._trouble.on_exception)
        opened.carrier.on("Runtime.consoleAPICalled", self._trouble.on_console)
        opened.carrier.on("Inspector.targetCrashed", lambda _: self._crashed.set())

    @classmethod
    async def load(
        cls, browser: Browser, url: str, settings: PageSettings, bring: Bring | None = None
    ) -> CompositionPage:
        """Load a site's page and check that it answers the contract.

        Args:
            browser: Where.
            url: Its address.
            settings: What it is told.
            bring: Finds copies of the remote assets that it asks for; None lets it fetch them itself.

        Raises:
            SiteNotFoundError: It cannot be reached, or answers with an HTTP error.
            NotACompositionPageError: It answers no contract that we know.
            PageScriptError: It threw while it loaded.
        """
        opened = await browser.open_page(1280, 720, script=settings.script())
        frames = (ControlledFrames if browser.frame_control else FreeFrames)(opened.carrier)
        page = cls(opened, frames, url, settings, browser.gate.refused)
        try:
            await page._command("Runtime.enable")
            await page._command("Inspector.enable")
            if settings.large:
                await page._command("Page.enable")
                await page._command("Page.addScriptToEvaluateOnNewDocument", {"source": settings.props_script()})
            if bring:
                page._redirect = AssetRedirect(opened.carrier, bring)
                await page._redirect.enable()
            if settings.dark_mode:
                dark = {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
                await page._command("Emulation.setEmulatedMedia", dark)
            tries = NAVIGATION_TRIES * (settings.timeout_ms / 1000 + NAVIGATION_PAUSE_S)
            await page._within(page._navigate(), tries, f"load {url}")
            await page._explained(page._check_contract())
        except BaseException:
            await page.close()
            raise
        return page

    @property
    def usable(self) -> bool:
        """Whether the page has neither thrown nor crashed, so that it can go on being used."""
        return not self._trouble.any and not self._crashed.is_set()

    async def close(self) -> None:
        """Close the page."""
        if self._redirect:
            self._redirect.close()
        await self._opened.close()

    async def compositions(self) -> list[Composition]:
        """List the compositions of the site with their metadata, in the order of their registration."""
        await self._list()
        listing = self._evaluate("window.getStaticCompositions()", doing="list its compositions")
        found = await self._explained(listing)
        return [Composition.from_page(item) for item in found]

    async def composition(self, composition_id: str) -> Composition:
        """Resolve the props and metadata of one composition.

        Raises:
            CompositionNotFoundError: The site has no such composition.
            PageScriptError: Its `calculateMetadata` failed.
        """
        names = await self._list()
        if composition_id not in names:
            listed = ", ".join(names) or "none"
            raise CompositionNotFoundError(
                f"The site has no composition {composition_id!r}. It has: {listed}. Pass one of these ids.",
                available=names,
            )
        call = f"window.remotion_calculateComposition({json.dumps(composition_id)})"
        resolving = self._evaluate(call, doing=f"resolve the composition {composition_id!r}")
        return Composition.from_page(await self._explained(resolving))

    async def show(self, composition: Composition, *, transparent: bool, media: MediaSettings | None = None) -> None:
        """Mount a composition at its size; a page can show only one composition in its life (page contract 0).

        Args:
            composition: What to show, with resolved props.
            transparent: Leave the background transparent, for PNG.
            media: What media tags do; None for pictures alone.
        """
        media = media or MediaSettings()
        metrics = {
            "width": composition.width,
            "height": composition.height,
            "deviceScaleFactor": self.settings.browser.scale,
            "mobile": False,
        }
        await self._command("Emulation.setDeviceMetricsOverride", metrics)
        if transparent:
            await self._command(
                "Emulation.setDefaultBackgroundColorOverride", {"color": {"r": 0, "g": 0, "b": 0, "a": 0}}
            )
        self._transparent = transparent
        self._shown = composition
        told = {"audio": media.audio, "video": media.video, "sampleRate": media.sample_rate}
        call = f"window.remotionPyDriver.enter({json.dumps(composition.mode())}, {json.dumps(told)})"
        await self._explained(self._checked(call, doing="mount the composition"))

    async def seek(self, frame: int) -> list[dict[str, Any]]:
        """Show a frame and wait until the page is ready to be captured.

        Returns:
            The frame's assets, as `remotion_collectAssets()` names them; inline audio as base64 text.

        Raises:
            PageScriptError: The page threw, or cancelled its render.
            PageTimeoutError: A delayRender handle was not released in time.
            BrowserCrashedError: The page died or does not answer.
        """
        assert self._shown
        background = "transparent" if self._transparent else "black"
        arguments = json.dumps([frame, self._shown.id, self.settings.attempt, background])
        self._trouble.begin_frame()
        answer = await self._explained(
            self._checked(f"window.remotionPyDriver.seek(...{arguments})", frame=frame, doing="show a frame")
        )
        self._videos = answer["videos"]
        return answer["assets"]

    async def _checked(self, expression: str, *, frame: int | None = None, doing: str) -> dict[str, Any]:
        answer = await self._evaluate(expression, frame=frame, doing=doing)
        self._check(answer, frame)
        return answer

    async def _explained(self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for work of the page; its errors name the user's own file and line."""
        try:
            return await work
        except PageError as error:
            raise await self._trouble.explain(error) from None

    async def print(self) -> bytes:
        """Return the frame that is shown as a PDF of one page, a CSS pixel being 1/96 inch."""
        assert self._shown
        paper = {"paperWidth": self._shown.width / 96, "paperHeight": self._shown.height / 96}
        margins = dict.fromkeys(("marginTop", "marginBottom", "marginLeft", "marginRight"), 0)
        params = paper | margins | {"printBackground": True, "pageRanges": "1"}
        answer = await self._within(self._send("Page.printToPDF", params), self._ready_timeout, "print a frame")
        return base64.b64decode(answer["data"])

    async def capture(self, format: PictureFormat, quality: int) -> bytes:
        """Take a picture of the frame that is shown, as encoded bytes."""
        if self._videos == "appear":
            await self._within(self._frames.draw(), self._ready_timeout, "draw a frame", pump=False)
            await self._evaluate("window.remotionPyDriver.present()", doing="show its videos")
        return await self._within(
            self._frames.capture(format, quality, videos=self._videos),
            self._ready_timeout,
            "draw a frame",
            pump=False,
        )

    @property
    def _ready_timeout(self) -> float:
        return self.settings.timeout_ms / 1000 + READY_MARGIN_S

    async def _list(self) -> list[str]:
        if self._shown:
            raise AssertionError("a page that shows a composition cannot list any more")
        listing = self._checked("window.remotionPyDriver.evaluate()", doing="list its compositions")
        return (await self._explained(listing))["names"]

    async def _navigate(self) -> None:
        from playwright.async_api import Error

        limit = self.settings.timeout_ms * 0.9  # so that a silent server is told from a page that hangs
        for last in (number == NAVIGATION_TRIES - 1 for number in range(NAVIGATION_TRIES)):
            reason = ""
            try:
                response = await self._opened.page.goto(self._url, wait_until="load", timeout=limit)
            except Error as error:
                # The browser's way out is our gate, which speaks SOCKS: what it cannot reach, nobody answers at.
                reason = str(error).split("\n")[0].replace("ERR_SOCKS_CONNECTION_FAILED", "nobody answers")
                response = None
                if any(sign in reason for sign in ("closed", "crashed")):
                    raise BrowserCrashedError(
                        f"The browser went away while it loaded {self._url} ({reason})."
                    ) from error
                if last or not any(sign in reason for sign in _TRANSIENT):
                    raise SiteNotFoundError(
                        f"The page {self._url} cannot be opened: {reason}. Check the address, and that its server runs."
                    ) from error
            if response and response.status < 400:
                return
            if response and (last or response.status not in (500, 502, 503, 504)):
                raise SiteNotFoundError(
                    f"The page {self._url} answers HTTP {response.status}. Check the serve URL; it must lead to the "
                    f"site's index.html."
                )
            await asyncio.sleep(NAVIGATION_PAUSE_S)

    async def _check_contract(self) -> None:
        found = await self._evaluate(
            "({version: window.siteVersion ?? null, lists: typeof window.getStaticCompositions === 'function',"
            " text: document.body?.innerText?.slice(0, 300) ?? ''})",
            doing="check the page",
        )
        if found["lists"] and found["version"] == SITE_VERSION:
            return
        self._trouble.raise_exceptions(None)
        if found["lists"]:
            raise NotACompositionPageError(
                f"The bundle at {self._url} has site version {found['version']!r}, but {SITE_VERSION!r} is needed. "
                f"Bundle the project again with Remotion 4."
            )
        raise NotACompositionPageError(
            f"The page {self._url} is neither a Remotion bundle nor a page that registers compositions by "
            f'remotion-py.js. Add <script src="/remotion-py.js"></script> to a plain page, or pass the folder of a '
            f"bundle. The page starts with: {found['text']!r}"
        )

    async def _evaluate(self, expression: str, *, frame: int | None = None, doing: str) -> Any:
        """Run an expression in the page, pumping frames until it has settled."""
        params = {"expression": expression, "awaitPromise": True, "returnByValue": True}
        answer = await self._within(self._send("Runtime.evaluate", params), self._ready_timeout, doing, frame=frame)
        self._trouble.raise_exceptions(frame)
        details = answer.get("exceptionDetails")
        if details:
            raise PageScriptError(
                f"The page failed to {doing}: {self._trouble.describe(details)} Mend the page and render again.",
                frame=frame,
                stack=str(details.get("exception", {}).get("description", "")),
            )
        return answer["result"].get("value")

    async def _command(self, method: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        """Send a command that the browser answers at once, whatever the page does."""
        try:
            return await asyncio.wait_for(self._send(method, params), COMMAND_TIMEOUT_S)
        except TimeoutError:
            raise BrowserCrashedError(f"The browser did not answer {method} in {COMMAND_TIMEOUT_S} s.") from None

    async def _send(self, method: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        try:
            return await self._carrier.send(method, params)
        except ProtocolError as error:
            raise BrowserCrashedError(f"The browser refused {method}: {error}") from error

    async def _within(
        self,
        work: Coroutine[Any, Any, T],
        seconds: float,
        doing: str,
        *,
        frame: int | None = None,
        pump: bool = True,
    ) -> T:
        """Wait for work of the page, but neither longer than `seconds` nor after its crash."""
        working = asyncio.ensure_future(self._frames.wait(work) if pump else work)
        crash = asyncio.ensure_future(self._crashed.wait())
        started = time.monotonic()
        try:
            await asyncio.wait({working, crash}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            if working.done():
                return working.result()
        finally:
            for task in (working, crash):
                task.cancel()
            await asyncio.gather(working, crash, return_exceptions=True)
        if self._crashed.is_set():
            raise BrowserCrashedError(
                "The page crashed while it rendered. This is often a lack of memory.", frame=frame
            )
        await self._explain_timeout(doing, frame, time.monotonic() - started)
        raise AssertionError("unreachable: explaining a time-out raises")

    async def _explain_timeout(self, doing: str, frame: int | None, seconds: float) -> None:
        where = f" at frame {frame}" if frame is not None else ""
        ask = {"expression": "window.remotionPyDriver.handles()", "returnByValue": True}
        try:
            answer = await asyncio.wait_for(self._carrier.send("Runtime.evaluate", ask), ANSWER_TIMEOUT_S)
        except (TimeoutError, ProtocolError):
            raise BrowserCrashedError(
                f"The page did not answer for {seconds:.0f} s{where}: its scripts are busy, or its browser hangs. "
                f"Look for endless loops in the page, or raise the timeout.",
                frame=frame,
                silent=True,
            ) from None
        labels: list[str] = answer["result"].get("value") or []
        waiting = f" Open delayRender() handles: {', '.join(repr(label) for label in labels)}." if labels else ""
        raise PageTimeoutError(
            f"The page did not {doing}{where} within {seconds:.0f} s.{waiting} Release each handle by "
            f"continueRender(), or raise the timeout.",
            frame=frame,
            handles=labels,
        )

    def _check(self, answer: Mapping[str, Any], frame: int | None) -> None:
        if answer["state"] in ("cancelled", "threw"):
            threw = answer["state"] == "threw"
            raise cancelled(answer["text"], frame, self._trouble.hint(), threw=threw)

    async def _fetch(self, url: str) -> str | None:
        """Return the text behind a URL as the page gets it; None when it cannot be had."""
        call = f"fetch({json.dumps(url)}).then((answer) => answer.ok ? answer.text() : null)"
        ask = {"expression": call, "awaitPromise": True, "returnByValue": True}
        try:
            answer = await asyncio.wait_for(
                self._frames.wait(self._carrier.send("Runtime.evaluate", ask)), MAP_TIMEOUT_S
            )
        except (TimeoutError, ProtocolError, BrowserCrashedError):
            return None
        return answer["result"].get("value")
