"""The page reaches its own site and public addresses; other programs and users reach neither the site nor the gate."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psutil
import pytest
from aiohttp import web

from remotion_py.lambda_.payload import PagePayload
from remotion_py.options.option import check_options, wire_options
from remotion_py.options.renders import PageOptions
from remotion_py.page.addresses import own_addresses, reach
from remotion_py.page.contract import PageSettings
from remotion_py.page.gate import NetworkGate, origin_of, parse_request
from remotion_py.page.peers import owner_of
from remotion_py.page.session import BrowserSession
from remotion_py.providers.local.runtime_api import RuntimeApi

from .other_user import answers_to_nobody, needs_other_user
from .patience import PATIENCE_S

needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who owns a connection")


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.8.8", "0.0.0.0", "0.0.0.1", "::1", "::", "::ffff:127.0.0.1", "::127.0.0.1",
        "::ffff:0:127.0.0.1", "2002:7f00:1::", "64:ff9b::127.0.0.1", "64:ff9b:1::127.0.0.1",
        "2001:0:7f00:1::", "2001:0:4136:e378:8000:63bf:80ff:fffe", "169.254.169.254", "169.254.170.2", "169.254.1.1",
        "fe80::1", "fe80::1%eth0", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "224.0.0.1", "ff02::1",
        "fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254", "100.100.100.200", "168.63.129.16", "192.0.0.192",
    ],
)  # fmt: skip
def test_addresses_of_this_machine_and_of_metadata(address: str) -> None:
    assert reach(address) == "machine"


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.5", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "100.127.255.255", "192.0.0.8",
        "198.18.0.1", "240.0.0.1", "255.255.255.255", "fc00::1", "fd12:3456::1", "fec0::1", "::ffff:10.0.0.5",
        "::ffff:0:192.168.1.1", "::10.0.0.5", "64:ff9b::10.0.0.5", "64:ff9b:1::808:808", "2002:a00:5::1",
        "2001:0:808:808::1",
    ],
)  # fmt: skip
def test_addresses_of_private_networks(address: str) -> None:
    assert reach(address) == "private"


@pytest.mark.parametrize(
    "address",
    ["93.184.216.34", "8.8.8.8", "172.32.0.1", "100.128.0.1", "192.0.1.1", "2606:2800:220:1::1", "::ffff:8.8.8.8",
     "64:ff9b::808:808", "2002:808:808::1"],
)  # fmt: skip
def test_public_addresses(address: str) -> None:
    assert reach(address) == "public"
    assert reach(address, [address]) == "machine"


def test_embedded_addresses_are_checked_in_every_form() -> None:
    own = ["203.0.114.7"]
    for form in ("203.0.114.7", "::ffff:203.0.114.7", "::203.0.114.7", "64:ff9b::203.0.114.7", "2002:cb00:7207::1"):
        assert reach(form, own) == "machine", form


def test_the_gate_knows_its_machine_and_its_networks() -> None:
    async def run() -> None:
        gate = NetworkGate()
        for name in (
            "localhost",
            "localhost.",
            "127.1",
            "2130706433",
            "0x7f000001",
            "0177.0.0.1",
            socket.gethostname(),
        ):
            assert await gate.permitted(name, 80) == [], name
        for address in own_addresses():
            assert await gate.permitted(address, 80) == [], address
        for odd in ("a" * 64 + ".example", "a..example", "\x00", ""):
            assert await gate.permitted(odd, 80) in ([], ["0.0.0.0"]), odd
        assert await gate.permitted("10.255.255.1", 80) == []
        await gate.allow(private_network=True)
        assert await gate.permitted("10.255.255.1", 80) == ["10.255.255.1"]
        for address in own_addresses():
            assert await gate.permitted(address, 80) == [], address
        await gate.allow(("10.1.2.3", 3000))
        assert await gate.permitted("10.1.2.3", 3000) == ["10.1.2.3"]
        assert await gate.permitted("10.1.2.3", 3001) == []

    asyncio.run(run())


def test_origins() -> None:
    assert origin_of("https://Example.com/x") == ("example.com", 443)
    assert origin_of("http://localhost:3000/index.html") == ("localhost", 3000)
    assert origin_of("http://:.") == origin_of("http://[") == ("", 0)


def test_requests_to_the_gate() -> None:
    assert parse_request(b"\x05\x01\x00\x01\x7f\x00\x00\x01\x00\x50more") == ("127.0.0.1", 80, 10)
    assert parse_request(b"\x05\x01\x00\x03\x04a.de\x01\xbb") == ("a.de", 443, 11)
    assert parse_request(b"\x05\x01\x00\x04" + bytes(15) + b"\x01\x00\x50") == ("::1", 80, 22)
    assert parse_request(b"\x05\x02\x00\x01\x7f\x00\x00\x01\x00\x50") == (None, 80, 10)
    whole = b"\x05\x01\x00\x03\x04a.de\x01\xbb"
    assert [parse_request(whole[:size]) for size in range(len(whole))] == [None] * len(whole)
    label = b"a" * 70
    host = parse_request(b"\x05\x01\x00\x03" + bytes([len(label)]) + label + b"\x00\x50")
    assert host
    assert host[0] == label.decode()


@asynccontextmanager
async def echoing() -> AsyncIterator[int]:
    """A server that speaks first, and then says everything again."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello")
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.write(b"bye")
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def through(gate: NetworkGate, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, int]:
    reader, writer = await asyncio.open_connection("127.0.0.1", gate.port)
    writer.write(b"\x05\x01\x00\x05\x01\x00\x03\x09localhost" + port.to_bytes(2, "big"))
    assert await reader.readexactly(2) == b"\x05\x00"
    return reader, writer, (await reader.readexactly(10))[1]


def test_connections_are_relayed_whole_in_both_directions() -> None:
    async def run() -> None:
        gate = NetworkGate()
        await gate.start()
        async with echoing() as port:
            _, writer, refused = await through(gate, port)
            writer.close()
            assert refused == 2
            assert gate.refused == [("localhost", port)]
            await gate.allow(("localhost", port))
            reader, writer, answer = await through(gate, port)
            assert answer == 0
            data = os.urandom(3_000_000)
            writer.write(data)
            writer.write_eof()
            assert await reader.read(-1) == b"hello" + data + b"bye"
            writer.close()
        _, writer, gone = await through(gate, port)
        writer.close()
        assert gone == 4
        await gate.close()

    asyncio.run(run())


def test_the_list_of_refusals_is_limited() -> None:
    gate = NetworkGate()
    for port in range(1000):
        gate.note_refused("a", port)
    assert len(gate.refused) == 100
    assert gate.refused[-1] == ("a", 999)


def test_the_gate_accepts_only_socks() -> None:
    async def run() -> None:
        gate = NetworkGate()
        await gate.start()
        reader, writer = await asyncio.open_connection("127.0.0.1", gate.port)
        writer.write(b"POST / HTTP/1.1\r\n\r\n\x05\x01\x00\x05\x01\x00\x01\x7f\x00\x00\x01\x00\x50")
        assert await _rest(reader) == b""
        writer.close()
        await gate.close()

    asyncio.run(run())


def test_a_connection_that_cannot_be_checked_gets_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def refusing() -> dict[str, Any]:
        raise PermissionError("no list of network interfaces")

    async def run() -> None:
        gate = NetworkGate()
        await gate.start()
        try:
            reader, writer, answer = await asyncio.wait_for(through(gate, 9), PATIENCE_S)
            assert answer == 1
            assert await asyncio.wait_for(reader.read(), PATIENCE_S) == b""
            writer.close()
        finally:
            await gate.close()

    monkeypatch.setattr(psutil, "net_if_addrs", refusing)
    asyncio.run(run())


async def _rest(reader: asyncio.StreamReader) -> bytes:
    try:
        return await asyncio.wait_for(reader.read(-1), PATIENCE_S)
    except ConnectionError:
        return b""


@needs_linux
def test_the_owner_of_a_connection_is_known() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as one:
        assert owner_of(one.getsockname(), one.getpeername()) == os.geteuid()
        assert owner_of(one.getsockname(), ("127.0.0.1", 1)) is None


@pytest.mark.parametrize("allowed", [False, True])
def test_private_networks_are_an_option(lab: str, allowed: bool) -> None:
    wire = wire_options(PageOptions, check_options(PageOptions, {"allow_private_network": allowed}))
    assert wire["allowPrivateNetwork"] is allowed

    async def run() -> None:
        session = BrowserSession()
        try:
            await session.open(lab, PagePayload.from_wire({**wire, "serveUrl": lab}).page_settings, generation="test")
            assert await session.permitted("10.255.255.1", 80) == (["10.255.255.1"] if allowed else [])
            assert await session.permitted("127.0.0.1", 80) == []
        finally:
            await session.close()

    asyncio.run(run())


@needs_other_user
def test_another_user_gets_nothing_from_the_gate_and_the_site(lab: str) -> None:
    async def run() -> None:
        session = BrowserSession()
        try:
            await session.open(lab, PageSettings(), generation="test")
            assert session._browser
            assert session._server
            gate, site = session._browser.gate.port, session._server.port
            asked = [(gate, b"\x05\x01\x00"), (site, b"GET /index.html HTTP/1.1\r\nHost: localhost\r\n\r\n")]
            by_gate, by_site = await asyncio.to_thread(answers_to_nobody, asked)
            assert by_gate in ("", "ConnectionResetError")
            assert by_site == "ConnectionRefusedError"
            # The check can fail: the same question of our own user is answered.
            _, writer, answer = await through(session._browser.gate, site)
            assert answer == 0
            writer.close()
        finally:
            await session.close()

    asyncio.run(run())


def test_no_process_of_the_browser_listens(lab: str) -> None:
    async def run() -> None:
        session = BrowserSession()
        try:
            await session.open(lab, PageSettings(), generation="test")
            assert session._browser
            browser = psutil.Process(session._browser.pid)
            processes = [browser, *browser.children(recursive=True)]
            assert len(processes) > 2
            listening = [
                c for process in processes for c in process.net_connections() if c.status == psutil.CONN_LISTEN
            ]
            assert listening == []
            # Of our own the gate is left; what Playwright's driver connected to listens no more.
            own = [c.laddr.port for c in psutil.Process().net_connections() if c.status == psutil.CONN_LISTEN]
            assert own == [session._browser.gate.port]
        finally:
            await session.close()

    asyncio.run(run())


ASK = """(async (urls) => {
  const quick = (work) => Promise.race([work, new Promise((done) => setTimeout(() => done('silent'), 1500))]);
  const byFetch = (url) => fetch(url, {mode: 'no-cors'}).then(() => 'REACHED', () => 'refused');
  const byWorker = (url) => new Promise((done) => {
    const tell = ".then(() => postMessage('REACHED'), () => postMessage('refused'))";
    const code = `fetch(${JSON.stringify(url)}, {mode: 'no-cors'})${tell}`;
    new Worker(URL.createObjectURL(new Blob([code]))).onmessage = (event) => done(event.data);
  });
  const byFrame = (url) => new Promise((done) => {
    const frame = document.createElement('iframe');
    frame.onload = () => { try { done(frame.contentDocument ? 'empty' : 'loaded') } catch { done('loaded') } };
    frame.src = url;
    document.body.append(frame);
  });
  const bySocket = (url) => new Promise((done) => {
    const socket = new WebSocket(url.replace('http', 'ws'));
    socket.onopen = () => done('REACHED');
    socket.onerror = () => done('refused');
  });
  const found = {};
  for (const url of urls) {
    found[url] = await Promise.all([byFetch, byWorker, byFrame, bySocket].map((way) => quick(way(url))));
  }
  return found;
})"""


def test_no_connection_of_a_page_reaches_the_machine(lab: str) -> None:
    reached: list[str] = []

    async def trap(request: web.Request) -> web.StreamResponse:
        reached.append(request.path)
        if request.headers.get("Upgrade"):
            socket = web.WebSocketResponse()
            await socket.prepare(request)
            return socket
        return web.Response(text="secret", headers={"Access-Control-Allow-Origin": "*"})

    async def run() -> None:
        runtime = RuntimeApi(lambda _: reached.append("runtime"), "arn")  # type: ignore[arg-type, func-returns-value]
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", trap)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "0.0.0.0", 0).start()
        trap_port = runner.addresses[0][1]
        runtime_address = await runtime.start()
        session = BrowserSession()
        try:
            page = await session.open(lab, PageSettings(), generation="test")
            browser, server = session._browser, session._server
            assert browser
            assert server
            lan = [ip for ip in own_addresses() if ipaddress.ip_address(ip).version == 4 and not ip.startswith("127.")]
            forbidden = [
                f"http://127.0.0.1:{trap_port}/trap",
                f"http://localhost:{trap_port}/trap",
                f"http://[::ffff:127.0.0.1]:{trap_port}/trap",
                f"http://0.0.0.0:{trap_port}/trap",
                f"http://{runtime_address}/2018-06-01/runtime/invocation/next",
                *(f"http://{ip}:{trap_port}/trap" for ip in lan),
                "http://169.254.169.254/latest/meta-data/",
            ]
            own = [f"http://localhost:{server.port}/data.json"]
            proxy = [f"http://localhost:{server.proxy_port}/proxy?src=x&time=0"]
            found: dict[str, list[Any]] = await page._page.evaluate(
                f"{ASK}({json.dumps([*forbidden, *own, *proxy])})", doing="ask"
            )
            for url in forbidden:
                by_fetch, by_worker, by_frame, by_socket = found[url]
                assert (by_fetch, by_worker, by_socket) == ("refused", "refused", "refused"), url
                assert by_frame in ("loaded", "silent"), url  # an error page loads too: what counts is the trap
            assert reached == []
            assert found[own[0]][:2] == ["REACHED", "REACHED"]
            assert found[proxy[0]][:2] == ["REACHED", "REACHED"]
            assert ("169.254.169.254", 80) in browser.gate.refused

            # The check can fail: with the gate open the same page reaches the trap.
            await browser.gate.allow(("127.0.0.1", trap_port), served=server)
            opened = await page._page.evaluate(f"{ASK}({json.dumps(forbidden[:1])})", doing="ask")
            assert opened[forbidden[0]][:2] == ["REACHED", "REACHED"]
            assert opened[forbidden[0]][3] == "REACHED"
            assert len(reached) >= 4
        finally:
            await session.close()
            await runner.cleanup()
            await runtime.close()

    asyncio.run(run())
