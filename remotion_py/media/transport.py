"""Converts MPEG transport streams to Matroska, because the pinned FFmpeg binary crashes on them (seen with 7.0.2)."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

from .decoding import packets_of
from .opening import opened

_PACKET = 188
_SYNC = 0x47


def is_transport_stream(path: Path) -> bool:
    """Return whether a file is an MPEG transport stream."""
    with path.open("rb") as file:
        head = file.read(2 * _PACKET + 1)
    return len(head) > 2 * _PACKET and head[0] == head[_PACKET] == head[2 * _PACKET] == _SYNC


def without_transport(path: Path, folder: Path) -> Path:
    """Copy the video and audio of a transport stream to Matroska, with their times, and return the copy.

    Args:
        path: The transport stream.
        folder: Where copies are kept.

    Raises:
        MediaError: It cannot be read.
    """
    import av

    stat = path.stat()
    name = hashlib.sha256(f"{path}{stat.st_size}{stat.st_mtime_ns}".encode()).hexdigest()[:32]
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    copied = folder / f"{name}.mkv"
    if not copied.exists():
        making = folder / f"{name}-{os.getpid()}.partial"
        try:
            with opened(path) as source, av.open(str(making), "w", format="matroska") as target:
                kept: list[Any] = [
                    one for one in (*source.streams.video, *source.streams.audio) if one.codec_context is not None
                ]
                streams = {one.index: target.add_stream_from_template(one, opaque=True) for one in kept}
                for packet in packets_of(source, kept):
                    if packet.dts is not None:
                        packet.stream = streams[packet.stream.index]
                        target.mux(packet)
            making.replace(copied)
        finally:
            making.unlink(missing_ok=True)
    return copied
