"""An object store in a folder: one file per object, written atomically.

Other users of the machine cannot read it, whatever the umask: only the owner has access to its folder and files.
Copies of its files get the permissions of new files at their destination.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import os
import secrets
import shutil
import stat
import tempfile
from pathlib import Path

from ..base import ObjectExistsError, ObjectInfo

_PARTIAL = ".partial-"
_OWN_FOLDER, _OWN_FILE = 0o700, 0o600


class FolderStore:
    """Keeps the objects of a bucket as files below `root/bucket`.

    Args:
        root: Folder of all buckets.
        bucket: Name of the bucket.
    """

    def __init__(self, root: str | os.PathLike[str], bucket: str) -> None:
        self.bucket = bucket
        self._folder = Path(root, bucket).absolute()

    def path(self, key: str) -> Path:
        """Return the file of an object, which need not exist.

        Raises:
            ValueError: The key would lead out of the bucket.
        """
        path = Path(os.path.normpath(self._folder / key))
        if not path.is_relative_to(self._folder) or path == self._folder:
            raise ValueError(f"The key {key!r} is outside the bucket {self.bucket!r}.")
        return path

    def local_path(self, key: str) -> Path | None:
        """Return the file of an object."""
        return self.path(key)

    async def put(self, key: str, data: bytes, *, if_absent: bool = False) -> None:
        """Write an object whole, or not at all."""
        path = self.path(key)
        self._keep_private()
        with _partial(path) as partial:
            partial.write_bytes(data)
            if if_absent:
                self._claim(key, partial)
            else:
                partial.replace(path)

    async def put_file(self, key: str, path: str | os.PathLike[str], *, if_absent: bool = False) -> None:
        """Move a file into the store."""
        self._keep_private()
        target = self.path(key)
        if if_absent:
            _make_folder(target.parent)
            with self._refusing(key):
                os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _OWN_FILE))
        try:
            await asyncio.to_thread(_place, Path(path), target, move=True)
        except BaseException:
            if if_absent:
                target.unlink(missing_ok=True)
            raise

    def _claim(self, key: str, partial: Path) -> None:
        """Give a written file its name, if no other has it.

        Raises:
            ObjectExistsError: One has.
        """
        path = self.path(key)
        try:
            with self._refusing(key):
                os.link(partial, path)
        except OSError:  # a file system without hard links: Google Drive in Colab, exFAT, some network shares
            with self._refusing(key):
                os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _OWN_FILE))
            partial.replace(path)

    @contextlib.contextmanager
    def _refusing(self, key: str):
        try:
            yield
        except FileExistsError:
            raise ObjectExistsError(f"{self.bucket}/{key} exists already") from None

    async def get(self, key: str) -> bytes | None:
        """Read an object; None where there is none."""
        try:
            return self.path(key).read_bytes()
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            return None

    async def get_file(self, key: str, path: str | os.PathLike[str]) -> None:
        """Copy an object to a file; the file appears whole or not at all."""
        await asyncio.to_thread(_place, self.path(key), Path(path), move=False)

    async def head(self, key: str) -> ObjectInfo | None:
        """Return what is known of an object; None where there is none."""
        path = self.path(key)
        return self._info(path)

    async def list(self, prefix: str) -> list[ObjectInfo]:
        """List the objects whose keys begin with a prefix; one that changes in the meantime may be missing."""
        return await asyncio.to_thread(self._list, prefix)

    def _list(self, prefix: str) -> list[ObjectInfo]:
        start = self._folder / prefix
        folder = start if prefix.endswith("/") or not prefix else start.parent
        # Not by rglob(), which fails when a folder goes that it is about to read.
        paths = [Path(where, name) for where, _, names in os.walk(folder) for name in names]
        infos = [self._info(path) for path in paths if not path.name.startswith(_PARTIAL)]
        found = [info for info in infos if info and info.key.startswith(prefix)]
        return sorted(found, key=lambda info: info.key)

    async def delete(self, key: str) -> None:
        """Delete an object and the folders that it leaves empty."""
        path = self.path(key)
        path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            for parent in path.parents:
                if parent == self._folder:
                    break
                parent.rmdir()

    async def presign(self, key: str, expires_in_seconds: int = 3600) -> str:
        """Return a `file:` URL; it does not expire."""
        del expires_in_seconds
        return self.path(key).as_uri()

    def _keep_private(self) -> None:
        """Make the folder of the bucket, or take the rights of others from one that is there."""
        self._folder.parent.mkdir(parents=True, exist_ok=True, mode=_OWN_FOLDER)
        self._folder.mkdir(exist_ok=True, mode=_OWN_FOLDER)
        facts = self._folder.stat()
        if facts.st_mode & 0o077 and facts.st_uid == os.geteuid():
            self._folder.chmod(_OWN_FOLDER)

    def _info(self, path: Path) -> ObjectInfo | None:
        try:
            facts = path.stat()
        except OSError:
            return None
        if not stat.S_ISREG(facts.st_mode):
            return None
        modified = datetime.datetime.fromtimestamp(facts.st_mtime, datetime.UTC)
        return ObjectInfo(path.relative_to(self._folder).as_posix(), facts.st_size, modified)


def _make_folder(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)


@contextlib.contextmanager
def _partial(path: Path):
    """Give a name beside `path` to write to, and leave nothing under it."""
    _make_folder(path.parent)
    handle, name = tempfile.mkstemp(prefix=_PARTIAL, dir=path.parent)
    os.close(handle)
    partial = Path(name)
    try:
        yield partial
    finally:
        partial.unlink(missing_ok=True)


def _usual_rights(folder: Path) -> int:
    """Return the rights that a new file gets in a folder, by the umask of this process."""
    name = folder / f"{_PARTIAL}{secrets.token_hex(8)}"
    handle = os.open(name, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
    try:
        return os.fstat(handle).st_mode & 0o777
    finally:
        os.close(handle)
        name.unlink()


def _place(source: Path, target: Path, *, move: bool) -> None:
    with _partial(target) as partial:
        try:
            if move:
                source.replace(partial)
            else:
                partial.unlink()
                os.link(source, partial)
        except OSError as error:
            if isinstance(error, FileNotFoundError):
                raise
            shutil.copyfile(source, partial)
        with contextlib.suppress(PermissionError):  # a file system that knows no rights
            partial.chmod(_OWN_FILE if move else _usual_rights(target.parent))
        partial.replace(target)
