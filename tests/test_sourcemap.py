"""Positions in a bundle to positions in sources."""

from __future__ import annotations

import json

import pytest

from remotion_py.page.sourcemap import PlainScript, SourceMap

CODE = "one\ntwo\nthree\nfour\nfive\n"


def made(mappings: str, **more: object) -> SourceMap:
    known = {"version": 3, "sources": ["webpack://lab/./src/A.tsx", "webpack://lab/./node_modules/x/b.js"]}
    return SourceMap(json.dumps(known | {"sourcesContent": [CODE, None], "mappings": mappings} | more))


def test_segments_count_on_from_each_other() -> None:
    # line 1: column 0 -> A 1:1, column 4 -> A 3:3; line 2: column 2 -> b.js 4:1
    found = made("AAAA,IAEE;ECCF")
    assert str(found.find(1, 1)) == "src/A.tsx:1:1"
    assert str(found.find(1, 4)) == "src/A.tsx:1:1"
    assert str(found.find(1, 9)) == "src/A.tsx:3:3"
    assert str(found.find(2, 3)) == "node_modules/x/b.js:4:1"
    assert found.find(2, 2) is None
    assert found.find(9, 1) is None


def test_errors_show_own_code_and_not_libraries() -> None:
    found = made("AAEA;ACAA")
    own, foreign = found.find(1, 1), found.find(2, 1)
    assert own
    assert foreign
    assert own.own
    assert not foreign.own
    assert own.excerpt().split("\n") == [
        "     1 | one",
        "     2 | two",
        ">    3 | three",
        "       | ^",
        "     4 | four",
        "     5 | five",
    ]
    assert foreign.lines == ()


def test_a_plain_script_is_its_own_source() -> None:
    script = PlainScript("draw.js", f"one\n\tconst two = ;\n{'x' * 400}\nfour")
    found = script.find(2, 14)
    assert found
    assert str(found) == "draw.js:2:14"
    assert found.excerpt().split("\n")[1:3] == [">    2 | \tconst two = ;", "       | \t            ^"]
    assert script.find(3, 9) is None  # minified
    assert script.find(9, 1) is None


@pytest.mark.parametrize("text", ["", "<html>", "{}", '{"version": 2, "sources": [], "mappings": ""}'])
def test_invalid_source_maps_are_refused(text: str) -> None:
    with pytest.raises((ValueError, KeyError)):
        SourceMap(text)
