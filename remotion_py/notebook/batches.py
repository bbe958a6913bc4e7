"""A batch in its cell: its bar while it runs, its rows when it has ended."""

from __future__ import annotations

from html import escape

from ..batch.manifest import Entry
from ..batch.result import BatchProgress, BatchResult
from ..progress import ChunkState
from . import view

MOST_ROWS = 50
_CELL = "padding:1px 8px 1px 0;text-align:left;color:inherit"
"""Notebooks have a style of their own for tables, which this takes back."""
_STATES: dict[str, ChunkState] = {"done": "encoded", "skipped": "waiting", "failed": "failed"}


def running(title: str, progress: BatchProgress) -> str:
    """Return a batch that is under way."""
    parts = [f"{progress.done + progress.skipped} of {progress.total} rows"]
    parts += progress.notes
    parts += [f"${progress.cost:.4f}"] if progress.cost is not None else []
    now = "".join(view.muted(f"{name} {part:.0%}") for name, part in progress.running)
    heading = view.heading(title, f"{progress.overall_progress:.0%}")
    return view.framed("running", heading, view.bar(progress.overall_progress), view.muted(" · ".join(parts)), now)


def shown(title: str, result: BatchResult, command: str = "") -> str:
    """Return a batch that has ended."""
    rows = [*result.failed, *(entry for entry in result if entry.status != "failed")][:MOST_ROWS]
    table = "".join(_row(entry) for entry in sorted(rows, key=lambda entry: entry.index))
    left = len(result) - len(rows)
    return view.framed(
        "failed" if result.failed else "done",
        view.heading(title, result.counts),
        f'<table style="width:100%;border-collapse:collapse;margin-top:6px;text-align:left">{table}</table>',
        view.muted(f"and {left} more") if left else "",
        view.code(command) if command else "",
    )


def _row(entry: Entry) -> str:
    colour = view.COLOURS[_STATES[entry.status]]
    facts = [f"{entry.duration:.2f} s" if entry.duration else "", f"{entry.seconds:.1f} s" if entry.seconds else ""]
    told = entry.error or " · rendered in ".join(fact for fact in facts if fact)
    state = f'<span style="color:{colour}">●</span> {entry.status}'
    cells = (str(entry.index), state, escape(entry.path), escape(told))
    return f'<tr style="background:none">{"".join(f"<td style={_CELL!r}>{cell}</td>" for cell in cells)}</tr>'
