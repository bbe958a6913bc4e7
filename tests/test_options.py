from __future__ import annotations

import inspect
from typing import Any

import pytest

import remotion_py as rp
from remotion_py.errors import OptionError
from remotion_py.option import check_options, table, wire_options
from remotion_py.options import PageOptions, RenderMediaOptions, RenderStillOptions


def test_defaults_and_wire_names() -> None:
    wire = wire_options(RenderMediaOptions, check_options(RenderMediaOptions, {"props": {"a": 1}, "crf": 20}))
    assert wire["inputProps"] == {"type": "payload", "payload": '{"a":1}'}
    assert wire["crf"] == 20
    assert wire["jpegQuality"] == 80
    assert wire["timeoutInMilliseconds"] == 30_000
    assert wire["frameRange"] is None
    assert "output" not in wire


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"crf": -1}, "crf is -1, but must be a whole number from 0 to 63"),
        ({"crf": 18.5}, "crf is 18.5"),
        ({"crf": True}, "crf is True"),
        ({"scale": 0}, "scale is 0, but must be a number above 0 up to 16"),
        ({"codec": "h263"}, "codec is 'h263', but must be one of: h264"),
        ({"x264_preset": "quick"}, "x264_preset is 'quick'"),
        ({"frame_range": (5, 2)}, "last frame lies before its first"),
        ({"frame_range": (-1, 2)}, "frame_range is"),
        ({"frame_range": "0-9"}, "frame_range is '0-9'"),
        ({"concurrency": 2, "frames_per_lambda": 20}, "exclude each other"),
        ({"jpeg_qualty": 90}, "Did you mean 'jpeg_quality'"),
        ({"overwrite": None}, "overwrite is None, but needs a value"),
        ({"env_variables": {"A": 1}}, "env_variables is"),
        ({"timeout_in_milliseconds": 10}, "timeout_in_milliseconds is 10"),
    ],
)
def test_wrong_options_are_named_with_what_is_right(options: dict[str, Any], words: str) -> None:
    with pytest.raises(OptionError, match=words.replace("(", r"\(")):
        check_options(RenderMediaOptions, options)


@pytest.mark.parametrize(("given", "wire"), [(5, [5, 5]), ((2, 8), [2, 8]), ([2, None], [2, None])])
def test_frame_ranges(given: Any, wire: list[int | None]) -> None:
    assert check_options(RenderMediaOptions, {"frame_range": given})["frame_range"] == wire


def test_signatures_show_every_option() -> None:
    for function, options in (
        (rp.render_media, RenderMediaOptions),
        (rp.Client.start_render_media, RenderMediaOptions),
        (rp.AsyncClient.render_media, RenderMediaOptions),
        (rp.render_still, RenderStillOptions),
        (rp.get_compositions, PageOptions),
    ):
        assert set(table(options)) <= set(inspect.signature(function).parameters)
