"""A batch in its cell: its bar while it runs, and its rows when it has ended."""

from __future__ import annotations

from datetime import datetime
from html import escape
from pathlib import Path

from ..batch.manifest import Entry
from ..batch.result import BatchProgress, BatchResult
from ..progress import ChunkState
from . import view
from .listing import CELL
from .pictures import thumbnails

MOST_ROWS = 50
MOST_PICTURES = 24
_STATES: dict[str, ChunkState] = {"done": "encoded", "skipped": "waiting", "failed": "failed"}


def running(title: str, progress: BatchProgress, when: datetime) -> str:
    """Return a batch that is under way."""
    parts = [f"{progress.done + progress.skipped} of {progress.total} rows"]
    parts += progress.notes
    parts += [f"${progress.cost:.4f}"] if progress.cost is not None else []
    now = "".join(view.muted(f"{name} {part:.0%}") for name, part in progress.running)
    note = f"rendering · {progress.overall_progress:.0%}"
    moving = view.bar(progress.ended, progress.total, parts[0])
    return view.under_way(title, note, moving, view.muted(" · ".join(parts)), now, when=when, again="")


def shown(title: str, result: BatchResult, command: str = "") -> str:
    """Return a batch that has ended."""
    rows = [*result.failed, *(entry for entry in result if entry.status != "failed")][:MOST_ROWS]
    table = "".join(_row(entry) for entry in sorted(rows, key=lambda entry: entry.index))
    left = len(result) - len(rows)
    took = f", {view.clock(result.seconds)}" if result.seconds else ""
    return view.framed(
        "failed" if result.failed else "done",
        view.heading(title, f"{result.counts}{took}"),
        view.warned(result.warnings),
        _pictures(result),
        f'<table style="width:100%;border-collapse:collapse;margin-top:6px;text-align:left">{table}</table>',
        view.muted(f"and {left} more") if left else "",
        view.code(command) if command else "",
    )


def _pictures(result: BatchResult) -> str:
    """Return the first frames of outputs as a grid."""
    made = [entry for entry in result if entry.status != "failed" and Path(entry.path).is_file()]
    chosen = made[:MOST_PICTURES]
    found = zip(chosen, thumbnails([Path(entry.path) for entry in chosen]), strict=True)
    drawn = "".join(
        f'<img src="{view.data_url(small, "image/jpeg")}" alt="{escape(Path(entry.path).name)}" '
        f'title="row {entry.index}: {escape(entry.path)}" style="width:96px;border-radius:3px">'
        for entry, small in found
        if small
    )
    if not drawn:
        return ""
    more = len(made) - len(chosen)
    rest = view.muted(f"and {more} more") if more else ""
    return f'<div style="display:flex;flex-wrap:wrap;gap:4px;margin-top:8px;align-items:center">{drawn}{rest}</div>'


def _row(entry: Entry) -> str:
    colour = view.COLOURS[_STATES[entry.status]]
    facts = [f"{entry.duration:.2f} s" if entry.duration else "", f"{entry.seconds:.1f} s" if entry.seconds else ""]
    text_of = entry.error or " · rendered in ".join(fact for fact in facts if fact)
    state = f'<span style="color:{colour}">●</span> {entry.status}'
    text = '<div style="white-space:normal;word-break:normal;overflow-wrap:anywhere">{}</div>'
    cells = (str(entry.index), state, text.format(escape(entry.path)), text.format(escape(text_of)))
    return f'<tr style="background:none">{"".join(f"<td style={CELL!r}>{cell}</td>" for cell in cells)}</tr>'
