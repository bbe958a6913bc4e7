"""Rows of a batch, without rendering: files, labels, missing values, templates, and manifests that are damaged."""

from __future__ import annotations

import asyncio
import csv
import json
import subprocess
import sys
import threading
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import polars
import pytest

import remotion_py as rp
from remotion_py.batch.files import long_fields
from remotion_py.batch.manifest import Entry, Manifest
from remotion_py.batch.rows import plan_rows, read_rows
from remotion_py.errors import InputError, OptionError, OutputError, PropsError, SiteNotFoundError

from .conftest import LAB
from .patience import PATIENCE_S


def planned(rows: Any, output: str = "{index}.mp4", **more: Any) -> list[Any]:
    return plan_rows(read_rows(rows), output=output, props=more.pop("props", None), about={}, **more)


def props_of(rows: Any, **more: Any) -> list[Any]:
    return [json.loads(row.props) for row in planned(rows, **more)]


@pytest.mark.parametrize("character", ["\u2028", "\u2029", "\x85", "\x1c"])
def test_a_line_ends_at_its_newline_only(tmp_path: Path, character: str) -> None:
    rows = [{"title": f"one{character}two"}, {"title": "three"}]
    for newline in ("\n", "\r\n"):
        lines = "".join(json.dumps(row, ensure_ascii=False) + newline for row in rows)
        (tmp_path / "rows.jsonl").write_bytes(lines.encode())
        assert read_rows(tmp_path / "rows.jsonl") == rows


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize(("name", "text"), [("rows.csv", "name\nMüller\n"), ("rows.jsonl", '{"name": "Müller"}\n')])
def test_files_say_their_encoding(tmp_path: Path, encoding: str, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, encoding=encoding)
    assert read_rows(tmp_path / name) == [{"name": "Müller"}]


@pytest.mark.parametrize(("name", "text"), [("rows.csv", "name\nMüller\n"), ("rows.jsonl", '{"name": "Müller"}\n')])
def test_files_of_excel_are_refused_with_the_position(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, encoding="cp1252")
    with pytest.raises(OptionError, match=rf"{name} is not UTF-8: byte 0xfc at offset \d+\. Convert it.*iconv"):
        read_rows(tmp_path / name)


def test_fields_of_csv_may_be_long(tmp_path: Path) -> None:
    before = csv.field_size_limit()
    (tmp_path / "rows.csv").write_text(f"name,text\na,{'x' * 200_000}\n")
    assert len(read_rows(tmp_path / "rows.csv")[0]["text"]) == 200_000
    assert csv.field_size_limit() == before


def test_files_of_csv_are_read_in_threads() -> None:
    before = csv.field_size_limit()
    inside, alone = threading.Event(), threading.Event()
    limits: list[int] = []

    def other() -> None:
        with long_fields():
            inside.set()
            assert alone.wait(60)
            limits.append(csv.field_size_limit())

    thread = threading.Thread(target=other)
    with long_fields():
        thread.start()
        assert not inside.wait(0.2), "two had the limit at once"
    alone.set()
    thread.join(60)
    assert limits == [sys.maxsize]
    assert csv.field_size_limit() == before


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("rows.csv", "a,a\n1,2\n", "The header of .* has more than one column named 'a'"),
        ("rows.csv", "name;v\na;1\n", r"separated by ';'.*read_csv\('rows.csv', sep=';'\)"),
        ("rows.jsonl", '{"a": 1}\n{"a": }\n', "Line 2 of .* is not valid JSON: Expecting value"),
        ("rows.jsonl", "[" * 5000 + "]" * 5000, "Line 1 of .* is nested too deeply"),
        ("rows.jsonl", "1" * 5000, "Line 1 of .* is not readable JSON"),
        ("rows.jsonl", "[1]", "Row 0 is a list"),
        ("rows.txt", "", r"must be \.jsonl or \.csv"),
    ],
)
def test_unreadable_files_are_refused_with_the_position(tmp_path: Path, name: str, text: str, words: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(OptionError, match=words):
        read_rows(tmp_path / name)


def test_the_site_in_place_of_the_rows_is_recognised() -> None:
    with pytest.raises(OptionError, match=r"which is a folder\. Pass the rows first"):
        read_rows(LAB)
    with pytest.raises(OptionError, match=r"The rows are a dict\..*pandas\.DataFrame"):
        read_rows({"a": [1, 2]})
    with pytest.raises(OptionError, match=r"The file .* with rows does not exist"):
        read_rows("x" * 5000)


def test_rows_of_frames_are_as_in_props() -> None:
    frame = pandas.DataFrame({"name": ["a", "b"], "v": [1, None]}).convert_dtypes()
    assert props_of(frame) == [{"name": "a", "v": 1}, {"name": "b", "v": None}]
    assert props_of(frame.set_index("name")) == [{"name": "a", "v": 1}, {"name": "b", "v": None}]
    assert [str(row.output) for row in planned(frame.set_index("name"), "{name}.mp4")] == ["a.mp4", "b.mp4"]
    assert [str(row.output) for row in planned(frame[frame.name == "b"])] == ["0.mp4"]
    assert props_of(polars.DataFrame({"v": [1, None]})) == [{"v": 1}, {"v": None}]
    with pytest.raises(OptionError, match="The table of rows has more than one column named 'a'"):
        read_rows(pandas.DataFrame([[1, 2]], columns=["a", "a"]))
    with pytest.raises(OptionError, match=r"lazy frame.*collect\(\)"):
        read_rows(polars.LazyFrame({"a": [1]}))


def test_missing_values_by_the_option() -> None:
    frame = pandas.DataFrame({"v": [1.0, float("nan")]})
    with pytest.raises(PropsError, match=r"rows\[1\]\.v is nan.*nan='null'") as failure:
        planned(frame)
    assert failure.value.data == {"row": 1}
    assert props_of(frame, nan="null") == [{"v": 1.0}, {"v": None}]


@pytest.mark.parametrize(
    "missing", [None, float("nan"), pandas.NA, pandas.NaT, np.datetime64("NaT", "s"), Decimal("sNaN")]
)
def test_a_missing_field_names_no_file(missing: Any) -> None:
    with pytest.raises(OutputError, match="'name', but row 0 has no value"):
        planned([{"name": missing}], "{name}.mp4")


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("}", "is not a valid template: Single '}'"),
        ("{", "is not a valid template: Single '{'"),
        ("{name", "is not a valid template: expected '}'"),
        ("{}.mp4", "names the field '', which row 0 does not have"),
        ("{items:02d}.mp4", "cannot be filled in for row 0: unsupported format string"),
        ("{name.nothing}.mp4", "cannot be filled in for row 0"),
        ("{index:c}{huge:c}.mp4", "cannot be filled in for row 0"),
        ("~nobody-at-all/{name}.mp4", "'~nobody-at-all' begins with a user who has no home folder on this machine"),
        ("{long}.mp4", r"makes a name of 304 bytes for row 0, but the maximum is 255.*\{title:\.50\}"),
        ("{half}.mp4", "cannot be filled in for row 0"),
    ],
)
def test_templates_that_cannot_be_filled_in(template: str, words: str) -> None:
    row = {"name": "a", "items": [1], "huge": 10**30, "long": "x" * 300, "half": "\ud83d"}
    with pytest.raises(OutputError, match=words):
        plan_rows([row], output=template, props=lambda row: {}, about={})


def test_no_field_leads_out_of_the_folder() -> None:
    row = {"path": Path("../../a"), "parts": ["/etc/x"], "dots": "..", "nested": {"a": "../b"}, "spec": "/"}
    for template in ("{path}", "{parts[0]}", "{dots}", "{nested[a]}", "{nested}", "{path!r}", "{index:{spec}>3}"):
        (planned_row,) = planned([row], f"out/{template}.mp4")
        assert planned_row.output.parent == Path("out"), template
        assert ".." not in planned_row.output.parts


@pytest.mark.parametrize(
    ("template", "field", "words"),
    [
        ("{a}/{name}.mp4", "", "has the part '' for row 0, so the path would lead to another folder"),
        ("{a}{a}/x.mp4", "", "has the part '' for row 0"),
        ("v/{a}/../x.mp4", "", "has the part '' for row 0"),
        ("v/{a}./../x.mp4", "", r"has the part '\.' for row 0"),
        ("v/{a}../x.mp4", "", r"has the part '\.\.' for row 0"),
        ("v/.{a}./x.mp4", "", r"has the part '\.\.' for row 0"),
        ("{a}/{name}.mp4", "~", "begins with '~' for row 0, which means the home folder of a user"),
        ("{a}.mp4", "~root", r"begins with '~root\.mp4' for row 0"),
        ("~{a}/x.mp4", "root", "begins with '~root' for row 0"),
        ("./{a}/x.mp4", "~", "begins with '~' for row 0"),
        ("videos/{a}.mp4", "~5 minutes", None),
    ],
)
def test_no_field_makes_a_part_of_the_path_special(template: str, field: str, words: str | None) -> None:
    if words is None:
        assert str(planned([{"a": field}], template)[0].output).count("~") == 1
        return
    with pytest.raises(OutputError, match=words):
        planned([{"a": field, "name": "x"}], template)


def test_only_a_tilde_in_the_template_is_the_home_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/{odd}")
    (row,) = planned([{"a": "~"}], "~/{a}//x{{1}}.mp4")
    assert row.output == Path("/home/{odd}/~/x{1}.mp4")


@pytest.mark.parametrize("props", [[1], pandas.DataFrame({"a": [1]}), "text"])
def test_shared_props_are_a_mapping(props: Any) -> None:
    with pytest.raises(PropsError, match="The props of all rows must be a mapping"):
        planned([{"a": 1}], props=props)
    with pytest.raises(PropsError, match=r"rows\[0\] must be a JSON object"):
        planned([{"a": 1}], props=lambda row: props)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"nan": "drop"}, "nan is 'drop'"),
        ({"parallel": "two"}, "parallel is 'two', but must be a whole number"),
        ({"manifest": 5}, "manifest is 5, but must be a path"),
        ({"output": None}, "output is None, but must be a path"),
        ({"env_variables": {(1, 2): 3}}, "env_variables is"),
        ({"crf": 10**5000}, "crf is an int"),
    ],
)
def test_options_of_a_batch_are_checked(options: dict[str, Any], words: str) -> None:
    given = {"output": "{name}.mp4"} | options
    with rp.Client() as client, pytest.raises(OptionError, match=words):
        client.render_batch([{"name": "a"}], LAB, "counter", **given)


def test_planning_does_not_block_the_callers_event_loop() -> None:
    threads: list[threading.Thread] = []

    def props(row: Any) -> Any:
        threads.append(threading.current_thread())
        return row

    async def render() -> None:
        async with rp.AsyncClient() as client:
            await client.render_batch([{"name": "a"}], "no/such/site", "c", "{name}.mp4", props=props)

    with pytest.raises(SiteNotFoundError):
        asyncio.run(render())
    assert threading.main_thread() not in threads
    assert len(threads) == 1


ENTRY = b'{"index": 0, "status": "done", "path": "a.mp4", "key": "k"}\n'


@pytest.mark.parametrize("cut", [0, 1, 9, 10, 30, len(ENTRY) - 1])
def test_a_manifest_with_a_cut_line_can_be_continued(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "m.jsonl"
    for whole in (b"", ENTRY):
        path.write_bytes(whole + ENTRY[:cut])
        Manifest(path).add(Entry(1, "failed", "b.mp4", error="one\u2028two \ud83d"))
        assert path.read_bytes().startswith(whole)
        assert path.read_bytes().count(b"\n") == whole.count(b"\n") + 1
        Manifest(path)


@pytest.mark.parametrize(
    "damage",
    [
        b"{}\n",
        b"[]\n",
        b"null\n",
        b"\xff\n",
        b"\n",
        b'{"index": 0, "status": "done", "path": 5}\n',
        b"[" * 5000 + b"\n",
        b"x",
    ],
)
def test_a_damaged_manifest_is_named(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "m.jsonl"
    path.write_bytes(ENTRY + damage)
    with pytest.raises(OutputError, match=r"[Pp]ass another file"):
        Manifest(path)
    assert path.read_bytes() == ENTRY + damage, "which may be somebody's file"


def test_dropping_a_cut_line_writes_no_entry_again(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    Manifest(path).add(Entry(0, "done", "a.mp4"))
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"index": 1, "sta')
    # A process that may write no byte, as one that is killed at once.
    code = (
        "import resource, sys\nfrom remotion_py.batch.manifest import Manifest\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\nManifest(sys.argv[1])"
    )
    subprocess.run([sys.executable, "-c", code, path], check=True, timeout=PATIENCE_S)
    assert path.read_bytes() == whole


def test_a_manifest_that_cannot_be_read_or_written(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be read: Is a directory"):
        Manifest(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot be written: "):
        Manifest(tmp_path / "file" / "m.jsonl").add(Entry(0, "done", "a.mp4"))
