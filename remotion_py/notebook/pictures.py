"""Small pictures and previews of files for cards."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from ..media.ffmpeg import ffmpeg_path

PREVIEW_S = 10
PICTURE_WIDTH = 480
THUMBNAIL_WIDTH = 192
AT_ONCE = 4


def thumbnails(files: Sequence[Path]) -> list[bytes | None]:
    """Return the first pictures of files as small JPEGs; None for each that has none."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(partial(first_frame, width=THUMBNAIL_WIDTH), files))


def first_frame(file: Path, *, width: int = PICTURE_WIDTH) -> bytes | None:
    """Return the first picture of a file as JPEG, at most so wide; None where it has none."""
    return _made(file, ".jpg", "-frames:v", "1", "-vf", f"scale='min({width},iw)':-2", "-q:v", "4")


def preview(file: Path) -> bytes | None:
    """Return the first seconds of a video as a small MP4; None where it has no pictures."""
    scale = f"scale='min({PICTURE_WIDTH},iw)':-2"
    quality = ("-c:v", "libx264", "-crf", "32", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-c:a", "aac")
    return _made(file, ".mp4", "-t", str(PREVIEW_S), "-vf", scale, *quality, "-movflags", "+faststart")


def _made(file: Path, suffix: str, *options: str) -> bytes | None:
    import subprocess

    with tempfile.TemporaryDirectory(prefix="remotion-py-") as folder:
        output = Path(folder) / f"made{suffix}"
        command = [ffmpeg_path(), "-hide_banner", "-loglevel", "error", "-y", "-i", str(file), *options, str(output)]
        done = subprocess.run(command, capture_output=True, check=False)
        return output.read_bytes() if done.returncode == 0 and output.exists() else None
