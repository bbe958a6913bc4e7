"""The browser session of one sandbox: browser, site server and loaded page, kept between invocations."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from ..errors import BrowserCrashedError, BrowserError
from .browser import Browser
from .bundle import CompositionPage
from .contract import Background, MediaSettings, PageComposition, PageSettings
from .discovery import find_browser
from .flags import BrowserSettings
from .gate import origin_of
from .logs import BrowserLogs
from .redirect import FetchCopy
from .serve_url import check_folder, is_url, page_url
from .server import PageServer, VideoFrame
from .site import FolderSite, SiteFiles

T = TypeVar("T")

LAUNCH_LIMIT_S = 90.0
"""For the driver and the browser, which is started a second time where it cannot be asked for frames."""

Asset = Callable[[str], Awaitable[tuple[Path, dict[str, str]]]]
"""Downloads what a URL names; returns the file, and headers of the origin's answer."""
OpenSite = Callable[[str], Awaitable[SiteFiles | None]]
"""Finds the files of a site that this machine cannot see by itself; None for a serve URL that it does not know."""


class BrowserSession:
    """Opens pages, and keeps what can be used again.

    Attributes:
        logs: What its pages write to their console.

    Args:
        executable: Path of the browser; None finds one.
    """

    def __init__(self, executable: str | None = None) -> None:
        self.video_frame: VideoFrame | None = None
        self.open_site: OpenSite | None = None
        self.asset: Asset | None = None
        self.logs = BrowserLogs()
        self._executable = executable
        self._browser: Browser | None = None
        self._server: PageServer | None = None
        self._page: CompositionPage | None = None
        self._loaded: object = None
        self._shown: object = None
        self._launching = asyncio.Lock()

    async def open(self, serve_url: str, settings: PageSettings, *, generation: str) -> CompositionPage:
        """Load a site again, in the running browser or in a new one.

        Args:
            serve_url: A folder, an http(s) URL, or what `open_site` knows.
            settings: The settings of the page; its `proxy_port` is set here.
            generation: What the page is opened for, such as a render id: a page may hold fetched data, so another
                generation gets a fresh one.

        Raises:
            SiteError: There is no page, or it answers no contract.
            BrowserError: No browser, or it does not start.
        """
        await self._leave()
        self.logs.begin(generation)
        site = await self.open_site(serve_url) if self.open_site else None
        if site is None and not is_url(serve_url):
            site = FolderSite(check_folder(serve_url))
        browser = await self._ready_browser(settings.browser)
        server = await self._ready_server(site)
        url = page_url(serve_url) if site is None else server.url
        outside = () if site else (origin_of(url),)
        await browser.gate.allow(*outside, served=server, private_network=settings.private_network)
        fetch_copy = self._fetch_copy(server, url) if settings.copy_assets else None
        sent = replace(settings, proxy_port=server.proxy_port)
        called = serve_url if is_url(serve_url) else f"{serve_url.rstrip('/')}/index.html"
        self._page = await CompositionPage.load(browser, url, sent, fetch_copy, self.logs, called)
        self._loaded = _identity(serve_url, settings, generation)
        return self._page

    async def ask(
        self,
        serve_url: str,
        settings: PageSettings,
        question: Callable[[CompositionPage], Awaitable[T]],
        *,
        generation: str,
    ) -> T:
        """Load a site and query its page; retry once in a new browser if the first one dies.

        Args:
            serve_url: A folder or an http(s) URL.
            settings: The settings of the page.
            question: What is asked of the loaded page.
            generation: What the page is opened for.
        """
        for last in (False, True):
            try:
                return await question(await self.open(serve_url, settings, generation=generation))
            except BrowserCrashedError:
                await self.discard(browser=True)
                if last:
                    raise
        raise AssertionError("unreachable: the last try returns or raises")

    async def show(
        self,
        serve_url: str,
        settings: PageSettings,
        composition: PageComposition,
        *,
        background: Background,
        media: MediaSettings | None = None,
        generation: str,
    ) -> CompositionPage:
        """Return a page that shows this composition: the loaded one where it can, or a new one.

        Args:
            serve_url: A folder or an http(s) URL.
            settings: The settings of the page; another first frame alone needs no new page.
            composition: What to show.
            background: Whether what the page does not paint is transparent.
            media: What media tags do; None for pictures alone.
            generation: What the page is opened for, such as a render id: a page may hold fetched data, so another
                generation gets a fresh one.
        """
        shown = (composition, background, media)
        page = self._page
        if not (
            page
            and page.usable
            and self._browser
            and self._browser.alive
            and self._browser.settings == settings.browser
            and self._shown in (None, shown)
            and self._loaded == _identity(serve_url, settings, generation)
        ):
            page = await self.open(serve_url, settings, generation=generation)
        if self._shown is None:
            await page.show(composition, background=background, media=media)
            self._shown = shown
        return page

    async def discard(self, *, browser: bool) -> None:
        """Throw the page away after a failure, and the browser too when it is not to be trusted."""
        if browser and self._browser:
            self._browser.kill()
        await self._leave()
        if browser and self._browser:
            await self._browser.close()
            self._browser = None

    async def local_file(self, url: str) -> Path | None:
        """Return the file behind a URL of the site that is served here."""
        return await self._server.local_file(url) if self._server else None

    @property
    def current_page(self) -> CompositionPage | None:
        """The page that is open; None where there is none."""
        return self._page

    @property
    def browser_facts(self) -> dict[str, Any] | None:
        """Version of the running browser, and whether frames can be asked of it; None while there is none."""
        if self._browser is None:
            return None
        return {"version": self._browser.version, "frameControl": self._browser.frame_control}

    async def permitted(self, host: str, port: int) -> list[str]:
        """Return the addresses of a host that the page may connect to; none when it is out of reach."""
        return await self._browser.gate.permitted(host, port) if self._browser else []

    async def close(self) -> None:
        """End everything."""
        await self.discard(browser=True)
        if self._server:
            await self._server.close()
            self._server = None

    async def _leave(self) -> None:
        page, self._page = self._page, None
        self._loaded = self._shown = None
        if page:
            with contextlib.suppress(BrowserCrashedError):
                await page.close()

    def _fetch_copy(self, server: PageServer, page: str) -> FetchCopy:
        async def fetch_copy(url: str) -> str | None:
            if self.asset is None or origin_of(url) == ("localhost", server.port) or url == page:
                return None
            return server.share(*await self.asset(url))

        return fetch_copy

    async def warm(self) -> None:
        """Launch the browser ahead of its first use; a failure shows when it is used."""
        with contextlib.suppress(BrowserError):
            await self._ready_browser(BrowserSettings())

    async def _ready_browser(self, settings: BrowserSettings) -> Browser:
        async with self._launching:
            if self._browser and not (self._browser.alive and self._browser.settings == settings):
                await self.discard(browser=True)
            if self._browser is None:
                self._browser = await self._launched(settings)
            return self._browser

    async def _launched(self, settings: BrowserSettings) -> Browser:
        """Launch a browser; its driver is a process of its own, which may hang as well.

        Raises:
            BrowserCrashedError: It did not start in time.
        """
        launching = asyncio.create_task(Browser.launch(find_browser(self._executable), settings))
        try:
            await asyncio.wait({launching}, timeout=LAUNCH_LIMIT_S)
            if launching.done():
                return launching.result()
        finally:
            launching.cancel()  # not waited for: a driver that hangs does not end either
        raise BrowserCrashedError(
            f"The browser did not start within {LAUNCH_LIMIT_S:.0f} s. The machine may be overloaded: "
            f"render with a lower concurrency, or run 'remotion-py doctor'."
        )

    async def _ready_server(self, site: SiteFiles | None) -> PageServer:
        if self._server and self._server.site != site:
            await self._server.close()
            self._server = None
        if self._server is None:
            self._server = PageServer(site, self.video_frame)
            await self._server.start()
        return self._server


def _identity(serve_url: str, settings: PageSettings, generation: str) -> object:
    return serve_url, generation, replace(settings, initial_frame=0)
