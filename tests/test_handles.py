"""Durable handles: renders that outlive their process, and renders that another client takes up."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import remotion_py as rp
from remotion_py._client.engine import Engine
from remotion_py._client.record import Follower, Owner, RenderRecord, lost
from remotion_py._client.reproduce import command_of
from remotion_py._data.stored import LATEST_MS
from remotion_py._runtime.stall import StallDetector
from remotion_py.errors import OptionError, OutputError, RenderError, RenderInterruptedError, RenderNotFoundError
from remotion_py.lambda_.keys import progress_key, record_key
from remotion_py.notebook import cells
from remotion_py.providers.local.folder import FolderStore
from remotion_py.providers.local.provider import LocalProvider

from .conftest import LAB, wait_for

SLOW = {"pause": 40, "frames": 60}
LONG = {"pause": 40, "frames": 2000}


def starter(output: Path, *, detach: bool, props: dict[str, Any] = SLOW) -> tuple[subprocess.Popen[str], str]:
    """Start a render in another process, which then only waits; returns it with the render's id."""
    code = (
        "import sys, remotion_py as rp\n"
        "client = rp.Client(capacity=1)\n"
        f"render = client.start_render_media({str(LAB)!r}, 'slow', props={props!r}, output={str(output)!r}, "
        f"detach={detach})\n"
        "print(render.render_id, flush=True)\n"
        "sys.stdin.read()\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    return process, process.stdout.readline().strip()


def kill(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def test_a_detached_render_outlives_its_process_and_brings_its_output(tmp_path: Path, client: rp.Client) -> None:
    output = tmp_path / "slow.mp4"
    process, render_id = starter(output, detach=True)
    kill(process)
    assert not output.exists()
    (listed,) = [item for item in client.renders() if item.render_id == render_id]
    assert listed.state in ("starting", "rendering")
    wait_for(output.exists)
    found = client.attach(render_id).wait()
    assert (found.path, found.frames, found.size) == (output, 60, output.stat().st_size)


def test_a_render_ends_with_its_process_and_counts_as_interrupted(tmp_path: Path, client: rp.Client) -> None:
    output = tmp_path / "slow.mp4"
    process, render_id = starter(output, detach=False, props=LONG)
    wait_for(lambda: client.get_render_progress(render_id).frames_rendered > 5)
    followed = client.attach(render_id)
    kill(process)
    with pytest.raises(RenderInterruptedError, match=render_id):
        followed.wait()
    late = client.attach(render_id)
    with pytest.raises(RenderInterruptedError):
        late.wait()
    assert late.progress().frames_rendered > 5
    (listed,) = [item for item in client.renders() if item.render_id == render_id]
    assert (listed.state, listed.composition, listed.output) == ("interrupted", "slow", output)
    assert listed.command.startswith(
        f"client.render_media(\n    {str(LAB)!r},\n    'slow',\n    props={LONG!r},\n    output="
    )
    assert "interrupted" in str(listed)
    assert not output.exists()
    here = client.renders(folder=tmp_path)
    assert [item.render_id for item in here] == [render_id]
    assert client.renders(folder=tmp_path / "elsewhere") == []
    (same,) = client.renders(limit=1, folder=tmp_path, state="interrupted", composition="slow")
    assert same.render_id == render_id
    assert client.renders(folder=tmp_path, state="done") == []
    assert client.renders(folder=tmp_path, composition="counter") == []
    with pytest.raises(OptionError, match="state is 'over', but must be one of: starting, "):
        client.renders(state="over")  # type: ignore[arg-type]
    assert repr(here).startswith(f"<Renders: 1 interrupted\n  {render_id}  ")
    html = here._repr_html_()
    assert f"{here[0].started.astimezone():%Y-%m-%d %H:%M:%S}" in html
    assert re.search(r"●</span> interrupted \d+%", html)


def test_a_dead_render_without_a_client_is_listed_as_interrupted(tmp_path: Path, client: rp.Client) -> None:
    process, render_id = starter(tmp_path / "slow.mp4", detach=False, props=LONG)
    kill(process)
    wait_for(lambda: "interrupted" in [item.state for item in client.renders(limit=3) if item.render_id == render_id])


def test_another_client_follows_and_both_get_the_video(tmp_path: Path, client: rp.Client) -> None:
    output = tmp_path / "a.mp4"
    started = client.start_render_media(LAB, "slow", props=SLOW, output=output)
    with rp.Client(capacity=1) as other:
        seen = list(other.attach(started.render_id))
        assert other.attach(started.render_id).wait() == started.wait()
        assert other._engine.provider.pid is None  # nothing was started to follow it
    assert seen[-1].done
    assert output.exists()


def test_a_client_that_only_follows_does_not_end_a_render(tmp_path: Path, client: rp.Client) -> None:
    started = client.start_render_media(LAB, "slow", props=SLOW, output=tmp_path / "a.mp4")

    async def follow_a_while() -> None:
        async with rp.AsyncClient(capacity=1) as other:
            render = await other.attach(started.render_id)
            waiting = asyncio.create_task(render.wait())
            await asyncio.sleep(0.5)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting

    asyncio.run(follow_a_while())
    assert started.wait().frames == 60


def test_a_client_that_follows_can_cancel(tmp_path: Path, client: rp.Client) -> None:
    process, render_id = starter(tmp_path / "slow.mp4", detach=True, props=LONG)
    kill(process)
    client.attach(render_id).cancel()
    assert client.get_render_progress(render_id).cancelled
    (listed,) = [item for item in client.renders() if item.render_id == render_id]
    assert listed.state == "cancelled"


def test_attaching_to_a_finished_render_finds_its_output(tmp_path: Path, client: rp.Client) -> None:
    output = tmp_path / "a.mp4"
    video = client.render_media(LAB, "counter", frame_range=(0, 5), output=output)
    assert client.attach(video.render_id).wait() == video
    output.write_bytes(b"another file")
    with pytest.raises(OutputError, match="has changed since then"):
        client.attach(video.render_id).wait()
    output.unlink()
    with pytest.raises(OutputError, match="not in the store any more"):
        client.attach(video.render_id).wait()


def test_attaching_finds_pictures_and_results_in_the_store_too(tmp_path: Path, client: rp.Client) -> None:
    frames = client.render_frames(LAB, "counter", frame_range=(0, 3), output=tmp_path / "frames")
    assert client.attach(frames.render_id).wait() == frames
    kept = client.render_media(LAB, "counter", frame_range=(0, 5))
    assert client.attach(kept.render_id).wait() == kept


def errors_of(client: rp.Client, render_id: str) -> list[str]:
    return [error["name"] for error in client.get_render_progress(render_id).errors]


def test_the_reason_of_a_failure_outlives_the_process(client: rp.Client) -> None:
    process, render_id = starter(Path("never.mp4").absolute(), detach=True, props={"pause": "x", "frames": -1})
    kill(process)
    wait_for(lambda: client.get_render_progress(render_id).fatal_error_encountered)
    wait_for(lambda: not Owner.of(owner_of(client, render_id)))
    before = errors_of(client, render_id)
    for _ in range(2):
        with pytest.raises(rp.RemotionPyError) as raised:
            client.attach(render_id).wait()
        assert type(raised.value).__name__ == before[0] != "RenderInterruptedError"
    assert errors_of(client, render_id) == before


def owner_of(client: rp.Client, render_id: str) -> int:
    path = client._engine.provider.store.local_path(record_key(render_id))
    assert path
    return json.loads(path.read_text())["owner"]["pid"]


def test_a_render_without_a_record_yet_is_not_changed(tmp_path: Path, client: rp.Client) -> None:
    started = client.start_render_media(LAB, "slow", props=SLOW, output=tmp_path / "a.mp4")
    path = client._engine.provider.store.local_path(record_key(started.render_id))
    assert path
    kept = path.read_text()
    path.unlink()
    with rp.Client(capacity=1) as other:
        (listed,) = [item for item in other.renders() if item.render_id == started.render_id]
        assert listed.state in ("starting", "rendering")
        follower = other.attach(started.render_id)
        path.write_text(json.dumps(json.loads(kept) | {"of a later version": 1}))
        assert follower.wait().path == tmp_path / "a.mp4"
    assert started.wait().frames == 60


def test_delivered_pictures_are_only_those_of_the_render(tmp_path: Path, client: rp.Client) -> None:
    folder = tmp_path / "pictures"
    pattern = "a/[frame].[ext]"
    made = client.render_frames(LAB, "counter", output=folder, frame_range=(9, 11), image_sequence_pattern=pattern)
    (folder / "notes.txt").write_text("mine")
    (folder / "a" / "12.png").write_text("mine")
    assert client.attach(made.render_id).wait().paths == made.paths
    assert [path.relative_to(folder).as_posix() for path in made.paths] == ["a/09.png", "a/10.png", "a/11.png"]
    made.paths[1].unlink()
    with pytest.raises(OutputError, match="1 of 3 are now missing"):
        client.attach(made.render_id).wait()


def test_unreadable_renders_are_not_listed(client: rp.Client) -> None:
    kept = client.render_media(LAB, "counter", frame_range=(0, 3))
    broken = kept.path.parent.parent / "broken" / "progress.json"
    broken.parent.mkdir()
    broken.write_text("{}")
    assert kept.render_id in [item.render_id for item in client.renders()]
    assert "broken" not in [item.render_id for item in client.renders()]


def test_unreadable_renders_can_be_removed(tmp_path: Path) -> None:
    engine = Engine(LocalProvider(store=tmp_path))
    store = engine.provider.store
    running = {"timeoutTimestamp": LATEST_MS, "functionLaunched": 5, "heartbeatTimestamp": time.time_ns() // 1_000_000}

    async def remove() -> list[str]:
        await engine.provider.open()
        await store.put(progress_key("broken"), b"{}")
        await store.put(progress_key("odd"), json.dumps(running).encode())
        await store.put(record_key("odd"), b"no handle")
        await store.put(progress_key("running"), json.dumps(running).encode())
        await store.put("renders/broken/out.mp4", b"video")
        assert await engine.remove_render("broken") == 7
        await engine.remove_render("odd")
        with pytest.raises(RenderError, match="still running"):
            await engine.remove_render("running")
        with pytest.raises(RenderNotFoundError):
            await engine.remove_render("broken")
        return [item.key for item in await store.list("renders/")]

    assert asyncio.run(remove()) == [progress_key("running")]


def test_a_closed_client_no_longer_follows_its_renders(tmp_path: Path, client: rp.Client) -> None:
    output = tmp_path / "a.mp4"
    started = client.start_render_media(LAB, "slow", props=SLOW, output=output)
    with rp.Client(capacity=1) as other:
        follower = other.attach(started.render_id)
    with pytest.raises(RenderError, match="no longer followed"):
        follower.wait()
    assert started.wait().path == output


def test_a_render_of_another_machine_counts_as_interrupted_when_silent(tmp_path: Path) -> None:
    store = FolderStore(tmp_path, "bucket")
    elsewhere = RenderRecord("video", owner=Owner(1, 1.0, "elsewhere"))
    asyncio.run(store.put(progress_key("abc"), b"{}"))
    for handle in (elsewhere, None):
        assert asyncio.run(lost(store, "abc", handle)) is None
    os.utime(store.path(progress_key("abc")), (1, 1))
    for handle in (elsewhere, None):
        assert "reported nothing for" in str(asyncio.run(lost(store, "abc", handle)))
    an_hour_ahead = time.time() + 3600
    os.utime(store.path(progress_key("abc")), (an_hour_ahead, an_hour_ahead))
    assert asyncio.run(lost(store, "abc", elsewhere)) is None


def test_following_a_render_does_not_depend_on_the_system_clock(tmp_path: Path) -> None:
    store = FolderStore(tmp_path, "bucket")
    asyncio.run(store.put(progress_key("abc"), b"{}"))
    os.utime(store.path(progress_key("abc")), (1, 1))  # as after the clock was set ahead by years
    now = [0.0]
    elsewhere = RenderRecord("video", owner=Owner(1, 1.0, "elsewhere"))
    followers = [Follower(store, "abc", known, StallDetector(clock=lambda: now[0])) for known in (elsewhere, None)]

    def look() -> list[str | None]:
        return [asyncio.run(follower.lost()) for follower in followers]

    for seconds in range(0, 91, 9):
        now[0] = seconds
        assert look() == [None, None]
    now[0] = 91
    assert look() == ["it reported nothing for 91 s"] * 2
    os.utime(store.path(progress_key("abc")), (2, 2))
    assert look() == [None, None]


def test_a_follower_finds_a_record_that_is_written_later(tmp_path: Path) -> None:
    store = FolderStore(tmp_path, "bucket")
    asyncio.run(store.put(progress_key("abc"), b"{}"))
    follower = Follower(store, "abc", None)
    assert asyncio.run(follower.lost()) is None
    own = Owner.of(os.getpid())
    assert own
    asyncio.run(RenderRecord("video", owner=Owner(own.pid, own.started - 1, own.host, own.boot)).write(store, "abc"))
    assert asyncio.run(follower.lost()) == "the process of the render has ended"


def test_bad_input(client: rp.Client) -> None:
    with pytest.raises(RenderNotFoundError, match="nosuchrender"):
        client.attach("nosuchrender")
    with pytest.raises(OptionError, match="no_such_option"):
        client.start_render_media(LAB, "counter", detach=True, no_such_option=1)
    with pytest.raises(rp.RemotionPyError, match="no composition 'nothing'"):
        client.start_render_media(LAB, "nothing", detach=True).wait()


def test_owners_differ_from_later_processes_with_the_same_id() -> None:
    own = Owner.of(os.getpid())
    assert own
    assert own.alive
    assert own.boot  # and start ticks, so that setting the clock changes nothing
    assert own == Owner.of(os.getpid())
    assert not Owner(own.pid, own.started - 1, own.host, own.boot).alive
    assert not Owner(own.pid, own.started, own.host, "another boot").alive
    assert not Owner(own.pid, own.started, "elsewhere", own.boot).here
    process = subprocess.Popen(["sleep", "100"])
    owner = Owner.of(process.pid)
    process.send_signal(signal.SIGKILL)
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert owner
    assert not owner.alive  # a zombie renders nothing
    process.wait()


def test_commands_are_short_and_correct() -> None:
    class Odd:
        pass

    command = command_of(
        "client.render_media", Path("site"), "a", {"props": {"n": 1}, "output": Path("a.mp4"), "scale": 0.5}
    )
    assert command == "client.render_media('site', 'a', props={'n': 1}, output='a.mp4', scale=0.5)"
    long = {"rows": [{"n": number} for number in range(1000)]}
    assert json.loads(json.dumps(long)) == long
    assert "            {'n': 999},\n" in command_of(
        "client.render_media", "site", "a", {"props": long}, longest=100_000
    )
    for props in (long, {"odd": Odd()}, {1: "a key that JSON changes"}):
        assert command_of("client.render_media", "site", "a", {"props": props}).endswith("'a', props=props)")


def test_the_stored_call_contains_all_its_data(client: rp.Client) -> None:
    rows = pd.DataFrame({"n": range(200)})
    video = client.render_media(LAB, "counter", frame_range=(0, 3), props={"rows": rows})
    (listed,) = [item for item in client.renders() if item.render_id == video.render_id]
    again = eval(listed.command, {"client": client})
    assert again.frames == 4


def test_a_cell_that_runs_again_cancels_its_earlier_render(monkeypatch: pytest.MonkeyPatch) -> None:
    class Task:
        ended = False

        def interrupt(self) -> None:
            self.ended = True

    run = 1
    monkeypatch.setattr(cells, "_started", {})
    monkeypatch.setattr(cells, "cell_name", lambda: "a")
    monkeypatch.setattr(cells, "running_cell", lambda: run)

    def start() -> Task:
        cells.replace_earlier()
        cells.note_started(task := Task())
        return task

    first, second = start(), start()
    assert not first.ended, "a cell may start several"
    run = 2
    third = start()
    assert (first.ended, second.ended, third.ended) == (True, True, False)
    del first, second, third
    gc.collect()
    run = 3
    fourth, fifth = start(), start()
    assert (fourth.ended, fifth.ended) == (False, False), "what was collected meanwhile is no earlier run"
