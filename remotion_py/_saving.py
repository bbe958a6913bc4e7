"""Results as files: they are paths, and can be copied to others."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Generator
from pathlib import Path

from ._traceback import short_tracebacks
from .media.ffmpeg import run_ffmpeg
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


def write_gif(
    video: Path, path: str | os.PathLike[str], *, fps: float | None, width: int | None, overwrite: bool
) -> Path:
    """Convert a video to a GIF with one palette for all frames, and return its path.

    Raises:
        OutputError: The extension is not .gif, or the file cannot be written.
        MediaError: FFmpeg failed.
    """
    to = check_output(path, ("gif",), overwrite=overwrite)
    changed = [f"fps={fps}"] if fps else []
    changed += [f"scale={width}:-1:flags=lanczos"] if width else []
    colours = "split[seen][counted];[counted]palettegen[palette];[seen][palette]paletteuse"
    with _whole(to) as part:
        arguments = ["-i", str(video), "-filter_complex", ",".join([*changed, colours]), "-f", "gif", "-y", str(part)]
        run_ffmpeg(arguments, "convert the video to a GIF", lambda: ())
    return to


def _copy(source: Path, to: Path) -> None:
    if to.exists() and to.samefile(source):
        return
    with _whole(to) as part:
        shutil.copyfile(source, part)


@contextlib.contextmanager
def _whole(path: Path) -> Generator[Path]:
    """Give the path of a file that replaces another one once it is written."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
