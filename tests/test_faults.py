"""Faults around a render: stores that are read-only, lack hard links or change meanwhile; clocks."""

from __future__ import annotations

import asyncio
import concurrent.futures
import datetime
import errno
import json
import os
import threading
import time
import zipfile
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import remotion_py as rp
from remotion_py._client.delivery import Delivery
from remotion_py._runtime import background
from remotion_py.errors import OptionError, OutputError, RemotionPyError, RenderError
from remotion_py.lambda_ import shared_assets
from remotion_py.lambda_.document import ProgressDocument
from remotion_py.lambda_.keys import progress_key
from remotion_py.lambda_.payload import StartPayload
from remotion_py.lambda_.publish import Publisher
from remotion_py.lambda_.roles.start import start
from remotion_py.lambda_.shared_assets import SharedAssets
from remotion_py.media.sequence import picture_names
from remotion_py.progress import from_document
from remotion_py.providers.base import ObjectExistsError, ObjectInfo
from remotion_py.providers.local.folder import FolderStore
from remotion_py.providers.local.provider import LocalProvider
from remotion_py.providers.local.retention import outdated

from .patience import PATIENCE_S


def run(work: Any) -> Any:
    return asyncio.run(asyncio.wait_for(work, PATIENCE_S))


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path, "bucket")


def test_a_store_needs_no_hard_links(store: FolderStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(errno.EOPNOTSUPP, "Operation not supported")

    monkeypatch.setattr(os, "link", refuse)
    run(store.put("a", b"first", if_absent=True))
    with pytest.raises(ObjectExistsError):
        run(store.put("a", b"second", if_absent=True))
    (tmp_path / "file").write_bytes(b"second")
    with pytest.raises(ObjectExistsError):
        run(store.put_file("a", tmp_path / "file", if_absent=True))
    assert run(store.get("a")) == b"first"
    run(store.put_file("b", tmp_path / "file", if_absent=True))
    assert run(store.get("b")) == b"second"


def test_a_listing_is_whole_while_objects_come_and_go(store: FolderStore) -> None:
    ended = threading.Event()

    def busy() -> None:
        while not ended.is_set():
            for number in range(20):
                run(store.put(f"renders/{number}/progress.json", b"{}"))
                run(store.put(f"renders/{number}/out.mp4", b"x"))
                run(store.delete(f"renders/{number}/out.mp4"))
                run(store.delete(f"renders/{number}/progress.json"))

    run(store.put("renders/kept/progress.json", b"{}"))
    thread = threading.Thread(target=busy)
    thread.start()
    try:
        for _ in range(60):
            assert "renders/kept/progress.json" in [item.key for item in run(store.list("renders/"))]
    finally:
        ended.set()
        thread.join()


def test_old_files_are_removed_but_not_results() -> None:
    now = datetime.datetime(2026, 6, 1, tzinfo=datetime.UTC)
    ages = {
        "renders/old/progress.json": 40,
        "renders/old/record.json": 40,
        "renders/video/progress.json": 40,
        "renders/video/out.mp4": 40,
        "renders/killed/progress.json": 40,
        "renders/killed/assets/x.json": 40,
        "renders/killed/chunks/0/attempt-1/chunk.mp4": 40,
        "renders/artifact/progress.json": 40,
        "renders/artifact/artifacts/assets/x.txt": 40,
        "renders/new/progress.json": 1,
        "renders/new/assets/x": 40,
        "renders/new/record.json": 40,
        "input-props/a.json": 40,
        "input-props/b.json": 1,
        "sites/x/index.html": 400,
    }
    objects = [ObjectInfo(key, 1, now - datetime.timedelta(days=days)) for key, days in ages.items()]
    assert sorted(outdated(objects, now)) == [
        "input-props/a.json",
        "renders/killed/assets/x.json",
        "renders/killed/chunks/0/attempt-1/chunk.mp4",
        "renders/killed/progress.json",
        "renders/old/progress.json",
        "renders/old/record.json",
    ]


@pytest.mark.skipif(os.getuid() == 0, reason="root writes everywhere")
def test_a_read_only_home_is_an_error_with_a_next_step(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="REMOTION_PY_STORE"):
        run(LocalProvider(store=tmp_path / "store").open())


def test_an_impossible_store_is_an_error_with_a_next_step(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"file/store cannot be written: .*REMOTION_PY_STORE"):
        run(LocalProvider(store=tmp_path / "file" / "store").open())


class OvertakenStore(FolderStore):
    """A store whose first put lands after the second one, if that is not kept waiting for it."""

    def __init__(self, root: Path, threads: concurrent.futures.Executor) -> None:
        super().__init__(root, "bucket")
        self.began, self._overtaken = threading.Event(), threading.Event()
        self._threads = threads

    async def put(self, key: str, data: bytes, *, if_absent: bool = False) -> None:
        first = not self.began.is_set()
        self.began.set()

        def write() -> None:
            if first:
                self._overtaken.wait(1)
            asyncio.run(FolderStore.put(self, key, data))
            self._overtaken.set()

        # As boto3's: who is cancelled leaves the thread running.
        await asyncio.get_running_loop().run_in_executor(self._threads, write)


def test_no_upload_overwrites_the_last_document(tmp_path: Path) -> None:
    async def publish(store: OvertakenStore) -> None:
        document = ProgressDocument(0, 2**52)
        async with Publisher(document, store, "abc"):
            await asyncio.to_thread(store.began.wait, 30)
            document.combined(7)

    with concurrent.futures.ThreadPoolExecutor(2) as threads:
        store = OvertakenStore(tmp_path, threads)
        run(publish(store))
    assert json.loads(run(store.get(progress_key("abc"))) or b"")["combinedFrames"] == 7


def test_the_error_says_that_the_store_is_full(store: FolderStore, monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    async def publish() -> None:
        async with Publisher(ProgressDocument(0, 1), store, "abc"):
            monkeypatch.setattr(store, "put", full)

    with pytest.raises(RenderError, match=r"The disk is full.*REMOTION_PY_STORE"):
        run(publish())


def test_a_start_that_is_repeated_starts_once(store: FolderStore) -> None:
    started: list[dict[str, Any]] = []

    async def invoke_event(_: str, payload: dict[str, Any]) -> None:
        started.append(payload)

    context: Any = SimpleNamespace(
        open_store=lambda _: store,
        functions=SimpleNamespace(invoke_event=invoke_event),
        function_name="f",
        deadline_ms=2**52,
    )
    payload = StartPayload(serve_url="u", composition="c", bucket_name="bucket", render_id="abc123")
    assert run(start(payload, context))["renderId"] == "abc123"
    run(store.put(progress_key("abc123"), b'{"main": "at work"}'))
    assert run(start(payload, context))["renderId"] == "abc123"
    assert run(store.get(progress_key("abc123"))) == b'{"main": "at work"}'
    assert {item["renderId"] for item in started} == {"abc123"}  # a main function takes on a render once
    with pytest.raises(RemotionPyError, match="renderId"):
        run(start(replace(payload, render_id="../x"), context))


def test_a_clock_that_is_set_ahead_ends_no_render() -> None:
    now = time.time_ns() // 1_000_000
    document = ProgressDocument(0, 1000).to_json()
    assert from_document(document | {"heartbeatTimestamp": now - 5000}, "id", "b").state == "rendering"
    assert from_document(document | {"heartbeatTimestamp": now - 500_000}, "id", "b").state == "interrupted"
    assert from_document(document, "id", "b").state == "interrupted"


def test_an_asset_is_taken_over_from_a_function_that_died(
    store: FolderStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_assets, "PATIENCE_S", 3)
    monkeypatch.setattr(shared_assets, "BEAT_S", 0.1)
    shared = SharedAssets(store, "abc")
    run(store.put("renders/abc/assets/x.lock", b"", if_absent=True))  # its writer was killed
    downloads = 0

    async def have(name: str) -> dict[str, Any]:
        path = tmp_path / name

        async def download() -> dict[str, Any]:
            nonlocal downloads
            downloads += 1
            await asyncio.sleep(4)  # longer than the patience, but it shows signs of life
            path.write_bytes(b"asset")
            return {"type": "x"}

        note = await shared.have("x", path, download)
        assert path.read_bytes() == b"asset"
        return note

    async def both() -> list[dict[str, Any]]:
        return list(await asyncio.gather(have("a"), have("b")))

    assert run(both()) == [{"type": "x"}, {"type": "x"}]
    assert downloads == 1


def test_a_result_at_the_end_of_a_waiting_slice_is_not_lost() -> None:
    class Late(concurrent.futures.Future[int]):
        """Raises as `result()` does that ran out of time while the result was set."""

        asked = 0

        def result(self, timeout: float | None = None) -> int:
            self.asked += 1
            if self.asked == 1:
                self.set_result(5)
                raise TimeoutError
            return super().result(timeout)

    assert background.wait(Late()) == 5


def test_a_time_out_of_the_work_itself_is_raised() -> None:
    async def work() -> None:
        raise TimeoutError("its own")

    with pytest.raises(TimeoutError, match="its own"):
        background.run(work())


def test_an_output_that_appears_meanwhile_is_kept(store: FolderStore, tmp_path: Path) -> None:
    output = tmp_path / "a.mp4"
    output.write_bytes(b"somebody's")
    run(store.put("renders/a/out.mp4", b"ours"))
    provider: Any = SimpleNamespace(store=store)
    with pytest.raises(OutputError, match="overwrite=False"):
        run(Delivery(provider).deliver("renders/a/out.mp4", output, overwrite=False))
    assert output.read_bytes() == b"somebody's"
    assert run(store.get("renders/a/out.mp4")) == b"ours"


def _sequence(folder: Path, store: FolderStore, pattern: str = "[frame].[ext]") -> rp.RenderProgress:
    """A finished sequence of two pictures, whose archive is in the store."""
    names = picture_names([0, 1], pattern, "png")
    with zipfile.ZipFile(folder / "ours.zip", "w") as archive:
        for name in names:
            archive.writestr(name, f"ours {name}")
    run(store.put("renders/abc/out.zip", (folder / "ours.zip").read_bytes()))
    metadata = {"compositionId": "c", "frameRange": [0, 1], "totalChunks": 1, "fps": 30, "imageFormat": "png"}
    metadata |= {"dimensions": {"width": 8, "height": 8}, "imageSequencePattern": pattern}
    post = {"outKey": "renders/abc/out.zip", "outputSize": 1, "timeToFinish": 1, "endTime": 1}
    return rp.RenderProgress("abc", "bucket", render_metadata=metadata, post_render_data=post)


def test_a_picture_that_appears_meanwhile_is_kept(store: FolderStore, tmp_path: Path) -> None:
    progress, output = _sequence(tmp_path, store), tmp_path / "pictures"
    output.mkdir()
    (output / "1.png").write_bytes(b"somebody's")
    provider: Any = SimpleNamespace(store=store)
    with pytest.raises(OutputError, match=r"1\.png exists already.*overwrite=False.*kept in .*out\.zip"):
        run(Delivery(provider).frames(output, False, progress))
    assert [path.name for path in output.iterdir()] == ["1.png"]
    assert (output / "1.png").read_bytes() == b"somebody's"
    (output / "1.png").write_bytes(b"ours 1.png")  # as by another client that unpacks the same archive
    made = run(Delivery(provider).frames(output, False, progress))
    assert [path.read_bytes() for path in made.paths] == [b"ours 0.png", b"ours 1.png"]
    assert run(store.list("renders/")) == []


def test_pictures_may_be_replaced(store: FolderStore, tmp_path: Path) -> None:
    progress = _sequence(tmp_path, store)
    (tmp_path / "1.png").write_bytes(b"older")
    provider: Any = SimpleNamespace(store=store)
    made = run(Delivery(provider).frames(tmp_path, True, progress))
    assert made.paths[1].read_bytes() == b"ours 1.png"


@pytest.mark.parametrize("unpacked", [False, True])
@pytest.mark.parametrize("pattern", ["../[frame].[ext]", "/tmp/[frame].[ext]", "a//[frame]", ".[frame]"])
def test_names_of_a_stored_sequence_stay_in_its_folder(
    store: FolderStore, tmp_path: Path, pattern: str, unpacked: bool
) -> None:
    progress = _sequence(tmp_path, store, pattern)
    if unpacked:
        run(store.delete("renders/abc/out.zip"))
    provider: Any = SimpleNamespace(store=store)
    with pytest.raises(OutputError, match="It is ignored"):
        run(Delivery(provider).frames(tmp_path / "pictures", True, progress))
    assert not (tmp_path / "pictures").exists()


def test_a_folder_that_cannot_be_written_is_named(store: FolderStore, tmp_path: Path) -> None:
    progress = _sequence(tmp_path, store)
    (tmp_path / "pictures").touch()
    provider: Any = SimpleNamespace(store=store)
    with pytest.raises(OutputError, match=r"pictures: .*kept in .*out\.zip"):
        run(Delivery(provider).frames(tmp_path / "pictures", True, progress))
    assert run(store.head("renders/abc/out.zip"))


def test_a_signature_that_is_not_ascii_is_refused() -> None:
    for header in ("sha512=ä", "\udcff", "世界"):
        with pytest.raises(OptionError, match="does not match"):
            rp.validate_webhook_signature("secret", b"{}", header)
