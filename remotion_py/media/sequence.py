"""Writes the pictures of a render to an archive, with one file for each frame."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .opening import open_media


def picture_names(frames: Sequence[int], pattern: str, extension: str) -> list[str]:
    """Return the file name of each frame, its number padded to the width of the last one.

    Args:
        frames: Frame numbers, in order.
        pattern: With `[frame]` and `[ext]` for what is replaced.
        extension: Of the files.
    """
    width = len(str(frames[-1]))
    return [pattern.replace("[frame]", f"{frame:0{width}}").replace("[ext]", extension) for frame in frames]


def write_archive(chunks: Sequence[Path], names: Sequence[str], output: Path) -> None:
    """Write an archive of the captured pictures, which chunks carry as they are.

    Args:
        chunks: Files whose video holds the pictures.
        names: A file name for each picture.
        output: The archive.
    """
    waiting = iter(names)
    with zipfile.ZipFile(output, "w", zipfile.ZIP_STORED) as archive:
        for chunk in chunks:
            with open_media(chunk) as source:
                packets: Any = source.demux(source.streams.video[0])
                for packet in packets:
                    if packet.size:
                        archive.writestr(next(waiting), bytes(packet))
