"""Drives a page by the composition contract: loading, listing, resolving, seeking, capturing.

A Remotion bundle and a plain page with remotion-py.js have the same contract, so there is one driver.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Sequence
from typing import Any

from .._data.untrusted import shortened
from ..errors import BrowserCrashedError, CompositionNotFoundError, NotACompositionPageError, SiteNotFoundError
from .answers import read_compositions
from .browser import Browser, OpenPage
from .capture import ControlledFrames, FrameSource, FreeFrames, PictureFormat
from .contract import SITE_VERSION, Background, MediaSettings, PageComposition, PageSettings, listed_names
from .evaluate import Evaluator
from .gate import NetworkGate, origin_of
from .logs import BrowserLogs
from .navigation import not_opened
from .redirect import AssetRedirect, FetchCopy
from .reuse import Capture, FrameReuse

NAVIGATION_TRIES = 3
NAVIGATION_PAUSE_S = 2
PICTURE_ROUNDS = 4
"""What arrives may ask for more: a stylesheet for another one, that one for a background. A page that polls for
pictures would never come to rest."""
MONOSPACE = "Courier New"
LISTED_IDS = 1_000
"""As many ids of compositions are in the data of an error."""
_TRANSIENT = ("ERR_CONNECTION_RESET", "ERR_CONNECTION_TIMED_OUT", "ERR_EMPTY_RESPONSE", "ERR_NETWORK_CHANGED")


class CompositionPage:
    """A loaded page that answers the contract. Use `CompositionPage.load()`."""

    def __init__(
        self,
        opened: OpenPage,
        frames: FrameSource,
        url: str,
        called: str,
        settings: PageSettings,
        gate: NetworkGate,
        logs: BrowserLogs,
    ) -> None:
        self.settings = settings
        self._opened = opened
        self._frames = frames
        self._url = url
        self._called = called
        self._gate = gate
        self._logs = logs
        kept = logs if settings.keep_logs else None
        self._page = Evaluator(opened.cdp, frames, url, settings.timeout_ms, gate.refused, kept)
        self._shown: PageComposition | None = None
        self._frame: int | None = None
        self._surfaces = False
        self._careful = False
        self._plain = False
        self._body: str | None = None
        self._redirect: AssetRedirect | None = None

    @classmethod
    async def load(
        cls,
        browser: Browser,
        url: str,
        settings: PageSettings,
        fetch_copy: FetchCopy | None = None,
        logs: BrowserLogs | None = None,
        called: str = "",
    ) -> CompositionPage:
        """Load a site's page and check that it answers the contract.

        Args:
            browser: Where.
            url: Its address.
            settings: The settings of the page.
            fetch_copy: Finds copies of the remote assets that it asks for; None lets it fetch them itself.
            logs: Gathers its console where the settings say so.
            called: What its user calls it, such as a file in a folder; "" for its address.

        Raises:
            SiteNotFoundError: It cannot be reached, or answers with an HTTP error.
            NotACompositionPageError: It answers no contract that we know.
            PageScriptError: It threw while it loaded.
        """
        opened = await browser.open_page(1280, 720, script=settings.script())
        frames = (ControlledFrames if browser.frame_control else FreeFrames)(opened.cdp)
        page = cls(opened, frames, url, called or url, settings, browser.gate, logs or BrowserLogs())
        try:
            await page._page.enable()
            # Playwright sets font families; this is the browser's own, as in the npm renderer (design/capture.md).
            await page._page.command("Page.setFontFamilies", {"fontFamilies": {"fixed": MONOSPACE}})
            if settings.large:
                await page._page.command("Page.enable")
                await page._page.command("Page.addScriptToEvaluateOnNewDocument", {"source": settings.props_script()})
            if fetch_copy:
                page._redirect = AssetRedirect(opened.cdp, fetch_copy)
                await page._redirect.enable()
            if settings.dark_mode:
                dark = {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
                await page._page.command("Emulation.setEmulatedMedia", dark)
            tries = NAVIGATION_TRIES * (settings.timeout_ms / 1000 + NAVIGATION_PAUSE_S)
            await page._page.within(page._navigate(), f"load {page._called}", seconds=tries)
            await page._page.explained(page._check_contract())
        except BaseException:
            await page.close()
            raise
        return page

    @property
    def usable(self) -> bool:
        """Whether the page can still be used."""
        return self._page.usable

    @property
    def waiting(self) -> str | None:
        """What the page is waiting for, in a few words; None while nothing is asked of it."""
        return self._page.waiting

    @property
    def missing(self) -> Sequence[str]:
        """What the page asked for and did not get so far, each with the reason."""
        return self._page.network.missing

    async def close(self) -> None:
        """Close the page."""
        if self._redirect:
            self._redirect.close()
        await self._opened.close()

    async def compositions(self) -> list[PageComposition]:
        """List the compositions of the site with their metadata, in the order of their registration."""
        await self._list()
        listing = self._page.evaluate("window.getStaticCompositions()", doing="list its compositions")
        found = await self._page.explained(listing)
        return read_compositions(found)

    async def composition(self, composition_id: str) -> PageComposition:
        """Resolve the props and metadata of one composition.

        Raises:
            CompositionNotFoundError: The site has no such composition.
            PageScriptError: Its `calculateMetadata` failed.
        """
        names = await self._list()
        if composition_id not in names:
            listed = f"It has: {listed_names(names)}. Pass one of these ids."
            none = (
                "The page registered none while it loaded. Register it during loading, or call "
                "delayRender() during loading and continueRender() after the registration."
            )
            raise CompositionNotFoundError(
                f"The site has no composition {composition_id!r}. {listed if names else none}",
                available=[shortened(name, 80) for name in names[:LISTED_IDS]],
            )
        call = f"window.remotion_calculateComposition({json.dumps(composition_id)})"
        resolving = self._page.evaluate(call, doing=f"resolve the composition {composition_id!r}")
        return PageComposition.from_page(await self._page.explained(resolving), composition_id)

    async def show(
        self, composition: PageComposition, *, background: Background, media: MediaSettings | None = None
    ) -> None:
        """Mount a composition at its size; a page can display only one in its life (design/page-contract.md 0).

        Args:
            composition: What to show, with resolved props.
            background: Whether what the page does not paint is transparent.
            media: What media tags do; None for pictures alone.
        """
        media = media or MediaSettings()
        metrics = {
            "width": composition.width,
            "height": composition.height,
            "deviceScaleFactor": self.settings.browser.scale,
            "mobile": False,
        }
        await self._page.command("Emulation.setDeviceMetricsOverride", metrics)
        transparent = background.plain if self._plain else background.bundle
        if transparent:
            await self._page.command(
                "Emulation.setDefaultBackgroundColorOverride", {"color": {"r": 0, "g": 0, "b": 0, "a": 0}}
            )
        # The npm renderer paints the body of a bundle in every frame. A plain page keeps its own look.
        self._body = None if self._plain else "transparent" if transparent else "black"
        self._shown = composition
        self._page.hold_document()
        settings = {"audio": media.audio, "video": media.video, "sampleRate": media.sample_rate}
        call = f"window.remotionPyDriver.enter({json.dumps(composition.mode())}, {json.dumps(settings)})"
        first = self.settings.initial_frame
        await self._page.explained(self._page.checked(call, frame=first, doing="mount the composition"))

    async def seek(self, frame: int) -> Sequence[Any]:
        """Show a frame, and wait until the page and all pictures in it are ready to be captured.

        Returns:
            The frame's assets as `remotion_collectAssets()` describes them, not checked yet; inline audio as base64.

        Raises:
            PageScriptError: The page threw, or cancelled its render, or loaded another document.
            PageTimeoutError: A delayRender handle was not released, or a picture did not arrive, in time.
            BrowserCrashedError: The page died or does not answer.
        """
        assert self._shown
        arguments = json.dumps([frame, self._shown.id, self.settings.attempt, self._body])
        self._frame = self._logs.frame = frame
        self._page.diagnostics.begin_frame()
        return await self._page.explained(self._seek(f"window.remotionPyDriver.seek(...{arguments})", frame))

    async def _seek(self, call: str, frame: int) -> Sequence[Any]:
        answer = await self._page.checked(call, frame=frame, doing="show a frame")
        assets = answer.assets
        for _ in range(PICTURE_ROUNDS):
            pictures = self._page.network.pictures
            if not pictures:
                break
            await self._page.within(self._page.network.arrived(pictures), "show a frame", frame=frame)
            answer = await self._page.checked("window.remotionPyDriver.settle()", frame=frame, doing="show a frame")
        self._surfaces, self._careful = answer.surfaces, answer.careful
        return assets

    async def print(self) -> bytes:
        """Return the frame that is displayed as a PDF of one page, a CSS pixel being 1/96 inch."""
        assert self._shown
        paper = {"paperWidth": self._shown.width / 96, "paperHeight": self._shown.height / 96}
        margins = dict.fromkeys(("marginTop", "marginBottom", "marginLeft", "marginRight"), 0)
        params = paper | margins | {"printBackground": True, "pageRanges": "1"}
        answer = await self._page.within(self._page.send("Page.printToPDF", params), "print a frame", frame=self._frame)
        return base64.b64decode(answer["data"])

    async def capture(self, format: PictureFormat, quality: int) -> bytes:
        """Take a picture of the frame that is displayed, as encoded bytes."""
        if self._surfaces:
            await self._page.within(self._frames.present(self._drive), "show its videos", frame=self._frame, pump=False)
        return await self._page.within(
            self._frames.capture(format, quality), "draw a frame", frame=self._frame, pump=False
        )

    async def capture_or_reuse(self, reuse: FrameReuse, format: PictureFormat, quality: int) -> Capture:
        """Take a picture of the frame that is displayed, or return that of the frame before if nothing has changed.

        Args:
            reuse: What is known of the frames before, of this page alone.
            format: "jpeg", "png" or "webp"; always the same for one `reuse`.
            quality: 0 to 100, for JPEG and WebP.

        Raises:
            ReuseMismatchError: The page changed without damage.
        """
        assert self._frame is not None
        reuse.begin(self._frame, careful=self._careful, surfaces=self._surfaces)
        damaged = None
        if reuse.watched:
            damaged = await self._page.within(self._frames.damaged(), "draw a frame", frame=self._frame, pump=False)
            same = None if damaged else reuse.without_damage()
            if same:
                return same
        taken = reuse.captured(await self.capture(format, quality), damaged=damaged)
        if reuse.watched:
            await self._page.within(self._frames.flush(), "draw a frame", frame=self._frame, pump=False)
        return taken

    async def _drive(self, call: str) -> bool:
        """Call a function of the drivers of the page and its frames in turn, until one answers true."""
        expression = f"window.remotionPyDriver.drivers().some((driver) => driver.{call})"
        answer = await self._page.send("Runtime.evaluate", {"expression": expression, "returnByValue": True})
        return answer.get("result", {}).get("value") is True

    async def _list(self) -> Sequence[str]:
        if self._shown:
            raise AssertionError("a page that shows a composition can no longer list compositions")
        listing = self._page.checked("window.remotionPyDriver.evaluate()", doing="list its compositions")
        return (await self._page.explained(listing)).names

    async def _navigate(self) -> None:
        from playwright.async_api import Error

        limit = self.settings.timeout_ms * 0.9  # to distinguish a silent server from a page that hangs
        for last in (number == NAVIGATION_TRIES - 1 for number in range(NAVIGATION_TRIES)):
            try:
                response = await self._opened.page.goto(self._url, wait_until="load", timeout=limit)
            except Error as error:
                reason = str(error)
                response = None
                missing = self._page.network.oldest
                if "Timeout" in reason and missing and missing.kind != "Document":
                    raise SiteNotFoundError(
                        f"The page {self._called} did not finish loading within {limit / 1000:.0f} s: it "
                        f"waits for {missing.name}. Check that this address responds, or increase "
                        f"timeout_in_milliseconds."
                    ) from error
                if any(sign in reason for sign in ("closed", "crashed")):
                    raise BrowserCrashedError(
                        f"The browser ended while it loaded {self._called} ({shortened(reason, 300)}). This "
                        f"is often a lack of memory: render with a lower concurrency."
                    ) from error
                if last or not any(sign in reason for sign in _TRANSIENT):
                    found = bool(await self._gate.permitted(*origin_of(self._url)))
                    why = not_opened(self._url, reason, found=found, seconds=limit / 1000)
                    raise SiteNotFoundError(f"The page {self._called} cannot be opened: {why}") from error
            if response and response.status < 400:
                return
            if response and (last or response.status not in (500, 502, 503, 504)):
                raise SiteNotFoundError(
                    f"The page {self._called} answers HTTP {response.status}. Check that the serve URL is "
                    f"the address of the site's index.html."
                )
            await asyncio.sleep(NAVIGATION_PAUSE_S)

    async def _check_contract(self) -> None:
        found = await self._page.evaluate(
            "({version: window.siteVersion ?? null, lists: typeof window.getStaticCompositions === 'function',"
            " plain: window.remotion_imported === 'remotion-py',"
            " text: document.body?.innerText?.slice(0, 300) ?? ''})",
            doing="check the page",
        )
        self._plain = found["plain"] is True
        if found["lists"] and found["version"] == SITE_VERSION:
            return
        self._page.diagnostics.raise_exceptions(None)
        if found["lists"]:
            raise NotACompositionPageError(
                f"The bundle {self._called} has site version {shortened(found['version'])!r}, but must have "
                f"{SITE_VERSION!r}. Bundle the project again with Remotion 4."
            )
        raise NotACompositionPageError(
            f"The page {self._called} is neither a Remotion bundle nor a page that registers compositions by "
            f'remotion-py.js. Add <script src="/remotion-py.js"></script> to a plain page, or pass the folder of a '
            f"bundle. The page starts with: {shortened(found['text'])!r}"
        )
