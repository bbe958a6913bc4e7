"""Where a result goes: checked before any work, written whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from .errors import DiskFullError, OutputError

SPARE_BYTES = 64 * 1024 * 1024


def expanded(path: str | os.PathLike[str]) -> Path:
    """Return a path with a leading `~` written out.

    Raises:
        OutputError: It names a user who has no home folder.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise OutputError(
            f"The path {os.fspath(path)!r} begins with a user who has no home folder here. Write the folder out, or "
            f"begin with ./ for a name that begins with ~."
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
            f"The output {path} cannot be written: {error.strerror or error}. Choose a folder that you may write to."
        ) from error
    if free < SPARE_BYTES:
        raise DiskFullError(
            f"The disk of {path.parent} has {free // 2**20} MB left, which is not enough to render. "
            f"Free some space there, or choose an output on another disk."
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
            f"The output {path.name!r} does not end in {' or '.join(f'.{e}' for e in extensions)}, which fits what is "
            f"rendered. Rename it to {path.with_suffix('.' + extensions[0]).name!r}."
        )
    if path.exists() and not overwrite:
        raise OutputError(f"The output {path} exists already. Choose another name, or allow overwriting.")
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=path.parent):
        pass
    if path.exists() and not os.access(path, os.W_OK):
        raise OutputError(f"The output {path} exists and may not be written. Choose another name.")
