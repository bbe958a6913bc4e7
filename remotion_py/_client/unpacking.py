"""Unpacks the archive of a finished sequence to a folder of pictures."""

from __future__ import annotations

import shutil
import zipfile
import zlib
from pathlib import Path

from .._data.output import inside
from ..errors import OutputError


def unpack(archive: Path, folder: Path, *, overwrite: bool) -> list[Path]:
    """Unpack pictures into a folder and return them in order; all names are checked before the first file is written.

    Args:
        archive: The zip archive, which is not deleted.
        folder: The destination folder.
        overwrite: Whether to replace files that were created there after the request was checked. A file that
            already has the content of its picture is kept: another client may be unpacking the same archive.

    Raises:
        OutputError: A name leads out of the folder, a file exists already, or a file cannot be written.
    """
    try:
        with zipfile.ZipFile(archive) as packed:
            targets = [(item, inside(folder, item.filename)) for item in packed.infolist()]
            waiting = [(item, path) for item, path in targets if overwrite or not _same(item, path)]
            for _, path in waiting:
                if path.exists() and not overwrite:
                    raise OutputError(
                        f"The picture {path} exists already: it was written while this render ran, and overwrite=False "
                        f"keeps it. The pictures are kept in {archive}; unpack them from there."
                    )
            for item, path in waiting:
                path.parent.mkdir(parents=True, exist_ok=True)
                with packed.open(item) as source, path.open("wb" if overwrite else "xb") as target:
                    shutil.copyfileobj(source, target)
            return [path for _, path in targets]
    except OSError as error:
        raise OutputError(
            f"The pictures cannot be written to {folder}: {error.strerror or error}. They are kept in {archive}; "
            f"unpack them from there."
        ) from error


def _same(item: zipfile.ZipInfo, path: Path) -> bool:
    """Whether a file has the same content as an item of the archive."""
    return path.is_file() and path.stat().st_size == item.file_size and zlib.crc32(path.read_bytes()) == item.CRC
