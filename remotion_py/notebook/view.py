"""What a render looks like in a cell (pure): HTML that keeps its sense when it is saved, in light and dark themes."""

from __future__ import annotations

import base64
from collections import Counter
from html import escape

from ..progress import ChunkState, RenderProgress

COLOURS: dict[ChunkState, str] = {
    "waiting": "rgba(128,128,128,.25)",
    "invoked": "#c4b5fd",
    "rendering": "#60a5fa",
    "encoded": "#34d399",
    "retried": "#fbbf24",
    "failed": "#f87171",
}
"""Seen well on white and on black."""
MOST_CELLS = 100
"""A longer strip shows several chunks in one cell: the one that is furthest behind."""
MOST_WARNINGS = 5
_ORDER: tuple[ChunkState, ...] = ("failed", "retried", "waiting", "invoked", "rendering", "encoded")
_FRAME = (
    "font:13px/1.5 system-ui,sans-serif;max-width:640px;border:1px solid rgba(128,128,128,.35);border-radius:8px;"
    "padding:10px 14px;margin:4px 0;color:inherit"
)
_MUTED = "opacity:.7"
_CODE = (
    "font:12px/1.4 ui-monospace,monospace;white-space:pre-wrap;background:rgba(128,128,128,.12);border-radius:5px;"
    "padding:6px 8px;margin:8px 0 0;overflow-wrap:anywhere;max-height:12em;overflow-y:auto"
)


def framed(state: str, *parts: str) -> str:
    """Return parts in a frame; `state` names it for programs that look for it."""
    return f'<div class="remotion-py" data-state="{state}" style="{_FRAME}">{"".join(parts)}</div>'


def heading(title: str, note: str) -> str:
    """Return a title with a note at its right."""
    return (
        f'<div style="display:flex;justify-content:space-between;gap:12px"><b>{escape(title)}</b>'
        f'<span style="{_MUTED}">{escape(note)}</span></div>'
    )


def muted(text: str) -> str:
    """Return a line of lesser weight."""
    return f'<div style="{_MUTED}">{escape(text)}</div>'


def code(text: str) -> str:
    """Return code to copy."""
    return f'<pre style="{_CODE}">{escape(text)}</pre>'


def data_url(data: bytes, kind: str) -> str:
    """Return bytes as a URL that holds them."""
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def running(title: str, progress: RenderProgress) -> str:
    """Return a render that is under way.

    Args:
        title: The composition.
        progress: How far it is.
    """
    picture = ""
    if progress.thumbnail:
        source = data_url(progress.thumbnail, "image/jpeg")
        picture = f'<img src="{source}" alt="newest frame" style="height:64px;border-radius:4px">'
    facts = f'<div style="flex:1">{bar(progress.overall_progress)}{_strip(progress)}{muted(figures(progress))}</div>'
    body = f'<div style="display:flex;gap:12px;align-items:center">{facts}{picture}</div>'
    waiting = "".join(muted(text) for text in progress.waiting[:3])
    troubles = "".join(_trouble(error) for error in progress.errors[-3:])
    note = f"{progress.overall_progress:.0%}"
    return framed("running", heading(title, note), body, waiting, troubles, warned(progress.warnings))


def warned(warnings: tuple[str, ...]) -> str:
    """Return faults of the page that do not end its render."""
    shown = warnings if len(warnings) <= MOST_WARNINGS else warnings[: MOST_WARNINGS - 1]
    rest = f"and {len(warnings) - len(shown)} more" if len(shown) < len(warnings) else ""
    lines = [*shown, rest] if rest else shown
    return "".join(f'<div style="color:{COLOURS["retried"]}">{escape(line)}</div>' for line in lines)


def failure(title: str, error: BaseException, progress: RenderProgress | None, *, state: str, again: str) -> str:
    """Return a render that has failed, or was cancelled.

    Args:
        title: The composition.
        error: What ended it.
        progress: How far it came, where that is known.
        state: "failed", "cancelled" or "interrupted".
        again: Code that starts it again.
    """
    reached = f"{progress.overall_progress:.0%}" if progress else ""
    parts = [heading(title, f"{state} {reached}".strip()), *_so_far(progress)]
    if state != "cancelled":
        text = f"{type(error).__name__}: {error}"
        parts.append(f'<pre style="{_CODE};border-left:3px solid {COLOURS["failed"]}">{escape(text)}</pre>')
        parts.append(warned(progress.warnings) if progress else "")
    if again:
        parts.append(code(again))
    return framed(state, *parts)


def left(title: str, progress: RenderProgress | None, again: str) -> str:
    """Return a render that goes on, but is not followed any more.

    Args:
        title: The composition.
        progress: How far it was, where that is known.
        again: Code that takes it up.
    """
    return framed("left", heading(title, "goes on, not followed here"), *_so_far(progress), code(again))


def figures(progress: RenderProgress) -> str:
    """Return the numbers of a render in one line."""
    if not progress.total_frames:
        return "opening the page" if progress.launched else "starting"
    parts = [f"{progress.frames_rendered} of {progress.total_frames} frames"]
    if progress.fps:
        parts.append(f"{progress.fps:.1f} fps")
    parts.append(f"{progress.chunks} of {progress.total_chunks} chunks")
    if progress.eta and not progress.done:
        parts.append(f"about {clock(progress.eta)} left")
    if progress.cost is not None:
        parts.append(f"${progress.cost:.4f}")
    return " · ".join(parts)


def clock(seconds: float) -> str:
    """Return a time for people."""
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds // 60:.0f} min {seconds % 60:.0f} s"


def bar(part: float) -> str:
    """Return a bar that is filled so far, 0 to 1."""
    width = f"{100 * part:.1f}%"
    return (
        '<div role="progressbar" style="height:8px;border-radius:4px;background:rgba(128,128,128,.25);margin:6px 0">'
        f'<div style="height:8px;border-radius:4px;background:{COLOURS["rendering"]};width:{width}"></div></div>'
    )


def cells(states: tuple[ChunkState, ...]) -> list[ChunkState]:
    """Return what a strip shows: each chunk, or the one furthest behind of several neighbours."""
    each = -(-len(states) // MOST_CELLS) or 1
    return [min(states[at : at + each], key=_ORDER.index) for at in range(0, len(states), each)]


def _so_far(progress: RenderProgress | None) -> list[str]:
    return [bar(progress.overall_progress), _strip(progress)] if progress else []


def _strip(progress: RenderProgress) -> str:
    if not progress.chunk_states:
        return ""
    told = ", ".join(f"{count} {state}" for state, count in Counter(progress.chunk_states).items())
    drawn = "".join(
        f'<span data-chunk="{state}" title="{state}" style="flex:1;height:10px;border-radius:2px;'
        f'background:{COLOURS[state]}"></span>'
        for state in cells(progress.chunk_states)
    )
    return f'<div title="chunks: {told}" style="display:flex;gap:2px;margin:4px 0">{drawn}</div>'


def _trouble(error: dict[str, object]) -> str:
    frame = f"frame {error['frame']}: " if error.get("frame") is not None else ""
    text = str(error.get("message", "")).split("\n")[0]
    again = " (tried again)" if error.get("willRetry") else ""
    return f'<div style="color:{COLOURS["failed"]}">{escape(f"{frame}{text}{again}")}</div>'
