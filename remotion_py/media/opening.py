"""Opens media files, with limits for FFmpeg and errors that name the file."""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from pathlib import Path
from typing import Any

from ..errors import MediaError

INPUT_LIMITS: dict[str, Any] = {
    "protocol_whitelist": "file",
    "format_whitelist": "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,flv,mpegts,mpeg,mpegvideo,mp3,aac,wav,w64,flac,ogg,"
    "aiff,caf,ac3,eac3,amr,gif,apng,image2,png_pipe,jpeg_pipe,webp_pipe,mxf,asf,ivf,h264,hevc,av1,obu,m4v,dv",
}
"""A file comes from the page, so it may be neither a playlist nor anything else that names further files."""


def open_media(path: Path, format: str | None = None) -> Any:
    """Open a media file by PyAV.

    Args:
        path: The file.
        format: FFmpeg's name of its container; None finds it out.
    """
    import av

    # Tags are not part of the picture or the sound, so wrong bytes in them do not fail the render.
    return av.open(str(path), format=format, options=INPUT_LIMITS, metadata_errors="replace")


@contextlib.contextmanager
def opened(path: Path, kind: str = "media file") -> Generator[Any]:
    """Open a media file by PyAV, and close it.

    Args:
        path: The file.
        kind: What it is meant to be, in error messages.

    Raises:
        MediaError: The file cannot be read.
    """
    with unreadable(path, kind), open_media(path) as container:
        yield container


@contextlib.contextmanager
def unreadable(path: Path, kind: str = "media file") -> Generator[None]:
    """Turn what PyAV raises for a file that it cannot read into an error that names the file.

    Args:
        path: The file.
        kind: What it is meant to be.

    Raises:
        MediaError: The file cannot be read.
    """
    from av.error import FFmpegError

    try:
        yield
    except (FFmpegError, OSError, ValueError, OverflowError) as error:
        raise MediaError(
            f"The {kind} {path} cannot be read: {error}. Check that it is a complete audio or video file."
        ) from error
