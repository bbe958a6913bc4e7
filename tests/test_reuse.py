"""Frames in which nothing changes get the picture of the frame before, and look as if each had been captured."""

from __future__ import annotations

import asyncio
import base64
import io
import itertools
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import remotion_py as rp
from remotion_py.page import reuse
from remotion_py.page.capture import ControlledFrames
from remotion_py.page.contract import Background, PageSettings
from remotion_py.page.reuse import CAREFUL_TRUST, TRUST, VERIFY_EVERY, FrameReuse, ReuseMismatchError, Source
from remotion_py.page.session import BrowserSession

from .sites import media_site

SITE = Path(__file__).parent / "sites" / "unchanged"
FRAMES = 40


class Page:
    """A page whose picture is a number. If it is honest, it reports damage when that number changes."""

    def __init__(self, pictures: Sequence[int], *, honest: bool = True, careful: bool = False) -> None:
        self.pictures = [bytes([number]) for number in pictures]
        self.honest = honest
        self.careful = careful

    def render(self, *, rewrites: bool = False) -> tuple[list[Source], int]:
        """Return where the pictures are from, and how often damage was asked for."""
        state, sources, asked = FrameReuse(), list[Source](), 0
        for frame, picture in enumerate(self.pictures):
            state.begin(frame, careful=self.careful, surfaces=False)
            damaged = None
            if state.watched:
                asked += 1
                damaged = rewrites or (self.honest and picture != self.pictures[frame - 1])
                same = None if damaged else state.without_damage()
                if same:
                    assert same.picture == picture or not self.honest
                    sources.append(same.source)
                    continue
            sources.append(state.captured(picture, damaged=damaged).source)
        return sources, asked


def test_a_page_is_verified_before_it_is_trusted_and_now_and_then_after() -> None:
    sources, _ = Page([7] * 100).render()
    assert sources[:2] == [Source.CAPTURED] * 2
    assert sources[2 : 2 + TRUST] == [Source.VERIFIED] * TRUST
    rest = sources[2 + TRUST :]
    assert [at for at, source in enumerate(rest) if source is Source.VERIFIED] == [
        VERIFY_EVERY - 1,
        2 * VERIFY_EVERY - 1,
        3 * VERIFY_EVERY - 1,
    ]
    assert set(rest) == {Source.REUSED, Source.VERIFIED}


def test_a_page_with_webgl_is_verified_for_longer() -> None:
    sources, _ = Page([7] * 60, careful=True).render()
    assert sources.count(Source.VERIFIED) == CAREFUL_TRUST
    assert sources[2 + CAREFUL_TRUST] is Source.REUSED


def test_each_change_is_captured() -> None:
    numbers = [frame // 7 for frame in range(100)]
    sources, _ = Page(numbers).render()
    changes = [frame for frame in range(1, 100) if numbers[frame] != numbers[frame - 1]]
    assert all(sources[frame] is Source.CAPTURED for frame in changes)
    assert sources.count(Source.CAPTURED) == 2 + len(changes), "one picture for each change"


def test_a_page_that_moves_is_not_asked() -> None:
    assert Page(list(range(100))).render() == ([Source.CAPTURED] * 100, 0)
    halted = [*range(20), *[20] * 20, *range(21, 60)]
    sources, asked = Page(halted).render()
    assert sources[22:25] == [Source.VERIFIED] * 3
    assert asked == 19 + 1, "it was asked twice with damage, and no more"


def test_a_page_that_rewrites_itself_is_asked_less_and_less() -> None:
    sources, asked = Page([7] * 200).render(rewrites=True)
    assert set(sources) == {Source.CAPTURED}
    assert asked <= 8


def test_going_back_and_surfaces_begin_again() -> None:
    for frame, surfaces in ((1, False), (3, False), (9, True)):
        state = FrameReuse()
        for earlier in range(4):
            state.begin(earlier, careful=False, surfaces=False)
            state.captured(b"7", damaged=False if state.watched else None)
        assert state.watched
        state.begin(frame, careful=False, surfaces=surfaces)
        assert not state.watched


def test_a_change_without_damage_is_an_error() -> None:
    numbers = [7] * 20 + [8] * VERIFY_EVERY
    with pytest.raises(ReuseMismatchError, match="no damage, but is another picture"):
        Page(numbers, honest=False).render()


# Pictures of real pages


def _gif() -> str:
    out = io.BytesIO()
    first, second = (Image.new("RGB", (200, 140), colour) for colour in ("red", "lime"))
    first.save(out, "GIF", save_all=True, append_images=[second], duration=[400, 60_000])
    return "data:image/gif;base64," + base64.b64encode(out.getvalue()).decode()


GIF = _gif()


def pictures(composition: str, *, reused: bool) -> tuple[list[bytes], list[Source]]:
    """Return the pictures of all frames of a fresh page, as PNG, and where they are from."""

    async def run() -> tuple[list[bytes], list[Source]]:
        session = BrowserSession()
        taken, sources = list[bytes](), list[Source]()
        try:
            settings = PageSettings(input_props=f'{{"gif": "{GIF}"}}' if composition == "gif" else "{}")
            url = str(SITE)
            found = await (await session.open(url, settings, generation="test")).composition(composition)
            page = await session.show(url, settings, found, background=Background(), generation="test")
            state = FrameReuse()
            for frame in range(FRAMES):
                await page.seek(frame)
                if reused:
                    capture = await page.capture_or_reuse(state, "png", 0)
                    taken.append(capture.picture)
                    sources.append(capture.source)
                else:
                    taken.append(await page.capture("png", 0))
        finally:
            await session.close()
        return taken, sources

    return asyncio.run(run())


CHANGES = {
    "nothing": 1,
    "steps": 4,
    "moves": FRAMES,
    "blink": 3,
    "opacity": 2,
    "filter": 4,
    "transform": 2,
    "paused-animation": 4,
    "subpixel": 2,
    "one-pixel": 2,
    "caret": 3,
    "canvas": 4,
    "webgl": 2,
    "inner-page": 2,
    "shadow": 3,
    "scroll": 5,
    "svg": 2,
}
"""How many runs of equal pictures each page has."""


def runs(taken: Sequence[bytes]) -> int:
    return 1 + sum(one != other for one, other in itertools.pairwise(taken))


@pytest.mark.parametrize("composition", CHANGES)
def test_frames_are_those_of_a_full_capture(composition: str) -> None:
    full, _ = pictures(composition, reused=False)
    assert runs(full) == CHANGES[composition]
    ours, sources = pictures(composition, reused=True)
    assert [frame for frame in range(FRAMES) if ours[frame] != full[frame]] == []
    careful = composition in ("webgl", "inner-page")
    if composition != "moves":
        assert sources.count(Source.REUSED) >= (1 if careful else 15)


@pytest.mark.parametrize("composition", ["css-animation", "timer", "gif"])
def test_what_runs_by_the_clock_is_not_missed(composition: str) -> None:
    ours, sources = pictures(composition, reused=True)
    last = np.asarray(Image.open(io.BytesIO(ours[-1])).convert("RGB"))[70, 70]
    assert tuple(last) == (0, 255, 0)
    assert Source.REUSED in sources


def test_a_browser_that_hides_damage_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    async def none(self: ControlledFrames) -> bool:
        await self.flush()
        return False

    full, _ = pictures("steps", reused=False)
    monkeypatch.setattr(ControlledFrames, "damaged", none)
    with pytest.raises(ReuseMismatchError):
        pictures("steps", reused=True)
    monkeypatch.setattr(reuse, "TRUST", 0)
    monkeypatch.setattr(reuse, "VERIFY_EVERY", 1000)
    assert pictures("steps", reused=True)[0] != full, "the comparison sees a picture that is out of date"


# Whole renders


@pytest.mark.parametrize("extension", ["mp4", "webm", "gif"])
def test_videos_are_the_same_with_and_without(extension: str, client: rp.Client, tmp_path: Path) -> None:
    with_reuse, without = (
        client.render_media(SITE, "steps", output=tmp_path / f"{on}.{extension}", concurrency=2, reuse_frames=on)
        for on in (True, False)
    )
    assert with_reuse.path.read_bytes() == without.path.read_bytes()
    assert (without.frames_reused, without.frames_verified) == (0, 0)
    assert with_reuse.frames_verified == 2 * TRUST
    assert with_reuse.frames_reused == FRAMES - 2 * 2 - 2 - 2 * TRUST
    progress = client.get_render_progress(with_reuse.render_id)
    assert (progress.frames_reused, progress.frames_verified) == (with_reuse.frames_reused, with_reuse.frames_verified)


@pytest.mark.parametrize("scale", [0.4, 0.77, 2])
def test_pictures_of_any_scale_are_the_same(scale: float, client: rp.Client, tmp_path: Path) -> None:
    first, second = (
        client.render_frames(SITE, "steps", output=tmp_path / str(on), scale=scale, concurrency=2, reuse_frames=on)
        for on in (True, False)
    )
    assert [path.read_bytes() for path in first.paths] == [path.read_bytes() for path in second.paths]
    assert first.frames_reused > 10


@pytest.mark.parametrize(
    "composition", ["scene-glass", "scene-solid", "scene-in-canvas", "scene-webgl", "scene-iframe", "video-frozen"]
)
def test_bundles_are_the_same(composition: str, client: rp.Client, tmp_path: Path) -> None:
    first, second = (
        client.render_frames(media_site(), composition, output=tmp_path / str(on), concurrency=2, reuse_frames=on)
        for on in (True, False)
    )
    assert [path.read_bytes() for path in first.paths] == [path.read_bytes() for path in second.paths]


HIDES_DAMAGE = """
from remotion_py.page.capture import ControlledFrames

async def damaged(self):
    await self.flush()
    return False

ControlledFrames.damaged = damaged
"""


def test_a_chunk_is_rendered_again_without_reuse(
    client: rp.Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its functions import a module that hides the damage of their browsers."""
    (tmp_path / "sitecustomize.py").write_text(HIDES_DAMAGE)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])]))
    with rp.Client(capacity=2) as other:
        video = other.render_media(SITE, "steps", output=tmp_path / "a.mp4", concurrency=1)
    wanted = client.render_media(SITE, "steps", output=tmp_path / "b.mp4", concurrency=1, reuse_frames=False)
    assert video.path.read_bytes() == wanted.path.read_bytes()
    assert (video.frames_reused, video.frames_verified) == (0, 0)
