"""What a page reads of props: every kind of date, figures and labels, and the same day on every machine."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pytest

import remotion_py as rp
from remotion_py._client.preview import Preview
from remotion_py._runtime import background

from .conftest import ROOT, run_cli

ECHO = ROOT / "tests" / "sites" / "echo"
DAY = datetime.date(2024, 1, 1)


def read(client: rp.Client, props: Any, **options: Any) -> tuple[Any, str]:
    """Return what the page reads of its props, and its time zone."""
    (found,) = client.get_compositions(ECHO, props=props, **options)
    return found.props["read"], found.props["zone"]


def test_a_date_without_a_zone_is_the_same_day_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    with rp.Client(capacity=1) as client:
        for options, zone, day, hour in (
            ({}, "UTC", "2024-01-01", 0),
            ({"timezone": "America/New_York"}, "America/New_York", "2023-12-31", 19),
        ):
            found, its_zone = read(client, {"day": DAY}, **options)
            assert its_zone == zone
            assert found["day"] == {"date": "2024-01-01T00:00:00.000Z", "day": day, "hour": hour}


def test_python_data_arrives_unchanged(client: rp.Client) -> None:
    frame = pandas.DataFrame({"v": [1, None]}, index=pandas.Index([DAY, DAY], name="day"))
    props = {
        "numpy": np.array(["2024-01-01T12"], "M8[ns]"),
        "old": datetime.datetime(900, 1, 1),
        "whole": [2**53, -(2**53)],
        "text": "\u2028 Müller 👍 </script>",
        "rows": frame,
    }
    found, _ = read(client, props, nan="null")
    midnight = {"date": "2024-01-01T00:00:00.000Z", "day": "2024-01-01", "hour": 0}
    assert found == {
        "numpy": [{"date": "2024-01-01T12:00:00.000Z", "day": "2024-01-01", "hour": 12}],
        "old": {"date": "0900-01-01T00:00:00.000Z", "day": "900-01-01", "hour": 0},
        "whole": [{"number": "9007199254740992"}, {"number": "-9007199254740992"}],
        "text": "\u2028 Müller 👍 </script>",
        "rows": [{"day": midnight, "v": {"number": "1"}}, {"day": midnight, "v": None}],
    }


def test_a_preview_of_a_frame_takes_other_props(client: rp.Client) -> None:
    preview = Preview(client._engine, ECHO, "echo", {"nan": "null"})
    for values in ([1.0, float("nan")], [2.0]):
        for _ in range(2):
            shown = background.run(preview.frame(0, {"rows": pandas.DataFrame({"v": values})}))
        first = shown.composition.props["read"]["rows"][0]
        assert first == {"v": {"number": str(int(values[0]))}}


def test_the_command_line_takes_the_same_data(tmp_path: Path) -> None:
    (tmp_path / "props.json").write_text('{"name": "Müller", "v": NaN}', encoding="utf-16")
    done = run_cli("compositions", str(ECHO), "--props", str(tmp_path / "props.json"), "--json", check=False)
    assert done.returncode == 1
    assert "props.v is nan" in done.stderr
    more = ["--nan", "null", "--timezone", "Asia/Tokyo"]
    done = run_cli("compositions", str(ECHO), "--props", str(tmp_path / "props.json"), "--json", *more)
    assert json.loads(done.stdout)[0]["props"] == {"read": {"name": "Müller", "v": None}, "zone": "Asia/Tokyo"}
