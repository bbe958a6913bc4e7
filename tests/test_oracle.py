"""Unmodified Remotion bundles, against the npm renderer itself on the same bundle with the same browser."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import remotion_py as rp
from remotion_py.page.contract import Background, PageSettings
from remotion_py.page.flags import drawn
from remotion_py.page.session import BrowserSession
from remotion_py.page.site import FolderSite

from . import oracle
from .compare import Picture, decode, facts, mismatches, picture, read_counter
from .conftest import LAB, ROOT
from .hearing import compare, listen, rms
from .listening import listening

HELLO = ROOT / "examples" / "remotion-hello"


@pytest.fixture(scope="session")
def hello() -> Path:
    return oracle.bundle(HELLO)


@pytest.fixture(scope="session")
def videos(hello: Path, client: rp.Client, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Our video of the hello composition, and the npm renderer's."""
    output = tmp_path_factory.mktemp("hello") / "out.mp4"
    client.render_media(hello, "hello", output=output, concurrency=3)
    _, reference = oracle.render("media", hello, "out.mp4", composition="hello", options={"concurrency": 2})
    return output, reference


@pytest.fixture(scope="session")
def pictures(videos: tuple[Path, Path]) -> tuple[list[Picture], list[Picture]]:
    ours, reference = videos
    return list(decode(ours)), list(decode(reference))


def test_size_rate_and_duration_equal_the_npm_renderers(videos: tuple[Path, Path]) -> None:
    ours, reference = videos
    assert facts(ours) == facts(reference)
    assert facts(ours).frames == 90


def test_frames_look_like_those_of_the_npm_renderer(pictures: tuple[list[Picture], list[Picture]]) -> None:
    assert mismatches(*pictures) == []


@pytest.mark.parametrize("shift", [1, -1])
def test_the_comparison_detects_a_video_that_is_one_frame_late(
    pictures: tuple[list[Picture], list[Picture]], shift: int
) -> None:
    ours, reference = (taken[30:40] for taken in pictures)
    shifted = [ours[0], *ours[:-1]] if shift == 1 else [*ours[1:], ours[-1]]
    found = mismatches(shifted, reference)
    assert sum("looks like frame" in line for line in found) >= 8


def test_the_comparison_detects_a_wrong_picture(pictures: tuple[list[Picture], list[Picture]]) -> None:
    ours, reference = (taken[30:33] for taken in pictures)
    darker = [(frame * 0.97).astype(np.uint8) for frame in ours]
    assert any("differs by" in line for line in mismatches(darker, reference))
    blurred = [np.asarray(Image.fromarray(frame).resize((480, 270)).resize((960, 540))) for frame in ours]
    assert any("SSIM" in line for line in mismatches(blurred, reference))


def test_png_frames_are_equal_before_encoding(hello: Path) -> None:
    _, folder = oracle.render("frames", hello, "frames", composition="hello", frames=[14, 18])
    reference = [picture(path) for path in sorted(folder.glob("*.png"))]
    assert len(reference) == 5

    async def run() -> list[Any]:
        session = BrowserSession()
        try:
            settings = PageSettings()
            page = await session.open(str(hello), settings, generation="test")
            found = await page.composition("hello")
            page = await session.show(
                str(hello), settings, found, background=Background(bundle=True), generation="test"
            )
            taken: list[Any] = []
            for frame in range(14, 19):
                await page.seek(frame)
                shot = Image.open(io.BytesIO(await page.capture("png", 80)))
                taken.append(np.asarray(shot.convert("RGBA")))
            return taken
        finally:
            await session.close()

    ours = asyncio.run(run())
    for number, (one, other) in enumerate(zip(ours, reference, strict=True)):
        assert np.array_equal(one, other), f"frame {14 + number} differs"
        assert not np.array_equal(one, reference[number - 1])


def test_stills_are_equal(hello: Path, client: rp.Client, tmp_path: Path) -> None:
    props = {"title": "Grüße, 世界", "bars": [1, 0.2]}
    _, reference = oracle.render("still", hello, "a.png", composition="hello", frames=60, inputProps=props)
    still = client.render_still(hello, "hello", frame=60, props=props, output=tmp_path / "a.png")
    assert np.array_equal(picture(still.path), picture(reference))


@pytest.mark.parametrize(("extension", "apart"), [("png", 0), ("jpeg", 2), ("webp", 2)])
def test_stills_of_any_scale_have_the_size_of_the_npm_renderers(
    extension: str, apart: float, hello: Path, client: rp.Client, tmp_path: Path
) -> None:
    """Chromium draws 960x540 at 0.77 as 740x416; the npm renderer keeps 739x416 of it."""
    output = tmp_path / f"a.{extension}"
    still = client.render_still(hello, "hello", frame=20, scale=0.77, output=output)
    _, reference = oracle.render("still", hello, "o.png", composition="hello", frames=20, options={"scale": 0.77})
    assert (drawn(960, 0.77), drawn(540, 0.77)) == (740, 416)
    assert (still.width, still.height) == (739, 416)
    assert picture(output).shape == picture(reference).shape
    assert np.abs(picture(output).astype(float) - picture(reference)).mean() <= apart


def test_the_font_that_monospace_means_is_the_same(hello: Path, client: rp.Client, tmp_path: Path) -> None:
    """Playwright sets font families of its own for each page."""
    _, reference = oracle.render("still", hello, "counter.png", composition="counter-25", frames=38)
    still = client.render_still(hello, "counter-25", frame=38, output=tmp_path / "a.png")
    assert np.array_equal(picture(still.path), picture(reference))


def test_metadata_equals_the_npm_renderers(hello: Path, client: rp.Client) -> None:
    props = {"bars": [1, 2]}
    listed, _ = oracle.render("list", hello, "none", inputProps=props)
    ours = client.get_compositions(hello, props=props)
    wanted = [
        (found["id"], found["width"], found["height"], found["fps"], found["durationInFrames"], found["props"])
        for found in listed["compositions"]
    ]
    assert [(o.id, o.width, o.height, o.fps, o.duration_in_frames, o.props) for o in ours] == wanted
    assert next(found for found in ours if found.id == "hello").duration_in_frames == 70


@pytest.mark.parametrize("fps", ["25", "29-97", "60"])
def test_a_bundle_has_every_frame_once_at_any_rate(hello: Path, client: rp.Client, tmp_path: Path, fps: str) -> None:
    video = client.render_media(hello, f"counter-{fps}", output=tmp_path / "a.mp4", concurrency=5)
    assert [read_counter(frame) for frame in decode(video.path)] == list(range(47))
    assert facts(video.path).duration == pytest.approx(47 / float(fps.replace("-", ".")), abs=1e-6)


def by_url(site: Path, name: str, **job: Any) -> tuple[dict[str, Any], Path]:
    """Let the npm renderer render a page that we serve."""

    async def run() -> tuple[dict[str, Any], Path]:
        async with listening(FolderSite(site.resolve())) as (_, address):
            return await asyncio.to_thread(oracle.render, "media", site, name, serve_url=f"{address}/index.html", **job)

    return asyncio.run(run())


def test_the_npm_renderer_renders_the_sound_of_our_plain_pages(client: rp.Client, tmp_path: Path) -> None:
    site = rp.examples.metronome
    options = {"concurrency": 2, "codec": "wav", "muted": False}
    _, reference = by_url(site, "out.wav", composition="metronome", options=options)
    ours = listen(client.render_media(site, "metronome", output=tmp_path / "a.wav", concurrency=3).path)
    assert len(ours) == 144_000
    found = compare(ours, listen(reference))
    assert (found.lag, found.largest) == (0, 0)
    assert rms(ours) > 300
    changed = client.render_media(site, "metronome", output=tmp_path / "b.wav", force_duration_in_frames=30)
    assert len(listen(changed.path)) == 48_000


def test_the_npm_renderer_renders_our_plain_pages(client: rp.Client, tmp_path: Path) -> None:
    site = LAB.parent / "one"
    printed, reference = by_url(site, "out.mp4", composition="one", options={"concurrency": 2})
    ours = client.render_media(site, "one", output=tmp_path / "a.mp4", concurrency=2)
    assert printed["composition"]["durationInFrames"] == ours.frames == 20
    assert mismatches(list(decode(ours.path)), list(decode(reference))) == []
