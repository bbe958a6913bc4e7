"""Remote assets over many functions: how often their origin is asked, and that the page sees no difference."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aiohttp import web
from PIL import Image

import remotion_py as rp
from remotion_py.lambda_.shared_assets import SharedAssets
from remotion_py.page.redirect import AssetRedirect, is_asset
from remotion_py.providers.local.folder import FolderStore
from remotion_py.testing import aws

from .compare import picture
from .media import media_folder
from .sites import media_site

PAGE = """<!doctype html><meta charset="utf-8"><script src="remotion-py.js"></script>
<body style="margin:0;background:#fff"></body><script>
const ready = (async () => {
  const font = new FontFace("remote", "url(/assets/font.ttf)");
  document.fonts.add(await font.load());
  const image = new Image(); image.src = "/assets/picture.png"; await image.decode();
  const video = document.createElement("video"); video.muted = true; video.src = "/assets/video.mp4";
  await new Promise((resolve, reject) => { video.onloadeddata = resolve; video.onerror = reject; });
  const data = await (await fetch("/assets/data.json")).json();
  const part = await (await fetch("/assets/video.mp4", { headers: { Range: "bytes=4-7" } })).text();
  return { image, video, data, part };
})();
remotionPy.registerComposition({
  id: "remote", width: 320, height: 180, fps: 30, durationInFrames: 24,
  async render(frame) {
    const { image, video, data, part } = await ready;
    if (part !== "ftyp") throw new Error("a range of the video is " + part);
    if (video.currentTime !== frame / 30 + 0.001) {
      video.currentTime = frame / 30 + 0.001;
      await new Promise((resolve) => video.requestVideoFrameCallback(resolve));
    }
    const canvas = document.createElement("canvas"); canvas.width = 320; canvas.height = 180;
    const pen = canvas.getContext("2d");
    pen.drawImage(image, 0, 0, 100, 100);
    pen.drawImage(video, 100, 0, 200, 112);
    pen.font = "30px remote"; pen.fillText(data.text + " " + frame, 10, 160);
    pen.getImageData(0, 0, 1, 1);  // throws where an asset of another origin came without leave
    document.body.replaceChildren(canvas);
  },
});
</script>"""


class Origin:
    """A server that lets nobody keep anything, and counts what it is asked for."""

    def __init__(self, folder: Path) -> None:
        self.asked: Counter[str] = Counter()
        self._folder = folder
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.url = asyncio.run_coroutine_threadsafe(self._start(), self._loop).result()

    async def _start(self) -> str:
        app = web.Application()
        app.router.add_get("/{path:.*}", self._file)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def _file(self, request: web.Request) -> web.StreamResponse:
        path = self._folder / request.match_info["path"]
        if path.name == "remotion-py.js":
            path = rp.RUNTIME_JS
        if path.parent.name == "assets":
            self.asked[path.name] += 1
        if not path.is_file():
            return web.Response(status=404)
        return web.FileResponse(path, headers={"Cache-Control": "no-store", "Access-Control-Allow-Origin": "*"})

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


def some_font() -> Path:
    """A font of this machine."""
    listed = subprocess.run(["fc-list", "-f", "%{file}\\n"], capture_output=True, text=True, check=True).stdout
    return Path(next(line for line in sorted(listed.split("\n")) if line.endswith(".ttf")))


@pytest.fixture
def remote(tmp_path: Path) -> Iterator[Origin]:
    folder = tmp_path / "origin"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text(PAGE)
    Image.fromarray(np.arange(30_000, dtype=np.uint8).reshape(100, 100, 3)).save(folder / "assets" / "picture.png")
    (folder / "assets" / "video.mp4").write_bytes((media_folder() / "counter.mp4").read_bytes())
    (folder / "assets" / "data.json").write_text('{"text": "remote"}')
    (folder / "assets" / "font.ttf").write_bytes(some_font().read_bytes())
    server = Origin(folder)
    yield server
    server.close()


ALL = {"picture.png", "video.mp4", "data.json", "font.ttf"}


def test_each_asset_is_fetched_once_for_all_functions(remote: Origin, tmp_path: Path) -> None:
    options: dict[str, Any] = {"concurrency": 4}
    with rp.Client(capacity=4) as client:
        plain = client.render_frames(remote.url, "remote", output=tmp_path / "plain", **options)
        often = Counter(remote.asked)
        remote.asked.clear()
        once = client.render_frames(remote.url, "remote", output=tmp_path / "once", cache_assets=True, **options)
        assert remote.asked == dict.fromkeys(ALL, 1)
        client.render_frames(remote.url, "remote", output=tmp_path / "again", cache_assets=True, **options)
        assert remote.asked == dict.fromkeys(ALL, 2), "another render asks again, as nothing may be kept"
    assert all(often[name] >= 4 for name in ALL), "without it every function fetches them"
    for ours, other in zip(once.paths, plain.paths, strict=True):
        assert np.array_equal(picture(ours), picture(other))


def test_videos_of_remotion_are_fetched_once_too(remote: Origin, tmp_path: Path) -> None:
    """`<OffthreadVideo>` asks by our proxy, `<Video>` of @remotion/media by fetches of ranges.

    On the test account, as functions on this machine share what the proxy downloads anyhow.
    """
    shutil.copytree(media_site(), tmp_path / "origin", dirs_exist_ok=True)
    for name in ("offthread.mp4", "media.mp4"):
        (tmp_path / "origin" / "assets" / name).write_bytes((media_folder() / "counter.mp4").read_bytes())
    options: dict[str, Any] = {"concurrency": 4, "props": {"origin": remote.url}}
    with aws(concurrency=4), rp.Client("aws") as client:
        client.deploy_function()
        plain = client.render_frames(remote.url, "video-remote", output=tmp_path / "plain", **options)
        assert all(remote.asked[name] >= 4 for name in ("offthread.mp4", "media.mp4"))
        remote.asked.clear()
        once = client.render_frames(remote.url, "video-remote", output=tmp_path / "once", cache_assets=True, **options)
    assert {name: count for name, count in remote.asked.items() if name.endswith(".mp4")} == {
        "offthread.mp4": 1,
        "media.mp4": 1,
    }
    for ours, other in zip(once.paths, plain.paths, strict=True):
        assert np.array_equal(picture(ours), picture(other))


def test_only_public_get_requests_are_copied() -> None:
    def asked(kind: str, method: str = "GET", **headers: str) -> bool:
        return is_asset({"resourceType": kind, "request": {"method": method, "headers": headers, "url": "https://x/"}})

    assert asked("Image")
    assert asked("Fetch", Range="bytes=0-1")
    assert not asked("Document")
    assert not asked("Script")
    assert not asked("Fetch", "POST")
    assert not asked("Fetch", Authorization="Bearer x")
    assert not asked("XHR", Cookie="a=b")


@pytest.mark.parametrize("wrong", [OSError(28, "disk full"), UnicodeError("label too long"), rp.RemotionPyError("no")])
def test_a_request_continues_if_it_cannot_be_copied(wrong: Exception) -> None:
    sent: list[dict[str, Any]] = []

    class Page:
        async def send(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
            sent.append({"method": method, **params})
            return {}

    async def fails(url: str) -> str | None:
        raise wrong

    async def run() -> None:
        redirect = AssetRedirect(Page(), fails)  # type: ignore[arg-type]
        request = {"method": "GET", "headers": {}, "url": "https://x/a.png"}
        await redirect._answer({"requestId": "1", "resourceType": "Image", "request": request})

    asyncio.run(run())
    assert sent == [{"method": "Fetch.continueRequest", "requestId": "1"}]


def test_another_function_downloads_an_asset_if_the_first_one_fails(tmp_path: Path) -> None:
    shared = SharedAssets(FolderStore(tmp_path / "store", "b"), "r")
    downloads: list[int] = []

    async def fails() -> dict[str, Any]:
        raise OSError("the line is dead")

    async def works() -> dict[str, Any]:
        downloads.append(1)
        (tmp_path / "a").write_bytes(b"asset")
        return {"headers": {"Content-Type": "text/plain"}}

    async def run() -> None:
        with pytest.raises(OSError, match="line is dead"):
            await shared.have("x", tmp_path / "a", fails)
        assert (await shared.have("x", tmp_path / "a", works))["headers"]["Content-Type"] == "text/plain"
        await asyncio.gather(*(shared.have("x", tmp_path / f"copy-{number}", works) for number in range(5)))

    asyncio.run(run())
    assert len(downloads) == 1
    assert all((tmp_path / f"copy-{number}").read_bytes() == b"asset" for number in range(5))
