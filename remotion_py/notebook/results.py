"""The display of results in cells: videos that play, pictures, sequences."""

from __future__ import annotations

import os
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ..batch.result import BatchResult
from ..results import Frames, Still, Video, readable_size
from . import batches, view
from .cells import running_cell
from .pictures import PREVIEW_S, first_frame, preview, thumbnails

EMBED_BYTES = 6_000_000
"""Larger files would make the notebook itself slow to load and save."""
TALLEST = 480
"""Pixels of a player's height."""
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


def shown(result: Any, title: str = "", command: str = "") -> tuple[str, str]:
    """Return a result as HTML and as plain text.

    Args:
        result: A `Video`, `Still`, `Frames` or `BatchResult`.
        title: The composition; without it files have their names.
        command: Code that makes the same again.
    """
    if isinstance(result, BatchResult):
        return batches.shown(title or "batch", result, command), str(result)
    made = {Video: _video, Still: _still, Frames: _frames}[type(result)]
    again = view.code(command) if command else ""
    return view.framed("done", *made(result, title), view.warned(result.warnings), again), plain(result)


def plain(result: Any) -> str:
    """Return a result in one line, its file seen from here: a saved notebook may be read on another machine."""
    file: Path | None = getattr(result, "file", None)
    return str(replace(result, file=Path(os.path.relpath(file))) if file else result)


MOST_REMEMBERED = 100
_shown: dict[tuple[str, int], int] = {}
"""The cell whose card shows a result, by the result and the cell that has it as its value."""


def already_shown(result: Any, card: int, cell: int | None = None) -> None:
    """Note that a card shows a result, so that another cell need not show it again as its value.

    Args:
        result: The result.
        card: The cell of the card.
        cell: The other cell; None for the same.
    """
    key = (str(result), card if cell is None else cell)
    _shown.pop(key, None)
    _shown[key] = card
    while len(_shown) > MOST_REMEMBERED:
        del _shown[next(iter(_shown))]


def mimebundle(result: Any) -> dict[str, str]:
    """Return a result as the value of a cell."""
    cell = running_cell()
    card = _shown.get((str(result), cell))
    if card is not None:
        place = "" if card == cell else ", displayed in the cell that started the render"
        return {"text/plain": f"{plain(result)}{place}"}
    html, text = shown(result)
    return {"text/html": html, "text/plain": text}


def _video(video: Video, title: str) -> list[str]:
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
    where = link(video.file) if video.file else ""
    return [view.heading(title or name, "done"), view.muted(" · ".join(facts)), where, _player(video)]


def _player(video: Video) -> str:
    file = video.file
    if file is None:
        return f'<video controls preload="metadata" src="{escape(video.url or "")}" style="{_shape(video)}"></video>'
    kind = _TYPES.get(file.suffix.lower(), "application/octet-stream")
    embed = video.size <= EMBED_BYTES
    if kind.startswith("audio/") and embed:
        return f'<audio controls src="{view.data_url(file.read_bytes(), kind)}" style="{_FIT}"></audio>'
    if kind == "image/gif" and embed:
        return f'<img src="{view.data_url(file.read_bytes(), kind)}" alt="" style="{_FIT}">'
    whole = kind in _PLAYABLE and embed
    data = file.read_bytes() if whole else preview(file)
    source = f'src="{view.data_url(data, kind if whole else "video/mp4")}"' if data and len(data) <= EMBED_BYTES else ""
    first = first_frame(file)
    if not source and not first:
        return ""
    poster = view.data_url(first, "image/jpeg") if first else ""
    # Where the tags of players are removed, as on GitHub, what is inside them stays.
    inside = f'<img src="{poster}" alt="first frame" style="{_FIT}">' if poster else ""
    note = view.muted(f"a preview of the first {PREVIEW_S} s") if source and not whole else ""
    shape = f'poster="{poster}" style="{_shape(video)}"' if poster else f'style="{_shape(video)}"'
    return f"<video controls {shape} {source}>{inside}</video>{note}"


def _shape(video: Video) -> str:
    """Return the style of a player as wide as the card, unless it is too tall; it has its size before it plays."""
    widest = round(TALLEST * video.width / max(1, video.height))
    return f"{_FIT};width:100%;max-width:min(100%,{widest}px);aspect-ratio:{video.width}/{video.height}"


def link(file: Path) -> str:
    """Return a link to a file, relative where a notebook server would serve it.

    Nothing else belongs to the address: JupyterLab opens it as a path. Its server lets browsers keep no copy.
    """
    path = os.path.relpath(file)
    near = not path.startswith("..")
    address = quote(path if near else str(file.resolve()))
    return f'<a href="{address}" target="_blank">{escape(path if near else str(file))}</a>'


def _still(still: Still, title: str) -> list[str]:
    facts = view.muted(f"{still.width}x{still.height} · frame {still.frame} · {readable_size(still.size)}")
    if still.file is None:
        return [facts, f'<img src="{escape(still.url or "")}" alt="" style="{_FIT}">']
    kind = _TYPES.get(still.file.suffix.lower())
    picture = link(still.file)
    if kind and still.size <= EMBED_BYTES:
        source = view.data_url(still.file.read_bytes(), kind)
        picture = f'<img src="{source}" alt="frame {still.frame}" style="{_FIT};max-height:360px">'
    return [view.heading(title or still.file.name, "done"), facts, picture]


def _frames(frames: Frames, title: str) -> list[str]:
    count = len(frames.paths)
    chosen = [frames.paths[round(at * (count - 1) / 5)] for at in range(6)] if count > 6 else list(frames.paths)
    pictures = "".join(
        f'<img src="{view.data_url(small, "image/jpeg")}" alt="{path.name}" title="{path.name}" '
        f'style="width:96px;border-radius:3px">'
        for path, small in zip(chosen, thumbnails(chosen), strict=True)
        if small
    )
    return [
        view.heading(title or frames.folder.name, "done"),
        view.muted(f"{count} pictures · {frames.width}x{frames.height} · {frames.folder}"),
        f'<div style="display:flex;flex-wrap:wrap;gap:4px;margin-top:8px">{pictures}</div>',
    ]
