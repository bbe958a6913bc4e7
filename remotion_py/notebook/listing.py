"""Tables of renders in the store and of compositions of a site."""

from __future__ import annotations

import os
from collections.abc import Sequence
from html import escape
from pathlib import Path

from .._client.record import ListedRender
from ..progress import State
from ..results import Composition
from . import view
from .pictures import thumbnails

MOST_PICTURES = 10
CELL = "padding:2px 12px 2px 0;text-align:left;vertical-align:middle;color:inherit;white-space:nowrap"
"""Notebooks have a style of their own for tables, which this takes back."""
_COLOURS: dict[State, view.Colour] = {"done": "encoded", "failed": "failed", "rendering": "rendering"}
"""Of the others: grey."""


def table(renders: Sequence[ListedRender]) -> str:
    """Return renders as a table; the newest have the first frame of their output."""
    if not renders:
        return view.framed("listing", view.muted("no renders"))
    made = [item.output for item in renders if item.state == "done" and item.output and item.output.is_file()]
    chosen = made[:MOST_PICTURES]
    pictures = {file: small for file, small in zip(chosen, thumbnails(chosen), strict=True) if small}
    names = ("started", "composition", "state", "file", "", "id")
    rows = [_cells("th", names), *(_cells("td", _render(item, pictures)) for item in renders)]
    return _framed(rows)


def compositions(listed: Sequence[Composition]) -> str:
    """Return compositions as a table."""
    rows = [_cells("th", ("composition", "size", "fps", "frames", "length", "default props"))]
    for item in listed:
        names = ", ".join(map(escape, item.default_props))
        props = f'<div style="min-width:12em;white-space:normal;word-break:normal">{names}</div>'
        size, length = f"{item.width}x{item.height}", view.clock(item.duration)
        rows.append(_cells("td", (escape(item.id), size, f"{item.fps:g}", str(item.duration_in_frames), length, props)))
    return _framed(rows)


def _render(item: ListedRender, pictures: dict[Path, bytes]) -> tuple[str, ...]:
    colour = view.COLOURS[_COLOURS.get(item.state, "dark")]
    done = "" if item.state == "done" else f" {item.progress.overall_progress:.0%}"
    small = pictures.get(item.output) if item.output else None
    source = view.data_url(small, "image/jpeg") if small else ""
    return (
        f"{item.started.astimezone():%Y-%m-%d %H:%M:%S}",
        escape(item.composition or "?"),
        f'<span style="color:{colour}">●</span> {item.state}{done}',
        escape(near(item.output)) if item.output else "",
        f'<img src="{source}" alt="first frame" style="height:36px;border-radius:3px">' if source else "",
        f"<code>{escape(item.render_id)}</code>",
    )


def near(path: Path) -> str:
    """Return a path as seen from here, or from the home folder; a whole one where it is in neither."""
    relative = os.path.relpath(path)
    if not relative.startswith(".."):
        return relative
    home = Path.home()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)


def _cells(kind: str, values: Sequence[str]) -> str:
    drawn = "".join(f'<{kind} style="{CELL}">{value}</{kind}>' for value in values)
    return f'<tr style="background:none">{drawn}</tr>'


def _framed(rows: Sequence[str]) -> str:
    style = "border-collapse:collapse;font:13px/1.5 system-ui,sans-serif;color:inherit"
    return f'<div class="remotion-py" style="overflow-x:auto"><table style="{style}">{"".join(rows)}</table></div>'
