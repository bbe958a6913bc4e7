"""The contract of an object store, on a folder."""

from __future__ import annotations

import asyncio
import os
import stat
import threading
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from remotion_py.providers.base import ObjectExistsError
from remotion_py.providers.local.folder import FolderStore


def run(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(work)


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path, "bucket")


@pytest.fixture(params=[0o000, 0o077])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def rights(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_other_users_cannot_read_a_store_and_outputs_are_ordinary_files(tmp_path: Path, umask: int) -> None:
    (tmp_path / "old" / "bucket").mkdir(parents=True, mode=0o755)
    for root in (tmp_path / "new" / "deep", tmp_path / "old"):
        store = FolderStore(root, "bucket")
        source = tmp_path / "source"
        source.write_bytes(b"video")
        source.chmod(0o644)
        run(store.put("renders/a/record.json", b"{}"))
        run(store.put_file("renders/a/out.mp4", source))
        assert rights(root / "bucket") == 0o700
        assert rights(store.path("renders/a/record.json")) == 0o600
        assert rights(store.path("renders/a/out.mp4")) == 0o600
        run(store.get_file("renders/a/out.mp4", tmp_path / "output.mp4"))
        assert rights(tmp_path / "output.mp4") == 0o666 & ~umask
        assert (tmp_path / "output.mp4").read_bytes() == b"video"
    assert rights(tmp_path / "new" / "deep") == 0o700
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new", "old", "output.mp4"]


def test_put_get_head_list_delete(store: FolderStore) -> None:
    for key in ("renders/b/x.json", "renders/a/x.json", "renders/ab/y", "other"):
        run(store.put(key, key.encode()))
    assert run(store.get("renders/a/x.json")) == b"renders/a/x.json"
    assert run(store.get("renders/a")) is None
    assert run(store.get("nothing")) is None
    assert run(store.head("nothing")) is None
    assert run(store.head("other")).size == 5
    assert [item.key for item in run(store.list("renders/a"))] == ["renders/a/x.json", "renders/ab/y"]
    assert [item.key for item in run(store.list("renders/a/"))] == ["renders/a/x.json"]
    assert len(run(store.list(""))) == 4
    run(store.delete("renders/a/x.json"))
    run(store.delete("renders/a/x.json"))
    assert [item.key for item in run(store.list("renders/a"))] == ["renders/ab/y"]


def test_files_go_in_and_out_whole(store: FolderStore, tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(b"x" * 1_000_000)
    run(store.put_file("renders/a/out.mp4", source))
    run(store.get_file("renders/a/out.mp4", target))
    assert target.read_bytes() == b"x" * 1_000_000
    run(store.put("renders/a/out.mp4", b"new"))
    assert len(target.read_bytes()) == 1_000_000
    with pytest.raises(FileNotFoundError):
        run(store.get_file("nothing", target))
    assert len(target.read_bytes()) == 1_000_000
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bucket", "target"]


def test_only_one_of_many_conditional_puts_wins(store: FolderStore) -> None:
    wins: list[int] = []

    def put(number: int) -> None:
        try:
            asyncio.run(store.put("one", str(number).encode(), if_absent=True))
            wins.append(number)
        except ObjectExistsError:
            pass

    threads = [threading.Thread(target=put, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(wins) == 1
    assert run(store.get("one")) == str(wins[0]).encode()


def test_keys_cannot_lead_out_of_the_bucket(store: FolderStore) -> None:
    for key in ("../other/x", "/etc/passwd", "a/../../x", ""):
        with pytest.raises(ValueError, match="is outside the bucket"):
            run(store.put(key, b""))


def test_presigned_urls_lead_to_the_file(store: FolderStore) -> None:
    run(store.put("a b.txt", b"x"))
    url = run(store.presign("a b.txt"))
    assert url.startswith("file:///")
    assert url.endswith("/bucket/a%20b.txt")
