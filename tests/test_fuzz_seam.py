"""No reader of what pages and stored documents say lets an error out that is not one of ours, whatever they say."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from remotion_py._client.record import RenderRecord
from remotion_py._data.output import name_fault
from remotion_py._data.stored import parse_document
from remotion_py._data.untrusted import printable, trimmed_stack
from remotion_py.errors import DocumentError, PageError, PageScriptError, RemotionPyError, from_wire
from remotion_py.lambda_.artifacts import ArtifactNames
from remotion_py.lambda_.assets import FrameAssets
from remotion_py.page.answers import read_answer
from remotion_py.page.contract import PageComposition, cancelled
from remotion_py.page.diagnostics import PageDiagnostics, find_positions
from remotion_py.page.gate import origin_of
from remotion_py.page.sourcemap import SourceMap
from remotion_py.progress import RenderProgress, from_document, to_wire
from remotion_py.providers.aws.cost import render_cost

from .test_untrusted import ARTIFACT, BEGUN, INLINE, META, METADATA, POST, SOUND, TEXT

FUZZ = settings(max_examples=150, deadline=None, derandomize=True)

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=30)
NUMBERS = st.integers() | st.floats() | st.sampled_from([0, -1, 2**63, 10**400, 0.1, 1e308])
VALUES: Any = st.recursive(
    st.none() | st.booleans() | NUMBERS | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    max_leaves=6,
)


def damaged(*known: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Objects like the known ones, of which some fields are another value, missing or new; and anything else."""
    names = st.sampled_from(sorted({name for one in known for name in one}))
    changes = st.dictionaries(names | ANY_TEXT, VALUES, max_size=3)

    def changed(one: dict[str, Any], change: dict[str, Any], lost: set[str]) -> dict[str, Any]:
        return {name: value for name, value in (one | change).items() if name not in lost}

    return st.builds(changed, st.sampled_from(known), changes, st.sets(names, max_size=1)) | VALUES


def check_message(error: RemotionPyError) -> None:
    """What an error says can be written anywhere, and has a length that people read."""
    str(error).encode()
    assert len(error.message) < 40_000


@FUZZ
@given(damaged(META))
def test_compositions(answer: Any) -> None:
    try:
        found = PageComposition.from_page(answer, "x")
    except PageScriptError as error:
        check_message(error)
    else:
        assert found.id == "x"
        json.dumps(found.mode()).encode()


@FUZZ
@given(st.lists(damaged(SOUND, INLINE, TEXT), max_size=3))
def test_assets_and_artifacts(assets: list[Any]) -> None:
    names = ArtifactNames()
    try:
        found = FrameAssets.from_page(assets, 3)
        for one in found.emitted:
            names.add(one.filename, 3, len(one.content or b""))
    except PageScriptError as error:
        check_message(error)
    else:
        assert all(name_fault(one.filename) is None for one in found.emitted)
        assert all(one.playback_rate > 0 and one.volume >= 0 for one in found.heard)


@FUZZ
@given(damaged({"state": "ready", "text": "x", "names": [], "surfaces": False, "assets": []}))
def test_answers_of_the_driver(answer: Any) -> None:
    try:
        read_answer(answer, 3)
    except PageScriptError as error:
        check_message(error)


MAP = {"version": 3, "sources": ["webpack://lab/./src/A.tsx", None], "sourcesContent": ["one\ntwo", None]}
MAPPINGS = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/,;", max_size=60)


@FUZZ
@given(damaged(MAP), MAPPINGS, ANY_TEXT, st.integers(-5, 50), st.integers(-5, 500))
def test_source_maps(found: Any, mappings: str, bare: str, line: int, column: int) -> None:
    like = [json.dumps(found), bare]
    if isinstance(found, dict):
        like.append(json.dumps({"mappings": mappings} | found))
        like.append(json.dumps(MAP | {"mappings": mappings}))
    for text in like:
        with contextlib.suppress(ValueError):
            place = SourceMap(text).find(line, column)
            if place:
                f"{place} {place.excerpt()}".encode()


STACKS = st.lists(
    st.sampled_from(
        ["http://", "http://localhost:9/a.js", ":1:2", ".js?", "(", ")", "\n    at ", " ", "\ud83d", "\x1b[31m"]
    )
    | st.sampled_from(['A delayRender() "', '" was called but not cleared after ', "9" * 5000, "Retries left: "])
    | ANY_TEXT,
    max_size=12,
).map("".join)


@FUZZ
@given(STACKS, STACKS, MAPPINGS, st.booleans())
def test_what_a_page_throws(stack: str, said: str, mappings: str, threw: bool) -> None:
    async def fetch(url: str) -> str | None:
        return json.dumps(MAP | {"mappings": mappings})

    gathered = PageDiagnostics("http://localhost:9/index.html", [("a\ud83d", 1)], fetch)
    gathered.on_console({"type": "log", "args": [{"value": said}, {}, {"description": stack}]})
    gathered.on_exception({"exceptionDetails": {"text": said, "exception": {"description": stack}}})
    errors: list[PageError] = [cancelled(stack, 3, gathered.hint(), threw=threw)]
    try:
        gathered.raise_exceptions(3)
    except PageError as error:
        errors.append(error)
    assert len(errors) == 2
    for error in errors:
        explained = asyncio.run(gathered.explain(error))
        check_message(explained)
        json.dumps(explained.data).encode()
    for one in find_positions(stack):
        assert stack[one.start : one.end].startswith(one.script)


@FUZZ
@given(damaged({"text": "Uncaught", "lineNumber": 1, "columnNumber": 2, "url": "x", "exception": {"value": 1}}))
def test_events_of_exceptions(details: Any) -> None:
    async def fetch(url: str) -> str | None:
        return None

    gathered = PageDiagnostics("http://localhost:9/index.html", [], fetch)
    gathered.on_exception({"exceptionDetails": details})
    assert gathered.any


@FUZZ
@given(ANY_TEXT | st.text("htps:/[]@.x\ud83d0159", max_size=20).map("http://".__add__))
def test_addresses(url: str) -> None:
    host, port = origin_of(url)
    assert isinstance(host, str)
    assert 0 <= port < 65_536


@FUZZ
@given(ANY_TEXT)
def test_texts(text: str) -> None:
    printable(text).encode()
    assert printable(printable(text)) == printable(text)
    trimmed_stack(text).encode()
    assert name_fault(text) or not text.startswith((".", "/"))


DOCUMENT = BEGUN | {
    "functionLaunched": 1,
    "serveUrlOpened": 2,
    "compositionValidated": 3,
    "framesRendered": 4,
    "framesEncoded": 4,
    "combinedFrames": 0,
    "lambdasInvoked": 2,
    "chunks": [0],
    "chunkFrames": {"0": 4},
    "attempts": [{"chunk": 0, "attempt": 1, "start": 5, "end": None}],
    "retries": [{"chunk": 1, "attempt": 2, "time": 5}],
    "errors": [{"name": "PageError", "message": "boom", "data": {"frame": 1}, "isFatal": False, "chunk": 1}],
    "receivedArtifact": [ARTIFACT],
    "thumbnail": {"frame": 1, "picture": "AAAA"},
}
ENDED = DOCUMENT | {"renderMetadata": METADATA, "postRenderData": POST}


def use(progress: RenderProgress, document: dict[str, Any]) -> None:
    str(progress).encode()
    repr((progress.state, progress.fatal_error, progress.bar, progress.line)).encode()
    to_wire(progress, document, 5)
    render_cost(document, "us-east-1", 10)


@FUZZ
@given(damaged(DOCUMENT, DOCUMENT | {"renderMetadata": METADATA}, ENDED))
def test_progress_documents(document: Any) -> None:
    text = json.dumps(document)
    try:
        found = parse_document(text, "abc")
        progress = from_document(found, "abc", "b")
    except DocumentError as error:
        check_message(error)
    else:
        use(progress, found)


@FUZZ
@given(damaged(METADATA | {"functionName": "remotion-py-0-1-0-mem2048mb-disk2048mb-240sec"}), damaged(POST))
def test_metadata_of_documents(metadata: Any, post: Any) -> None:
    document = DOCUMENT | {"renderMetadata": metadata, "postRenderData": post}
    try:
        progress = from_document(document, "abc", "b")
    except DocumentError as error:
        check_message(error)
    else:
        use(progress, document)


OWNER = {"pid": 7, "started": 1.5, "host": "here"}


@FUZZ
@given(damaged({"kind": "video", "composition": "x", "output": "/o.mp4", "overwrite": True, "owner": OWNER}))
def test_handles(handle: Any) -> None:
    try:
        RenderRecord.from_document(json.dumps(handle).encode(), "abc")
    except DocumentError as error:
        check_message(error)


@FUZZ
@given(damaged({"name": "PageError", "message": "boom", "data": {"frame": 1}}))
def test_errors_on_the_wire(wire: Any) -> None:
    if isinstance(wire, dict):
        check_message(from_wire(wire))
