"""The panel without a notebook: its form, its code, and the frames that it shows."""

from __future__ import annotations

import datetime
import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

import remotion_py as rp
from remotion_py._client.preview import Preview
from remotion_py._runtime import background
from remotion_py.errors import CompositionNotFoundError, OptionError, SiteNotFoundError
from remotion_py.notebook.fields import differing, kind_of
from remotion_py.notebook.form import Form

from .compare import read_counter
from .conftest import LAB

VALUES: dict[str, Any] = {
    "on": True,
    "count": 3,
    "size": 1.5,
    "tint": "#12ab9f",
    "glass": "rgba(10, 20, 30, .5)",
    "named": "Tomato",
    "title": "a",
    "story": "two\nlines",
    "when": "remotion-date:2024-01-02T00:00:00.000Z",
    "moment": "remotion-date:2024-01-02T03:04:05.000Z",
    "day": "2024-05-01",
    "nothing": None,
    "records": [{"name": "a", "value": 1}, {"name": "b", "value": 2}],
    "mixed": [1, {"a": 2}],
    "not a day": "2024-13-01",
}
KINDS = [
    "switch", "number", "number", "colour", "colour", "colour", "text", "long text", "date", "moment", "day", "null",
    "table", "json", "text",
]  # fmt: skip


def test_fields_fit_their_values() -> None:
    assert [kind_of(value) for value in VALUES.values()] == KINDS
    changes: list[int] = []
    form = Form(VALUES, VALUES, lambda: changes.append(1))
    assert form.values() == VALUES, "what was not edited is exactly what it was"
    inputs: dict[str, Any] = dict(zip(VALUES, (row.children[1] for row in form.widget.children), strict=True))
    inputs["on"].value, inputs["count"].value, inputs["title"].value = False, 4.5, "b"
    inputs["when"].value = datetime.date(2025, 2, 3)
    inputs["moment"].value = datetime.datetime(2025, 2, 3, 4, 5)
    inputs["day"].value = datetime.date(2025, 2, 4)
    inputs["nothing"].value = "[1]"
    inputs["mixed"].value = "[2]"
    assert len(changes) == 8
    edited = VALUES | {"on": False, "count": 4.5, "title": "b", "nothing": [1], "mixed": [2], "day": "2025-02-04"}
    dates = {"when": "remotion-date:2025-02-03T00:00:00.000Z", "moment": "remotion-date:2025-02-03T04:05:00.000Z"}
    assert form.values() == edited | dates
    inputs["mixed"].value = "[2"
    with pytest.raises(ValueError, match=r"mixed is not valid JSON: .* at line 1, column 3"):
        form.values()
    changes.clear()
    form.reset()
    assert form.values() == VALUES
    assert len(changes) == 1


def test_a_picked_colour_keeps_its_opacity() -> None:
    form = Form({"glass": "rgba(10, 20, 30, .5)", "named": "tomato"}, {}, lambda: None)
    glass, named = (row.children[1].children for row in form.widget.children)
    assert glass[1].value == "#0a141e"
    glass[1].value = "#ff0000"
    named[1].value = "#00ff00"
    assert form.values() == {"glass": "#ff000080", "named": "#00ff00"}
    glass[0].value = "hsl(120, 100%, 50%)"
    assert glass[1].value == "#00ff00"
    assert form.values()["glass"] == "hsl(120, 100%, 50%)"


def test_records_are_a_table_that_grows_and_shrinks() -> None:
    form = Form({"rows": VALUES["records"]}, {}, lambda: None)
    grid, add = form.widget.children[0].children[1].children
    add.click()
    cells = grid.children[3:]
    assert len(cells) == 9
    cells[6].value = "c"
    assert form.values() == {"rows": [*VALUES["records"], {"name": "c", "value": 2}]}
    cells[2].click()
    assert form.values() == {"rows": [{"name": "b", "value": 2}, {"name": "c", "value": 2}]}


def test_only_changed_props_are_passed_on() -> None:
    assert differing({"a": 1, "b": [1], "c": 0}, {"a": 1, "b": [2]}) == {"b": [1], "c": 0}


def test_a_panel_outside_a_notebook_is_its_code(client: rp.Client, capsys: pytest.CaptureFixture[str]) -> None:
    panel = rp.panel(LAB, "counter", client=client, output=Path("a.mp4"), props={"extra": 1})
    expected = f"{str(LAB)!r},\n    'counter',\n    output='a.mp4',\n    props={{'extra': 1}},"
    assert panel.code == f"client.render_media(\n    {expected}\n)"
    panel._ipython_display_()
    assert panel.code in capsys.readouterr().out


def test_every_frame_of_a_panel_equals_the_render(client: rp.Client) -> None:
    preview = Preview(client._engine, LAB, "counter", {"output": "ignored.mp4", "scale": 1})
    for wanted, found in ((7, 7), (3, 3), (40, 40), (5000, 46), (-1, 0)):
        shown = background.run(preview.frame(wanted, None))
        assert shown.frame == found
        assert read_counter(np.asarray(Image.open(io.BytesIO(shown.picture)).convert("RGB"))) == found
    still = client.render_still(LAB, "counter", frame=40, image_format="jpeg")
    assert background.run(preview.frame(40, None)).picture == still.path.read_bytes()


def test_other_props_make_another_composition(client: rp.Client) -> None:
    preview = Preview(client._engine, LAB, "slow", {})
    assert background.run(preview.frame(0, {"frames": 20, "pause": 0})).composition.duration_in_frames == 20
    shown = background.run(preview.frame(60, {"frames": 30, "pause": 0}))
    assert (shown.frame, shown.composition.duration_in_frames) == (29, 30)


def test_forced_sizes_and_lengths_are_shown_too(client: rp.Client) -> None:
    forced = {"force_width": 640, "force_height": 360, "force_duration_in_frames": 150}
    shown = background.run(Preview(client._engine, LAB, "counter", forced).frame(149, None))
    assert (shown.frame, shown.composition.width, shown.composition.height) == (149, 640, 360)
    assert Image.open(io.BytesIO(shown.picture)).size == (640, 360)


def test_the_pictures_of_large_compositions_are_small(client: rp.Client) -> None:
    forced = {"force_width": 3840, "force_height": 2160}
    shown = background.run(Preview(client._engine, LAB, "counter", forced).frame(1, None))
    assert (shown.composition.width, shown.composition.height) == (3840, 2160)
    assert Image.open(io.BytesIO(shown.picture)).size == (1920, 1080)


def test_the_code_of_the_default_client_and_of_large_props_can_be_run() -> None:
    rows = [{"n": number} for number in range(300)]
    try:
        panel = rp.panel(LAB, "counter", props={"rows": rows})
        called: list[Any] = []
        exec(panel.code, {"rp": SimpleNamespace(render_media=lambda *args, **kwargs: called.append((args, kwargs)))})
        assert called == [((str(LAB), "counter"), {"props": {"rows": rows}})]
    finally:
        rp.close()


def test_bad_input_raises_before_the_panel_is_displayed(client: rp.Client) -> None:
    with pytest.raises(SiteNotFoundError):
        rp.panel("no/such/folder", "counter", client=client)
    with pytest.raises(CompositionNotFoundError):
        rp.panel(LAB, "nothing", client=client)
    with pytest.raises(OptionError, match="no option 'widht'"):
        rp.panel(LAB, "counter", client=client, widht=3)
