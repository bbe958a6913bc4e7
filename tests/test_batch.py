"""Batches: what is refused before any work, what a run leaves, and that the same call goes on where it was."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas
import polars
import pytest
from PIL import Image

import remotion_py as rp
from remotion_py.batch.manifest import Entry, Manifest
from remotion_py.batch.rows import plan_rows, read_rows, site_mark
from remotion_py.errors import OptionError, OutputError, PropsError, RenderError, SiteNotFoundError
from remotion_py.notebook import batches

from .compare import decode, facts
from .conftest import LAB, ROOT, wait_for

ONE = LAB.parent / "one"
SHORT: dict[str, Any] = {"frame_range": (0, 3)}


@dataclasses.dataclass
class Point:
    name: str
    value: int


@pytest.mark.parametrize(
    "rows",
    [
        pandas.DataFrame({"name": ["a", "b"], "value": [1, 2]}),
        polars.DataFrame({"name": ["a", "b"], "value": [1, 2]}),
        [{"name": "a", "value": 1}, {"name": "b", "value": 2}],
        [Point("a", 1), Point("b", 2)],
        '{"name": "a", "value": 1}\n\n{"name": "b", "value": 2}\n',
    ],
)
def test_rows_of_every_type_are_equal(rows: Any, tmp_path: Path) -> None:
    if isinstance(rows, str):
        (tmp_path / "rows.jsonl").write_text(rows)
        rows = tmp_path / "rows.jsonl"
    assert read_rows(rows) == [{"name": "a", "value": 1}, {"name": "b", "value": 2}]


def test_values_of_csv_are_strings(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("\ufeffname,value\nä,1\n", encoding="utf-8")
    assert read_rows(tmp_path / "rows.csv") == [{"name": "ä", "value": "1"}]


def test_a_line_of_csv_that_does_not_fit_its_header_is_named(tmp_path: Path) -> None:
    for line, count in (("b", 1), ("b,2,3", 3)):
        (tmp_path / "rows.csv").write_text(f"name,value\na,1\n\n{line}\n")
        with pytest.raises(OptionError, match=f"Line 4 of .* has {count} fields, but its header has 2: name, value"):
            read_rows(tmp_path / "rows.csv")


def planned(rows: list[dict[str, Any]], output: str = "{name}.mp4", props: Any = None) -> Any:
    return plan_rows(rows, output=output, props=props, about={"site": "x"})


def test_props_are_shared_props_and_rows_or_the_result_of_a_function() -> None:
    rows = [{"name": "a", "value": 1}]
    assert json.loads(planned(rows, props={"theme": "dark", "value": 0})[0].props) == {"theme": "dark"} | rows[0]
    assert planned(rows, props=lambda row: {"title": row["name"]})[0].props == '{"title":"a"}'
    assert planned(rows)[0].key != planned(rows, props={"theme": "dark"})[0].key


def test_a_column_named_index_overrides_the_row_number(tmp_path: Path) -> None:
    assert [row.output.name for row in planned([{"index": "x"}, {"index": "y"}], "{index}.mp4")] == ["x.mp4", "y.mp4"]


def test_equal_paths_are_the_same_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (row,) = planned([{"name": "a"}], "~/{name}.mp4")
    assert row.output == tmp_path / "a.mp4"
    row.output.touch()
    manifest = Manifest(tmp_path / "m.jsonl")
    manifest.add(Entry(0, "done", "a.mp4", key=row.key))
    assert Manifest(tmp_path / "m.jsonl").finished(row)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("a", "out/a.mp4"),
        ("Größe & 100 %", "out/Größe & 100 %.mp4"),
        ("a/b:c?*", "out/a-b-c--.mp4"),
        ('"<|>\\', "out/-----.mp4"),
        ("a\tb\n", "out/a-b-.mp4"),
        (" a ", "out/a.mp4"),
        (" ", "out/-.mp4"),
        ("a.", "out/a..mp4"),
        ("con", "out/_con.mp4"),
        ("LPT1.x", "out/_LPT1.x.mp4"),
        ("console", "out/console.mp4"),
    ],
)
def test_names_are_safe_on_every_system_and_changes_are_reported(name: str, path: str) -> None:
    (row,) = planned([{"name": name}], "out/{name}.mp4")
    assert row.output == Path(path)
    assert row.asked == (None if f"out/{name}.mp4" == path else f"out/{name}.mp4")
    (folder,) = planned([{"name": f"{name}. ."}], "{name}/a.mp4")
    assert not re.search(r"[ .]$", folder.output.parent.name)


def test_the_text_of_the_template_itself_is_unchanged(tmp_path: Path) -> None:
    assert [str(row.output) for row in planned([{"name": "a"}], "con/ x: /{name}.mp4")] == ["con/ x: /a.mp4"]


ENTRIES = (
    Entry(0, "done", "a.mp4", 1.5, 2.0, None, None, "one", "key"),
    Entry(1, "failed", "b.mp4", error="PageScriptError: no"),
)


def test_a_frame_of_a_batch_has_its_rows_and_their_index() -> None:
    rows = ({"name": "a", "status": "new", "odd": {"x": 1}}, {"name": "b", "status": "old", "odd": [1]})
    plain = rp.BatchResult(ENTRIES, rows).to_frame()
    added = ["render_status", "path", "duration", "seconds", "cost", "error", "render_id"]
    assert list(plain.columns) == ["name", "status", "odd", *added]
    assert list(plain["render_status"]) == ["done", "failed"]
    assert list(plain["error"]) == [None, "PageScriptError: no"]
    assert plain["cost"].dtype == float
    labels = pandas.Index(["r1", "r2"], name="who")
    labelled = tuple({"who": label, **row} for label, row in zip(labels, rows, strict=True))
    result = rp.BatchResult(ENTRIES, labelled, labels)
    assert list(result.to_frame().columns) == list(plain.columns)
    assert list(result.to_frame().loc["r2", ["name", "path"]]) == ["b", "b.mp4"]
    other = result.to_frame("polars")
    assert other.columns == ["who", *plain.columns]
    assert str(other["cost"].dtype) == "Float64"
    assert other["error"].to_list() == [None, "PageScriptError: no"]
    assert other["odd"].to_list() == ["{'x': 1}", "[1]"], "values of several kinds are text"


def test_the_repr_of_a_batch_is_short() -> None:
    failed = tuple(Entry(at, "failed", f"{at}.mp4", error="E: no") for at in range(100))
    assert repr(rp.BatchResult(failed, seconds=3.25)) == (
        "<BatchResult: 100 rows: 100 failed, 3.2 s; row 0: E: no; row 1: E: no; row 2: E: no; and 97 more>"
    )


def test_a_grid_shows_the_first_pictures_and_the_number_of_others(tmp_path: Path) -> None:
    Image.new("RGB", (320, 180), "red").save(tmp_path / "a.png")
    entries = tuple(Entry(at, "done", str(tmp_path / "a.png")) for at in range(30))
    html = batches.shown("race", rp.BatchResult(entries, warnings=("row 3: named <a>",)))
    assert html.count("<img") == batches.MOST_PICTURES
    assert "and 6 more" in html
    assert "row 3: named &lt;a&gt;" in html


def test_outputs_stay_in_their_folder() -> None:
    paths = [row.output for row in planned([{"name": "../a/b"}, {"name": ".."}], "out/{index:02d}-{name}.mp4")]
    assert paths == [Path("out/00-..-a-b.mp4"), Path("out/01--.mp4")]


@pytest.mark.parametrize(
    ("rows", "output", "error", "words"),
    [
        ([], "{name}.mp4", OptionError, "no rows"),
        (
            [{"name": "a"}, {"nome": "b"}],
            "{name}.mp4",
            OutputError,
            r"'name', which row 1 does not.* has: nome",
        ),
        ([{"name": "a"}, {"name": "a"}], "{name}.mp4", OutputError, "Rows 0 and 1 both have the output a.mp4"),
        ([{"name": "a"}, {"name": "b", "x": [1, float("nan")]}], "{name}.mp4", PropsError, r"rows\[1\]\.x\[1\] is nan"),
        ([{"name": "a"}, {"name": None}], "{name}.mp4", OutputError, "'name', but row 1"),
        ([{"name": float("nan")}], "{name}.mp4", OutputError, "'name', but row 0"),
        ([{"name": 1}], "{name:zz}.mp4", OutputError, "cannot be filled in for row 0"),
    ],
)
def test_wrong_rows_are_named(rows: Any, output: str, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        planned(rows, output)


@pytest.mark.parametrize(
    ("rows", "output", "options", "error", "words"),
    [
        ("nothing.jsonl", "{name}.mp4", {}, OptionError, "file nothing.jsonl with rows does not exist"),
        ({"a": 1}, "{name}.mp4", {}, OptionError, "The rows are a dict"),
        ([{"name": "a"}], "{name}", {}, OptionError, "The output names have no extension. Use names such as"),
        ([{"name": "a"}], "", {}, OptionError, "The output names have no extension. Use names such as"),
        ([{"name": "a.mp4"}, {"name": "b.png"}], "{name}", {}, OptionError, "two batches"),
        ([{"name": "a"}], "{name}.mp4", {"crf": 900}, OptionError, "crf"),
        ([{"name": "a"}], "{name}.mp4", {"parallel": 0}, OptionError, "parallel is 0"),
        ([{"name": "a"}], "{name}.mp4", {"serve_url": "nowhere"}, SiteNotFoundError, "nowhere"),
    ],
)
def test_wrong_calls_are_refused_before_any_work(
    client: rp.Client, tmp_path: Path, rows: Any, output: str, options: Any, error: type[Exception], words: str
) -> None:
    options = dict(options)
    site = options.pop("serve_url", ONE)
    with pytest.raises(error, match=words):
        client.render_batch(rows, site, "one", str(tmp_path / output), **options)
    assert not list(tmp_path.iterdir())


def test_a_site_is_identified_by_its_content(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("a")
    before = site_mark(tmp_path)
    os.utime(tmp_path / "index.html", (0, 0))
    assert site_mark(tmp_path) == before
    (tmp_path / "index.html").write_text("b")
    assert site_mark(tmp_path) != before
    assert site_mark("https://example.com") == "https://example.com"


def test_a_manifest_survives_the_death_of_its_writer(tmp_path: Path) -> None:
    (row,) = planned([{"name": str(tmp_path / "a")}], "{name}.mp4".replace("{name}", str(tmp_path / "a")))
    manifest = Manifest(tmp_path / "m.jsonl")
    manifest.add(Entry(0, "done", str(row.output), key=row.key))
    with (tmp_path / "m.jsonl").open("a") as file:
        file.write('{"index": 1, "sta')
    assert Manifest(tmp_path / "m.jsonl").finished(row) is None, "its output is not there"
    row.output.write_bytes(b"x")
    again = Manifest(tmp_path / "m.jsonl")
    assert again.finished(row)
    again.add(Entry(1, "failed", "b.mp4", error="x"))
    assert len((tmp_path / "m.jsonl").read_text().splitlines()) == 2
    (tmp_path / "m.jsonl").write_text("name,value\n1,2\n")
    with pytest.raises(OutputError, match="is not an entry of a batch's manifest"):
        Manifest(tmp_path / "m.jsonl")


def test_rows_are_rendered_and_the_same_call_resumes(client: rp.Client, tmp_path: Path) -> None:
    frame = pandas.DataFrame({"name": ["a", "b", "c"], "text": ["x", "y", "z"]})
    seen: list[rp.BatchProgress] = []

    def call(rows: Any, **more: Any) -> rp.BatchResult:
        output = str(tmp_path / "{name}.mp4")
        return client.render_batch(rows, LAB, "counter", output, on_progress=seen.append, **SHORT, **more)

    first = call(frame)
    assert [entry.status for entry in first] == ["done"] * 3
    assert facts(tmp_path / "b.mp4").frames == 4
    assert str(seen[-1]) == "100% 3/3 rows"
    table = first.to_frame()
    assert list(table["path"]) == [str(tmp_path / f"{name}.mp4") for name in "abc"]
    assert list(table["text"]) == ["x", "y", "z"]
    assert list(first.to_frame("polars")["duration"]) == [pytest.approx(4 / 30)] * 3
    html = first._repr_mimebundle_()["text/html"]
    assert html.count('src="data:image/jpeg;base64,') == 3

    (tmp_path / "b.mp4").unlink()
    frame.loc[2, "text"] = "changed"
    again = call(frame)
    assert [entry.status for entry in again] == ["skipped", "done", "done"]
    assert [entry.status for entry in call(frame, crf=30)] == ["done"] * 3
    assert [entry.status for entry in call(frame)] == ["done"] * 3, "the options were others the last time"


def test_a_failed_row_does_not_stop_the_others(client: rp.Client, tmp_path: Path) -> None:
    rows = [{"name": "a"}, {"name": "b", "fail": True}, {"name": "c"}]
    result = client.render_batch(rows, LAB, "fails-by-props", str(tmp_path / "{name}.mp4"), **SHORT)
    assert [entry.status for entry in result] == ["done", "failed", "done"]
    assert "PageScriptError" in str(result.failed[0].error)
    with pytest.raises(RenderError, match=r"1 of 3 rows failed\. row 1: PageScriptError"):
        result.raise_for_failures()
    assert str(result) == "3 rows: 2 done, 1 failed"
    words = r"<BatchResult: 3 rows: 2 done, 1 failed, \d+\.\d s; row 1: PageScriptError: .*>"
    assert re.fullmatch(words, repr(result), re.DOTALL)


def test_a_wrong_composition_ends_the_batch_at_once(client: rp.Client, tmp_path: Path) -> None:
    with pytest.raises(rp.RemotionPyError, match="has no composition 'nothing'"):
        client.render_batch([{"name": "a"}, {"name": "b"}], ONE, "nothing", str(tmp_path / "{name}.mp4"))


def test_outputs_that_are_pictures_are_rendered_as_stills(client: rp.Client, tmp_path: Path) -> None:
    rows = [{"name": "a"}, {"name": "b"}]
    rows[1]["name"] = "b?"
    result = client.render_batch(rows, LAB, "counter", str(tmp_path / "{name}.png"), frame=2)
    (warning,) = result.warnings
    assert warning == f"row 1: the output is {tmp_path / 'b-.png'}, because '{tmp_path / 'b?.png'}' is not a safe name"
    assert [Path(entry.path).exists() for entry in result] == [True, True]


def test_asynchronous_batches(tmp_path: Path) -> None:
    async def run() -> rp.BatchResult:
        async with rp.AsyncClient(capacity=2) as client:
            return await client.render_batch([{"name": "a"}], ONE, "one", str(tmp_path / "{name}.mp4"))

    assert [entry.status for entry in asyncio.run(run())] == ["done"]


def test_a_killed_batch_renders_only_the_missing_rows(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text("".join(f'{{"name": "{name}"}}\n' for name in "abcdef"))
    code = "from remotion_py.cli import main; main()"
    arguments = ["batch", str(tmp_path / "rows.jsonl"), str(ONE), "one", "--output", str(tmp_path / "{name}.mp4")]
    command = [sys.executable, "-c", code, *arguments, "--parallel", "1"]
    manifest = tmp_path / "batch-manifest.jsonl"
    running = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for(lambda: manifest.exists() and manifest.read_text().count("\n") >= 2)
    running.send_signal(signal.SIGKILL)
    running.wait()
    there = manifest.read_text().count("\n")
    assert there < 6
    done = subprocess.run([*command, "--json", "-q"], cwd=ROOT, capture_output=True, text=True, check=True)
    statuses = [json.loads(line)["status"] for line in done.stdout.splitlines()]
    assert statuses == ["skipped"] * there + ["done"] * (6 - there)
    assert all(len(list(decode(tmp_path / f"{name}.mp4"))) == 20 for name in "abcdef")
