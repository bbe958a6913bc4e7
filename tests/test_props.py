from __future__ import annotations

import collections
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


def test_data_frame_libraries_are_not_imported() -> None:
    code = "import remotion_py.props as p, sys; p.serialize_props({'a': [1, 'b']}); print('narwhals' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_numbers_that_json_cannot_represent_are_refused_with_their_path(value: float) -> None:
    with pytest.raises(PropsError, match=r"props\.rows\[3\]\.value is -?(nan|inf)"):
        serialize_props({"rows": [{}, {}, {}, {"value": value}]})


def test_other_values_are_refused_with_their_path() -> None:
    with pytest.raises(PropsError, match=r"props\.when is a datetime\.timedelta"):
        serialize_props({"when": datetime.timedelta(1)})
    with pytest.raises(PropsError, match="has the key 1"):
        serialize_props({"a": {1: 2}})
    with pytest.raises(PropsError, match="props must be a JSON object, but is of type list"):
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
    with pytest.raises(PropsError, match=r"props\.a is nan"):
        serialize_props(parse_props('{"a": NaN}'))
    with pytest.raises(PropsError, match="nested too deeply"):
        parse_props('{"a": ' + "[" * 5000 + "]" * 5000 + "}")
    with pytest.raises(PropsError, match="not readable JSON"):
        parse_props('{"a": ' + "1" * 5000 + "}")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_files_of_props_say_their_encoding(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "props.json").write_text('{"a": "Müller"}', encoding=encoding)
    assert parse_props(str(tmp_path / "props.json")) == {"a": "Müller"}


@pytest.mark.parametrize(
    ("encoding", "words"),
    [
        ("cp1252", r"is not UTF-8: byte 0xfc at offset 8\. .*iconv -f WINDOWS-1252"),
        ("utf-16-le", "zero byte at offset 1"),
    ],
)
def test_an_encoding_is_never_guessed(tmp_path: Path, encoding: str, words: str) -> None:
    (tmp_path / "props.json").write_text('{"a": "Müller"}', encoding=encoding)
    with pytest.raises(PropsError, match=words):
        parse_props(str(tmp_path / "props.json"))


def sent(value: Any, **options: Any) -> Any:
    """Return a value as a page receives it."""
    return json.loads(serialize_props({"x": value}, **options))["x"]


NOON = "remotion-date:2024-01-02T12:00:00.000Z"
MIDNIGHT = "remotion-date:2024-01-02T00:00:00.000Z"


@pytest.mark.parametrize("unit", ["h", "m", "s", "ms", "us", "ns"])
def test_dates_of_numpy_are_dates(unit: str) -> None:
    noon = np.datetime64("2024-01-02T12", unit)
    assert sent(noon) == NOON
    assert sent(np.array([[noon, noon]])) == [[NOON, NOON]]
    assert sent(np.array(noon)) == NOON
    with pytest.raises(PropsError, match=r"props\.x\[1\] is a missing date \(NaT\)"):
        sent(np.array([noon, np.datetime64("NaT", "s")]))
    assert sent(np.array([noon, np.datetime64("NaT", "s")]), nan="null") == [NOON, None]


def test_other_dates_of_numpy() -> None:
    assert sent(np.datetime64("2024", "Y")) == "remotion-date:2024-01-01T00:00:00.000Z"
    assert sent(np.ma.array(np.array(["2024-01-02"] * 2, "M8[D]"), mask=[0, 1])) == [MIDNIGHT, None]
    assert sent(np.datetime64("0900-01-01", "s")) == "remotion-date:0900-01-01T00:00:00.000Z"
    assert sent(np.datetime64(10**12, "ps")) == "remotion-date:1970-01-01T00:00:01.000Z"
    for value in (np.array(["20240-01-01"], "M8[D]"), np.array([2**60], "M8[Y]"), np.array([2**62], "M8[s]")):
        with pytest.raises(PropsError, match=r"props\.x\[0\] is a date outside the years 1 to 9999"):
            sent(value)
    for value in (np.timedelta64(1, "s"), np.array([1], "m8[ns]"), datetime.timedelta(1), pandas.Timedelta("1h")):
        with pytest.raises(PropsError, match=r"props\.x is a .*[tT]imedelta.*Pass its seconds"):
            sent(value)


def test_old_and_impossible_dates() -> None:
    assert sent(datetime.datetime(900, 1, 1)) == "remotion-date:0900-01-01T00:00:00.000Z"
    assert sent(datetime.date(1, 1, 1)) == "remotion-date:0001-01-01T00:00:00.000Z"
    zone = datetime.timezone(datetime.timedelta(hours=5))
    with pytest.raises(PropsError, match="outside the years 1 to 9999"):
        sent(datetime.datetime.min.replace(tzinfo=zone))
    with pytest.raises(PropsError, match="outside the years 1 to 9999"):
        sent(pandas.Timestamp(np.datetime64("20240-01-01", "s")))


@pytest.mark.parametrize(
    "text",
    ["2024-01-01T00:00:00.000Z", "2024", "2024-02-29", "2024-01-01T10:00+02:00", "+020240-01-01T00:00:00.000Z"],
)
def test_a_text_that_is_a_date_of_remotion_stays_one(text: str) -> None:
    assert sent(f"remotion-date:{text}") == f"remotion-date:{text}"


@pytest.mark.parametrize("text", ["", " my film", "900-01-01", "2023-02-29", "2024-01-01T24:00", "2024-13-01"])
def test_a_text_that_only_begins_like_a_date_is_refused(text: str) -> None:
    with pytest.raises(PropsError, match=r"props\.x begins with 'remotion-date:'.* no date follows"):
        sent(f"remotion-date:{text}")


def test_whole_numbers_that_a_page_would_round_are_refused() -> None:
    assert sent([2**53, -(2**53), np.int64(5)]) == [2**53, -(2**53), 5]
    for value in (2**53 + 1, -(2**60), np.uint64(2**63), 10**5000):
        with pytest.raises(PropsError, match=r"props\.x is .*cannot represent exactly.*Pass it as a string"):
            sent(value)
    with pytest.raises(PropsError, match=r"props\.x\[1\]\.id is 9007199254740993"):
        sent(pandas.DataFrame({"id": [1, 2**53 + 1]}))


def test_other_python_values() -> None:
    assert sent(np.longdouble(1.5)) == 1.5
    assert sent(np.array([1.5], np.longdouble)) == [1.5]
    assert sent(range(3)) == sent(collections.deque([0, 1, 2])) == [0, 1, 2]
    assert sent(np.array([(1, "a")], dtype=[("x", int), ("y", "U3")])) == [{"x": 1, "y": "a"}]
    assert sent(Decimal("NaN"), nan="null") is sent(Decimal("sNaN"), nan="null") is None
    circle: list[Any] = []
    circle.append({"again": circle})
    deep: list[Any] = []
    for _ in range(3000):
        deep = [deep]
    for value, words in (
        (circle, r"props\.x\[0\]\.again contains itself"),
        (deep, r"is nested more than 200 levels deep"),
        (Decimal("sNaN"), r"props\.x is nan"),
        (Decimal("1e999"), r"props\.x is inf"),
        ({"a": ["b", "cut \ud83d"]}, r"props\.x\.a\[1\] contains a lone surrogate .*U\+D83D\) at position 4"),
        ({"\ud83d": 1}, r"props\.x\..* contains a lone surrogate"),
        ({1}, r"props\.x is a set, which"),
        (np.complex128(1), "complex128"),
    ):
        with pytest.raises(PropsError, match=words) as failure:
            sent(value)
        assert len(failure.value.message.encode()) < 400
    assert sent({"a": [circle[0].copy() | {"again": 1}] * 2}) == {"a": [{"again": 1}] * 2}, "twice is not a circle"


def test_nan_is_null_on_request() -> None:
    frame = pandas.DataFrame({"v": [1.0, float("nan")], "at": [pandas.Timestamp("2024-01-02"), pandas.NaT]})
    assert sent(frame, nan="null") == [{"v": 1.0, "at": MIDNIGHT}, {"v": None, "at": None}]
    with pytest.raises(PropsError, match=r"x\[0\] is inf"):
        sent([float("inf")], nan="null")


def test_missing_values_of_columns_that_hold_no_numbers_are_null() -> None:
    frame = pandas.DataFrame(
        {
            "int": pandas.array([1, None], dtype="Int64"),
            "float": pandas.array([1.5, None], dtype="Float64"),
            "bool": pandas.array([True, None], dtype="boolean"),
            "string": pandas.array(["a", None], dtype="string"),
            "text": ["a", None],
            "kind": pandas.Categorical(["a", None]),
        }
    )
    empty = dict.fromkeys(frame.columns)
    assert sent(frame)[1] == empty
    assert sent(frame["int"]) == [1, None]
    assert sent(pandas.NA) is None
    assert sent({"a": [pandas.NA]}) == {"a": [None]}


def test_labels_of_pandas_are_kept_as_fields() -> None:
    frame = pandas.DataFrame({"v": [1, 2]}, index=pandas.DatetimeIndex(["2024-01-02T12:00", "2024-01-02T00:00"]))
    assert sent(frame) == [{"index": NOON, "v": 1}, {"index": MIDNIGHT, "v": 2}]
    assert sent(frame.rename_axis("at")["v"]) == [{"at": NOON, "v": 1}, {"at": MIDNIGHT, "v": 2}]
    names = pandas.Series(["a", "b", "a"], name="name")
    assert sent(names.value_counts()) == [{"name": "a", "count": 2}, {"name": "b", "count": 1}]
    assert sent(pandas.Series([1.5], index=["a"])) == [{"index": "a", "value": 1.5}]
    table = pandas.DataFrame({"g": ["a", "b"], "h": [1, 2], "n": [3, 4]})
    assert sent(table.groupby("g")["n"].sum()) == [{"g": "a", "n": 3}, {"g": "b", "n": 4}]
    assert sent(table.groupby(["g", "h"])["n"].sum())[0] == {"g": "a", "h": 1, "n": 3}


def test_row_numbers_of_pandas_are_not_labels() -> None:
    frame = pandas.DataFrame({"v": [3, 1, 2]})
    for chosen in (frame[frame.v > 1], frame.sort_values("v"), pandas.concat([frame, frame])):
        assert sent(chosen) == [{"v": int(v)} for v in chosen.v]
        assert sent(chosen["v"]) == [int(v) for v in chosen.v]


def test_labels_that_clash_and_columns_of_one_name_are_refused() -> None:
    frame = pandas.DataFrame({"v": [1]}, index=pandas.Index(["a"], name="v"))
    with pytest.raises(PropsError, match=r"props\.x has more than one column named 'v'\..*rename_axis"):
        sent(frame)
    for index in (None, ["a"]):
        with pytest.raises(PropsError, match=r"props\.x has more than one column named 'a'\. Rename or drop"):
            sent(pandas.DataFrame([[1, 2]], columns=["a", "a"], index=index))


def test_pieces_of_frames_are_lists() -> None:
    frame = pandas.DataFrame({"name": ["a", None], "at": pandas.to_datetime(["2024-01-02", "2024-01-02"], utc=True)})
    assert sent(frame["name"].unique()) == ["a", None]
    assert sent(frame["at"].unique()) == [MIDNIGHT]
    assert sent(frame["at"].array) == sent(frame["at"].to_numpy()) == [MIDNIGHT, MIDNIGHT]
    assert sent(frame.columns) == ["name", "at"]
    assert sent(pandas.MultiIndex.from_tuples([("a", 1)])) == [["a", 1]]


def test_figures_are_their_own_json() -> None:
    import altair
    import bokeh.plotting
    import matplotlib.figure
    import plotly.graph_objects as plotly

    days = pandas.date_range("2024-01-01", periods=2)
    figure = plotly.Figure(plotly.Scatter(x=days, y=pandas.Series([1.5, float("nan")])))
    (trace,) = sent(figure)["data"]
    assert (trace["x"], trace["y"]) == (["2024-01-01T00:00:00", "2024-01-02T00:00:00"], [1.5, None])
    heat = plotly.Figure(plotly.Heatmap(z=np.arange(4).reshape(2, 2), zmin=np.float32(0)))
    assert sent(heat)["data"][0]["z"] == [[0, 1], [2, 3]]

    data = pandas.DataFrame({"v": [1.0, float("nan")]})
    chart = altair.Chart(data).mark_bar().encode(x="v")
    assert list(sent(chart)["datasets"].values()) == [[{"v": 1.0}, {"v": None}]]
    assert "layer" in sent(chart + chart)
    with pytest.raises(PropsError, match=r"props\.x is an altair.*MaxRowsError"):
        sent(altair.Chart(pandas.DataFrame({"v": range(6000)})).mark_bar().encode(x="v"))

    plot = bokeh.plotting.figure(width=100, height=100)
    plot.line([1, 2], [1, 2])
    assert set(sent(plot)) == {"target_id", "root_id", "doc", "version"}

    def drawing() -> str:
        picture = matplotlib.figure.Figure(figsize=(2, 1))
        picture.subplots().plot([1, 2])
        return sent(picture)

    assert drawing().startswith("<svg")
    assert drawing() == drawing()
