"""The call that repeats a render can be pasted and run."""

from __future__ import annotations

import datetime
import fractions
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from remotion_py._client.reproduce import LONGEST_KEPT, command_of, command_writer, date_of
from remotion_py.props import serialize_props

UTC = datetime.UTC
PROPS: dict[str, Any] = {
    "when": datetime.date(2024, 1, 2),
    "moment": datetime.datetime(2024, 1, 2, 3, 4, 5, 678000, UTC),
    "naive": datetime.datetime(2024, 1, 2, 3, 4),
    "rows": [{"n": number, "name": f"a 'quoted' name\n{number}", "day": datetime.date(1, 1, 1)} for number in range(9)],
    "numbers": list(range(100)),
    "nothing": None,
    "nested": {"pair": (1, 2), "one": (1,), "empty": [], "none": {}, "logo": "static/logo.png"},
}


class Called:
    """Keeps what it is called with."""

    def render_media(self, *arguments: Any, **options: Any) -> None:
        self.arguments, self.options = arguments, options


def pasted(code: str) -> Called:
    """Run code as a cell that has a client."""
    called = Called()
    exec(code, {"client": called})
    return called


def test_the_written_call_can_be_pasted_and_run() -> None:
    options = {
        "output": Path("a.mp4"),
        "frame_range": (0, None),
        "force_fps": fractions.Fraction(30000, 1001),
        "scale": np.float64(0.5),
        "props": PROPS,
    }
    code = command_of("client.render_media", Path("site"), "a", options, longest=LONGEST_KEPT)
    called = pasted(code)
    assert called.arguments == ("site", "a")
    assert called.options == options | {"output": "a.mp4"}
    assert code.startswith("import datetime\nimport fractions\n\nclient.render_media(\n    'site',\n    'a',\n")
    assert "\n    scale=0.5,\n" in code
    long = [line for line in code.splitlines() if len(line) > 80]
    assert [line.split("'")[1] for line in long] == ["moment"], "one value that has no place to break"


def test_dates_of_every_type_are_written_as_dates() -> None:
    sent = serialize_props(PROPS)
    assert "remotion-date:" in sent
    code = command_writer("client.render_media", "site", "a", {"props": PROPS})(sent)
    assert "remotion-date" not in code
    assert "'when': datetime.date(2024, 1, 2)" in code
    assert "datetime.datetime(2024, 1, 2, 3, 4, 5, 678000, tzinfo=datetime.timezone.utc)" in code
    assert serialize_props(pasted(code).options["props"]) == sent


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("remotion-date:2024-01-02T00:00:00.000Z", datetime.date(2024, 1, 2)),
        ("remotion-date:2024-01-02T01:00:00+01:00", datetime.date(2024, 1, 2)),
        ("remotion-date:2024-01-02T00:00:00.001Z", datetime.datetime(2024, 1, 2, 0, 0, 0, 1000, UTC)),
        ("remotion-date:+012024-01-02T00:00:00.000Z", None),
        ("remotion-date:2024-01-02", datetime.date(2024, 1, 2)),
        ("remotion-date:2024-01-02T00:00:00", None),
        ("remotion-date:0001-01-01T00:00:00+01:00", None),
    ],
)
def test_only_dates_that_python_supports_are_written_as_dates(text: str, date: datetime.date | None) -> None:
    assert date_of(text) == date
    code = command_of("client.render_media", "site", "a", {"props": {"when": text}})
    assert pasted(code).options["props"]["when"] == (date or text)


def test_a_short_call_is_one_line() -> None:
    assert command_of("client.render_media", "site", "a", {"crf": 20}) == "client.render_media('site', 'a', crf=20)"


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), object(), {1: 2}, {"a": {1}}, 10**5000, "x" * 400], ids=type
)
def test_values_without_a_short_form_are_written_as_names(value: Any) -> None:
    for given in (value, [value], {"a": value}):
        assert command_of("f", "s", "a", {"props": given}) == "f('s', 'a', props=props)"
