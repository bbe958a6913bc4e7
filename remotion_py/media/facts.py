"""What a media file says of its audio."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..errors import MediaError
from .tracks import SourceFacts

INPUT_LIMITS: dict[str, Any] = {
    "protocol_whitelist": "file",
    "format_whitelist": "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,flv,mpegts,mpeg,mpegvideo,mp3,aac,wav,w64,flac,ogg,"
    "aiff,caf,ac3,eac3,amr,gif,apng,image2,png_pipe,jpeg_pipe,webp_pipe,mxf,asf,ivf,h264,hevc,av1,obu,m4v,dv",
}
"""A file comes from the page, so it may be neither a playlist nor anything else that names further files."""


def probe(path: Path, stream_index: int) -> SourceFacts:
    """Return what mixing has to know of a file's audio."""
    import av
    from av.error import FFmpegError

    try:
        with av.open(str(path), options=INPUT_LIMITS) as container:
            duration = None if container.duration is None else container.duration / av.time_base
            if stream_index >= len(container.streams.audio):
                return SourceFacts(0, duration)
            stream = container.streams.audio[stream_index]
            start = 0.0
            if container.format.name != "mp3" and stream.start_time and stream.time_base:
                start = float(stream.start_time * stream.time_base) - (container.start_time or 0) / av.time_base
            codec = stream.codec_context.codec.canonical_name
            return SourceFacts(stream.codec_context.channels, duration, max(0.0, start), codec)
    except FFmpegError as error:
        raise MediaError(
            f"The media file {path} cannot be read: {error}. Check that it is an audio or video file."
        ) from error
