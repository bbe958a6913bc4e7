"""The picture belongs to the frame: what reaches the display by a way of its own is there when it is taken.

The site is served by a server whose pictures take a while, so that what does not wait for them fails always.
"""

from __future__ import annotations

import asyncio
import io
import wave
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aiohttp import web
from PIL import Image

from remotion_py.errors import PageScriptError, PageTimeoutError
from remotion_py.page import RUNTIME_JS
from remotion_py.page.bundle import CompositionPage
from remotion_py.page.contract import Background, PageSettings
from remotion_py.page.flags import BrowserSettings
from remotion_py.page.network import Network
from remotion_py.page.session import BrowserSession

from .compare import difference
from .media import SIZE, counted_frames, media_folder
from .patience import PATIENCE_S

SITE = Path(__file__).parent / "sites" / "pictures"
COLOURS = [(200, 30, 30), (30, 200, 30), (30, 30, 200), (200, 200, 30), (30, 200, 200)]
DELAY_S = 0.05

Picture = np.ndarray[Any, Any]


def _png(colour: tuple[int, int, int]) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (320, 180), colour).save(out, "PNG")
    return out.getvalue()


def _wav() -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(b"\0\1" * 4000)
    return out.getvalue()


@asynccontextmanager
async def served() -> AsyncIterator[str]:
    async def answer(request: web.Request) -> web.StreamResponse:
        name = request.path.strip("/")
        if name == "remotion-py.js":
            return web.FileResponse(RUNTIME_JS)
        if name == "counter.mp4":
            return web.FileResponse(media_folder() / name)
        if name == "noise.wav":
            return web.Response(body=_wav(), content_type="audio/wav")
        if name == "never.png":
            await asyncio.sleep(60)
        await asyncio.sleep(DELAY_S if name.endswith((".png", ".css")) else 0)
        if name.startswith("inner-"):
            await asyncio.sleep(DELAY_S)
            picture = f"<body style='margin: 0'><img src='{int(name[6:-5]) % 5}.png?inner{name}'></body>"
            return web.Response(text=picture, content_type="text/html")
        if name.startswith("use-"):
            await asyncio.sleep(DELAY_S)
            fill = f"rgb{COLOURS[int(name[4:-4]) % 5]}"
            shape = f"<rect id='it' width='320' height='180' fill='{fill}'/>"
            drawing = f"<svg xmlns='http://www.w3.org/2000/svg'>{shape}</svg>"
            return web.Response(text=drawing, content_type="image/svg+xml")
        if name.startswith("style-"):
            frame = int(name[6:-4])
            return web.Response(text=f"div {{ background: url({frame % 5}.png?{frame}) }}", content_type="text/css")
        if name[:1].isdigit():
            return web.Response(body=_png(COLOURS[int(name[0])]), content_type="image/png")
        file = SITE / name
        return web.FileResponse(file) if file.is_file() else web.Response(status=404)

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://localhost:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


@pytest.fixture
def session() -> BrowserSession:
    return BrowserSession()


def taken(
    session: BrowserSession, composition: str, frames: Sequence[int], *, timeout_ms: int = 15_000, gl: str | None = None
) -> list[Picture]:
    """Return the pictures of some frames of a fresh page."""

    async def run() -> list[Picture]:
        try:
            async with served() as url:
                page = await show(session, url, composition, frames[0], timeout_ms, gl)
                return [await capture(page, frame) for frame in frames]
        finally:
            await session.close()

    return asyncio.run(run())


async def show(
    session: BrowserSession, url: str, composition: str, first: int, timeout_ms: int = 15_000, gl: str | None = None
) -> CompositionPage:
    settings = PageSettings(timeout_ms=timeout_ms, initial_frame=first, browser=BrowserSettings(gl=gl))
    found = await (await session.open(url, settings, generation="test")).composition(composition)
    return await session.show(url, settings, found, background=Background(), generation="test")


async def capture(page: CompositionPage, frame: int) -> Picture:
    await page.seek(frame)
    return np.asarray(Image.open(io.BytesIO(await page.capture("jpeg", 95))).convert("RGB"))


def video_frame(picture: Picture) -> int:
    """Return which frame of counter.mp4 a picture shows, or -1."""
    pictures = [np.frombuffer(raw, np.uint8).reshape(SIZE[1], SIZE[0], 3) for raw in counted_frames(20, 0)]
    distances = [difference(picture, truth) for truth in pictures]
    return int(np.argmin(distances)) if min(distances) < 5 else -1


def painted_frame(picture: Picture) -> float:
    """Return the frame whose colour a picture has."""
    red, green, blue = picture[90, 160].astype(float)
    return round((red - 40) / 20) if abs(green - 200) < 12 and abs(blue - 50) < 12 else -1


def image_number(picture: Picture) -> int:
    """Return the number of the image that a picture shows, or -1."""
    distances = [np.abs(picture[90, 160].astype(float) - colour).sum() for colour in COLOURS]
    return int(np.argmin(distances)) if min(distances) < 30 else -1


# Two chunks, of which each is a page of its own, and whose first pictures are as right as the others.
CHUNKS = ([0, 1, 2, 3, 4], [5, 6, 7])


@pytest.mark.parametrize("frames", CHUNKS)
@pytest.mark.parametrize(
    "composition", ["seeks-twice", "seeks-unawaited", "in-a-shadow", "in-a-frame", "drawn-to-a-canvas"]
)
def test_videos_show_the_picture_of_the_frame(session: BrowserSession, composition: str, frames: list[int]) -> None:
    assert [video_frame(picture) for picture in taken(session, composition, frames)] == frames


async def evaluated(session: BrowserSession, expression: str) -> Any:
    """Return the value of an expression in a page whose `body` gets a `video` without a source."""
    try:
        async with served() as url:
            page = await session.open(url, PageSettings(timeout_ms=60_000), generation="test")
            setup = "const video = document.body.appendChild(document.createElement('video'));"
            return await page._page.evaluate(f"(async () => {{ {setup} {expression} }})()", doing="look at a video")
    finally:
        await session.close()


@pytest.mark.parametrize("moment", ["", "loadstart", "suspend", "loadedmetadata"])
def test_a_video_is_awaited_from_its_source_to_its_picture(session: BrowserSession, moment: str) -> None:
    """A video is neither loading nor seeking before its loading starts, nor between its download and its picture."""
    look = f"""
        video.preload = "auto";
        video.src = "counter.mp4";
        if ("{moment}") await new Promise((resolve) => video.addEventListener("{moment}", resolve));
        await remotionPyDriver.awaitInner();
        return video.readyState >= 2;
    """
    assert asyncio.run(evaluated(session, look)) is True


REFUSED = "<source src=missing.mp4 /><source src=a type=video/none />"


@pytest.mark.parametrize(
    ("source", "ended"),
    [
        ("", "true"),
        ("video.src = 'missing.mp4';", "video.error"),
        (f"video.innerHTML = '{REFUSED}';", "failed"),
        ("video.preload = 'none'; video.src = 'counter.mp4';", "video.networkState === 1"),
    ],
)
def test_a_video_that_will_show_no_picture_is_not_awaited(session: BrowserSession, source: str, ended: str) -> None:
    look = f"""
        let failed = false;
        document.addEventListener("error", () => {{ failed = true; }}, true);
        {source}
        while (!({ended})) await new Promise((resolve) => setTimeout(resolve, 1));
        let waits = true;
        remotionPyDriver.awaitInner().then(() => {{ waits = false; }});
        for (let turn = 0; turn < 5; turn++) await Promise.resolve();
        return waits;
    """
    assert asyncio.run(evaluated(session, look)) is False


@pytest.mark.parametrize("frames", CHUNKS)
@pytest.mark.parametrize("composition", ["offscreen", "offscreen-webgl", "offscreen-in-a-worker"])
def test_transferred_canvases_are_in_every_picture(
    session: BrowserSession, composition: str, frames: list[int]
) -> None:
    assert [painted_frame(picture) for picture in taken(session, composition, frames)] == frames


IMAGES = ["image", "lazy-image", "background", "svg-image", "svg-use", "stylesheet", "inner-page"]


@pytest.mark.parametrize("composition", IMAGES)
def test_images_under_way_are_awaited(session: BrowserSession, composition: str) -> None:
    frames = [0, 1, 2, 3]
    assert [image_number(picture) for picture in taken(session, composition, frames)] == frames


def test_without_waiting_for_images_the_test_fails(session: BrowserSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Network, "pictures", property(lambda self: frozenset()))
    assert [image_number(picture) for picture in taken(session, "background", [0, 1, 2])] != [0, 1, 2]


@pytest.mark.parametrize("gl", [None, "swangle", "swiftshader"])
def test_frames_contain_nothing_of_earlier_frames(session: BrowserSession, gl: str | None) -> None:
    """A line of one pixel that moves by fractions of one covers two columns at most, and not all it has been at."""
    pictures = taken(session, "moving-line", range(12), gl=gl)
    assert {int((picture[90].min(axis=1) < 200).sum()) for picture in pictures} == {1, 2}


def test_a_page_may_replace_what_drives_it(session: BrowserSession) -> None:
    assert [painted_frame(picture) for picture in taken(session, "own-globals", [0, 1, 2])] == [0, 1, 2]


def test_software_rendering_draws_webgl(session: BrowserSession) -> None:
    assert [painted_frame(picture) for picture in taken(session, "webgl", [0, 1, 2], gl="swangle")] == [0, 1, 2]


def test_sound_may_be_played_as_after_a_click(session: BrowserSession) -> None:
    assert painted_frame(taken(session, "sound-played", [3])[0]) == 3


@pytest.mark.parametrize("composition", ["reloads", "leaves"])
def test_another_document_is_an_error(session: BrowserSession, composition: str) -> None:
    with pytest.raises(PageScriptError, match=r"another document at frame [23].*development server"):
        taken(session, composition, [0, 1, 2, 3, 4])


def test_a_page_that_polls_for_pictures_is_rendered(session: BrowserSession) -> None:
    """The server takes longer for a picture than the page for asking for the next one."""
    assert len(taken(session, "polls", [0, 1, 2])) == 3


def test_failed_requests_are_reported(session: BrowserSession) -> None:
    async def run() -> Sequence[str]:
        try:
            async with served() as url:
                page = await show(session, url, "missing", 0)
                await capture(page, 0)
                await capture(page, 1)
                return page.missing
        finally:
            await session.close()

    assert asyncio.run(run()) == ["nothing.png (image): HTTP 404"]


def test_a_picture_that_never_arrives_is_named(session: BrowserSession) -> None:
    with pytest.raises(
        PageTimeoutError, match=r"waited \d+ s for never.png \(image\).*Check that this address responds"
    ):
        taken(session, "never", [0], timeout_ms=3000)


def test_the_progress_shows_what_a_frame_waits_for(session: BrowserSession) -> None:
    async def run() -> tuple[str | None, str | None]:
        try:
            async with served() as url:
                page = await show(session, url, "image", 0)
                before = page.waiting
                page = await show(session, url, "never", 0, timeout_ms=3000)
                seeking = asyncio.ensure_future(page.seek(0))
                while page.waiting != "never.png (image)":
                    await asyncio.sleep(0.01)
                    assert not seeking.done()
                said = page.waiting
                await asyncio.gather(seeking, return_exceptions=True)
                return before, said
        finally:
            await session.close()

    assert asyncio.run(asyncio.wait_for(run(), PATIENCE_S)) == (None, "never.png (image)")


Event = dict[str, Any]


def _request(number: int, url: str, kind: str) -> Event:
    return {"requestId": str(number), "request": {"url": url}, "type": kind}


def test_requests_are_followed() -> None:
    network = Network("http://localhost:1/")
    network.on_request(_request(1, "http://localhost:1/a.png", "Image"))
    network.on_request(_request(2, "http://localhost:1/data", "Fetch"))
    network.on_request(_request(3, "http://localhost:1/film.mp4", "Media"))
    assert network.pictures == {"1"}
    network.on_finished({"requestId": "1"})
    assert network.pictures == frozenset()
    assert network.oldest
    assert network.oldest.name == "data (fetch)"
    network.on_failed({"requestId": "2", "errorText": "net::ERR_FAILED"})
    network.on_failed({"requestId": "3", "errorText": "net::ERR_ABORTED", "canceled": True})
    assert network.missing == ["data (fetch): net::ERR_FAILED"]


@pytest.mark.parametrize(
    "ending",
    [
        lambda network: network.on_response(
            {"requestId": "1", "response": {"status": 200, "mimeType": "multipart/x-mixed-replace"}}
        ),
        lambda network: network.forget(),
    ],
)
def test_endless_pictures_are_not_awaited(ending: Callable[[Network], None]) -> None:
    network = Network("http://localhost:1/")
    network.on_request(_request(1, "http://localhost:1/camera", "Image"))
    ending(network)
    assert network.pictures == frozenset()


def test_the_stored_data_of_a_page_is_limited() -> None:
    network = Network("http://localhost:1/")
    for number in range(200):
        network.on_request(_request(number, f"http://localhost:1/{number}{'x' * 5000}", "Image"))
        network.on_failed({"requestId": str(number), "errorText": "net::ERR_FAILED"})
    assert len(network.missing) == 50
    assert all(len(text) < 300 for text in network.missing)
