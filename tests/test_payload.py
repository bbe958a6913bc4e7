"""Payloads of functions: keys by their names on the wire, types that are checked, defaults that stand once."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

import pytest

from remotion_py._data.wire import camel
from remotion_py.errors import FunctionError
from remotion_py.lambda_.payload import PagePayload, RendererPayload, StartPayload, StatusPayload, StillPayload
from remotion_py.options.option import check_options, table, wire_options
from remotion_py.options.renders import RenderMediaOptions, RenderStillOptions

NEEDED = {"serveUrl": "site", "composition": "race"}
GROUPS = {"chromium_options", "download_behavior", "webhook", "others"}
"""Fields that hold several options."""


def test_the_payload_of_the_client_arrives() -> None:
    given = {"crf": 20, "scale": 2, "frame_range": (3, 9), "muted": True, "env_variables": {"A": "b"}, "gl": "angle"}
    wire = NEEDED | wire_options(RenderMediaOptions, check_options(RenderMediaOptions, given | {"props": {"n": 1}}))
    payload = StartPayload.from_wire(json.loads(json.dumps(wire)))
    assert (payload.crf, payload.scale, payload.frame_range, payload.muted) == (20, 2, [3, 9], True)
    assert payload.page_settings.env_variables == {"A": "b"}
    assert payload.page_settings.browser.gl == "angle"
    assert json.loads(payload.page_settings.input_props) == {"n": 1}


def test_every_option_of_a_video_has_its_field() -> None:
    known = {camel(field.name) for field in fields(StartPayload)}
    assert {option.wire.split(".")[0] for option in table(RenderMediaOptions).values()} - {""} <= known


@pytest.mark.parametrize(
    ("options", "payload"), [(RenderMediaOptions, StartPayload), (RenderStillOptions, StillPayload)]
)
def test_defaults_are_those_of_the_options(options: type, payload: type) -> None:
    sent = payload.from_wire(NEEDED | wire_options(options, check_options(options, {})))
    own = payload.from_wire(NEEDED)
    assert sent.page_settings == own.page_settings
    for name in {field.name for field in fields(payload)} - GROUPS:
        assert getattr(sent, name) == getattr(own, name), name


def test_unknown_keys_are_passed_on_and_null_is_the_default() -> None:
    sent = {**NEEDED, "privacy": "private", "newOption": [1], "scale": None, "maxRetries": None}
    payload = StartPayload.from_wire(sent)
    assert (payload.scale, payload.max_retries) == (1, 1)
    again = payload.to_wire()
    assert (again["privacy"], again["newOption"]) == ("private", [1])
    assert StartPayload.from_wire(again) == payload
    assert PagePayload.from_wire(sent).others["composition"] == "race"


@pytest.mark.parametrize(
    ("kind", "sent", "words"),
    [
        (StartPayload, {"composition": "race"}, "The payload has no serveUrl"),
        (StatusPayload, {}, "The payload has no renderId"),
        (StartPayload, NEEDED | {"crf": "high"}, "has crf 'high', but must have a whole number"),
        (StartPayload, NEEDED | {"crf": 1.5}, "has crf 1.5, but must have a whole number"),
        (StartPayload, NEEDED | {"muted": 1}, "has muted 1, but must have true or false"),
        (StartPayload, NEEDED | {"scale": True}, "has scale true, but must have a number"),
        (StartPayload, NEEDED | {"webhook": "https://canary"}, "has webhook of another type, but must have an object"),
        (RendererPayload, NEEDED | {"chunk": None}, "The payload has no chunk"),
    ],
)
def test_wrong_payloads_are_named(kind: Any, sent: dict[str, Any], words: str) -> None:
    with pytest.raises(FunctionError, match=words) as failure:
        kind.from_wire(sent)
    assert failure.value.data["type"] == "BadPayload"
    assert "canary" not in str(failure.value)


def test_numbers_are_read_as_their_kind() -> None:
    payload = StartPayload.from_wire(NEEDED | {"crf": 18.0, "scale": 2})
    assert isinstance(payload.crf, int)
    assert payload.scale == 2
