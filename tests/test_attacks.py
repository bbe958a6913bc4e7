"""Attacks by real pages, and by what a bucket holds: nothing outside the output's folder is written."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

import remotion_py as rp
from remotion_py._client.delivery import Delivery
from remotion_py.errors import CompositionNotFoundError, OptionError, OutputError, PageScriptError, RemotionPyError
from remotion_py.progress import from_document

from .test_untrusted import ARTIFACT, BEGUN, METADATA, POST, SOUND, TEXT

ATTACKS = Path(__file__).parent / "sites" / "attacks"
DEEP = "let a = []; for (let i = 0; i < 480; i++) a = [a]; window.remotion_collectAssets = () => [a]"


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("composition_id", ["../../home", "ABSOLUTE", "y"])
def test_a_page_cannot_choose_where_its_files_go(client: rp.Client, tmp_path: Path, composition_id: str) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / ".bashrc").write_text("mine")
    found = str(home) if composition_id == "ABSOLUTE" else composition_id
    attack = {"metadata": {"id": found}, "assets": [TEXT | {"filename": "planted.txt"}]}
    output = tmp_path / "a" / "b" / "out.mp4"
    with pytest.raises(PageScriptError, match=r"has id .* letters, digits and dashes|but the page answered with 'y'"):
        client.render_media(ATTACKS, "x", output=output, props=attack)
    with pytest.raises(PageScriptError):
        client.render_still(ATTACKS, "x", output=output.with_suffix(".png"), props=attack)
    assert files(tmp_path) == ["home/.bashrc"]


@pytest.mark.parametrize("name", [".bashrc", "../../home/.bashrc"])
def test_an_artifact_stays_in_its_folder_and_is_not_hidden(client: rp.Client, tmp_path: Path, name: str) -> None:
    attack = {"assets": [TEXT | {"filename": name}]}
    with pytest.raises(PageScriptError, match=r"has filename .*must have a relative file name.*at frame 1"):
        client.render_media(ATTACKS, "x", output=tmp_path / "out.mp4", props=attack, concurrency=1)
    assert files(tmp_path) == []


@pytest.mark.parametrize(
    ("attack", "kind", "words"),
    [
        ({"metadata": {"width": "320"}}, PageScriptError, r"composition 'x' has width '320', but must have a whole"),
        ({"metadata": {"defaultPixelFormat": "-i /etc/passwd"}}, OptionError, "pixel_format '-i /etc/passwd' cannot"),
        (
            {"metadata": {"width": 1, "height": 1}},
            OptionError,
            r"1x1 pixels, but codec 'h264' supports widths and heights from 2",
        ),
        ({"assets": [SOUND | {"playbackRate": 0}]}, PageScriptError, r"has playbackRate 0, .* \(at frame 1\)"),
        ({"assets": [SOUND | {"src": f"http://{'a' * 300}/x.mp3"}]}, PageScriptError, "has src 'http://aaa"),
        ({"assets": [TEXT, TEXT]}, PageScriptError, r"emitted the artifact 'a.txt' at frame 1 and again at frame 1"),
        ({"names": [f"c{index}" for index in range(3000)]}, CompositionNotFoundError, "c49 and 2950 more. Pass"),
        ({"run": "throw new Error('http://'.repeat(80000))"}, PageScriptError, r"threw at frame 1: Error: http"),
        ({"run": r"throw new Error('half \ud83d of it \x1b[31mred')"}, PageScriptError, "half \ufffd of it red"),
        ({"run": DEEP}, PageScriptError, "data that is nested too deeply"),
        (
            {"sounds": "[{src: 'a.wav', volume: NaN}]"},
            PageScriptError,
            "volume of sound 0 .* number, but is NaN at frame",
        ),
        (
            {"sounds": "[{src: 'a.wav', playbackRate: NaN}]"},
            PageScriptError,
            r"has playbackRate null \(NaN and infinity",
        ),
        ({"run": "throw {code: 7}"}, PageScriptError, r'at frame 1: {"code":7}\.'),
        ({"run": "Promise.reject({code: 7})"}, PageScriptError, r"at frame 1: Object {code: 7}\."),
        (
            {"run": "location.href = 'about:blank'; remotionPy.delayRender('x')"},
            PageScriptError,
            "loaded another document at frame 1",
        ),
    ],
)
def test_impossible_values_from_a_page_are_refused(
    client: rp.Client, tmp_path: Path, attack: dict[str, Any], kind: type[RemotionPyError], words: str
) -> None:
    with pytest.raises(kind, match=words) as failure:
        client.render_media(ATTACKS, "x", output=tmp_path / "out.mp4", props=attack, concurrency=1)
    str(failure.value).encode()  # so that it can be printed
    assert len(failure.value.message) < 30_000
    assert files(tmp_path) == []


def test_a_plain_artifact_arrives(client: rp.Client, tmp_path: Path) -> None:
    named = [TEXT | {"filename": "notes/a.txt", "content": "Grüße \x07"}]
    video = client.render_media(ATTACKS, "x", output=tmp_path / "out.mp4", props={"assets": named})
    assert [one.path for one in video.artifacts] == [tmp_path / "x" / "notes" / "a.txt"]
    assert video.artifacts[0].path.read_text() == "Grüße \x07"


def test_a_client_writes_only_to_its_folder_for_any_document(client: rp.Client, tmp_path: Path) -> None:
    provider = client._engine.provider
    asyncio.run(provider.open())
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)

    def deliver(metadata: dict[str, Any], entry: dict[str, Any]) -> Any:
        made = {"renderMetadata": METADATA | metadata, "postRenderData": POST, "receivedArtifact": [entry]}
        document = BEGUN | made
        progress = from_document(json.loads(json.dumps(document)), "abc", "b")
        return asyncio.run(Delivery(provider).video(folder / "out.mp4", None, True, progress))

    async def put() -> None:
        await provider.store.put("renders/abc/artifacts/a.txt", b"planted")
        await provider.store.put("renders/abc/out.mp4", b"film")
        await provider.store.put("renders/other/secret", b"secret")

    asyncio.run(put())
    for composition_id in ("../../x", str(tmp_path / "x"), "..", ".ssh"):
        with pytest.raises(OutputError, match="It is ignored"):
            deliver({"compositionId": composition_id}, ARTIFACT)
    for name in ("../a.txt", "/a.txt", ".bashrc", "b/../../a.txt"):
        with pytest.raises(OutputError, match="It is ignored"):
            deliver({}, ARTIFACT | {"filename": name})
        asyncio.run(put())
    assert files(tmp_path) in (["a/b/out.mp4"], [])
    video = deliver({}, ARTIFACT)
    # Its key is made of its name: what the document says of it could be any object of the bucket.
    assert video.artifacts[0].path.read_bytes() == b"planted"
    assert files(tmp_path) == ["a/b/out.mp4", "a/b/x/a.txt"]
