"""The page driver on real pages in a real browser."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from aiohttp import web
from PIL import Image
from yarl import URL

from remotion_py.errors import (
    BrowserNotFoundError,
    CompositionNotFoundError,
    MediaError,
    NotACompositionPageError,
    PageScriptError,
    PageTimeoutError,
    SiteNotFoundError,
)
from remotion_py.page.browser import Browser
from remotion_py.page.bundle import CompositionPage
from remotion_py.page.contract import Background, PageSettings, cancelled
from remotion_py.page.discovery import BrowserChoice, find_browser
from remotion_py.page.flags import BrowserSettings, drawn
from remotion_py.page.serve_url import check_folder, page_url
from remotion_py.page.server import PageServer
from remotion_py.page.session import BrowserSession
from remotion_py.page.site import FolderSite

from .compare import read_counter
from .listening import listening

SHORT = PageSettings(timeout_ms=7000)


@asynccontextmanager
async def on_stage() -> AsyncIterator[BrowserSession]:
    session = BrowserSession()
    try:
        yield session
    finally:
        await session.close()


@asynccontextmanager
async def serving(handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://localhost:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def shown(
    session: BrowserSession, site: str, composition: str, settings: PageSettings = SHORT, **more: Any
) -> CompositionPage:
    page = await session.open(site, settings, generation="test")
    found = await page.composition(composition)
    return await session.show(site, settings, found, **({"background": Background()} | more), generation="test")


def decoded(picture: bytes) -> np.ndarray[Any, Any]:
    return np.asarray(Image.open(io.BytesIO(picture)).convert("RGB"))


def test_listing_resolving_seeking_and_capturing(lab: str) -> None:
    async def run() -> None:
        async with on_stage() as session:
            settings = PageSettings(input_props='{"fps": 25, "frames": 100}')
            page = await session.open(lab, settings, generation="test")
            with pytest.raises(PageScriptError, match="no metadata today"):
                await page.compositions()
            found = await page.composition("counter")
            assert (found.width, found.height, found.fps, found.duration_in_frames) == (320, 180, 25, 100)
            page = await session.show(lab, settings, found, background=Background(), generation="test")
            for frame in (0, 1, 2, 50, 3, 99):
                await page.seek(frame)
                picture = decoded(await page.capture("jpeg", 80))
                assert picture.shape == (180, 320, 3)
                assert read_counter(picture) == frame
            assert page.usable
            again = await session.show(lab, settings, found, background=Background(), generation="test")
            assert again is page
            fresh = await session.show(lab, settings, found, background=Background(), generation="another render")
            assert fresh is not page

    asyncio.run(run())


def test_scale_multiplies_the_pixels(lab: str) -> None:
    async def run() -> None:
        async with on_stage() as session:
            page = await shown(session, lab, "counter", replace(SHORT, browser=BrowserSettings(scale=2)))
            await page.seek(5)
            picture = decoded(await page.capture("png", 80))
            assert picture.shape == (360, 640, 3)
            assert read_counter(picture) == 5

    asyncio.run(run())


def test_frames_on_demand_equal_screenshots(lab: str) -> None:
    async def frames(controlled: bool) -> list[np.ndarray[Any, Any]]:
        choice = find_browser()
        browser = await Browser.launch(BrowserChoice(choice.path, choice.source, controlled and choice.headless_shell))
        server = PageServer(FolderSite(check_folder(lab)))
        await server.start()
        try:
            assert browser.frame_control is controlled
            await browser.gate.allow(served=server)
            page = await CompositionPage.load(browser, server.url, PageSettings())
            await page.show(await page.composition("counter"), background=Background(bundle=True))
            taken: list[np.ndarray[Any, Any]] = []
            for frame in (0, 1, 7, 46):
                await page.seek(frame)
                taken.append(decoded(await page.capture("png", 80)))
            return taken
        finally:
            await browser.close()
            await server.close()

    for one, other in zip(asyncio.run(frames(True)), asyncio.run(frames(False)), strict=True):
        assert np.array_equal(one, other)


@pytest.mark.parametrize(
    ("composition", "frame", "words"),
    [
        ("throws", 3, r"threw at frame 3: TypeError: boom at three \(at .*lab\.js:\d+:\d+"),
        ("throws-later", 2, r"threw at frame 2: Error: a late boom \(at .*lab\.js:\d+:\d+"),
        ("cancels", 1, "cancelled its render at frame 1: Error: the page gave up"),
    ],
)
def test_a_page_that_fails_names_the_frame_the_message_and_the_place(
    lab: str, composition: str, frame: int, words: str
) -> None:
    async def run() -> None:
        async with on_stage() as session:
            page = await shown(session, lab, composition)
            for number in range(frame):
                await page.seek(number)
            with pytest.raises(PageScriptError, match=words) as failure:
                await page.seek(frame)
            assert failure.value.data["frame"] == frame
            assert failure.value.data["console"] == ["log: drawing"]

    asyncio.run(run())


def test_a_dialog_fails_the_render(lab: str) -> None:
    async def run() -> None:
        async with on_stage() as session:
            with pytest.raises(PageScriptError, match=r'alert\("hello\?"\) was called'):
                await shown(session, lab, "alerts")

    asyncio.run(run())


def test_a_handle_that_is_never_released_is_named(lab: str) -> None:
    async def run() -> None:
        async with on_stage() as session:
            page = await shown(session, lab, "hangs", PageSettings(timeout_ms=4000))
            with pytest.raises(PageTimeoutError, match="'waiting for the data' was not released within 2 s") as failure:
                await page.seek(2)
            assert failure.value.data["handles"] == ["waiting for the data"]

    asyncio.run(run())


def test_retries_left_of_a_handle_are_read_from_remotions_message() -> None:
    stack = (
        'Error: A delayRender() "my label" was called but not cleared after 28000 ms. '
        "Retries left: 2 - Rendering the frame will be retried. The delayRender was called:\n    at x (bundle.js:1:2)"
    )
    error = cancelled(stack, 7)
    assert isinstance(error, PageTimeoutError)
    assert error.data == {"frame": 7, "handles": ["my label"], "retries_left": 2, "stack": stack}


def test_unknown_compositions_get_a_list_of_those_that_exist(lab: str) -> None:
    async def run() -> None:
        async with on_stage() as session:
            page = await session.open(lab, SHORT, generation="test")
            with pytest.raises(
                CompositionNotFoundError, match=r"no composition 'nope'\. It has: counter, slow"
            ) as failure:
                await page.composition("nope")
            assert "counter" in failure.value.data["available"]

    asyncio.run(run())


def test_pages_that_cannot_be_rendered(tmp_path: Path) -> None:
    async def answer(request: web.Request) -> web.Response:
        if request.path == "/plain/index.html":
            return web.Response(text="<h1>Just a page</h1>", content_type="text/html")
        if request.path == "/old/index.html":
            page = "<script>window.siteVersion = '3'; window.getStaticCompositions = () => []</script>"
            return web.Response(text=page, content_type="text/html")
        return web.Response(status=404 if request.path.startswith("/missing") else 501)

    async def run() -> None:
        async with on_stage() as session, serving(answer) as url:
            with pytest.raises(NotACompositionPageError, match=r"neither a Remotion bundle.*Just a page"):
                await session.open(f"{url}/plain", SHORT, generation="test")
            with pytest.raises(NotACompositionPageError, match="has site version '3', but must have '11'"):
                await session.open(f"{url}/old/", SHORT, generation="test")
            with pytest.raises(SiteNotFoundError, match="answers HTTP 404"):
                await session.open(f"{url}/missing/index.html?x=1", SHORT, generation="test")
            with pytest.raises(SiteNotFoundError, match="answers HTTP 501"):
                await session.open(f"{url}/broken", SHORT, generation="test")
        async with on_stage() as session:
            with pytest.raises(SiteNotFoundError, match="cannot be opened"):
                await session.open(url, SHORT, generation="test")

    asyncio.run(run())
    with pytest.raises(SiteNotFoundError, match=r"has no index\.html"):
        check_folder(str(tmp_path))
    with pytest.raises(SiteNotFoundError, match="neither an http"):
        check_folder(str(tmp_path / "nothing"))


def test_a_browser_that_stopped_before_a_page_was_opened_is_replaced(lab: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        async with on_stage() as session:
            await session.warm()
            assert session._browser
            group = session._browser.pid
            discard = session.discard

            async def lost(*, browser: bool) -> None:
                monkeypatch.undo()  # the next one gets all its time
                await discard(browser=browser)

            monkeypatch.setattr("remotion_py.page.browser.LAUNCH_TIMEOUT_S", 3)
            monkeypatch.setattr(session, "discard", lost)
            os.killpg(group, signal.SIGSTOP)
            found = await session.ask(lab, SHORT, lambda page: page.composition("counter"), generation="test")
            assert found.id == "counter"
            assert session._browser.pid != group

    asyncio.run(run())


def test_a_silent_server_differs_from_a_page_that_hangs() -> None:
    async def answer(request: web.Request) -> web.Response:
        await asyncio.sleep(60)
        return web.Response()

    async def run() -> None:
        async with on_stage() as session, serving(answer) as url:
            with pytest.raises(SiteNotFoundError, match=r"cannot be opened: the server did not answer within 2\.7 s"):
                await session.open(url, PageSettings(timeout_ms=3000), generation="test")

    asyncio.run(run())


def test_requests_that_the_gate_refused_are_named(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text(
        '<script src="/remotion-py.js"></script><script>'
        'remotionPy.registerComposition({id: "a", width: 16, height: 16, fps: 24, durationInFrames: 9,'
        ' render: () => fetch("http://localhost:9876/api") })</script>'
    )

    async def run() -> None:
        async with on_stage() as session:
            with pytest.raises(PageScriptError, match="tried to reach localhost:9876, which is not allowed"):
                await shown(session, str(tmp_path), "a")

    asyncio.run(run())


def test_a_server_that_recovers_is_tried_again(lab: str) -> None:
    calls: list[str] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        calls.append(request.path)
        if len(calls) == 1:
            return web.Response(status=503)
        name = request.path.lstrip("/")
        if name == "remotion-py.js":
            from remotion_py import RUNTIME_JS

            return web.FileResponse(RUNTIME_JS)
        return web.FileResponse(Path(lab, name))

    async def run() -> None:
        async with on_stage() as session, serving(answer) as url:
            page = await shown(session, url, "counter")
            await page.seek(9)
            assert read_counter(decoded(await page.capture("jpeg", 80))) == 9

    asyncio.run(run())
    assert calls[:2] == ["/index.html", "/index.html"]


def test_files_are_served_with_ranges_and_nothing_outside(tmp_path: Path) -> None:
    import aiohttp

    site = tmp_path / "site"
    site.mkdir()
    (site / "index.html").write_text("page")
    (site / "clip ä#1.mp4").write_bytes(bytes(range(100)))
    (tmp_path / "secret.txt").write_text("secret")
    (site / "link.txt").symlink_to(tmp_path / "secret.txt")

    async def run() -> None:
        async with listening(FolderSite(site)) as (server, base), aiohttp.ClientSession() as http:
            async with http.get(f"{base}/clip%20%C3%A4%231.mp4", headers={"Range": "bytes=10-19"}) as answer:
                assert answer.status == 206
                assert await answer.read() == bytes(range(10, 20))
                assert answer.headers["Content-Range"] == "bytes 10-19/100"
                assert answer.headers["Content-Type"] == "video/mp4"
            async with http.get(f"{base}/index.html", headers={"Range": "bytes=99-"}) as answer:
                assert answer.status == 416
            async with http.get(f"{base}/") as answer:
                assert await answer.text() == "page"
            async with http.get(f"{base}/remotion-py.js") as answer:
                assert "registerComposition" in await answer.text()
            for path in ("/../secret.txt", "/%2e%2e/secret.txt", "/link.txt", "/nothing"):
                async with http.get(URL(base + path, encoded=True)) as answer:
                    assert answer.status == 404
            async with http.get(f"{base}/{server.token}/proxy?src=x&time=0") as answer:
                assert answer.status == 500
                assert "decodes videos" in (await answer.json())["error"]
            async with http.get(f"{base}/proxy?src=x") as answer:
                assert answer.status == 404

    asyncio.run(run())


def test_files_are_served_unchanged_and_a_404_says_why(tmp_path: Path) -> None:
    import aiohttp

    site, outside = tmp_path / "site", tmp_path / "outside"
    for folder in (site / ".git", site / ".well-known", site / "sub", outside):
        folder.mkdir(parents=True)
    (site / "index.html").write_text("page")
    (site / "new.csv").write_text("the new one")
    (site / "new.csv.gz").write_bytes(gzip.compress(b"an old one"))
    (site / "new.csv.br").write_bytes(b"another")
    for hidden in (".env", ".git/config", "sub/.env", ".well-known/open"):
        (site / hidden).write_text("dotted")
    (outside / "x.csv").write_text("outside")
    (site / "data").symlink_to(outside)
    (site / "plain.txt").symlink_to(site / ".env")
    (site / "inner").symlink_to(site / "sub")
    (site / "sub" / "y.csv").write_text("inside")

    async def run() -> None:
        async with listening(FolderSite(site)) as (server, base), aiohttp.ClientSession() as http:

            async def get(path: str, **headers: str) -> tuple[int, bytes, str]:
                async with http.get(URL(base + path, encoded=True), headers=headers) as answer:
                    return answer.status, await answer.read(), answer.headers.get("Content-Encoding", "")

            taken = {"Accept-Encoding": "gzip, deflate, br, zstd"}
            assert await get("/new.csv", **taken) == (200, b"the new one", "")
            assert await get("/new.csv", **taken, Range="bytes=4-6") == (206, b"new", "")
            copy = urlsplit(server.share(site / "new.csv", {})).path
            assert await get(copy, **taken) == (200, b"the new one", "")
            assert await get("/inner/y.csv") == (200, b"inside", "")
            assert await get("/.well-known/open") == (200, b"dotted", "")
            for path in ("/.env", "/.git/config", "/sub/.env", "/sub/../.env", "/%2eenv", "/inner/.env", "/plain.txt"):
                status, body, _ = await get(path)
                assert (status, b"dotted" in body) == (404, False), path
            for path in ("/a%00b", "/" + "x" * 300, "/" + "y/" * 3000):
                assert (await get(path))[0] == 404, path[:20]
            assert "The symbolic link data leads out" in (await get("/data/x.csv"))[1].decode()
            assert "begin with a dot" in (await get("/.env"))[1].decode()
            with pytest.raises(ValueError, match="Expecting value"):
                json.loads((await get("/nothere.json"))[1])
            with pytest.raises(MediaError, match="The symbolic link data leads out"):
                await server.local_file(f"http://localhost:{server.port}/data/x.csv")

    asyncio.run(run())


@pytest.mark.parametrize(
    ("scale", "size"),
    [(0.6, (768, 433)), (0.734, (940, 529)), (0.77, (986, 555)), (1.208, (1547, 870)), (2, (2560, 1440))],
)
def test_how_many_pixels_chromium_draws(scale: float, size: tuple[int, int]) -> None:
    """Pictures of 1280x720, measured with Chromium 156 on 2026-11-27."""
    assert (drawn(1280, scale), drawn(720, scale)) == size


def test_what_differs_between_browsers_is_in_their_flags() -> None:
    plain = BrowserSettings().flags()
    assert plain == ("--force-device-scale-factor=1",)
    open_ = BrowserSettings(
        scale=0.5, gl="swangle", disable_web_security=True, ignore_certificate_errors=True, user_agent="me"
    )
    assert open_.flags() == (
        "--force-device-scale-factor=0.5",
        "--use-gl=angle",
        "--use-angle=swiftshader",
        "--disable-gpu-compositing",
        "--disable-web-security",
        "--ignore-certificate-errors",
        "--user-agent=me",
    )


def test_serve_urls_point_to_index_html() -> None:
    assert page_url("https://x.y/site") == "https://x.y/site/index.html"
    assert page_url("https://x.y/site/") == "https://x.y/site/index.html"
    assert page_url("https://x.y/site/index.html?a=b#c") == "https://x.y/site/index.html"


def test_browsers_are_found_in_order(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    real = find_browser()
    monkeypatch.setenv("REMOTION_PY_BROWSER", str(real.path))
    assert find_browser().source == "REMOTION_PY_BROWSER"
    assert find_browser(str(real.path)).source == "browser_executable"
    with pytest.raises(BrowserNotFoundError, match="not an executable file"):
        find_browser("/nowhere/chrome")
    monkeypatch.delenv("REMOTION_PY_BROWSER")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path))
    with pytest.raises(BrowserNotFoundError, match="remotion-py install-browser"):
        find_browser()
    shell = tmp_path / "chromium_headless_shell-1" / "chrome-linux" / "headless_shell"
    shell.parent.mkdir(parents=True)
    shell.write_text("")
    assert find_browser().path == shell
    assert find_browser().headless_shell
