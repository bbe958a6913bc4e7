"""What pages and stored documents say is checked before anything uses it: tables of values."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from remotion_py._client.record import RenderRecord
from remotion_py._data.output import expanded, inside, name_fault
from remotion_py._data.stored import parse_document
from remotion_py._data.untrusted import LONGEST_MESSAGE, LONGEST_STACK, printable, trimmed_stack
from remotion_py.errors import (
    DocumentError,
    OptionError,
    OutputError,
    PageScriptError,
    PageTimeoutError,
    RemotionPyError,
    from_wire,
)
from remotion_py.lambda_ import artifacts
from remotion_py.lambda_.artifacts import ArtifactNames
from remotion_py.lambda_.assets import FrameAssets
from remotion_py.lambda_.job import Job
from remotion_py.lambda_.limits import check_limits
from remotion_py.lambda_.payload import RenderPayload
from remotion_py.lambda_.roles.compositions import described
from remotion_py.page.answers import read_answer, read_compositions
from remotion_py.page.contract import PageComposition, cancelled, listed_names
from remotion_py.page.diagnostics import PageDiagnostics, find_positions
from remotion_py.page.gate import NetworkGate, origin_of
from remotion_py.progress import from_document

PROPS = {"serializedResolvedPropsWithCustomSchema": "{}", "serializedDefaultPropsWithCustomSchema": "{}"}
META: dict[str, Any] = {"id": "x", "width": 320, "height": 180, "fps": 30, "durationInFrames": 4} | PROPS
SOUND: dict[str, Any] = {"type": "audio", "id": "a", "src": "http://x/a.mp3", "mediaFrame": 0, "volume": 1}
TEXT: dict[str, Any] = {"type": "artifact", "filename": "a.txt", "contentType": "text", "content": "planted"}
INLINE: dict[str, Any] = {"type": "inline-audio", "id": "a", "audio": "AAAAAA=="}


# --- what a page answers ---------------------------------------------------------------------------------------------


def test_a_composition_is_read() -> None:
    found = PageComposition.from_page(META | {"defaultCodec": "vp8", "defaultSampleRate": None, "defaultElse": 1}, "x")
    assert (found.width, found.fps, found.defaults["defaultCodec"]) == (320, 30, "vp8")
    assert "defaultElse" not in found.defaults
    assert PageComposition.from_page(META | {"id": "日本-1", "fps": 29.97, "width": 1e3}).width == 1000


WRONG: list[tuple[str, list[Any]]] = [
    ("id", [None, 7, "", "a/b", "..", "../../x", "/tmp", ".ssh", "a b", "x\x00", "x\n", "a" * 81, "\ud83d", {}]),
    ("width", [None, "320", 0, -1, 320.5, [320], {}, True, 10**9, float("nan"), float("inf"), 10**400]),
    ("height", [None, "180", 0]),
    ("fps", [None, "30", 0, -1, 1e300, 1e-9, float("nan"), float("inf"), True, [30], 10**400]),
    ("durationInFrames", [None, "4", 0, -4, 4.5, 10**15, float("inf")]),
    ("serializedResolvedPropsWithCustomSchema", [None, "", "{bad", "[]", "7", {}, "[" * 100_000, "\ud800"]),
    ("serializedDefaultPropsWithCustomSchema", [None, 7]),
    ("defaultVideoImageFormat", ["gif", 7, {}, "-i"]),
    ("defaultPixelFormat", [7, {}, "y" * 10_000]),
    ("defaultSampleRate", ["abc", 0, 44_100.5, {}]),
]


def test_an_invalid_composition_is_refused_with_its_field() -> None:
    for field, value in ((field, value) for field, values in WRONG for value in values):
        with pytest.raises(PageScriptError, match=f"{field}|props that cannot be read") as failure:
            PageComposition.from_page(META | {field: value})
        assert len(failure.value.message) < 400
        str(failure.value).encode()
    for field in META:
        with pytest.raises(PageScriptError):
            PageComposition.from_page({key: value for key, value in META.items() if key != field})


def test_the_list_of_compositions_and_what_the_driver_says() -> None:
    assert [one.id for one in read_compositions([META, META | {"id": "y"}])] == ["x", "y"]
    for answer in (None, "x", {}, [None], [META, 7]):
        with pytest.raises(PageScriptError):
            read_compositions(answer)
    assert read_answer({"state": "ready", "names": ["a", 7, "b"]}).names == ["a", "b"]
    assert read_answer({"state": "ready", "surfaces": True, "assets": [1]}, 3).assets == [1]
    for answer in (None, [], "ready", {}, {"state": 1}, {"state": "threw", "text": 7}):
        with pytest.raises(PageScriptError):
            read_answer(answer)
    for change in ({"surfaces": "many"}, {"assets": {}}, {"assets": [None] * 20_001}, {"names": "ab"}):
        with pytest.raises(PageScriptError, match="at frame 3"):
            read_answer({"state": "ready"} | change, 3)
    assert listed_names([]) == "none"


WRONG_ASSETS: list[tuple[dict[str, Any], dict[str, list[Any]]]] = [
    (
        SOUND,
        {"id": [None, "", 7, []], "src": [None, "", 7, "http://[", "http://x:99999/", f"http://{'a' * 64}.de/"]},
    ),
    (SOUND, {"mediaFrame": [None, "0", float("nan"), 10**400], "volume": [None, -1, "1", float("inf"), {}]}),
    (SOUND, {"playbackRate": [None, 0, -1, "1", 1e-9, 1e9, []], "toneFrequency": [0, 0.001, -1, 2.5, "1"]}),
    (SOUND, {"audioStreamIndex": ["1", -1, 0.5, 10**9], "audioStartFrame": ["1", [], 1e300]}),
    (SOUND, {"type": [None, "", "sound", 7, []]}),
    (INLINE, {"id": [None, 7], "audio": [None, 7, "A", "AAA=", "é", "AAAA"], "toneFrequency": [0, "x"]}),
    (
        TEXT,
        {
            "filename": [
                None,
                "",
                7,
                "a/",
                ".",
                "a//b",
                "../b",
                "/b",
                ".b",
                "a/.b",
                "C:/b",
                "\\b",
                "a\x00",
                "é" * 200,
            ]
        },
    ),
    (TEXT, {"contentType": [None, "pdf", 7], "content": [None, 7, [], {}]}),
    (TEXT | {"contentType": "binary"}, {"content": [None, "A", "é", 7]}),
]


def test_invalid_assets_are_refused() -> None:
    for given, values in WRONG_ASSETS:
        for field, value in ((field, value) for field, every in values.items() for value in every):
            with pytest.raises(PageScriptError, match=f"{field}.*at frame 5"):
                FrameAssets.from_page([given | {field: value}], 5)
    for item in (None, 7, "x", []):
        with pytest.raises(PageScriptError, match="must be an object"):
            FrameAssets.from_page([item], 5)


def test_assets_are_read() -> None:
    binary = TEXT | {"filename": "b.bin", "contentType": "binary", "content": "AQIDAEHp"}
    picture = {"type": "artifact", "filename": "thumb.jpeg", "contentType": "thumbnail", "downloadBehavior": None}
    fast = SOUND | {"type": "video", "playbackRate": 1.5, "toneFrequency": None, "audioStartFrame": 15}
    found = FrameAssets.from_page([SOUND, fast, INLINE, TEXT | {"content": "half \ud83d"}, binary, picture], 5)
    assert [one.playback_rate for one in found.heard] == [1.0, 1.5]
    assert (found.heard[1].tone, found.heard[1].start_frame, found.heard[1].stream_index) == (1.0, 15, 0)
    assert found.inline[0].samples == bytes(4)
    assert [one.content for one in found.emitted] == ["half \ufffd".encode(), b"\x01\x02\x03\x00A\xc3\xa9", None]


def test_artifacts_have_unique_names_and_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(artifacts, "MOST_ARTIFACTS", 3)
    monkeypatch.setattr(artifacts, "MOST_BYTES", 100)
    names = ArtifactNames()
    names.add("a/b", 1, 10)
    for name in ("a/b", "a", "a/b/c"):
        with pytest.raises(PageScriptError, match=r"again at frame 2|is a folder in the path"):
            names.add(name, 2, 10)
    names.add("a/b", 1, 20, again=True)
    names.add("a/c", 1, 80)
    with pytest.raises(PageScriptError, match="at most 0 GB of them, and frame 4 exceeds this"):
        names.add("d", 4, 1)
    several = ArtifactNames()
    for frame in range(3):
        several.add(str(frame), frame, 0)
    with pytest.raises(PageScriptError, match="at most 3 artifacts, and frame 3 exceeds this"):
        several.add("3", 3, 0)


SIZES: list[tuple[tuple[int, int], dict[str, Any], str | None]] = [
    ((320, 180), {}, None),
    ((3, 3), {}, None),
    ((16_384, 100), {}, None),
    ((1, 1), {"codec": "vp8"}, None),
    ((40_000, 100), {"codec": "vp9"}, None),
    ((20_000, 100), {"codec": None}, None),
    ((1, 1), {}, "1x1 pixels, but codec 'h264' supports widths and heights from 2"),
    ((10, 10), {"scale": 0.1}, "10x10 pixels at scale 0.1, which would be 0x0"),
    ((1, 1), {"codec": "vp8", "scale": 0.1}, "which would be 0x0, but codec 'vp8' supports widths and heights from 1"),
    ((10, 10), {"codec": "h265"}, "codec 'h265' supports widths and heights from 16"),
    ((16_386, 100), {}, "to 16,384"),
    ((16_384, 100), {"codec": "vp8"}, "to 16,383"),
    ((70_000, 100), {"codec": "vp9"}, "to 65,500"),
    ((16_300, 16_300), {}, "FFmpeg supports about 268,435,456 pixels"),
    ((20_000, 20_000), {"codec": None}, "the browser supports 268,435,456 pixels"),
    ((17_000, 100), {"codec": None, "imageFormat": "webp"}, "to 16,383"),
    ((10, 10), {"codec": None, "scale": 0.01}, "which would be 0x0, but a picture supports widths and heights from 1"),
]


def test_sizes_that_cannot_be_written_are_refused() -> None:
    for size, given, words in SIZES:
        composition = PageComposition("x", *size, fps=30, duration_in_frames=4, resolved_props="{}", default_props="{}")
        payload = {"codec": "h264", "serveUrl": "u", "composition": "c"} | given
        job = Job(RenderPayload.from_wire(payload), composition)
        if words is None:
            check_limits(job)
            assert min(job.dimensions) > 0
        else:
            with pytest.raises(OptionError, match=words):
                check_limits(job)


# --- names of files --------------------------------------------------------------------------------------------------


NOT_NAMES = [
    *("", ".", "..", "/", "/a", "//a", "a/", "a//b", "../a", "a/../b", "a/..", ".a", "a/.b", "C:a", "C:/a", "a\\b"),
    *("\\\\h\\a", "a\x00b", "a\nb", "\ud83d", "a" * 256, "é" * 128, "a/" * 600 + "a"),
]


def test_valid_and_invalid_file_names(tmp_path: Path) -> None:
    for name in ("a.txt", "a/b.txt", "日本/ü (1).txt", "a..b", "a b", "-", "a" * 255):
        assert name_fault(name) is None, name
        assert inside(tmp_path, name) == tmp_path / name
    for name in NOT_NAMES:
        with pytest.raises(OutputError, match="It is ignored") as failure:
            inside(tmp_path, name)
        str(failure.value).encode()


def test_only_a_leading_tilde_is_somebodys_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/one")
    assert expanded("~/a.mp4") == Path("/home/one/a.mp4")
    assert expanded("./~/a.mp4") == Path("~/a.mp4"), "as the message about a user without a home advises"
    with pytest.raises(OutputError, match=r"begin with \./"):
        expanded("~nobody-at-all/a.mp4")


# --- what a page throws and says -------------------------------------------------------------------------------------


def diagnostics(refused: list[tuple[str, int]] | None = None, text: str | None = None) -> PageDiagnostics:
    async def fetch(url: str) -> str | None:
        fetched.append(url)
        return text

    fetched.clear()
    return PageDiagnostics("http://localhost:9/index.html", refused or [], fetch)


fetched: list[str] = []


def thrown(text: str) -> dict[str, Any]:
    return {"exceptionDetails": {"text": "Uncaught", "exception": {"type": "object", "description": text}}}


HUGE = ["http://" * 200_000, "http://x.js?" * 100_000, 'delayRender() "' * 100_000, "x" * 5_000_000, "(" * 1_000_000]


def test_a_page_error_of_a_megabyte_is_shortened_in_linear_time() -> None:
    """Searches that grow with the square of it would take hours here, and the limit of every test ends them."""
    for text in HUGE:
        check_huge(text)


def check_huge(text: str) -> None:
    gathered = diagnostics()
    for _ in range(1000):
        gathered.on_exception(thrown(f"Error: {text}\n    at f (http://localhost:9/a.js:1:2)"))
        gathered.on_console({"type": "log", "args": [{"value": text}] * 3})
    assert list(find_positions(text * 10)) == []
    for error in (cancelled(text, 3), read_error(gathered.raise_exceptions)):
        explained = asyncio.run(gathered.explain(error))
        assert len(explained.message) < 9 * LONGEST_MESSAGE
        assert sum(map(len, explained.data.get("stack", []))) <= LONGEST_STACK + 100
    assert fetched == ["http://localhost:9/a.js.map", "http://localhost:9/a.js"]


def read_error(call: Callable[[int], None]) -> Any:
    with pytest.raises(PageScriptError, match="The page threw at frame 3: Error: ") as failure:
        call(3)
    return failure.value


def test_a_long_message_keeps_its_position() -> None:
    error = cancelled("Error: " + "long " * 10_000 + "\n    at f (http://localhost:9/a.js:1:2)", 3)
    assert error.message.endswith("... (at f (http://localhost:9/a.js:1:2)). Fix the page and render again.")


def test_a_handle_is_named_however_long_its_label_is() -> None:
    for label in ("data", "two\nlines", "x" * 50_000):
        text = f'Error: A delayRender() "{label}" was called but not cleared after 5000 ms. Retries left: 2 - again'
        error = cancelled(text, 3)
        assert isinstance(error, PageTimeoutError)
        assert error.data["handles"] == [label if len(label) < 100 else "x" * 200 + "..."]
        assert error.data["retries_left"] == 2
    assert isinstance(cancelled('A delayRender() "a" was called', None), PageScriptError)


def test_only_a_few_source_maps_are_fetched_for_an_error() -> None:
    stack = "\n".join(f"    at f (http://x/{index}.js:1:2)" for index in range(100))
    asyncio.run(diagnostics().explain(PageScriptError("boom", stack=stack)))
    assert len(fetched) == 5


def test_positions_are_found_in_any_sentence() -> None:
    text = "at f (http://localhost:9/a.js:1:2), https://x/b.js?v=3:44:55. Not http://x/c.js or d.js:1:2"
    assert [(one.script, one.line, one.column) for one in find_positions(text)] == [
        ("http://localhost:9/a.js", 1, 2),
        ("https://x/b.js", 44, 55),
    ]


def test_props_of_a_page_can_be_printed() -> None:
    half = r'{"a": "half \ud83d", "b": ["\ud83d\ude42"]}'
    found = described(PageComposition.from_page(META | dict.fromkeys(PROPS, half)))
    assert found["props"] == found["defaultProps"] == {"a": "half \ufffd", "b": ["🙂"]}


def test_an_invalid_address_opens_no_connection() -> None:
    for url in ("http://[", "http://:.", "http://x:99999/", "http://x:y/", "//", "", "\x00", f"http://{'a' * 300}/"):
        assert asyncio.run(NetworkGate().permitted(*origin_of(url))) == [], url


def test_texts_of_pages_can_be_printed() -> None:
    assert printable("Grüße 世界 🙂\n\tx") == "Grüße 世界 🙂\n\tx"
    assert (
        printable("a\ud83db\udc00\x00\x07\x9b \x1b[31mred\x1b[0m \x1b]0;t\x07")
        == "a\ufffdb\ufffd\ufffd\ufffd\ufffd red \ufffd]0;t\ufffd"
    )
    assert printable("\ud83d\ude42") == "🙂"
    assert trimmed_stack("a" * 100_000).split("\n")[0] == "a" * LONGEST_MESSAGE + "..."
    assert len(trimmed_stack("a\n" * 100_000)) < LONGEST_STACK + 100
    for error in (
        RemotionPyError("half \ud83d"),
        from_wire({"name": "X", "message": "half \ud83d", "data": {"message": 1}}),
    ):
        str(error).encode()
    assert type(from_wire({"name": "PageScriptError", "message": None, "data": []})) is PageScriptError


# --- stored documents ------------------------------------------------------------------------------------------------

METADATA = {
    "compositionId": "x",
    "frameRange": [0, 9],
    "everyNthFrame": 1,
    "totalChunks": 2,
    "fps": 30,
    "dimensions": {"width": 320, "height": 180},
}
BEGUN = {"timeoutTimestamp": 10**14}
POST = {"outKey": "renders/abc/out.mp4", "outputSize": 4, "timeToFinish": 1000, "endTime": 1}
ARTIFACT = {"filename": "a.txt", "frame": 0, "sizeInBytes": 1, "s3Key": "renders/other/secret"}


def test_an_incomplete_document_can_be_read() -> None:
    assert from_document(BEGUN, "abc", "b").state == "starting"
    found = from_document(BEGUN | {"renderMetadata": METADATA, "functionLaunched": 1, "chunks": [1]}, "abc", "b")
    assert (found.total_frames, found.total_chunks, found.chunk_states) == (10, 2, ("waiting", "encoded"))
    assert from_document(BEGUN | {"renderMetadata": METADATA, "postRenderData": POST}, "abc", "b").done


DAMAGED: list[dict[str, Any]] = [
    {"timeoutTimestamp": None},
    *({"renderMetadata": METADATA | {name: None}} for name in METADATA if name != "everyNthFrame"),
    *({"postRenderData": POST | {name: None}} for name in POST),
    *({"renderMetadata": METADATA | {"frameRange": value}} for value in ([], [1], [9, 0], ["0", 1], {}, "ab")),
    *({"renderMetadata": METADATA | {"totalChunks": value}} for value in (-1, 10**12, "2")),
    *({"renderMetadata": METADATA | {"startedDate": value}} for value in (10**18, "x")),
    *({name: 7} for name in ("chunks", "errors", "retries", "attempts", "chunkFrames", "receivedArtifact")),
    *({name: [7.5]} for name in ("chunks", "errors", "retries", "attempts", "receivedArtifact")),
    *({"errors": [{"isFatal": True, "data": 7}]}, {"errors": [{"chunk": "a"}]}, {"errors": [{"isFatal": 1}]}),
    *({"attempts": [{"chunk": 0, "start": "x"}]}, {"retries": [{"chunk": None}]}),
    *({name: "x"} for name in ("framesRendered", "functionLaunched", "timeoutTimestamp", "fatalErrorTimestamp")),
    *({"thumbnail": value} for value in (7, {}, {"picture": "?"})),
    {"receivedArtifact": [ARTIFACT | {"filename": 7}]},
]


def test_a_damaged_document_is_named() -> None:
    for document in DAMAGED:
        with pytest.raises(DocumentError, match=r"The document progress\.json of the render abc cannot be used: "):
            from_document(BEGUN | document, "abc", "b")


def test_a_file_that_is_not_a_document_is_named() -> None:
    for data in (b"", b"{", b"[]", b"7", b"\xff", b"[" * 100_000):
        with pytest.raises(DocumentError, match=r"progress\.json of the render abc"):
            parse_document(data, "abc")
        with pytest.raises(DocumentError, match=r"record\.json of the render abc"):
            RenderRecord.from_document(data, "abc")
