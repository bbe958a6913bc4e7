"""A plain page looks as in every browser: its own background, white where it has none, transparent where asked for."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import remotion_py as rp
from remotion_py.errors import OptionError

from .compare import decode
from .conftest import ROOT

PAGE = """<!doctype html><script src="/remotion-py.js"></script>
<style>{style}</style><body></body><script>
remotionPy.registerComposition({{ id: "page", width: 160, height: 96, fps: 10, durationInFrames: 3,
  render(frame) {{ document.body.innerHTML = `<h1>${{frame}}</h1>`; }} }});
</script>"""
BACKGROUNDS = {
    "": (255, 255, 255),
    "body { background: #10192b; color: white }": (16, 25, 43),
    "html { background: rgb(0, 128, 0) }": (0, 128, 0),
    "body { background: linear-gradient(#806040, #806040) }": (128, 96, 64),
}


def site(folder: Path, style: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "index.html").write_text(PAGE.format(style=style))
    return folder


def pages() -> list[tuple[str, str]]:
    """List the pages that README and docs print: the file's name and the page."""
    found: list[tuple[str, str]] = []
    for file in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        blocks = re.findall(r"^```html\n(.*?)^```", file.read_text(), re.MULTILINE | re.DOTALL)
        found += [(file.name, block) for block in blocks if "registerComposition" in block]
    return found


@pytest.mark.parametrize("style", BACKGROUNDS)
def test_stills_and_videos_have_the_pages_own_background(client: rp.Client, tmp_path: Path, style: str) -> None:
    page = site(tmp_path / "site", style)
    still = client.render_still(page, "page", frame=1, output=tmp_path / "a.png")
    video = client.render_media(page, "page", output=tmp_path / "a.mp4", crf=1, pixel_format="yuv444p")
    picture = np.asarray(Image.open(still.path).convert("RGBA"))
    assert tuple(picture[2, -2]) == (*BACKGROUNDS[style], 255)
    assert picture[..., 3].min() == 255
    frame = list(decode(video.path))[1]
    assert np.abs(frame.astype(int) - picture[..., :3]).mean() < 3
    assert picture[..., :3].std() > 5  # the number is seen


def test_unpainted_areas_are_transparent_on_request(client: rp.Client, tmp_path: Path) -> None:
    plain = site(tmp_path / "plain", "")
    still = client.render_still(plain, "page", output=tmp_path / "a.png", transparent=True)
    assert tuple(np.asarray(Image.open(still.path))[2, -2]) == (0, 0, 0, 0)
    frames = client.render_frames(plain, "page", output=tmp_path / "opaque")
    assert np.asarray(Image.open(frames.paths[0]).convert("RGBA"))[2, -2, 3] == 255
    frames = client.render_frames(plain, "page", output=tmp_path / "frames", transparent=True)
    assert np.asarray(Image.open(frames.paths[0]))[2, -2, 3] == 0
    painted = site(tmp_path / "painted", "body { background: #102030 }")
    still = client.render_still(painted, "page", output=tmp_path / "b.png", transparent=True)
    assert tuple(np.asarray(Image.open(still.path).convert("RGBA"))[2, -2]) == (16, 32, 48, 255)


def test_a_format_with_alpha_is_transparent(client: rp.Client, tmp_path: Path) -> None:
    video = client.render_media(
        site(tmp_path / "site", ""), "page", output=tmp_path / "a.mov", codec="prores", prores_profile="4444",
        pixel_format="yuva444p10le",
    )  # fmt: skip
    import av

    with av.open(str(video.path)) as container:
        frame = next(container.decode(video=0)).to_ndarray(format="rgba")
    assert frame[2, -2, 3] < 3
    assert frame[..., 3].max() > 250


def test_jpeg_cannot_be_transparent(client: rp.Client, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="JPEG has no transparency"):
        client.render_still(site(tmp_path, ""), "page", output=tmp_path / "a.jpeg", transparent=True)


@pytest.mark.parametrize(("name", "page"), pages())
def test_pages_of_the_docs_are_visible(client: rp.Client, tmp_path: Path, name: str, page: str) -> None:
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "index.html").write_text(page)
    (found,) = client.get_compositions(folder)
    still = client.render_still(folder, found.id, frame=found.duration_in_frames - 1, output=tmp_path / "a.png")
    picture = np.asarray(Image.open(still.path).convert("L")).astype(int)
    background = 24 if "background: #10192b" in page else 255
    assert picture[-2, -2] == background, f"{name}: the background is not the page's own"
    assert (abs(picture - background) > 155).sum() > 100, f"{name}: nothing is written on it"
