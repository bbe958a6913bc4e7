"""What a render waits for, and what its page did not get, from the page to whoever looks."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import remotion_py as rp
from remotion_py.display import progress_reporter
from remotion_py.errors import FunctionError
from remotion_py.lambda_.document import ProgressDocument
from remotion_py.lambda_.watch import ChunkWatch
from remotion_py.notebook import view
from remotion_py.progress import RenderProgress, from_document
from remotion_py.results import Video

METADATA = {
    "compositionId": "page",
    "dimensions": {"width": 64, "height": 64},
    "fps": 30,
    "frameRange": [0, 9],
    "everyNthFrame": 1,
    "totalChunks": 2,
}
ROW = {"frame": 213, "seconds": 8, "for": "https://host/x.png (image)"}


def document() -> ProgressDocument:
    made = ProgressDocument(0, 2**42)
    made.composition_validated(1, METADATA)
    return made


def read(found: ProgressDocument) -> RenderProgress:
    return from_document(found.to_json(), "id", "bucket")


def report(**more: Any) -> dict[str, Any]:
    return {"rendered": 3, "encoded": 2, "waiting": None, "warnings": []} | more


def test_the_progress_reports_what_a_chunk_waits_for() -> None:
    found = document()
    found.report(1, report(waiting=ROW))
    progress = read(found)
    assert progress.waiting == ("frame 213: waiting 8 s for https://host/x.png (image)",)
    assert progress.waiting[0] in progress.bar[2]
    found.report(1, report(rendered=4))
    assert read(found).waiting == ()


@pytest.mark.parametrize("end", ["done", "failed", "retried"])
def test_at_the_end_no_chunk_waits(end: str) -> None:
    found = document()
    found.report(0, report(waiting=ROW, warnings=["a"]))
    if end == "done":
        found.chunk_done(0, 5, 1, 2)
    elif end == "failed":
        found.failed(FunctionError("x"), 3)
    else:
        found.retried(0, 2, 3, FunctionError("x"))
    assert read(found).waiting == ()
    assert read(found).warnings == ("a",)


def test_warnings_of_all_chunks_count_once_and_are_few() -> None:
    found = document()
    for chunk in range(2):
        found.report(chunk, report(warnings=[f"file {number}" for number in range(80)]))
    assert read(found).warnings == tuple(f"file {number}" for number in range(50))


def test_a_document_of_other_functions_has_neither() -> None:
    other = document().to_json()
    del other["remotionPy"]
    progress = from_document(other, "id", "bucket")
    assert (progress.waiting, progress.warnings, progress.webhook_pending) == ((), (), False)


def test_the_card_shows_them_as_text() -> None:
    found = document()
    found.report(0, report(waiting=ROW | {"for": "<script>1</script>"}, warnings=["<img onerror=1>"] * 1))
    html = view.running("title", read(found), datetime.now(UTC))
    assert "waiting 8 s for &lt;script&gt;1" in html
    assert "&lt;img onerror=1&gt;" in html
    assert "<script>1" not in html
    assert "and 7 more" in view.warned(tuple(str(number) for number in range(11)))


def test_a_log_has_one_line_for_a_wait(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: False, raising=False)
    found = document()
    with progress_reporter("text") as show:
        for seconds in (3, 4, 5):
            found.report(0, report(waiting=ROW | {"seconds": seconds}))
            show(read(found))
    assert capsys.readouterr().err.count("waiting") == 1


def watch(monkeypatch: pytest.MonkeyPatch) -> tuple[ChunkWatch, Any, Any, Any]:
    clock = SimpleNamespace(now=0.0)
    chunk = SimpleNamespace(rendered=0, encoded=0, reused=0, verified=0, step=(7, "the page"))
    page = SimpleNamespace(waiting="https://host/x.png (image)", missing=["https://host/y.png (HTTP 404)"])
    session: Any = SimpleNamespace(current_page=page, logs=SimpleNamespace(drain=list))
    made = ChunkWatch(chunk, session, 1000)  # type: ignore[arg-type]
    for still in (made._detector, made._step):
        monkeypatch.setattr(still, "_clock", lambda: clock.now)
        still._since = still._looked = 0.0
    return made, chunk, session, clock


def test_a_watch_reports_what_the_page_waits_for(monkeypatch: pytest.MonkeyPatch) -> None:
    made, chunk, session, clock = watch(monkeypatch)
    assert made.look()["waiting"] is None
    clock.now = 8
    found = made.look()
    assert found["waiting"] == ROW | {"frame": 7}
    assert found["warnings"] == ["The page failed to load https://host/y.png (HTTP 404)"]
    chunk.step = 7, "FFmpeg"
    made.look()
    clock.now = 12
    assert made.look()["waiting"] == {"frame": 7, "seconds": 4, "for": "FFmpeg"}
    session.current_page = None  # thrown away after a failure; what it did not get is still known
    assert made.look()["warnings"] == found["warnings"]


def test_a_stalled_chunk_is_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    made, chunk, session, clock = watch(monkeypatch)
    made.look()
    for _ in range(32):
        clock.now += 9
        made.look()
    session.current_page = SimpleNamespace(waiting=None, missing=[])  # another try
    for _ in range(35):
        clock.now += 9
        made.look()
    clock.now += 9
    with pytest.raises(FunctionError, match="at frame 7, while the render waited for the page") as caught:
        made.look()
    assert caught.value.data["frame"] == 7
    chunk.rendered = 1
    made.look()


def test_a_slow_frame_is_reported_while_it_renders(client: rp.Client, lab: str) -> None:
    seen: list[str] = []
    video = client.render_media(
        lab, "slow", props={"pause": 4500, "frames": 1}, on_progress=lambda found: seen.extend(found.waiting)
    )
    assert isinstance(video, Video)
    assert any(re.fullmatch(r"frame 0: waiting \d+ s for the page's scripts", text) for text in seen)


def test_the_result_lists_files_that_the_page_failed_to_load(client: rp.Client, tmp_path: Path) -> None:
    site = tmp_path / "site"
    site.mkdir()
    (site / "index.html").write_text(
        """<!doctype html><script src="/remotion-py.js"></script><body></body><script>
        remotionPy.registerComposition({ id: "page", width: 64, height: 64, fps: 30, durationInFrames: 4,
          render(frame) { document.body.innerHTML = `${frame} <img src="logo.png">`; } });</script>"""
    )
    warning = "The page failed to load logo.png (image): HTTP 404"
    assert client.render_media(site, "page", concurrency=2).warnings == (warning,)
    assert client.render_still(site, "page").warnings == (warning,)
