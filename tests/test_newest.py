"""A bundle of the newest Remotion, against the npm renderer of the same version (`oracle.NEWEST`)."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import remotion_py as rp
from remotion_py.errors import PageScriptError
from remotion_py.page.contract import Background, PageSettings
from remotion_py.page.session import BrowserSession

from . import oracle
from .compare import Picture, decode, facts, mismatches, picture
from .hearing import compare, listen, rms
from .media import media_folder
from .sites import PROJECTS

PROPS = {"title": "Grüße"}
LENGTH = 6 + len(PROPS["title"])
CANVASES = ("painted", "in-canvas")


@pytest.fixture(scope="module")
def site() -> Path:
    return oracle.bundle(PROJECTS / "newest", media_folder(), oracle.NEWEST)


@pytest.fixture(scope="module")
def canvases(site: Path) -> dict[str, list[Picture]]:
    """Frames of the canvases by the npm renderer."""
    jobs: list[dict[str, Any]] = [{"composition": name, "options": {"concurrency": 1}} for name in CANVASES]
    made = oracle.render_all("frames", site, "frames", jobs, version=oracle.NEWEST)
    folders = [folder for _, folder in made]
    return {
        name: [picture(path) for path in sorted(folder.glob("*.png"))]
        for name, folder in zip(CANVASES, folders, strict=True)
    }


def test_its_version_is_in_the_bundle(site: Path) -> None:
    script = (site / "bundle.js").read_text()
    assert f'"{oracle.NEWEST}"' in script
    assert oracle.NEWEST == oracle.PINNED or f'"{oracle.PINNED}"' not in script


def test_its_compositions_are_listed(site: Path, client: rp.Client) -> None:
    listed, _ = oracle.render("list", site, "none", version=oracle.NEWEST, inputProps=PROPS)
    wanted = [(found["id"], found["durationInFrames"], found["props"]) for found in listed["compositions"]]
    found = client.get_compositions(site, props=PROPS)
    assert [(one.id, one.duration_in_frames, one.props) for one in found] == wanted
    assert found[0].duration_in_frames == LENGTH


def test_its_stills_are_equal(site: Path, client: rp.Client, tmp_path: Path) -> None:
    job: dict[str, Any] = {"composition": "mixed", "frames": 5, "inputProps": PROPS}
    _, reference = oracle.render("still", site, "a.png", version=oracle.NEWEST, **job)
    still = client.render_still(site, "mixed", frame=5, props=PROPS, output=tmp_path / "a.png")
    assert np.array_equal(picture(still.path), picture(reference))


def test_its_videos_look_and_sound_the_same(site: Path, client: rp.Client, tmp_path: Path) -> None:
    job: dict[str, Any] = {"composition": "mixed", "inputProps": PROPS}
    options = {"concurrency": 1, "muted": False}
    fine = options | {"crf": 4, "imageFormat": "png"}  # a small picture shows what an encoder does at a seam
    _, reference = oracle.render("media", site, "out.mp4", version=oracle.NEWEST, **job, options=fine)
    wave = options | {"codec": "wav"}
    _, sound = oracle.render("media", site, "out.wav", version=oracle.NEWEST, **job, options=wave)
    render = partial(client.render_media, site, "mixed", props=PROPS, concurrency=2)
    ours = render(crf=4, image_format="png", output=tmp_path / "a.mp4")
    assert facts(ours.path).frames == LENGTH
    assert mismatches(list(decode(ours.path)), list(decode(reference))) == []
    heard = listen(render(output=tmp_path / "a.wav").path)
    found = compare(heard, listen(sound))
    assert (found.lag, found.largest) == (0, 0)
    assert rms(heard) > 300


@pytest.mark.parametrize("name", CANVASES)
def test_html_in_a_canvas_has_every_frame_of_its_videos(
    site: Path, canvases: dict[str, list[Picture]], client: rp.Client, tmp_path: Path, name: str
) -> None:
    made = client.render_frames(site, name, concurrency=2, output=tmp_path / "frames")
    ours = [picture(path) for path in made.paths]
    assert len(ours) == 12
    for number, (one, other) in enumerate(zip(ours, canvases[name], strict=True)):
        assert np.array_equal(one, other), f"frame {number} differs"
    assert not np.array_equal(ours[3], ours[4])


PAGE = """<!doctype html><script src="/remotion-py.js"></script><body></body><script>
const context = document.createElement("canvas").getContext("2d");
const render = (look) => (frame) => {
  look();
  if (frame === 1) throw new Error("one is not allowed");
};
for (const [id, look] of Object.entries({
  asks: () => context.drawElementImage,
  has: () => "drawElementImage" in context,
  detects() {
    if ("drawElementImage" in context || context.drawElementImage) throw new Error("it is there");
    if (!(context instanceof Object && context instanceof CanvasRenderingContext2D)) throw new Error("what is it?");
  },
  other: () => context.toString(),
}))
  remotionPy.registerComposition({ id, width: 160, height: 96, fps: 10, durationInFrames: 2, render: render(look) });
</script>"""


def test_a_browser_that_cannot_draw_html_into_a_canvas_is_named(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "index.html").write_text(PAGE)
    monkeypatch.setenv("REMOTION_PY_BROWSER_FLAGS", "--disable-features=CanvasDrawElement")

    async def look(session: BrowserSession, folder: Path, name: str, frame: int) -> None:
        settings = PageSettings()
        page = await session.open(str(folder), settings, generation=name)
        found = await page.composition(name)
        page = await session.show(str(folder), settings, found, background=Background(bundle=True), generation=name)
        await page.seek(frame)

    async def run() -> None:
        session = BrowserSession()
        try:
            for folder, name in ((site, "painted"), (site, "in-canvas"), (tmp_path, "asks"), (tmp_path, "has")):
                with pytest.raises(PageScriptError, match=r"^The page draws HTML into a canvas, but this browser"):
                    await look(session, folder, name, 1)
            await look(session, tmp_path, "detects", 0)
            with pytest.raises(PageScriptError, match=r"^The page threw at frame 1: Error: one is not allowed"):
                await look(session, tmp_path, "other", 1)
        finally:
            await session.close()

    asyncio.run(run())
