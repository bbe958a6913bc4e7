"""Example sites that come with the package: folders of plain HTML, to render or to copy.

import remotion_py as rp

rp.render_media(rp.examples.bar_chart_race, "race", output="race.mp4")
"""

import pathlib as _pathlib

__all__ = ["bar_chart_race", "hello", "metronome"]

_FOLDER = _pathlib.Path(__file__).parent

bar_chart_race = _FOLDER / "bar-chart-race"
"""A bar chart race drawn from data in its props: composition "race", 1920x1080, 10 s."""

hello = _FOLDER / "hello"
"""The shortest page with a composition: "hello", 1280x720, 3 s."""

metronome = _FOLDER / "metronome"
"""A page that generates its own sounds: composition "metronome", 480x270, 3 s."""


def __dir__() -> list[str]:
    return __all__
