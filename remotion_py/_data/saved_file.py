"""Results that are files: they are path-like, and can be copied."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Generator
from pathlib import Path

from .._runtime.tracebacks import short_tracebacks
from .output import check_output, check_output_folder, expanded

_SAME = {"jpg": ("jpeg", "jpg"), "jpeg": ("jpeg", "jpg")}
"""Extensions of one format."""


@short_tracebacks
class SavedFile:
    """A result that is a file. It is path-like: `open()`, `shutil` and `pathlib` take it as the path of the file."""

    @property
    def path(self) -> Path:
        """The file."""
        raise NotImplementedError

    def __fspath__(self) -> str:
        return os.fspath(self.path)

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = True) -> Path:
        """Copy the file.

        Args:
            path: The copy, with the same extension, or an existing folder to copy it into. Missing folders are made.
            overwrite: Whether an existing file is replaced.

        Returns:
            The path of the copy.

        Raises:
            OutputError: The file is in a bucket, the extension is another one, or the copy cannot be written.

        Example:
            >>> video.save("videos/race.mp4")
        """
        source = self.path
        to = expanded(path)
        to = to / source.name if to.is_dir() else to
        extension = source.suffix.lower().lstrip(".")
        to = check_output(to, _SAME.get(extension, (extension,)), overwrite=overwrite)
        _copy(source, to)
        return to


def copy_pictures(pictures: tuple[Path, ...], folder: str | os.PathLike[str], *, overwrite: bool) -> Path:
    """Copy pictures into a folder, which is made where it is missing, and return its path.

    Raises:
        OutputError: It is a file, holds files that are not to be replaced, or cannot be written.
    """
    to = check_output_folder(folder, overwrite=overwrite)
    for picture in pictures:
        _copy(picture, to / picture.name)
    return to


def _copy(source: Path, to: Path) -> None:
    if to.exists() and to.samefile(source):
        return
    with written_whole(to) as part:
        shutil.copyfile(source, part)


@contextlib.contextmanager
def written_whole(path: Path) -> Generator[Path]:
    """Give the path of a file that replaces another one once it is written."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
