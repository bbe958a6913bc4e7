"""The metadata of a media file's audio."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..errors import MediaError
from .decoding import packets_of
from .opening import opened
from .tracks import SourceFacts

COUNTED_BYTES = 64 * 1024**2
"""Files up to this size are read once to find their end."""
_EXACT = ("wav", "w64", "aiff", "flac")
_PADDING_S = 0.06
"""How much an encoder puts before and behind a sound, which some files count and others do not."""
_SLACK_S = 0.25
"""By how much the packets of an MP4 may lie behind the end that it states: padding, and sound beside video."""


def probe(path: Path, stream_index: int) -> SourceFacts:
    """Return what mixing has to know of a file's audio.

    Args:
        path: The file.
        stream_index: Which of its audio streams.

    Raises:
        MediaError: The file cannot be read, or nothing can decode its audio.
    """
    with opened(path) as container:
        if stream_index >= len(container.streams.audio):
            return SourceFacts(0)
        stream: Any = container.streams.audio[stream_index]
        if stream.codec_context is None:
            raise MediaError(
                f"The audio of {path} is in a format that FFmpeg cannot decode. Convert it, for example to "
                f"AAC, or mute the tag in the page."
            )
        channels, codec = stream.codec_context.channels, stream.codec_context.codec.canonical_name
        return SourceFacts(channels, _duration(container, stream), codec, container.format.name != "mp3")


def _duration(container: Any, stream: Any) -> float | None:
    """Return where the sound of a file is cut, in seconds; None where it ends with its last packet.

    The npm renderer cuts at the length that the file states. In MP4, MOV and files of bare samples that is exact;
    elsewhere it is an estimate of FFmpeg by bitrate (MP3 and AAC without a header) or a remark of the program that
    wrote the file (WebM, FLV), and can be wrong. There, packets are counted where that is quick.
    """
    import av

    stated = None if container.duration is None else container.duration / av.time_base
    if stated is not None and "mp4" in container.format.name:
        return None if _goes_on(container, stream, stated) else stated
    if container.size > COUNTED_BYTES:
        return stated if container.format.name in _EXACT else None
    ends = [
        (packet.pts + packet.duration) * stream.time_base
        for packet in packets_of(container, stream)
        if packet.pts is not None
    ]
    if not ends:
        return None
    counted = float(max(ends))
    return stated if stated is not None and abs(stated - counted) < _PADDING_S else counted


def _goes_on(container: Any, stream: Any, duration: float) -> bool:
    """Return whether a stream has packets clearly behind the end of the file as it names it."""
    from av.error import FFmpegError

    try:
        container.seek(int(max(0.0, duration - 2 * _SLACK_S) / stream.time_base), stream=stream)
    except FFmpegError:
        return True
    latest = duration + _SLACK_S
    packets = packets_of(container, stream)
    return any(packet.pts is not None and packet.pts * stream.time_base > latest for packet in packets)
