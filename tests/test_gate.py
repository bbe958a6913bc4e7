"""The page reaches its bundle and `/proxy`, and no other loopback, link-local or metadata address."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from aiohttp import web

from remotion_py.page.contract import PageSettings
from remotion_py.page.gate import is_forbidden, origin_of
from remotion_py.page.stage import Stage
from remotion_py.providers.local.runtime_api import RuntimeApi


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.8.8", "0.0.0.0", "::1", "::", "::ffff:127.0.0.1", "169.254.169.254", "169.254.1.1",
        "fe80::1", "fe80::1%eth0", "fd00:ec2::254", "100.100.100.200", "224.0.0.1", "2002:7f00:1::",
        "fd00:ec2::23", "fd20:ce::254", "168.63.129.16", "64:ff9b::a9fe:a9fe", "::127.0.0.1",
    ],
)  # fmt: skip
def test_forbidden_addresses(address: str) -> None:
    assert is_forbidden(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "10.0.0.5", "192.168.1.1", "2606:2800:220:1::1"])
def test_other_addresses_are_free(address: str) -> None:
    assert not is_forbidden(address)


def test_origins() -> None:
    assert origin_of("https://Example.com/x") == ("example.com", 443)
    assert origin_of("http://localhost:3000/index.html") == ("localhost", 3000)


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


def test_no_way_of_a_page_leads_to_the_machine(lab: str) -> None:
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
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        trap_port = runner.addresses[0][1]
        runtime_address = await runtime.start()
        stage = Stage()
        try:
            page = await stage.open(lab, PageSettings(), generation="test")
            browser, server = stage._browser, stage._server
            assert browser
            assert browser._debugger
            assert server
            debugger = browser._debugger.replace("ws://", "http://")
            forbidden = [
                f"http://127.0.0.1:{trap_port}/trap",
                f"http://localhost:{trap_port}/trap",
                f"http://[::ffff:127.0.0.1]:{trap_port}/trap",
                f"http://0.0.0.0:{trap_port}/trap",
                f"http://{runtime_address}/2018-06-01/runtime/invocation/next",
                debugger,
                "http://169.254.169.254/latest/meta-data/",
            ]
            own = [f"http://localhost:{server.port}/data.json"]
            proxy = [f"http://localhost:{server.proxy_port}/proxy?src=x&time=0"]
            found: dict[str, list[Any]] = await page._evaluate(
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
            await browser.gate.allow(("127.0.0.1", trap_port), ("localhost", server.port))
            opened = await page._evaluate(f"{ASK}({json.dumps(forbidden[:1])})", doing="ask")
            assert opened[forbidden[0]][:2] == ["REACHED", "REACHED"]
            assert opened[forbidden[0]][3] == "REACHED"
            assert len(reached) >= 4
        finally:
            await stage.close()
            await runner.cleanup()
            await runtime.close()

    asyncio.run(run())
