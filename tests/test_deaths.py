"""Whatever dies, nothing is left running; and a render survives the death of a renderer or of a browser."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

import remotion_py as rp
from remotion_py.errors import RenderInterruptedError

from .compare import decode, read_counter
from .conftest import LAB, ROOT, find_processes, living, wait_for

SLOW = {"pause": 60, "frames": 60}


def under_way(client: rp.Client, **options: object) -> tuple[rp.Render, int]:
    """Start a slow render with two renderers, wait for its first frames, and return it with the endpoint's pid."""
    render = client.start_render_media(
        LAB,
        "slow",
        props=SLOW,
        concurrency=2,
        timeout_in_milliseconds=7000,
        **options,  # type: ignore[arg-type]
    )
    for progress in render:
        if progress.frames_rendered > 4:
            break
    pid = client._engine.provider.pid
    assert pid
    return render, pid


def busiest(processes: list[psutil.Process]) -> psutil.Process:
    return max(processes, key=lambda process: sum(process.cpu_times()[:2]))


def browsers(endpoint: int) -> list[psutil.Process]:
    """Return the browser processes, without their children."""
    found = find_processes(endpoint, "chromium", "--remote-debugging")
    return [process for process in found if not any("--type=" in word for word in process.cmdline())]


def renderer_of(endpoint: int) -> psutil.Process:
    """Return a worker that renders: one whose FFmpeg runs."""
    encoder = find_processes(endpoint, "ffmpeg")[0]
    return next(parent for parent in encoder.parents() if "remotion_py.worker" in " ".join(parent.cmdline()))


def browser_of(worker: psutil.Process) -> psutil.Process:
    return busiest(browsers(worker.pid))


def whole(video: rp.Video) -> None:
    assert [read_counter(frame) for frame in decode(video.path)] == list(range(SLOW["frames"]))


def test_a_killed_renderer_is_replaced_and_the_video_is_whole(nothing_left: Callable[[], None]) -> None:
    with rp.Client(capacity=2) as client:
        render, endpoint = under_way(client)
        renderer_of(endpoint).kill()
        whole(render.wait())
        progress = render.progress()
        assert len(progress.retries_info) == 1
        assert progress.errors[0]["name"] == "FunctionError"
        assert "Runtime.ExitError" in progress.errors[0]["message"]
    nothing_left()


@pytest.mark.parametrize("way", ["killed", "stopped and killed", "stopped"])
def test_a_lost_browser_is_replaced_and_the_video_is_whole(way: str, nothing_left: Callable[[], None]) -> None:
    with rp.Client(capacity=2) as client:
        render, endpoint = under_way(client)
        browser = browser_of(renderer_of(endpoint))
        family = [browser, *browser.children(recursive=True)]
        if "stopped" in way:
            for process in family:
                process.suspend()
        if "killed" in way:
            browser.kill()
        whole(render.wait())
        wait_for(lambda: not any(process.is_running() and process.status() != "zombie" for process in family))
    nothing_left()


def test_a_busy_page_ends_with_its_client(tmp_path: Path, nothing_left: Callable[[], None]) -> None:
    (tmp_path / "index.html").write_text(
        '<script src="/remotion-py.js"></script><script>'
        'remotionPy.registerComposition({id: "busy", width: 16, height: 16, fps: 24, durationInFrames: 9,'
        " render(frame) { while (frame === 2) {} }})</script>"
    )
    client = rp.Client(capacity=1)
    render = client.start_render_media(tmp_path, "busy", timeout_in_milliseconds=7000)
    wait_for(lambda: render.progress().frames_rendered >= 2)
    client.close()
    nothing_left()


def test_a_killed_endpoint_fails_the_render_and_leaves_no_process(
    nothing_left: Callable[[], None], tmp_path: Path
) -> None:
    client = rp.Client(capacity=2)
    render, endpoint = under_way(client, output=tmp_path / "a.mp4")
    renderer_of(endpoint).suspend()  # it cannot notice that its endpoint has ended
    os.kill(endpoint, signal.SIGKILL)
    with pytest.raises(RenderInterruptedError, match="Start it again"):
        render.wait()
    assert "Start it again" in client.get_render_progress(render.render_id).errors[-1]["message"]
    client.close()
    assert list(tmp_path.iterdir()) == []
    nothing_left()
    with client:
        assert client.render_still(LAB, "counter").frame == 0


def test_a_killed_main_function_fails_the_render(nothing_left: Callable[[], None]) -> None:
    with rp.Client(capacity=1) as client:
        render = client.start_render_media(LAB, "slow", props=SLOW, concurrency=1)
        wait_for(lambda: render.progress().frames_rendered > 2)
        endpoint = client._engine.provider.pid
        assert endpoint
        renderer_of(endpoint).kill()
        with pytest.raises(RenderInterruptedError, match=r"Runtime\.ExitError"):
            render.wait()
        assert "Start it again" in client.get_render_progress(render.render_id).errors[-1]["message"]
    nothing_left()


def test_a_forked_child_leaves_its_parents_functions_alone() -> None:
    with rp.Client(capacity=1) as client:
        client.render_still(LAB, "counter")
        endpoint = client._engine.provider.pid
        child = os.fork()
        if child == 0:
            try:
                with client:
                    assert client.render_still(LAB, "counter", frame=1).frame == 1
                os._exit(0)
            except BaseException:
                os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert client._engine.provider.pid == endpoint
        assert client.render_still(LAB, "counter", frame=2).frame == 2


SCRIPT = """
import signal, sys
import remotion_py as rp
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell lets what it runs in the background ignore it
def show(progress):
    if progress.frames_rendered > 4:
        print("rendering", flush=True)
try:
    rp.render_media({site!r}, "slow", props={{"pause": 60, "frames": 400}}, output={output!r}, on_progress=show)
except KeyboardInterrupt:
    print("interrupted", flush=True)
    if {lingers}:
        sys.stdin.read()
"""


def script(output: Path, *, lingers: bool) -> subprocess.Popen[str]:
    code = SCRIPT.format(site=str(LAB), output=str(output), lingers=lingers)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    process = subprocess.Popen([sys.executable, "-c", code], **pipes, text=True, cwd=ROOT)
    assert process.stdout
    assert process.stdout.readline() == "rendering\n"
    return process


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def test_a_killed_client_leaves_no_process(tmp_path: Path, nothing_left: Callable[[], None]) -> None:
    process = script(tmp_path / "a.mp4", lingers=False)
    end(process)
    nothing_left()
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_returns_and_nothing_else_runs_on(tmp_path: Path, nothing_left: Callable[[], None]) -> None:
    before = set(living())
    process = script(tmp_path / "a.mp4", lingers=True)
    try:
        assert process.stdout
        process.send_signal(signal.SIGINT)
        while (line := process.stdout.readline()) == "rendering\n":
            continue
        assert line == "interrupted\n"
        # The process lives on, as a notebook does; everything else has to go.
        wait_for(lambda: set(living()) - before <= {process.pid})
    finally:
        end(process)
    assert list(tmp_path.iterdir()) == []
    nothing_left()
