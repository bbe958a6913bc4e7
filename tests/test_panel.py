"""The panel without a notebook: its form, its code, and the frames that it shows."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import remotion_py as rp
from remotion_py import _loop
from remotion_py._preview import Preview
from remotion_py.errors import CompositionNotFoundError, OptionError, SiteNotFoundError
from remotion_py.notebook.form import Form, differing, kind_of

from .compare import read_counter
from .conftest import LAB


def test_fields_fit_their_values() -> None:
    values = {"on": True, "count": 3, "size": 1.5, "tint": "#12ab9f", "title": "a", "rows": [1, {"a": 2}], "none": None}
    assert [kind_of(value) for value in values.values()] == [
        "switch",
        "number",
        "number",
        "colour",
        "text",
        "json",
        "json",
    ]
    told: list[int] = []
    form = Form(values, lambda: told.append(1))
    assert form.values() == values
    on, count, _, _, title, rows, _ = form.widget.children
    on.value, count.value, title.value, rows.value = False, 4.5, "b", "[2]"
    assert form.values() == values | {"on": False, "count": 4.5, "title": "b", "rows": [2]}
    assert len(told) == 4
    rows.value = "[2"
    with pytest.raises(ValueError, match="rows is no JSON"):
        form.values()


def test_only_what_differs_is_passed_on() -> None:
    assert differing({"a": 1, "b": [1], "c": 0}, {"a": 1, "b": [2]}) == {"b": [1], "c": 0}


def test_a_panel_outside_a_notebook_is_its_code(client: rp.Client, capsys: pytest.CaptureFixture[str]) -> None:
    panel = rp.panel(LAB, "counter", client=client, output=Path("a.mp4"), props={"extra": 1})
    assert panel.code == f"client.render_media({str(LAB)!r}, 'counter', output='a.mp4', props={{'extra': 1}})"
    panel._ipython_display_()
    assert panel.code in capsys.readouterr().out


def test_any_frame_is_the_true_one(client: rp.Client) -> None:
    preview = Preview(client._engine, LAB, "counter", {"output": "ignored.mp4", "scale": 1})
    for wanted, found in ((7, 7), (3, 3), (40, 40), (5000, 46), (-1, 0)):
        shown = _loop.run(preview.frame(wanted, None))
        assert shown.frame == found
        assert read_counter(np.asarray(Image.open(io.BytesIO(shown.picture)).convert("RGB"))) == found
    still = client.render_still(LAB, "counter", frame=40, image_format="jpeg")
    assert _loop.run(preview.frame(40, None)).picture == still.path.read_bytes()


def test_other_props_make_another_composition(client: rp.Client) -> None:
    preview = Preview(client._engine, LAB, "slow", {})
    assert _loop.run(preview.frame(0, {"frames": 20, "pause": 0})).composition.duration_in_frames == 20
    shown = _loop.run(preview.frame(60, {"frames": 30, "pause": 0}))
    assert (shown.frame, shown.composition.duration_in_frames) == (29, 30)


def test_forced_sizes_and_lengths_are_shown_too(client: rp.Client) -> None:
    forced = {"force_width": 640, "force_height": 360, "force_duration_in_frames": 150}
    shown = _loop.run(Preview(client._engine, LAB, "counter", forced).frame(149, None))
    assert (shown.frame, shown.composition.width, shown.composition.height) == (149, 640, 360)
    assert Image.open(io.BytesIO(shown.picture)).size == (640, 360)


def test_the_code_of_the_default_client_and_of_large_props_can_be_run() -> None:
    rows = [{"n": number} for number in range(300)]
    try:
        panel = rp.panel(LAB, "counter", props={"rows": rows})
        assert panel.code == f"rp.render_media({str(LAB)!r}, 'counter', props={{'rows': {rows!r}}})"
    finally:
        rp.close()


def test_bad_input_is_told_before_the_panel_is_shown(client: rp.Client) -> None:
    with pytest.raises(SiteNotFoundError):
        rp.panel("no/such/folder", "counter", client=client)
    with pytest.raises(CompositionNotFoundError):
        rp.panel(LAB, "nothing", client=client)
    with pytest.raises(OptionError, match="no option 'widht'"):
        rp.panel(LAB, "counter", client=client, widht=3)
