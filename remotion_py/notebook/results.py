"""What renders end in, as cells show it: videos that play, pictures, sequences."""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ..batch.result import BatchResult
from ..media.ffmpeg import ffmpeg_path
from ..render import Frames, Still, Video, readable_size
from . import batches, view
from .cells import running_cell

EMBED_BYTES = 6_000_000
"""Larger files would make the notebook itself slow to load and save."""
PREVIEW_S = 10
PICTURE_WIDTH = 480
_TYPES = {
    ".mp4": "video/mp4",
    ".webm": "video/webm",
    ".mov": "video/quicktime",
    ".mkv": "video/x-matroska",
    ".gif": "image/gif",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
    ".mp3": "audio/mpeg",
    ".aac": "audio/aac",
    ".m4a": "audio/mp4",
    ".m4b": "audio/mp4",
    ".3gp": "audio/3gpp",
    ".wav": "audio/wav",
}
_PLAYABLE = ("video/mp4", "video/webm")
_FIT = "display:block;max-width:100%;border-radius:6px;margin-top:8px"


def shown(result: Any, title: str = "batch", command: str = "") -> tuple[str, str]:
    """Return a result as HTML and as plain text.

    Args:
        result: A `Video`, `Still`, `Frames` or `BatchResult`.
        title: What stands over a batch; files have their names.
        command: Code that makes the same again.
    """
    if isinstance(result, BatchResult):
        return batches.shown(title, result, command), str(result)
    made = {Video: _video, Still: _still, Frames: _frames}[type(result)]
    again = view.code(command) if command else ""
    return view.framed("done", *made(result), view.warned(result.warnings), again), plain(result)


def plain(result: Any) -> str:
    """Return a result in one line, its file seen from here: a saved notebook may be read on another machine."""
    file: Path | None = getattr(result, "file", None)
    return str(replace(result, file=Path(os.path.relpath(file))) if file else result)


MOST_REMEMBERED = 100
_shown_in: dict[str, int] = {}


def already_shown(result: Any, cell: int) -> None:
    """Note which cell shows a result already, so that it need not show it again as its value."""
    _shown_in.pop(str(result), None)
    _shown_in[str(result)] = cell
    while len(_shown_in) > MOST_REMEMBERED:
        del _shown_in[next(iter(_shown_in))]


def mimebundle(result: Any) -> dict[str, str]:
    """Return a result as the value of a cell."""
    if _shown_in.get(str(result)) == running_cell():
        return {"text/plain": plain(result)}
    html, text = shown(result)
    return {"text/html": html, "text/plain": text}


def _video(video: Video) -> list[str]:
    facts = [
        f"{video.width}x{video.height}",
        f"{video.fps:g} fps",
        view.clock(video.duration) if video.duration >= 10 else f"{video.duration:.2f} s",
        readable_size(video.size),
        f"rendered in {view.clock(video.time_to_finish)}",
    ]
    if video.cost is not None:
        facts.append(f"${video.cost:.4f}")
    name = video.file.name if video.file else (video.url or "").split("?")[0].rpartition("/")[2]
    return [view.heading(name, "done"), view.muted(" · ".join(facts)), _player(video)]


def _player(video: Video) -> str:
    file = video.file
    if file is None:
        return f'<video controls preload="metadata" src="{escape(video.url or "")}" style="{_FIT}"></video>'
    kind = _TYPES.get(file.suffix.lower(), "application/octet-stream")
    embed = video.size <= EMBED_BYTES
    if kind.startswith("audio/") and embed:
        return f'<audio controls src="{view.data_url(file.read_bytes(), kind)}" style="{_FIT}"></audio>'
    if kind == "image/gif" and embed:
        return f'<img src="{view.data_url(file.read_bytes(), kind)}" alt="" style="{_FIT}">'
    poster = first_frame(file)
    shape = f'poster="{view.data_url(poster, "image/jpeg")}"' if poster else ""
    if kind in _PLAYABLE and embed:
        return f'<video controls {shape} src="{view.data_url(file.read_bytes(), kind)}" style="{_FIT}"></video>'
    small = preview(file)
    source = f'src="{view.data_url(small, "video/mp4")}"' if small and len(small) <= EMBED_BYTES else ""
    picture = f'<video controls {shape} {source} style="{_FIT}"></video>' if source or shape else ""
    note = view.muted(f"a preview of the first {PREVIEW_S} s") if source else ""
    return f"{picture}{note}{link(file)}"


def link(file: Path) -> str:
    """Return a link to a file, relative where a notebook server would serve it; its content is part of the address."""
    path = os.path.relpath(file)
    address = quote(path if not path.startswith("..") else str(file.resolve()))
    return f'<a href="{address}?v={_digest(file)}" target="_blank">{escape(str(file))}</a>'


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()[:12]


def _still(still: Still) -> list[str]:
    facts = view.muted(f"{still.width}x{still.height} · frame {still.frame} · {readable_size(still.size)}")
    if still.file is None:
        return [facts, f'<img src="{escape(still.url or "")}" alt="" style="{_FIT}">']
    kind = _TYPES.get(still.file.suffix.lower())
    picture = link(still.file)
    if kind and still.size <= EMBED_BYTES:
        source = view.data_url(still.file.read_bytes(), kind)
        picture = f'<img src="{source}" alt="frame {still.frame}" style="{_FIT};max-height:360px">'
    return [view.heading(still.file.name, "done"), facts, picture]


def _frames(frames: Frames) -> list[str]:
    count = len(frames.paths)
    chosen = [frames.paths[round(at * (count - 1) / 5)] for at in range(6)] if count > 6 else list(frames.paths)
    pictures = "".join(
        f'<img src="{view.data_url(small, "image/jpeg")}" alt="{path.name}" title="{path.name}" '
        f'style="width:96px;border-radius:3px">'
        for path in chosen
        if (small := first_frame(path, width=192))
    )
    return [
        view.heading(frames.folder.name, "done"),
        view.muted(f"{count} pictures · {frames.width}x{frames.height} · {frames.folder}"),
        f'<div style="display:flex;flex-wrap:wrap;gap:4px;margin-top:8px">{pictures}</div>',
    ]


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
