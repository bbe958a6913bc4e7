"""Faults of the processes of a render: what hangs, stands still or dies while others wait for it."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import http.server
import json
import os
import shutil
import signal
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import remotion_py as rp
from remotion_py._runtime.stall import VARIABLE
from remotion_py.errors import BrowserCrashedError, OptionError, RenderCancelledError, RenderInterruptedError
from remotion_py.lambda_.keys import progress_key
from remotion_py.page import RUNTIME_JS, session
from remotion_py.page.flags import BrowserSettings

from .conftest import find_processes, wait_for
from .patience import PATIENCE_S

ONE = Path(__file__).parent / "sites" / "one"


def run(work: Any) -> Any:
    return asyncio.run(asyncio.wait_for(work, PATIENCE_S))


def test_a_browser_launch_that_hangs_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    hanging = asyncio.Event

    async def launch(*_: Any) -> Any:
        while True:  # as a driver that is stopped: not even its end can be waited for
            try:
                await hanging().wait()
            except asyncio.CancelledError:
                if ended:
                    raise

    ended: list[int] = []
    monkeypatch.setattr(session.Browser, "launch", launch)
    monkeypatch.setattr(session, "find_browser", lambda _: None)
    monkeypatch.setattr(session, "LAUNCH_LIMIT_S", 0.2)

    async def ready() -> None:
        try:
            await session.BrowserSession()._ready_browser(BrowserSettings())
        finally:
            ended.append(1)

    with pytest.raises(BrowserCrashedError, match="did not start within"):
        run(ready())


def test_a_remotion_py_error_in_a_callback_cancels_the_render(client: rp.Client, lab: str) -> None:
    render = client.start_render_media(lab, "slow", props={"pause": 100, "frames": 200})

    def fail(_: rp.RenderProgress) -> None:
        raise OptionError("of the callback")

    with pytest.raises(OptionError, match="of the callback"):
        render.wait(fail)
    wait_for(lambda: render.progress().ended)
    assert isinstance(render.progress().fatal_error, RenderCancelledError)


def test_large_props_stay_out_of_the_progress(tmp_path: Path, client: rp.Client) -> None:
    (tmp_path / "index.html").write_text(
        '<meta charset="utf-8"><script src="/remotion-py.js"></script><body><script>'
        'remotionPy.registerComposition({id: "large", width: 64, height: 64, fps: 24, durationInFrames: 4,'
        " render(frame, props) { if (props.rows.length !== 60000 || props.rows[59999] !== 'row \"59999\" ä')"
        " throw new Error('wrong'); }})</script>"
    )
    rows = [f'row "{number}" ä' for number in range(60_000)]
    video = client.render_media(tmp_path, "large", props={"rows": rows}, concurrency=2)
    store = client._engine.provider.store
    stored = run(store.get(progress_key(video.render_id)))
    assert len(stored) < 10_000
    kept = json.loads(stored)["renderMetadata"]["inputProps"]
    assert kept["type"] == "bucket-url"
    assert run(store.list("resolved-props/")) == []


def test_a_stalled_process_is_killed_and_reported(lab: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "15")  # for every process of the render: less ends the wrong one on a busy machine
    with rp.Client(capacity=1) as first, rp.Client(capacity=1) as second:
        renders = [
            client.start_render_media(lab, "slow", props={"pause": 100, "frames": 2000}, concurrency=1)
            for client in (first, second)
        ]
        for render in renders:
            wait_for(lambda render=render: render.progress().frames_rendered > 2)
        endpoints = [client._engine.provider.pid or 0 for client in (first, second)]
        encoder = find_processes(endpoints[0], "ffmpeg")[0]
        main = next(parent for parent in encoder.parents() if "remotion_py.worker" in " ".join(parent.cmdline()))
        for stopped in (main.pid, endpoints[1]):
            os.kill(stopped, signal.SIGSTOP)
        for client, render in zip((first, second), renders, strict=True):
            with pytest.raises(RenderInterruptedError, match=r"stalled for \d+ s and was killed.*Start it again"):
                render.wait()
            assert "stalled" in client.get_render_progress(render.render_id).errors[-1]["message"]
            # Its place is free again.
            assert client.render_still(lab, "counter").frame == 0


def test_a_call_whose_worker_dies_is_repeated(
    client: rp.Client, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    shutil.copy(ONE / "index.html", tmp_path)
    shutil.copy(RUNTIME_JS, tmp_path / "remotion-py.js")
    at_work, go_on = threading.Event(), threading.Event()

    class Held(http.server.SimpleHTTPRequestHandler):
        """Serves a site; its first request is answered when the worker that asks has died."""

        def do_GET(self) -> None:
            if not at_work.is_set():
                at_work.set()
                go_on.wait(PATIENCE_S)
            with contextlib.suppress(ConnectionError):
                super().do_GET()

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Held, directory=tmp_path))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with concurrent.futures.ThreadPoolExecutor(1) as listing:
            found = listing.submit(client.get_compositions, f"http://127.0.0.1:{server.server_port}")
            assert at_work.wait(PATIENCE_S)
            endpoint = client._engine.provider.pid
            assert endpoint
            for worker in find_processes(endpoint, "remotion_py.worker"):
                worker.kill()
            go_on.set()
            assert found.result(PATIENCE_S) == client.get_compositions(ONE)
        assert "retrying the call" in caplog.text
    finally:
        go_on.set()
        server.shutdown()
        server.server_close()


def test_a_local_webhook_is_sent_before_its_client_ends(lab: str) -> None:
    received: list[dict[str, Any]] = []

    class Slow(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            time.sleep(1.5)
            received.append(json.loads(body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with rp.Client(capacity=1) as client:
            url = f"http://127.0.0.1:{server.server_address[1]}"
            video = client.render_media(lab, "counter", frame_range=(0, 1), webhook=url)
    finally:
        server.shutdown()
        server.server_close()
    assert [item["renderId"] for item in received] == [video.render_id]
