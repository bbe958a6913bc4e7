"""What a page writes to its console reaches the caller once, in order, and not without end."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import remotion_py as rp
from remotion_py._client.log_delivery import LogDelivery
from remotion_py._client.remotion_wire import remotion_payload
from remotion_py._data.browser_log import BrowserLog
from remotion_py.errors import OptionError, PageScriptError
from remotion_py.lambda_.document import ProgressDocument
from remotion_py.page.logs import MOST_LOG_CHARACTERS, MOST_LOGS, BrowserLogs
from remotion_py.progress import from_document

PAGE = """<!doctype html><script src="/remotion-py.js"></script><body></body><script>
console.info("loaded", 7);
remotionPy.registerComposition({ id: "page", width: 160, height: 96, fps: 10, durationInFrames: 12,
  render(frame, { fails }) {
    console.warn("at", frame);
    if (frame === fails) throw new Error("not this one");
  } });
</script>"""
LOADED = BrowserLog("info", "loaded 7", None, ("index.html:2:9",))


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "index.html").write_text(PAGE)
    return folder


def frames_of(logs: list[BrowserLog]) -> list[int]:
    """List the frames whose own number was written."""
    return [log.frame for log in logs if log.frame is not None and log.text == f"at {log.frame}"]


@pytest.mark.parametrize("chunks", [1, 2])
def test_a_render_delivers_all_console_messages(
    client: rp.Client, site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], chunks: int
) -> None:
    logs: list[BrowserLog] = []
    size = {"frames_per_lambda": 12 // chunks}
    video = client.render_media(
        site, "page", output=tmp_path / "a.mp4", on_browser_log=logs.append, dump_browser_logs=True, muted=True, **size
    )
    assert video.frames == 12
    assert logs[0] == LOADED
    assert sorted(frames_of(logs)) == list(range(12))
    assert logs.count(LOADED) == (1 if chunks == 1 else 3)  # the main function's page and one for each chunk
    assert all(log.stack[0].startswith("index.html:5:") for log in logs if log.type == "warning")
    assert [str(log) for log in logs] == capsys.readouterr().err.splitlines()
    assert client.get_render_progress(video.render_id).browser_logs == tuple(logs)


def test_a_render_stores_no_console_messages_by_default(client: rp.Client, site: Path, tmp_path: Path) -> None:
    video = client.render_media(site, "page", output=tmp_path / "a.mp4", frame_range=(0, 1))
    assert client.get_render_progress(video.render_id).browser_logs == ()


def test_stills_and_compositions_deliver_their_console_messages(client: rp.Client, site: Path, tmp_path: Path) -> None:
    logs: list[BrowserLog] = []
    client.render_still(site, "page", frame=3, output=tmp_path / "a.png", on_browser_log=logs.append)
    assert logs[0] == LOADED
    assert frames_of(logs) == [3]
    logs.clear()
    client.get_compositions(site, on_browser_log=logs.append)
    assert logs == [LOADED]


@pytest.mark.parametrize("picture", [False, True])
def test_a_failed_page_delivers_its_earlier_messages(
    client: rp.Client, site: Path, tmp_path: Path, picture: bool
) -> None:
    logs: list[BrowserLog] = []
    options: Any = {"props": {"fails": 1}, "on_browser_log": logs.append}
    output = tmp_path / ("a.png" if picture else "a.mp4")
    render = partial(client.render_still, frame=1) if picture else client.render_media
    with pytest.raises(PageScriptError, match="not this one"):
        render(site, "page", output=output, **options)
    assert frames_of(logs)[-1] == 1


def test_an_error_in_on_browser_log_cancels_the_render(client: rp.Client, site: Path, tmp_path: Path) -> None:
    def fail(log: BrowserLog) -> None:
        raise ZeroDivisionError(log.text)

    render = client.start_render_media(site, "page", output=tmp_path / "a.mp4", on_browser_log=fail)
    with pytest.raises(ZeroDivisionError, match="loaded 7"):
        render.wait()
    assert not (tmp_path / "a.mp4").exists()


def test_a_batch_delivers_the_messages_of_the_rows_that_it_renders(
    client: rp.Client, site: Path, tmp_path: Path
) -> None:
    for wanted in (2, 0):
        logs: list[BrowserLog] = []  # another list is another function, which changes no result
        output = str(tmp_path / "{n}.png")
        client.render_batch([{"n": 1}, {"n": 2}], site, "page", output, on_browser_log=logs.append)
        assert logs.count(LOADED) == wanted


def test_the_number_of_messages_is_limited_and_a_warning_says_so() -> None:
    logs, document = BrowserLogs(), ProgressDocument(0, 60_000)
    logs.begin("one")
    for number in range(MOST_LOGS + 30):
        logs.on_console(event(str(number)), "http://localhost:1/")
    drained = logs.drain()
    assert len(drained["entries"]) == MOST_LOGS
    assert drained["dropped"] == 30
    assert logs.drain() == {}
    document.log(drained)
    document.log({"entries": drained["entries"][:7], "dropped": 5})
    progress = from_document(document.to_json(), "abc", "bucket")
    assert [log.text for log in progress.browser_logs] == [str(number) for number in range(MOST_LOGS)]
    assert [warning for warning in progress.warnings if ": 42 of them" in warning] == list(progress.warnings) != []
    logs.begin("two")
    for _ in range(500):
        logs.on_console(event("x" * 5_000), "")
    assert len(logs.drain()["entries"]) == MOST_LOG_CHARACTERS // (1000 + len("http://localhost:1/a.js:1:2"))


def event(text: str) -> dict[str, Any]:
    call = {"url": "http://localhost:1/a.js", "lineNumber": 0, "columnNumber": 1}
    return {"type": "log", "args": [{"value": text}], "stackTrace": {"callFrames": [{"url": ""}, call]}}


def test_each_message_is_delivered_once() -> None:
    found: list[str] = []

    async def run() -> None:
        delivery = LogDelivery({"on_browser_log": lambda log: found.append(log.text)})
        logs = [BrowserLog("log", text) for text in "abc"]
        for length in (0, 2, 2, 3):
            await delivery.deliver(logs[:length])

    asyncio.run(run())
    assert found == ["a", "b", "c"]


def test_invalid_logs_are_refused(client: rp.Client, site: Path) -> None:
    with pytest.raises(OptionError, match="on_browser_log is 3, but must be a function"):
        client.render_still(site, "page", on_browser_log=3)  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="do not report the console output of a page"):
        remotion_payload({"type": "still", "browserLogs": True})
