"""Many renders on few places, in surroundings that are against us: all of them finish."""

from __future__ import annotations

import threading

import pytest

import remotion_py as rp

from .compare import decode, read_counter
from .conftest import LAB


@pytest.mark.parametrize("capacity", [1, 2])
@pytest.mark.parametrize("renders", [1, 3, 8])
def test_all_renders_finish_whatever_the_capacity(capacity: int, renders: int) -> None:
    polls = 0
    done = threading.Event()

    with rp.Client(capacity=capacity) as client:
        started = [
            client.start_render_media(LAB, "counter", frame_range=(0, 11), concurrency=2) for _ in range(renders)
        ]

        def poll() -> None:
            nonlocal polls
            while not done.wait(0.05):
                for render in started:
                    client.get_render_progress(render.render_id)
                    polls += 1

        poller = threading.Thread(target=poll)
        poller.start()
        videos = [render.wait() for render in started]
        done.set()
        poller.join()
    assert len({video.render_id for video in videos}) == renders
    for video in videos:
        assert [read_counter(frame) for frame in decode(video.path)] == list(range(12))
    assert polls > renders


def test_proxy_and_aws_settings_do_not_affect_local_renders(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_CONFIG_FILE", "AWS_CA_BUNDLE", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, "rubbish")
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_LAMBDA"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/rubbish")
    with rp.Client(capacity=2) as client:
        assert client.render_media(LAB, "counter", frame_range=(0, 19), concurrency=2).frames == 20


def test_functions_do_not_get_the_users_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    import psutil

    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "very-secret")
    monkeypatch.setenv("MY_TOKEN", "very-secret")
    with rp.Client(capacity=1) as client:
        client.render_still(LAB, "counter")
        endpoint = client._engine.provider.pid
        workers = psutil.Process(endpoint).children(recursive=True)
        assert len(workers) > 3
        for process in workers:
            try:
                environment = process.environ()
            except psutil.Error:
                continue
            assert "very-secret" not in environment.values(), process.cmdline()
            if "chromium" in process.name():
                assert not any(name.startswith(("AWS_", "REMOTION_PY_ENDPOINT")) for name in environment)
