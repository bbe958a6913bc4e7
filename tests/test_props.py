from __future__ import annotations

import datetime
import json
from pathlib import Path

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
