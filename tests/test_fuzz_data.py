"""Whatever callers pass, readers of data end in a value that JSON carries, or in an error of this package."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from remotion_py.batch.manifest import Entry, Manifest
from remotion_py.batch.rows import plan_rows, read_rows
from remotion_py.cli.options import parse_frames
from remotion_py.errors import InputError
from remotion_py.options.option import check_options, table, wire_options
from remotion_py.options.renders import RenderFramesOptions, RenderMediaOptions, RenderStillOptions
from remotion_py.props import parse_props, serialize_props

quick = settings(
    max_examples=150,
    deadline=None,  # other processes share the machine
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
TEXTS = st.text(st.characters(codec=None), max_size=8) | st.sampled_from(["remotion-date:", "\ud83d", "\0", "~x/a"])
DTYPES = ["M8[ns]", "M8[s]", "M8[Y]", "m8[s]", "f4", "g", "u8", "i8", "c8", "?", "S3", "U3", "O"]
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | TEXTS
    | st.binary(max_size=4)
    | st.decimals(allow_nan=True, allow_infinity=True)
    | st.complex_numbers()
    | st.fractions()
    | st.builds(pow, st.just(10), st.just(5000))
    | st.datetimes(timezones=st.none() | st.timezones())
    | st.dates()
    | st.times()
    | st.timedeltas()
    | st.sampled_from([pandas.NA, pandas.NaT, Decimal("sNaN"), object(), int, range(3), slice(1), Path("a")])
    | st.sampled_from([np.zeros(2, kind) for kind in DTYPES] + [np.zeros((), kind)[()] for kind in DTYPES])
    | st.builds(np.datetime64, st.integers(-(2**60), 2**60), st.sampled_from(["Y", "D", "s", "ms", "ns", "as"]))
)


def _can_be_key(value: Any) -> bool:
    try:
        return hash(value) is not None and bool(value == value)  # NaN and the like make two keys of one
    except (TypeError, ValueError):
        return False


VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(TEXTS | SCALARS.filter(_can_be_key), inner, max_size=3)
        | st.builds(
            lambda items: pandas.DataFrame({"a": pandas.Series(items, dtype=object)}), st.lists(inner, max_size=2)
        )
    ),
    max_leaves=6,
)


def carried(text: str) -> Any:
    """Return what JSON text says to a page, or fail: no NaN, no lone surrogates, no number that JavaScript rounds."""

    def refuse(name: str) -> Any:
        raise AssertionError(name)

    def whole(digits: str) -> int:
        assert abs(int(digits)) <= 2**53
        return int(digits)

    return json.loads(text.encode().decode(), parse_constant=refuse, parse_int=whole)


def outcome(work: Callable[[], Any]) -> tuple[Any, str]:
    """Return what was made, and the sentence of the error that came instead; any other error fails the test."""
    try:
        return work(), ""
    except InputError as error:
        error.message.encode()
        return None, error.message


@quick
@given(VALUES, st.sampled_from(["error", "null"]))
def test_props_are_carried_or_refused_by_their_path(value: Any, nan: Any) -> None:
    text, refusal = outcome(lambda: serialize_props({"x": value}, nan=nan))
    if refusal:
        assert refusal.startswith("props.x")
    else:
        assert list(carried(text)) == ["x"]
        assert serialize_props(json.loads(text)) == text


@quick
@given(st.dictionaries(TEXTS, SCALARS, max_size=3), st.text("{}[]!:.ax/~02é\0", max_size=10))
@example({"": Decimal("sNaN")}, "")
@example({"x": Decimal("sNaN")}, "/{x}0/")
@example({"": 1}, "{}")
@example({}, "}")
@example({"\ud800": None}, "{}")
def test_rows_and_templates_make_outputs_or_errors(row: dict[str, Any], template: str) -> None:
    planned, refusal = outcome(lambda: plan_rows(read_rows([row]), output=template, props=None, about={"row": row}))
    if not refusal:
        carried(planned[0].props)
        Manifest(Path("/nothing/m.jsonl")).finished(planned[0])


@quick
@given(st.sampled_from(["rows.csv", "rows.jsonl", "props.json", "m.jsonl"]), st.binary(max_size=20) | TEXTS.map(str))
@example("rows.csv", b"\xf6")
@example("rows.jsonl", b"\xbb")
@example("rows.csv", b"a\n" + b"x" * 131073)
@example("rows.jsonl", b"[" * 5000)
@example("props.json", b"9" * 5000)
def test_files_are_read_or_refused(tmp_path: Path, name: str, data: bytes | str) -> None:
    path = tmp_path / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode(errors="surrogatepass"))
    if name == "m.jsonl":
        outcome(lambda: Manifest(path).add(Entry(0, "done", "a.mp4")))
    elif name == "props.json":
        outcome(lambda: parse_props(str(path)))
    else:
        outcome(lambda: read_rows(path))


@quick
@given(TEXTS)
@example("²")
@example("1" * 5000)
def test_texts_of_the_command_line_are_read_or_refused(text: str) -> None:
    outcome(lambda: parse_props(text))
    outcome(lambda: parse_frames(text))


@pytest.mark.parametrize("options", [RenderMediaOptions, RenderStillOptions, RenderFramesOptions])
@quick
@given(st.data())
def test_options_are_carried_or_refused_by_their_name(options: type, data: st.DataObject) -> None:
    names = data.draw(st.lists(st.sampled_from(sorted(table(options))), max_size=3, unique=True))
    given_options = {name: data.draw(VALUES) for name in names}
    wire, refusal = outcome(lambda: wire_options(options, check_options(options, given_options)))
    if refusal:
        assert refusal.startswith((*names, "concurrency"))
    else:
        carried(json.dumps(wire, ensure_ascii=False))


PARTS = st.none() | st.integers(-3, 12) | st.booleans() | st.floats() | st.integers(-3, 12).map(np.int64)


@quick
@given(
    st.tuples(PARTS, PARTS)
    | PARTS
    | st.builds(slice, PARTS, PARTS, PARTS)
    | st.builds(range, *[st.integers(-3, 12)] * 2)
)
def test_frame_ranges_are_the_frames_that_python_means(value: Any) -> None:
    found, refusal = outcome(lambda: check_options(RenderMediaOptions, {"frame_range": value})["frame_range"])
    if found is None:
        assert value is None or refusal.startswith("frame_range is ")
        return
    first, last = found
    assert type(first) is int
    assert last is None or (type(last) is int and first <= last)
    if isinstance(value, range):
        assert list(value) == list(range(first, last + 1))
    if isinstance(value, slice):
        assert list(range(20))[value] == list(range(20))[first : 20 if last is None else last + 1]


@quick
@given(st.datetimes(timezones=st.just(datetime.UTC)))
def test_dates_of_all_kinds_are_one_moment(moment: datetime.datetime) -> None:
    naive = moment.replace(tzinfo=None)
    kinds = [
        moment,
        naive,
        np.datetime64(naive, "us"),
        np.array([naive], "M8[ms]")[0],
        pandas.Timestamp(naive).as_unit("us"),
    ]
    assert len({serialize_props({"x": kind}) for kind in kinds}) == 1
