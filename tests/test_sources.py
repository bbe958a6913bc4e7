"""Media files that a page names: from disk, or downloaded once, within what the page may reach."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from remotion_py.errors import MediaError
from remotion_py.media import sources as module
from remotion_py.media.facts import probe
from remotion_py.media.sources import Sources
from remotion_py.options.network import REACH

from .media import chirp, media_folder, pcm, run


class Reach:
    """Everything on this machine, or nothing."""

    def __init__(self, *, open: bool = True) -> None:
        self.open = open
        self.asked: list[str] = []

    async def local_file(self, url: str) -> Path | None:
        return media_folder() / "chirp.wav" if url == "http://localhost:1/own.wav" else None

    async def permitted(self, host: str, port: int) -> list[str]:
        self.asked.append(host)
        return ["127.0.0.1"] if self.open else []


class Server:
    """Answers as a test wants it, and counts."""

    def __init__(self) -> None:
        self.requests: list[web.Request] = []
        self.answer: Callable[[web.Request], web.StreamResponse] = lambda _: web.Response(body=b"data" * 1000)
        self.url = ""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        async def handle(request: web.Request) -> web.StreamResponse:
            self.requests.append(request)
            return self.answer(request)

        app = web.Application()
        app.router.add_get("/{path:.*}", handle)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            self.url = f"http://media.test:{runner.addresses[0][1]}"
            yield self.url
        finally:
            await runner.cleanup()


def served(folder: Path, work: Callable[[Sources, Server], Any], *, reach: Reach | None = None) -> Server:
    server = Server()

    async def run_it() -> None:
        known = Sources(folder / "assets", reach or Reach())
        known.begin("one")
        async with server.running():
            try:
                await work(known, server)
            finally:
                await known.close()

    asyncio.run(run_it())
    return server


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSES_S", (0.01, 0.01))


def test_files_of_the_site_are_read_where_they_are(tmp_path: Path) -> None:
    async def work(known: Sources, _: Server) -> None:
        assert await known.file("http://localhost:1/own.wav") == media_folder() / "chirp.wav"

    assert served(tmp_path, work).requests == []


def test_a_file_is_downloaded_once_and_revalidated_by_the_next_render(tmp_path: Path) -> None:
    async def work(known: Sources, server: Server) -> None:
        def answer(request: web.Request) -> web.StreamResponse:
            if request.headers.get("If-None-Match") == '"v1"':
                return web.Response(status=304)
            return web.Response(body=b"music", headers={"ETag": '"v1"'})

        server.answer = answer
        many = await asyncio.gather(*(known.file(f"{server.url}/a.mp3") for _ in range(5)))
        assert {path.read_bytes() for path in many} == {b"music"}
        assert len(server.requests) == 1
        other = Sources(tmp_path / "assets", Reach())
        other.begin("one")
        await other.file(f"{server.url}/a.mp3")
        assert len(server.requests) == 1
        known.begin("two")
        assert (await known.file(f"{server.url}/a.mp3")).read_bytes() == b"music"
        assert len(server.requests) == 2
        server.answer = lambda _: web.Response(body=b"new music", headers={"ETag": '"v2"'})
        known.begin("three")
        assert (await known.file(f"{server.url}/a.mp3")).read_bytes() == b"new music"

    served(tmp_path, work)


def test_a_request_to_a_failing_server_is_retried(tmp_path: Path) -> None:
    async def work(known: Sources, server: Server) -> None:
        server.answer = lambda _: web.Response(status=503) if len(server.requests) < 3 else web.Response(body=b"ok")
        assert (await known.file(f"{server.url}/a.mp3")).read_bytes() == b"ok"
        server.answer = lambda _: web.Response(status=503)
        with pytest.raises(MediaError, match=r"b\.mp3 could not be downloaded in 3 attempts: HTTP 503"):
            await known.file(f"{server.url}/b.mp3")
        # The npm renderer waits for ever when it is asked again for what had failed.
        with pytest.raises(MediaError, match="in 3 attempts"):
            await known.file(f"{server.url}/b.mp3")

    served(tmp_path, work)


def test_a_missing_file_is_an_error_without_retries(tmp_path: Path) -> None:
    async def work(known: Sources, server: Server) -> None:
        server.answer = lambda _: web.Response(status=404, text="no such song")
        with pytest.raises(MediaError, match=r"a\.mp3 cannot be downloaded: its server answers HTTP 404") as error:
            await known.file(f"{server.url}/a.mp3")
        assert "no such song" not in str(error.value)  # the page sees the error, but not what other servers say
        assert len(server.requests) == 1

    served(tmp_path, work)


def test_forbidden_addresses_are_not_fetched_not_even_by_a_redirect(tmp_path: Path) -> None:
    async def refused(known: Sources, server: Server) -> None:
        with pytest.raises(
            MediaError, match=f"cannot be reached: the host name is unknown or not allowed .*{re.escape(REACH)}"
        ):
            await known.file(f"{server.url}/a.mp3")

    assert served(tmp_path, refused, reach=Reach(open=False)).requests == []

    class OnlyNamed(Reach):
        async def permitted(self, host: str, port: int) -> list[str]:
            return ["127.0.0.1"] if host == "media.test" else []

    async def redirected(known: Sources, server: Server) -> None:
        for target in ("http://127.0.0.1:9/secret", "http://169.254.169.254/latest/meta-data", "file:///etc/passwd"):
            server.answer = lambda _, target=target: web.Response(status=302, headers={"Location": target})
            with pytest.raises(MediaError, match="cannot be reached"):
                await known.file(f"{server.url}/{len(server.requests)}.mp3")

    served(tmp_path, redirected, reach=OnlyNamed())


def test_the_number_of_redirects_is_limited(tmp_path: Path) -> None:
    async def work(known: Sources, server: Server) -> None:
        def answer(request: web.Request) -> web.StreamResponse:
            if request.path == "/end":
                return web.Response(body=b"there")
            return web.Response(status=302, headers={"Location": "/end" if request.path == "/once" else "/round"})

        server.answer = answer
        assert (await known.file(f"{server.url}/once")).read_bytes() == b"there"
        with pytest.raises(MediaError, match="redirected more than 10 times"):
            await known.file(f"{server.url}/round")

    served(tmp_path, work)


def test_an_address_is_requested_unchanged(tmp_path: Path) -> None:
    """Servers that sign addresses compare their text."""
    signed = "/clip%20%281%29%7E.mp4?Policy=abc&Signature=x%2By%2Fz%3D%3D&u=http%3A%2F%2Fo"

    async def work(known: Sources, server: Server) -> None:
        await known.file(server.url + signed)
        assert server.requests[-1].raw_path == signed
        moved = web.Response(status=302, headers={"Location": signed + "&moved=%2F"})
        server.answer = lambda request: moved if request.path == "/old" else web.Response(body=b"new")
        await known.file(f"{server.url}/old")
        assert server.requests[-1].raw_path == signed + "&moved=%2F"
        await known.file(f"{server.url}/ü b.mp4")
        assert server.requests[-1].raw_path == "/%C3%BC%20b.mp4"

    served(tmp_path, work)


def test_servers_get_the_user_agent_of_a_browser_or_the_option(tmp_path: Path) -> None:
    async def work(known: Sources, server: Server) -> None:
        await known.file(f"{server.url}/a.mp3")
        assert server.requests[-1].headers["User-Agent"].startswith("Mozilla/5.0")
        known.begin("two", user_agent="Camera 7")
        await known.file(f"{server.url}/a.mp3")
        assert server.requests[-1].headers["User-Agent"] == "Camera 7"

    served(tmp_path, work)


def test_an_invalid_address_is_an_error(tmp_path: Path) -> None:
    class Resolving(Reach):
        async def permitted(self, host: str, port: int) -> list[str]:
            host.encode("idna")
            return ["127.0.0.1"]

    async def work(known: Sources, _: Server) -> None:
        for src in (f"http://{'a' * 64}.test/a.mp3", "http://[::1/a.mp3", "http://a.test:99999/a.mp3"):
            with pytest.raises(MediaError, match="is not a valid address"):
                await known.file(src)

    served(tmp_path, work, reach=Resolving())


def test_a_data_url_is_written_atomically(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, target: object) -> None:
        raise OSError("the disk is full")

    async def work(known: Sources, _: Server) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(Path, "replace", full)
            with pytest.raises(OSError, match="full"):
                await known.file("data:text/plain,whole")
        assert (await known.file("data:text/plain,whole")).read_bytes() == b"whole"

    served(tmp_path, work)


def test_a_download_has_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REMOTION_PY_MAX_ASSET_BYTES", "1000")

    async def work(known: Sources, server: Server) -> None:
        with pytest.raises(MediaError, match="larger than 1000 bytes"):
            await known.file(f"{server.url}/a.mp3")
        assert not list((tmp_path / "assets").glob("*.partial"))

    served(tmp_path, work)


def test_data_urls_are_files_too_and_other_schemes_are_not(tmp_path: Path) -> None:
    async def work(known: Sources, _: Server) -> None:
        assert (await known.file("data:text/plain;base64,aGVsbG8=")).read_bytes() == b"hello"
        assert (await known.file("data:text/plain,a%20b")).read_bytes() == b"a b"
        for src in ("file:///etc/passwd", "blob:http://x/1", "ftp://x/y"):
            with pytest.raises(MediaError, match="only http, https and data URLs"):
                await known.file(src)

    served(tmp_path, work)


def test_a_playlist_is_not_a_media_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret.ts"
    secret.write_bytes(bytes(1000))
    playlist = tmp_path / "list.m3u8"
    playlist.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{secret}\n#EXT-X-ENDLIST\n")
    with pytest.raises(MediaError, match="cannot be read"):
        probe(playlist, 0)


def test_facts_of_files() -> None:
    folder = media_folder()
    assert probe(folder / "chirp.wav", 0).channels == 2
    assert probe(folder / "tone44.wav", 0).channels == 1
    assert probe(folder / "counter.mp4", 0).codec == "aac"
    assert probe(folder / "two-tracks.mp4", 1).channels == 1
    assert probe(folder / "two-tracks.mp4", 2).channels == 0
    assert probe(folder / "counter.webm", 0).channels == 0
    assert not probe(folder / "tone.mp3", 0).stamped
    assert probe(folder / "counter.mp4", 0).stamped
    assert probe(folder / "counter.mp4", 0).duration == pytest.approx(3, abs=0.05)
    with pytest.raises(MediaError, match="cannot be read"):
        probe(folder / "frame.html", 0)


def test_a_transport_stream_becomes_something_that_ffmpeg_can_read(tmp_path: Path) -> None:
    stream = tmp_path / "a.ts"
    raw = ("-f", "s16le", "-ar", 48000, "-ac", 2, "-i", "pipe:0")
    run(*raw, "-c:a", "aac", stream, feed=pcm(chirp(1, 48000)))

    class Own(Reach):
        async def local_file(self, url: str) -> Path | None:
            return stream

    async def work(known: Sources, _: Server) -> None:
        path = await known.file("http://localhost:1/a.ts")
        assert path.suffix == ".mkv"
        assert probe(path, 0).channels == 2

    served(tmp_path, work, reach=Own())
