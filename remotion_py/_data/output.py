"""Output paths: checked before the render, and written atomically."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path, PurePosixPath, PureWindowsPath

from ..errors import DiskFullError, OutputError, RemotionPyError
from .untrusted import LONGEST_VALUE, shortened

SPARE_BYTES = 64 * 1024 * 1024
LONGEST_NAME = 255
"""Bytes of the name of a file or folder on the usual file systems."""
LONGEST_PATH = 1_000
"""Bytes of a path below a folder; an object key in S3 has at most 1024."""


def inside(folder: Path, name: str) -> Path:
    """Return the path of a file or folder below `folder` whose name others chose: a page, or a stored document.

    Every path that depends on such a name is made here, so none of them leaves its folder or hides in it.

    Args:
        folder: Where it has to stay.
        name: Relative path with `/` between its parts.

    Raises:
        OutputError: The name cannot be the one of a file there.
    """
    fault = name_fault(name)
    if fault:
        raise OutputError(
            f"The name {shortened(name, LONGEST_VALUE)!r} {fault}. It is ignored, and {folder} does not change."
        )
    return folder / name


def name_fault(name: str) -> str | None:
    """Return why a name cannot be the relative path of a visible file below some folder, as the end of a sentence.

    Args:
        name: Relative path with `/` between its parts.
    """
    parts = name.split("/")
    if PurePosixPath(name).is_absolute() or PureWindowsPath(name).anchor or "\\" in name:
        return "is not a relative path with / between its parts"
    if not all(parts):
        return "has an empty part, for example at its end or in 'a//b'"
    if any(part.startswith(".") for part in parts):
        return "has a part that begins with a dot, which is a hidden file or another folder"
    if any(ord(letter) < 32 or 0xD800 <= ord(letter) <= 0xDFFF for letter in name):
        return "contains a character that is not valid in file names"
    if any(len(part.encode()) > LONGEST_NAME for part in parts) or len(name.encode()) > LONGEST_PATH:
        return f"is too long: a part has at most {LONGEST_NAME} bytes, a path {LONGEST_PATH:,}"
    return None


def expanded(path: str | os.PathLike[str], error: type[RemotionPyError] = OutputError) -> Path:
    """Return a path with a leading `~` written out.

    Args:
        path: What somebody wrote.
        error: What is raised.

    Raises:
        RemotionPyError: It names a user who has no home folder.
    """
    if not os.fspath(path).startswith("~"):  # a path drops a leading ./, so "./~x" would be expanded
        return Path(path)
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise error(
            f"The path {os.fspath(path)!r} begins with a user who has no home folder on this machine. Write "
            f"the full path, or begin with ./ for a name that begins with ~."
        ) from None


def check_output(output: str | os.PathLike[str], extensions: tuple[str, ...], *, overwrite: bool) -> Path:
    """Return the absolute path of an output that can be written.

    Args:
        output: Path of the file to make.
        extensions: Extensions that fit what is rendered, without dots; the first is named in the error.
        overwrite: Whether an existing file may be replaced.

    Raises:
        OutputError: The extension does not fit, the file exists, or its folder cannot be written.
        DiskFullError: The disk has next to no space.
    """
    path = expanded(output).absolute()
    try:
        _probe(path, extensions, overwrite=overwrite)
        free = shutil.disk_usage(path.parent).free
    except OSError as error:
        raise OutputError(
            f"The output {path} cannot be written: {error.strerror or error}. Choose a writable folder."
        ) from error
    if free < SPARE_BYTES:
        raise DiskFullError(
            f"The disk of {path.parent} has {free // 2**20} MB left, which is not enough for a render. Free "
            f"some space, or choose an output on another disk."
        )
    return path


def check_output_folder(output: str | os.PathLike[str], *, overwrite: bool) -> Path:
    """Return the absolute path of a folder that files can be written to.

    Args:
        output: Path of the folder; it is made where it is missing.
        overwrite: Whether it may hold files already.

    Raises:
        OutputError: It is a file, holds files, or cannot be written.
    """
    path = expanded(output).absolute()
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
        filled = any(path.iterdir())
    except OSError as error:
        raise OutputError(
            f"The folder {path} cannot be written: {error.strerror or error}. Choose another one."
        ) from error
    if filled and not overwrite:
        raise OutputError(f"The folder {path} is not empty. Choose another one, or allow overwriting.")
    return path


def _probe(path: Path, extensions: tuple[str, ...], *, overwrite: bool) -> None:
    """Try what writing the output will do.

    Raises:
        OutputError: It is a folder, has an extension that does not fit, or exists and must not be replaced.
        OSError: It cannot be written.
    """
    if path.is_dir():
        example = path / f"out.{extensions[0]}"
        raise OutputError(f"The output {path} is a folder. Pass the path of a file, such as {example}.")
    if path.suffix.lower().lstrip(".") not in extensions:
        raise OutputError(
            f"The output {path.name!r} does not end in {' or '.join(f'.{e}' for e in extensions)}, which "
            f"this format needs. Rename it to {path.with_suffix('.' + extensions[0]).name!r}."
        )
    if path.exists() and not overwrite:
        raise OutputError(f"The output {path} exists already. Choose another name, or allow overwriting.")
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=path.parent):
        pass
    if path.exists() and not os.access(path, os.W_OK):
        raise OutputError(f"The output {path} exists and is read-only. Choose another name, or change its permissions.")
