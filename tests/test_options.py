from __future__ import annotations

import inspect
import json
import re
import zoneinfo
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import remotion_py as rp
from remotion_py._client.remotion_wire import remotion_payload
from remotion_py._client.reproduce import command_of
from remotion_py.errors import InputError, OptionError
from remotion_py.options.groups import OPTION_GROUPS, OTHER, grouped
from remotion_py.options.option import aliases, check_options, table, wire_options
from remotion_py.options.renders import PageOptions, RenderFramesOptions, RenderMediaOptions, RenderStillOptions


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
        ({"frame_range": (5, 2)}, "last frame is before its first"),
        ({"frame_range": (-1, 2)}, "frame_range is"),
        ({"frame_range": "0-9"}, "frame_range is '0-9'"),
        ({"concurrency": 2, "frames_per_lambda": 20}, "exclude each other"),
        ({"jpeg_qualty": 90}, "Did you mean 'jpeg_quality'"),
        ({"overwrite": None}, "overwrite is None, but needs a value"),
        ({"env_variables": {"A": 1}}, "env_variables is"),
        ({"timeout_in_milliseconds": 10}, "timeout_in_milliseconds is 10"),
        ({"frame_range": range(0, 10, 2)}, "has no step. For every n-th frame pass frame_range=(0, 9) and every_nth_f"),
        ({"frame_range": slice(9, None, -1)}, "has no step. For every n-th frame pass frame_range=(9, None) and eve"),
        ({"frame_range": range(0)}, "which contains no frame. Pass for example range(0, 10), which is frames 0 to 9"),
        ({"frame_range": slice(-10, None)}, "frames count from 0"),
        ({"frame_range": (0, 1, 2)}, "frame_range is (0, 1, 2), but must be one frame number"),
        ({"frame_range": (None, 5)}, "frame_range is (None, 5)"),
        ({"frame_range": True}, "frame_range is True"),
        ({"crf": np.float64(18)}, "crf is np.float64(18.0), but must be a whole number"),
        ({"crf": 10**5000}, "crf is an int, but must be a whole number"),
        ({"scale": float("nan")}, "scale is nan"),
        ({"force_fps": 0.005}, "force_fps is 0.005, but must be a number from 0.01 to 1,000"),
        ({"codec": np.array(["h264"])}, "codec is array(['h264']"),
        ({"nan": "drop"}, "nan is 'drop', but must be one of: error, null"),
        ({"timezone": "Europe/Berln"}, "timezone is 'Europe/Berln', but must be the name of a time zone. Did you mean"),
        ({"timezone": "Europe"}, "timezone is 'Europe', but must be the name of a time zone"),
        ({"timezone": "../../etc/hostname"}, "must be the name of a time zone"),
        ({"user_agent": "a\0b"}, "user_agent is 'a\\x00b', but must not contain a null character"),
        (
            {"metadata": {"title": "cut \ud83d"}},
            "metadata['title'] is 'cut \\ud83d', but must not contain a lone surrogate",
        ),
        ({"output": "a\0.mp4"}, "a path cannot contain a null character"),
        ({"output": b"a.mp4"}, "output is b'a.mp4', but must be a path"),
        ({"out_name": b"a.mp4"}, "out_name is b'a.mp4'"),
        ({"webhook_custom_data": {"a": [float("inf")]}}, "webhook_custom_data.a[0] is inf"),
        ({"webhook_custom_data": "text"}, "webhook_custom_data is 'text', but must be a JSON object"),
    ],
)
def test_wrong_options_are_named_with_the_valid_values(options: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=re.escape(words)):
        check_options(RenderMediaOptions, options)


@pytest.mark.parametrize(
    ("given", "wire"),
    [
        (5, [5, 5]),
        ((2, 8), [2, 8]),
        ([2, None], [2, None]),
        (range(10), [0, 9]),
        (range(5, 6), [5, 5]),
        (slice(10), [0, 9]),
        (slice(5, None), [5, None]),
        (slice(None), [0, None]),
        (np.int64(5), [5, 5]),
        ((np.int64(2), np.uint8(8)), [2, 8]),
        (slice(np.int32(2), np.int32(9)), [2, 8]),
    ],
)
def test_frame_ranges(given: Any, wire: list[int | None]) -> None:
    assert check_options(RenderMediaOptions, {"frame_range": given})["frame_range"] == wire


def test_numbers_of_numpy_are_numbers() -> None:
    given: dict[str, Any] = {"crf": np.int64(20), "scale": np.float32(0.5), "muted": np.bool_(True)}
    given |= {"force_fps": Fraction(30000, 1001), "webhook_custom_data": {"n": np.int64(1)}}
    wire = wire_options(RenderMediaOptions, check_options(RenderMediaOptions, given))
    assert json.loads(json.dumps(wire))["crf"] == 20
    assert (wire["scale"], wire["muted"], wire["webhook"]["customData"]) == (0.5, True, {"n": 1})
    assert wire["forceFps"] == pytest.approx(29.97, abs=1e-3)
    assert command_of("rp.render_still", "site", "c", {"frame": np.int64(5)}) == "rp.render_still('site', 'c', frame=5)"


def test_an_unwritable_value_is_refused_with_the_name_of_its_option() -> None:
    deep: Any = 1
    for _ in range(3000):
        deep = [deep]
    written = command_of("rp.render_media", "site", "c", {"crf": 10**5000, "props": {"a": deep}})
    assert written == "rp.render_media('site', 'c', crf=crf, props=props)"


def test_the_time_zone_is_utc_unless_it_is_chosen() -> None:
    def sent(**options: Any) -> Any:
        return wire_options(PageOptions, check_options(PageOptions, options))["chromiumOptions"]["timezone"]

    assert sent() == "UTC"
    assert sent(timezone="Europe/Berlin") == sent(timezone=zoneinfo.ZoneInfo("Europe/Berlin")) == "Europe/Berlin"
    official = {"type": "start", "chromiumOptions": {"timezone": "UTC", "gl": None}}
    assert remotion_payload(official)["chromiumOptions"] == {"gl": None}, "which functions of Remotion do not know"
    with pytest.raises(OptionError, match="functions that Remotion deployed render in UTC only"):
        remotion_payload(official | {"chromiumOptions": {"timezone": "Europe/Berlin"}})


def test_missing_values_are_null_on_request() -> None:
    values = check_options(RenderStillOptions, {"props": {"a": [float("nan")]}, "nan": "null"})
    assert wire_options(RenderStillOptions, values)["inputProps"]["payload"] == '{"a":[null]}'
    assert "nan" not in wire_options(RenderStillOptions, values)


def test_signatures_show_every_option() -> None:
    for function, options in (
        (rp.render_media, RenderMediaOptions),
        (rp.Client.start_render_media, RenderMediaOptions),
        (rp.AsyncClient.render_media, RenderMediaOptions),
        (rp.render_still, RenderStillOptions),
        (rp.get_compositions, PageOptions),
    ):
        assert set(table(options)) <= set(inspect.signature(function).parameters)


@pytest.mark.parametrize(
    ("alias", "option", "value"),
    [
        ("fps", "force_fps", 50),
        ("width", "force_width", 64),
        ("height", "force_height", 48),
        ("frames", "frame_range", 3),
    ],
)
def test_short_names_are_the_options_that_they_mean(alias: str, option: str, value: int) -> None:
    assert check_options(RenderMediaOptions, {alias: value}) == check_options(RenderMediaOptions, {option: value})
    assert alias not in table(RenderMediaOptions)
    with pytest.raises(OptionError, match=f"{alias} and {option} are both given"):
        check_options(RenderMediaOptions, {alias: value, option: value})


@pytest.mark.parametrize(
    ("options", "name", "meant", "unit"),
    [
        (RenderMediaOptions, "duration", "force_duration_in_frames", "frames"),
        (RenderMediaOptions, "seconds", "force_duration_in_frames", "seconds times frames per second"),
        (PageOptions, "timeout", "timeout_in_milliseconds", "milliseconds"),
        (RenderMediaOptions, "max-rate", "encoding_max_rate", "bitrate"),
        (RenderMediaOptions, "videoBitrate", "video_bitrate", "bits per second"),
        (RenderMediaOptions, "qualty", "jpeg_quality", "0 to 100"),
        (RenderStillOptions, "quality", "jpeg_quality", "0 to 100"),
        (RenderStillOptions, "frames", "frame", "Frame"),
        (RenderFramesOptions, "sacle", "scale", "size"),
    ],
)
def test_other_words_name_the_option_and_its_unit(options: type, name: str, meant: str, unit: str) -> None:
    with pytest.raises(OptionError, match=rf"^There is no option '{name}'\. Did you mean '{meant}'\? .*{unit}"):
        check_options(options, {name: 1})


def test_every_flag_of_the_command_line_leads_to_its_option() -> None:
    for options in (RenderMediaOptions, RenderFramesOptions, RenderStillOptions):
        for name, option in table(options).items():
            word = option.flag.partition("/")[0].replace("-", "_")
            if word and word not in {*table(options), *aliases(options)}:
                with pytest.raises(OptionError, match=f"Did you mean '{name}'"):
                    check_options(options, {word: 1})


def test_help_describes_every_option_and_what_is_returned() -> None:
    for function, of in (
        (rp.render, RenderMediaOptions),
        (rp.start_render_media, RenderMediaOptions),
        (rp.render_frames, RenderFramesOptions),
        (rp.render_still, RenderStillOptions),
        (rp.get_compositions, PageOptions),
        (rp.Client.render_media, RenderMediaOptions),
    ):
        text = inspect.getdoc(function) or ""
        heads = re.findall(r"(?m)^(?:Args|Options|Returns|Raises|Example):$", text)
        assert heads == ["Args:", "Options:", "Returns:", "Raises:", "Example:"]
        flat = re.sub(r"\s+", " ", text)
        for name, option in table(of).items():
            default_and_text = re.escape(f"{option.default!r} {option.help}")
            assert re.search(rf" {name}( or \w+)?: [^=]+ = {default_and_text}", flat), name
    assert "crf: int | None = None" in (RenderMediaOptions.__doc__ or "")
    assert "Example:" not in (inspect.getdoc(rp.AsyncClient.render_media) or ""), "which would not await"
    assert "codec: 'h264' | 'h264-mkv' |" in (inspect.getdoc(rp.AsyncClient.render_media) or "")


def test_help_of_a_batch_describes_options_of_videos_and_pictures() -> None:
    text = inspect.getdoc(rp.render_batch) or ""
    assert "crf: int | None = None" in text
    assert "transparent: bool = False" in text
    assert not re.search(r"(?m)^        output: ", text), "which is an argument of its own"


def test_every_option_is_in_one_group() -> None:
    known = set[str]().union(*map(table, (RenderMediaOptions, RenderFramesOptions, RenderStillOptions)))
    listed = [name for names in OPTION_GROUPS.values() for name in names]
    assert sorted(listed) == sorted(known)


def test_groups_keep_their_order_and_lose_no_name() -> None:
    assert grouped(["crf", "new_one", "props", "codec"]) == {
        "Page and props": ["props"],
        "Video": ["codec", "crf"],
        OTHER: ["new_one"],
    }
