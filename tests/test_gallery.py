"""The films of the docs' gallery: they render, their figures are true, and the docs show what the code makes."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

import remotion_py as rp

from .conftest import ROOT
from .hearing import decibels, listen, rms

GALLERY = ROOT / "docs" / "gallery"
MOVING = ROOT / "docs" / "images" / "gallery"
PAGE = (ROOT / "docs" / "gallery.md").read_text()
FILMS = sorted(path.parent.name for path in GALLERY.glob("*/render.py"))


def code_of(name: str) -> dict[str, Any]:
    return runpy.run_path(str(GALLERY / name / "render.py"))


def props_of(name: str) -> dict[str, Any]:
    code = code_of(name)
    return code["rows"]()[0] if "rows" in code else code["props"]()


def videos_of(name: str) -> list[Path]:
    """The videos of a film, as the page names them."""
    found = re.findall(r'src="_static/([\w-]+\.mp4)"', PAGE)
    return [MOVING / video for video in found if re.fullmatch(rf"{name}(-\w+)?\.mp4", video)]


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


@pytest.mark.parametrize("name", FILMS)
def test_a_frame_depends_on_its_number_and_the_props_alone(name: str, client: rp.Client, tmp_path: Path) -> None:
    site, props = GALLERY / name, props_of(name)
    (film,) = client.get_compositions(site, props=props)
    assert film.id == name
    for video in videos_of(name):
        with av.open(video) as container:
            assert container.streams.video[0].frames == film.duration_in_frames

    third = film.duration_in_frames // 3
    options: dict[str, Any] = {"props": props, "scale": 0.25, "concurrency": 1}
    alone = client.render_frames(site, name, output=tmp_path / "alone", frame_range=2 * third - 1, **options)
    asked = {"frame_range": (third - 1, 3 * third - 1), "every_nth_frame": third}
    others = client.render_frames(site, name, output=tmp_path / "others", **asked, **options)
    first, second, last = map(pixels, others.paths)
    assert np.array_equal(pixels(alone.paths[0]), second), "alone, and after another frame"
    assert not np.array_equal(first, second)
    painted = np.abs(last.astype(int) - last[2, 2]).max(2) > 40
    assert 0.04 < painted.mean() < 0.8
    assert len(np.unique(last.reshape(-1, 3), axis=0)) > 100


def test_the_sort_is_heard(client: rp.Client, tmp_path: Path) -> None:
    """The last note, of number 20, is the highest of its scale: 1,047 Hz, nine semitones up."""
    output = tmp_path / "sorting.wav"
    client.render_media(
        GALLERY / "sorting", "sorting", output=output, props=props_of("sorting"), frame_range=(279, 285)
    )
    samples = listen(output)
    loudness = np.abs(np.fft.rfft(samples[:, 0]))
    assert decibels(rms(samples)) > -40
    assert abs(loudness.argmax() / len(samples) * 48000 - 1047 * 2**0.75) < 10


@pytest.mark.parametrize("name", FILMS)
def test_the_docs_show_each_film_and_its_source(name: str) -> None:
    for kind in ("index.html", "render.py"):
        assert f"{{literalinclude}} gallery/{name}/{kind}\n" in PAGE
        lines = (GALLERY / name / kind).read_text().split("\n")
        assert [line for line in lines if len(line) > 80] == []
        assert len(lines) < 110
    assert videos_of(name)
    for video in videos_of(name):
        width, height = pixels(video.with_suffix(".jpg")).shape[1::-1]
        assert f'poster="_static/{video.stem}.jpg" width="{width}" height="{height}"' in PAGE
        with av.open(video) as container:
            stream = container.streams.video[0]
            assert (stream.width, stream.height) == (width, height)


def test_what_the_gallery_shows_is_small_and_all_of_it_is_shown() -> None:
    files = list(MOVING.iterdir())
    assert {f"_static/{path.name}" for path in files} == set(re.findall(r"_static/[\w.-]+", PAGE))
    assert sum(path.stat().st_size for path in files) < 2_500_000


def test_figures_of_the_films_are_true() -> None:
    month = 1 + 0.07 / 12
    saved = code_of("savings")["balances"](7)
    assert saved[-1] == pytest.approx(200 * month * (month**480 - 1) / (month - 1))

    board = props_of("galton")
    assert sum(board["expected"]) == pytest.approx(len(board["turns"]))

    orders = props_of("sorting")["orders"]
    assert orders[-1] == sorted(orders[0]) == list(range(20))

    days = {day["date"]: day for day in props_of("daylight")["days"]}
    tromso, london, *_ = zip(*(days[date]["hours"] for date in ("21 June", "21 December")), strict=True)
    assert tromso == (24, 0)
    assert london == pytest.approx((16 + 38 / 60, 7 + 50 / 60), abs=2 / 60)

    assert code_of("collatz")["steps"](27) == 111

    for card in code_of("year")["rows"]():
        assert len(card["weeks"]) == 52
        assert sum(card["weeks"]) > 1000
