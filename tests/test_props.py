from __future__ import annotations

import dataclasses
import datetime
import enum
import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import polars
import pydantic
import pytest

from remotion_py.errors import PropsError
from remotion_py.props import parse_props, serialize_props


def test_json_values_pass_unchanged() -> None:
    props = {"text": "häß 世界", "rows": [{"x": 1, "y": 2.5}, None, True], "pair": (1, 2)}
    assert json.loads(serialize_props(props)) == props | {"pair": [1, 2]}
    assert serialize_props(None) == "{}"


def test_dates_travel_as_remotion_dates() -> None:
    zone = datetime.timezone(datetime.timedelta(hours=2))
    props = {"at": datetime.datetime(2026, 11, 23, 10, 0, 0, 123456, zone), "day": datetime.date(2026, 1, 2)}
    assert json.loads(serialize_props(props)) == {
        "at": "remotion-date:2026-11-23T08:00:00.123Z",
        "day": "remotion-date:2026-01-02T00:00:00.000Z",
    }


class Colour(enum.Enum):
    RED = "#f00"


@dataclasses.dataclass
class Point:
    x: Decimal
    colour: Colour = Colour.RED


class Person(pydantic.BaseModel):
    name: str
    born: datetime.date


def test_values_of_programs_become_json() -> None:
    props = {
        "point": Point(Decimal("1.5")),
        "person": Person(name="Ada", born=datetime.date(1815, 12, 10)),
        "file": Path("a/b.png"),
        "scalar": np.float32(0.5),
        "matrix": np.arange(4).reshape(2, 2),
        "days": np.array(["2026-01-02"], dtype="datetime64[D]"),
    }
    assert json.loads(serialize_props(props)) == {
        "point": {"x": 1.5, "colour": "#f00"},
        "person": {"name": "Ada", "born": "remotion-date:1815-12-10T00:00:00.000Z"},
        "file": "a/b.png",
        "scalar": 0.5,
        "matrix": [[0, 1], [2, 3]],
        "days": ["remotion-date:2026-01-02T00:00:00.000Z"],
    }
    assert serialize_props(Point(Decimal(2))) == '{"x":2.0,"colour":"#f00"}'


@pytest.mark.parametrize("library", [pandas, polars])
def test_frames_become_records_and_series_lists(library: Any) -> None:
    rows = library.DataFrame({"name": ["a", "b"], "value": [1.5, 2.0]})
    assert json.loads(serialize_props({"rows": rows, "values": rows["value"]})) == {
        "rows": [{"name": "a", "value": 1.5}, {"name": "b", "value": 2.0}],
        "values": [1.5, 2.0],
    }
    with pytest.raises(PropsError, match=r"props\.rows\[1\]\.value is nan"):
        serialize_props({"rows": library.DataFrame({"value": [1.0, float("nan")]})})


def test_missing_dates_and_lazy_frames_are_refused() -> None:
    with pytest.raises(PropsError, match=r"props\.rows\[1\]\.at is a missing date"):
        serialize_props({"rows": pandas.DataFrame({"at": [pandas.Timestamp("2026-01-01", tz="UTC"), pandas.NaT]})})
    with pytest.raises(PropsError, match=r"collect\(\)"):
        serialize_props({"rows": polars.LazyFrame({"a": [1]})})


def test_frames_cost_nothing_until_they_are_used() -> None:
    code = "import remotion_py.props as p, sys; p.serialize_props({'a': [1, 'b']}); print('narwhals' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_numbers_that_json_does_not_know_are_refused_by_path(value: float) -> None:
    with pytest.raises(PropsError, match=r"props\.rows\[3\]\.value is -?(nan|inf)"):
        serialize_props({"rows": [{}, {}, {}, {"value": value}]})


def test_other_values_are_refused_by_path() -> None:
    with pytest.raises(PropsError, match=r"props\.when is a datetime\.timedelta"):
        serialize_props({"when": datetime.timedelta(1)})
    with pytest.raises(PropsError, match="has the key 1"):
        serialize_props({"a": {1: 2}})
    with pytest.raises(PropsError, match="The props are a list"):
        serialize_props([1])  # type: ignore[arg-type]


def test_props_on_the_command_line(tmp_path: Path) -> None:
    assert parse_props('{"a": 1}') == {"a": 1}
    file = tmp_path / "props.json"
    file.write_text('{"a": 2}')
    assert parse_props(str(file)) == {"a": 2}
    with pytest.raises(PropsError, match="neither a JSON object nor a file"):
        parse_props("nothing.json")
    with pytest.raises(PropsError, match="not valid JSON: Expecting value at line 1, column 7"):
        parse_props('{"a": }')
    with pytest.raises(PropsError, match="a JSON list"):
        parse_props("[1]")
    with pytest.raises(PropsError, match="hold NaN"):
        parse_props('{"a": NaN}')
