"""Decodes packets to frames, also in damaged files."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any


def packets_of(container: Any, stream: Any) -> Iterator[Any]:
    """Yield the packets of a stream from the container's position; ends where nothing more can be read."""
    from av.error import FFmpegError

    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except (FFmpegError, ValueError):
            return
        if packet is None:
            return
        if packet.size:
            yield packet


def decoded_frames(packets: Iterable[Any], decoder: Any, on_damage: Callable[[], None] = lambda: None) -> Iterator[Any]:
    """Yield the frames of packets that have a time.

    A packet that cannot be decoded is lost, and the frames after it follow, as in players.

    Args:
        packets: Those of one video stream.
        decoder: A codec context for it.
        on_damage: Called where a packet cannot be decoded, or not wholly.
    """
    from av.error import FFmpegError

    for packet in itertools.chain(packets, [None]):
        try:
            frames = decoder.decode(packet)
        except EOFError:
            return
        except FFmpegError:
            on_damage()
            continue
        for frame in frames:
            if frame.is_corrupt:
                on_damage()
            if frame.pts is not None:
                yield frame


def in_order(frames: Iterator[Any]) -> Iterator[Any]:
    """Leave out a frame that is followed by one of the same time or an earlier one: its time is wrong, or it is twice.

    Damaged files have such frames. The choice looks at neighbours alone, so it is the same wherever reading began.
    """
    held: Any = None
    for frame in frames:
        if held is not None and held.pts < frame.pts:
            yield held
        held = frame
    if held is not None:
        yield held
