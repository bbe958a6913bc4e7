"""What a media file says of its audio."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..errors import MediaError
from .decoding import packets_of
from .opening import opened
from .tracks import SourceFacts

COUNTED_BYTES = 64 * 1024**2
"""Files up to this size are read once to find their end."""
_SLACK_S = 0.25
"""By how much the last packets may lie behind the end that a file names: padding, and sound beside video."""


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
                f"The audio of {path} is in a format that FFmpeg cannot decode. Convert it, for example to AAC, or "
                f"mute its tag."
            )
        channels, codec = stream.codec_context.channels, stream.codec_context.codec.canonical_name
        return SourceFacts(channels, _duration(container, stream), codec, container.format.name != "mp3")


def _duration(container: Any, stream: Any) -> float | None:
    """Return where the sound of a file is cut, in seconds; None where it ends with its last packet.

    Only the tables of MP4 and MOV are exact enough to cut by. Elsewhere the length is an estimate of FFmpeg by bitrate
    (MP3 and AAC without a header) or a remark of the program that wrote the file (WebM, FLV), and either can be too
    short. There, packets are counted where that is quick, so that sounds that have ended cost nothing.
    """
    import av

    if "mp4" in container.format.name and container.duration is not None:
        duration = container.duration / av.time_base
        return None if _goes_on(container, stream, duration) else duration
    if container.size > COUNTED_BYTES:
        return None
    ends = [
        (packet.pts + packet.duration) * stream.time_base
        for packet in packets_of(container, stream)
        if packet.pts is not None
    ]
    return float(max(ends)) + _SLACK_S if ends else None


def _goes_on(container: Any, stream: Any, duration: float) -> bool:
    """Tell whether a stream has packets clearly behind the end of the file as it names it."""
    from av.error import FFmpegError

    try:
        container.seek(int(max(0.0, duration - 2 * _SLACK_S) / stream.time_base), stream=stream)
    except FFmpegError:
        return True
    latest = duration + _SLACK_S
    packets = packets_of(container, stream)
    return any(packet.pts is not None and packet.pts * stream.time_base > latest for packet in packets)
