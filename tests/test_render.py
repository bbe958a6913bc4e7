"""Rendering through the whole pipeline: every frame once, in order, for the exact time."""

from __future__ import annotations

import asyncio
import io
import itertools
import json
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import remotion_py as rp
from remotion_py.errors import RenderCancelledError, RenderNotFoundError

from .compare import decode, facts, read_counter, times
from .conftest import LAB, RACE, wait_for
from .patience import PATIENCE_S


def counted(path: Path) -> list[int]:
    return [read_counter(frame) for frame in decode(path)]


def is_fast_start(path: Path) -> bool:
    data = path.read_bytes()
    return 0 < data.find(b"moov") < data.find(b"mdat")


@pytest.mark.parametrize("concurrency", [1, 2, 5])
def test_every_frame_is_there_once_whatever_the_concurrency(
    client: rp.Client, tmp_path: Path, concurrency: int
) -> None:
    seen: list[rp.RenderProgress] = []
    output = tmp_path / "out.mp4"
    video = client.render_media(LAB, "counter", output=output, concurrency=concurrency, on_progress=seen.append)
    assert counted(video.path) == list(range(47))
    found = facts(output)
    assert (found.frames, found.width, found.height, found.fps, found.start) == (47, 320, 180, 30.0, 0.0)
    assert found.duration == pytest.approx(47 / 30, abs=1e-9)
    assert video == rp.Video(output, video.render_id, output.stat().st_size, 320, 180, 30, 47, 47 / 30)
    assert is_fast_start(output)
    assert [later.frames_rendered >= earlier.frames_rendered for earlier, later in itertools.pairwise(seen)]
    assert seen[-1].done
    assert seen[-1].total_chunks == concurrency
    assert client.get_render_progress(video.render_id).overall_progress == 1


@pytest.mark.parametrize("fps", [25, 29.97, 30, 60])
def test_frames_lie_on_the_exact_grid(client: rp.Client, tmp_path: Path, fps: float) -> None:
    props = {"fps": fps, "frames": 61, "width": 160, "height": 90}
    video = client.render_media(LAB, "counter", props=props, output=tmp_path / "out.mp4", concurrency=3)
    assert counted(video.path) == list(range(61))
    assert times(video.path) == pytest.approx([frame / fps for frame in range(61)], abs=1e-6)
    assert facts(video.path).duration == pytest.approx(61 / fps, abs=1e-6)


def test_a_frame_range_and_a_scale(client: rp.Client, tmp_path: Path) -> None:
    video = client.render_media(
        LAB, "counter", output=tmp_path / "out.mp4", frame_range=(10, 24), scale=0.5, crf=10, x264_preset="ultrafast"
    )
    assert counted(video.path) == list(range(10, 25))
    assert (facts(video.path).width, facts(video.path).height) == (160, 90)


def test_odd_sizes_are_made_even(client: rp.Client, tmp_path: Path) -> None:
    video = client.render_media(LAB, "odd", output=tmp_path / "out.mp4", frame_range=(0, 4), image_format="png")
    assert (video.width, video.height) == (320, 180)
    assert (facts(video.path).width, facts(video.path).height) == (320, 180)


def test_without_an_output_the_video_stays_in_the_store(client: rp.Client) -> None:
    video = client.render_media(LAB, "counter", frame_range=(0, 4))
    assert video.path.name == "out.mp4"
    assert video.path.parent.name == video.render_id
    assert len(counted(video.path)) == 5


def test_stills(client: rp.Client, tmp_path: Path) -> None:
    still = client.render_still(LAB, "counter", output=tmp_path / "a.png", frame=-1)
    picture = np.asarray(Image.open(still.path).convert("RGB"))
    assert (still.frame, still.width, still.height) == (46, 320, 180)
    assert picture.shape == (180, 320, 3)
    assert read_counter(picture) == 46
    jpeg = client.render_still(LAB, "counter", output=tmp_path / "a.jpg", image_format="jpeg", frame=3, scale=2)
    with Image.open(jpeg.path) as opened:
        assert opened.format == "JPEG"
        assert np.asarray(opened).shape == (360, 640, 3)


def test_props_reach_the_page_dates_too(client: rp.Client, tmp_path: Path) -> None:
    import datetime

    when = datetime.datetime(2031, 5, 6, tzinfo=datetime.UTC)
    one = client.render_still(LAB, "dates", props={"when": when}, output=tmp_path / "date.png")
    other = client.render_still(LAB, "counter", props={"text": "2031"}, output=tmp_path / "text.png")
    assert np.array_equal(np.asarray(Image.open(one.path)), np.asarray(Image.open(other.path)))


def test_compositions(lab: str, client: rp.Client, tmp_path: Path) -> None:
    site = tmp_path / "site"
    site.mkdir()
    (site / "index.html").write_text(
        '<script src="/remotion-py.js"></script><script>'
        'remotionPy.registerComposition({id: "a", width: 10, height: 20, fps: 24, durationInFrames: 48,'
        " defaultProps: {x: 1, y: {z: 2}}, render() {}})</script>"
    )
    (found,) = client.get_compositions(site, props={"x": 5})
    assert found == rp.Composition("a", 10, 20, 24, 48, {"x": 5, "y": {"z": 2}}, {"x": 1, "y": {"z": 2}})
    assert found.duration == 2


def test_the_next_render_uses_a_changed_page(client: rp.Client, tmp_path: Path) -> None:
    site = tmp_path / "site"
    site.mkdir()
    colours = []
    for colour in ("#ff0000", "#00ff00"):
        (site / "index.html").write_text(
            '<script src="/remotion-py.js"></script><body></body><script>'
            'remotionPy.registerComposition({id: "a", width: 16, height: 16, fps: 24, durationInFrames: 1,'
            f" render() {{ document.body.innerHTML = '<div style=\"position:fixed;inset:0;background:{colour}\">' }}}})"
            "</script>"
        )
        still = client.render_still(site, "a", output=tmp_path / "a.png")
        with Image.open(still.path) as opened:
            colours.append(opened.convert("RGB").getpixel((8, 8)))
    assert colours == [(255, 0, 0), (0, 255, 0)]


def test_works_in_a_thread_and_inside_a_running_loop(client: rp.Client) -> None:
    results: list[rp.Video] = []

    def work() -> None:
        results.append(client.render_media(LAB, "counter", frame_range=(0, 4)))

    async def inside() -> None:
        work()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    asyncio.run(inside())
    assert [video.frames for video in results] == [5, 5]


def test_the_async_client_does_not_block_its_loop(tmp_path: Path) -> None:
    async def run() -> tuple[rp.Video, int, list[rp.RenderProgress]]:
        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            while True:
                await asyncio.sleep(0.01)
                ticks += 1

        async with rp.AsyncClient(capacity=1) as client:
            ticking = asyncio.create_task(tick())
            render = await client.start_render_media(LAB, "counter", output=tmp_path / "a.mp4", frame_range=(0, 9))
            seen = [progress async for progress in render]
            video = await render.wait()
            assert (await client.get_compositions(LAB.parent / "one"))[0].id == "one"
            assert (await client.render_still(LAB, "counter", frame=1)).frame == 1
            ticking.cancel()
            return video, ticks, seen

    video, ticks, seen = asyncio.run(run())
    assert video.frames == 10
    assert ticks > 20
    assert seen[-1].done


def test_cancelling_ends_the_render_and_leaves_no_output(client: rp.Client, tmp_path: Path) -> None:
    render = client.start_render_media(
        LAB, "slow", props={"pause": 100, "frames": 200}, output=tmp_path / "a.mp4", concurrency=2
    )
    for progress in render:
        if progress.frames_rendered > 2:
            break
    render.cancel()
    with pytest.raises(RenderCancelledError):
        render.wait()
    assert list(tmp_path.iterdir()) == []
    progress = client.get_render_progress(render.render_id)
    assert progress.cancelled
    assert progress.fatal_error_encountered
    assert client.render_media(LAB, "counter", frame_range=(0, 4)).frames == 5


def test_cancelling_the_waiting_task_cancels_the_render() -> None:
    async def run() -> None:
        async with rp.AsyncClient(capacity=1) as client:
            render = await client.start_render_media(LAB, "slow", props={"pause": 100, "frames": 200})
            waiting = asyncio.create_task(render.wait())
            while not (await render.progress()).frames_rendered:
                await asyncio.sleep(0.1)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            while not (await render.progress()).cancelled:
                await asyncio.sleep(0.1)

    asyncio.run(asyncio.wait_for(run(), PATIENCE_S))


def test_progress_is_a_document_that_others_can_read(client: rp.Client) -> None:
    video = client.render_media(LAB, "counter", frame_range=(0, 19), concurrency=2)
    document = json.loads((video.path.parent / "progress.json").read_text())
    metadata, post = document["renderMetadata"], document["postRenderData"]
    assert sorted(document["chunks"]) == [0, 1]
    assert document["framesRendered"] == document["framesEncoded"] == document["combinedFrames"] == 20
    assert document["lambdasInvoked"] == 2
    assert document["functionLaunched"] <= document["serveUrlOpened"] <= document["compositionValidated"]
    assert (metadata["compositionId"], metadata["totalChunks"], metadata["frameRange"]) == ("counter", 2, [0, 19])
    assert metadata["dimensions"] == {"width": 320, "height": 180}
    assert post["outputSize"] == video.size
    assert post["timeToFinish"] > 0
    with pytest.raises(RenderNotFoundError, match="no render 'nothing'"):
        client.get_render_progress("nothing")
    with pytest.raises(RenderNotFoundError):
        client.get_render_progress("../../etc")


def test_the_status_function_answers_in_remotions_shape(client: rp.Client) -> None:
    video = client.render_media(LAB, "counter", frame_range=(0, 4))
    provider = client._engine.provider

    async def ask(payload: dict[str, Any]) -> Any:
        functions = await provider.functions()
        return await functions.invoke(provider.function_name, payload)

    from remotion_py._runtime import background

    status = background.run(ask({"type": "status", "bucketName": "local", "renderId": video.render_id}))
    assert status["done"] is True
    assert status["overallProgress"] == 1
    assert status["outKey"] == f"renders/{video.render_id}/out.mp4"
    assert status["encodingStatus"]["framesEncoded"] == 5
    assert background.run(ask({"type": "info"})) == {"type": "success", "version": rp.__version__}
    with pytest.raises(rp.RemotionPyError, match="must be one of: compositions, info, launch"):
        background.run(ask({"type": "nonsense"}))


def test_an_error_in_on_progress_cancels_the_render(client: rp.Client) -> None:
    seen: list[str] = []

    def show(progress: rp.RenderProgress) -> None:
        seen.append(progress.render_id)
        if progress.frames_rendered > 2:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        client.render_media(LAB, "slow", props={"pause": 100, "frames": 200}, concurrency=2, on_progress=show)
    wait_for(lambda: client.get_render_progress(seen[0]).cancelled)


def test_many_stills_at_once_are_queued() -> None:
    async def run() -> list[rp.Still]:
        async with rp.AsyncClient(capacity=1) as client:
            return await asyncio.gather(*(client.render_still(LAB, "counter", frame=frame) for frame in range(6)))

    assert [still.frame for still in asyncio.run(run())] == list(range(6))


def test_a_client_can_be_used_again_after_it_was_closed() -> None:
    client = rp.Client(capacity=1)
    try:
        for _ in range(2):
            assert client.render_still(LAB, "counter").frame == 0
            client.close()
    finally:
        client.close()


def test_module_level_functions_share_a_default_client() -> None:
    try:
        video = rp.render_media(LAB, "counter", frame_range=(0, 4))
        assert rp.get_render_progress(video.render_id).done
        assert rp.start_render_media(LAB, "counter", frame_range=(0, 4)).wait().frames == 5
        assert rp.render_still(LAB, "counter").frame == 0
        assert [found.id for found in rp.get_compositions(LAB.parent / "one")] == ["one"]
    finally:
        rp.close()


def test_an_idle_default_client_ends_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    from remotion_py._client.engine import Engine
    from remotion_py.client import Client
    from remotion_py.providers.local.provider import LocalProvider

    client = Client.from_engine(Engine(LocalProvider(capacity=1), idle_s=0.5))
    client.render_still(LAB, "counter")
    assert client._engine.provider.alive
    wait_for(lambda: not client._engine.provider.alive)


@pytest.mark.parametrize("extension", ["png", "jpeg", "webp"])
def test_small_scales_shrink_the_picture(client: rp.Client, tmp_path: Path, extension: str) -> None:
    """Chromium draws at half the size at least, and would leave a smaller picture at that."""
    options: dict[str, Any] = {"frame": 33, "output": tmp_path / f"a.{extension}"}
    small = client.render_still(RACE, "race", scale=0.35, **options)
    with Image.open(small.path) as shown:
        ours = np.asarray(shown.convert("RGB"), float)
    full = client.render_still(RACE, "race", frame=33, output=tmp_path / "full.png")
    with Image.open(full.path) as shown:
        wanted = np.asarray(shown.convert("RGB").resize((672, 378), Image.Resampling.LANCZOS), float)
    assert (small.width, small.height) == (672, 378)
    assert ours.shape == wanted.shape
    assert np.abs(ours - wanted).mean() < 4
    assert np.abs(ours - wanted[:, ::-1]).mean() > 8, "another picture is told apart"


@pytest.mark.parametrize(("name", "size"), [("a.mp4", (246, 138)), ("a.webm", (246, 139)), ("a.gif", (246, 139))])
def test_videos_of_pictures_that_are_drawn_too_large(
    name: str, size: tuple[int, int], client: rp.Client, tmp_path: Path
) -> None:
    """Chromium draws 320x180 at 0.77 as 247x139."""
    video = client.render_media(LAB, "counter", scale=0.77, frame_range=(0, 2), output=tmp_path / name)
    assert (video.width, video.height) == size
    assert [frame.shape[1::-1] for frame in decode(video.path)] == [size] * 3


def test_small_scales_make_small_videos(client: rp.Client, tmp_path: Path) -> None:
    video = client.render_media(LAB, "counter", scale=0.3, frame_range=(0, 5), output=tmp_path / "a.mp4")
    assert [(frame.shape[1], frame.shape[0]) for frame in decode(video.path)] == [(video.width, video.height)] * 6
    assert (video.width, video.height) == (96, 54)


def test_a_render_of_a_closed_client_is_an_error_with_a_next_step() -> None:
    with rp.Client(capacity=1) as client:
        render = client.start_render_media(LAB, "slow", props={"pause": 100, "frames": 200})
    with pytest.raises(rp.errors.RenderInterruptedError, match="wait for it before you close its client"):
        render.wait()
    assert "interrupted" in repr(render)


def test_errors_have_no_traceback_of_the_package() -> None:
    with pytest.raises(
        rp.errors.OptionError, match=r"'frame_rang'. Did you mean 'frame_range'\? One frame, "
    ) as raised:
        rp.render_media(LAB, "counter", frame_rang=(0, 3))
    files = {entry.path.name for entry in raised.traceback}
    assert files == {"tracebacks.py", "test_render.py"}


@pytest.mark.parametrize("concurrency", [1, 2])
def test_the_progress_contains_the_newest_frame(client: rp.Client, concurrency: int, tmp_path: Path) -> None:
    options = {"output": tmp_path / "a.mp4", "force_duration_in_frames": 150, "concurrency": concurrency}
    watched = client.start_render_media(LAB, "counter", progress="html", **options)
    pictures = [progress.thumbnail for progress in watched if progress.thumbnail]
    assert watched.wait().frames == 150
    assert watched.progress().thumbnail is None
    shown = [np.asarray(Image.open(io.BytesIO(picture)).convert("RGB")) for picture in pictures]
    assert all(picture.shape == (90, 160, 3) for picture in shown)
    assert any(0 < read_counter(picture) < 150 for picture in shown)
    unwatched = client.start_render_media(LAB, "counter", progress="none", **options)
    assert not any(progress.thumbnail for progress in unwatched)
