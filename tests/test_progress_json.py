"""The documents `progress.json` of real renders are what their type says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import remotion_py as rp
from remotion_py._data.progress_json import ProgressJson
from remotion_py._runtime import background
from remotion_py.lambda_.document import ProgressDocument
from remotion_py.lambda_.keys import progress_key

from .conftest import LAB
from .schema import faults

ATTACKS = Path(__file__).parent / "sites" / "attacks"
"""A page that emits what its props name."""


async def stored(client: rp.Client, render_id: str) -> dict[str, Any]:
    data = await client._engine.provider.store.get(progress_key(render_id))
    assert data
    return json.loads(data)


def read(client: rp.Client, render_id: str) -> dict[str, Any]:
    return background.run(stored(client, render_id))


def test_a_finished_render(client: rp.Client, tmp_path: Path) -> None:
    text = {"type": "artifact", "id": "1", "filename": "a.txt", "content": "x", "frame": 0, "contentType": "text"}
    logs: list[rp.BrowserLog] = []
    video = client.render_media(
        ATTACKS, "x", output=tmp_path / "a.mp4", props={"assets": [text], "run": "console.log('hello')"},
        on_browser_log=logs.append,
    )  # fmt: skip
    document = read(client, video.render_id)
    assert document["receivedArtifact"]
    assert document["remotionPy"]["browserLogs"]
    assert document["renderMetadata"]
    assert document["postRenderData"]
    assert list(faults(document, ProgressJson)) == []


def test_a_failed_render_of_several_chunks(client: rp.Client, tmp_path: Path) -> None:
    render = client.start_render_media(LAB, "throws", output=tmp_path / "a.mp4", concurrency=2)
    with pytest.raises(rp.errors.PageScriptError):
        render.wait()
    document = read(client, render.render_id)
    assert document["errors"]
    assert document["attempts"]
    assert list(faults(document, ProgressJson)) == []


def test_a_running_render() -> None:
    document = ProgressDocument(1, 60_000)
    document.site_opened(2)
    entry = document.attempt_started(0, 1, 3)
    document.invoked(0)
    document.report(
        0,
        {
            "rendered": 3,
            "encoded": 2,
            "waiting": {"frame": 3, "seconds": 6, "for": "the page"},
            "warnings": ["The page failed to load a.png"],
            "browserLogs": {"entries": [{"type": "log", "text": "x", "frame": None, "stack": []}]},
            "thumbnail": {"frame": 2, "picture": "/9j/"},
        },
    )
    document.retried(0, 2, 4, ValueError("x"))
    document.webhook_failed(ValueError("y"))
    entry["end"] = 5
    assert list(faults(json.loads(json.dumps(document.to_json())), ProgressJson)) == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"chunks": ["0"]}, ".chunks[0] is '0', not <class 'int'>"),
        ({"framesRendered": True}, ".framesRendered is True, not <class 'int'>"),
        ({"new": 1}, ".new is unknown"),
        ({"retries": [{"chunk": 1, "attempt": 2}]}, ".retries[0].time is missing"),
        ({"functionLaunched": "now"}, ".functionLaunched is 'now', not int | None"),
        ({"remotionPy": None}, ".remotionPy is None, not an object"),
    ],
)
def test_a_wrong_document_is_found(change: dict[str, Any], fault: str) -> None:
    document = {**ProgressDocument(1, 60_000).to_json(), **change}
    assert list(faults(document, ProgressJson)) == [fault]
    whole = ProgressDocument(1, 60_000).to_json()
    del whole["attempts"]  # pyright: ignore
    assert list(faults(whole, ProgressJson)) == [".attempts is missing"]
