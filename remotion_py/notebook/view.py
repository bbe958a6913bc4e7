"""The HTML of a render in a cell (no I/O), for saved notebooks too, in light and dark themes."""

from __future__ import annotations

import base64
from collections import Counter
from dataclasses import replace
from datetime import datetime
from html import escape
from typing import Literal

from ..progress import ChunkState, RenderProgress
from .styles import STYLE, bright, live, moment

Colour = Literal["grey", "dark"] | ChunkState
COLOURS: dict[Colour, str] = {
    "grey": "rgba(128,128,128,.25)",
    "dark": "rgba(128,128,128,.7)",
    "waiting": "rgba(128,128,128,.25)",
    "invoked": "#c4b5fd",
    "rendering": "#60a5fa",
    "encoded": "#34d399",
    "retried": "#fbbf24",
    "failed": "#f87171",
}
"""Seen well on white and on black."""
WORDS: dict[ChunkState, str] = {
    "encoded": "rendered",
    "rendering": "rendering",
    "retried": "rendering again",
    "invoked": "starting",
    "waiting": "waiting",
    "failed": "failed",
}
"""What the legend calls the states of chunks, in its order."""
_ENDED_WORDS: dict[ChunkState, str] = {"encoded": "rendered", "failed": "failed", "waiting": "not rendered"}
_ENDED_COLOURS: dict[ChunkState, Colour] = {"encoded": "dark", "failed": "failed", "waiting": "grey"}
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
    "padding:6px 8px;margin:8px 0 0;word-break:normal;overflow-wrap:anywhere;max-height:12em;overflow-y:auto"
)
"""JupyterLab breaks the lines of a <pre> inside words, unless that is taken back."""


def framed(state: str, *parts: str) -> str:
    """Return parts in a frame; `state` names it for programs that look for it."""
    return f'<div class="remotion-py" data-state="{state}" style="{_FRAME}">{"".join(parts)}</div>'


def heading(title: str, note: str) -> str:
    """Return a title with a note at its right."""
    return _headed(title, escape(note))


def _headed(title: str, note: str) -> str:
    return (
        f'<div style="display:flex;justify-content:space-between;gap:12px"><b>{escape(title)}</b> '
        f'<span style="{_MUTED}">{note}</span></div>'
    )


def muted(text: str) -> str:
    """Return a line of lesser weight."""
    return _muted(escape(text))


def _muted(html: str) -> str:
    return f'<div style="{_MUTED}">{html}</div>'


def code(text: str) -> str:
    """Return code to copy."""
    return f'<pre style="{_CODE}">{escape(text)}</pre>'


def fault(text: str) -> str:
    """Return the text of an error."""
    return f'<pre style="{_CODE};border-left:3px solid {COLOURS["failed"]}">{escape(text)}</pre>'


def data_url(data: bytes, kind: str) -> str:
    """Return bytes as a URL that holds them."""
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def under_way(title: str, now: str, moving: str, *below: str, when: datetime, again: str) -> str:
    """Return the card of something that runs, which is stale when it is not updated any more.

    Args:
        title: What runs.
        now: How far it is, as a note at the right; true only while the card is updated.
        moving: HTML that is grey when the card is stale.
        below: HTML below it.
        when: The time of this update.
        again: Code that shows it again; "" where there is none.
    """
    advice = f" {again} shows it again." if again else ""
    updated = (
        f'<div style="{_MUTED};font-size:11px;margin-top:2px">last updated {moment(when)}'
        f'<span class="remotion-py-stale">: this card is no longer updated.{escape(advice)}</span></div>'
    )
    note = live(now, "was running when last updated")
    return framed("running", STYLE, _headed(title, note), bright(moving), *below, updated)


def starting(title: str, note: str, when: datetime, again: str = "") -> str:
    """Return a render that has been asked for, and of which nothing is known yet."""
    return under_way(title, note, bar(0, 0, note), when=when, again=again)


def running(title: str, progress: RenderProgress, when: datetime, again: str = "") -> str:
    """Return a render that is under way.

    Args:
        title: The composition.
        progress: The progress.
        when: The time of this update.
        again: Code that shows it again.
    """
    picture = ""
    if progress.thumbnail:
        source = data_url(progress.thumbnail, "image/jpeg")
        picture = f'<img src="{source}" alt="newest frame" style="height:64px;border-radius:4px">'
    at = phase(progress)
    done = f" · {_part(progress):.0%}" if progress.total_frames else ""
    moving = (
        f'<div style="display:flex;gap:12px;align-items:center"><div style="flex:1;min-width:0">'
        f"{_frames_bar(progress)}{_strip(progress)}</div>{picture}</div>"
    )
    numbers = live(figures(progress), figures(progress, ended=True)) if progress.total_frames else ""
    waiting = "".join(muted(text) for text in progress.waiting[:3])
    problems = "".join(_problem(error) for error in progress.errors[-3:])
    below = (_muted(numbers), waiting, problems, warned(progress.warnings))
    return under_way(title, f"{at}{done}", moving, *below, when=when, again=again)


def phase(progress: RenderProgress) -> str:
    """Return what a render is doing."""
    if progress.ended:
        return progress.state
    if not progress.total_frames:
        return "opening the page" if progress.launched else "starting"
    if progress.frames_rendered < progress.total_frames:
        return "rendering"
    if progress.frames_encoded < progress.total_frames:
        return "encoding"
    if progress.combined_frames < progress.total_frames:
        return "joining chunks" if progress.total_chunks > 1 else "writing the file"
    return "uploading"


def warned(warnings: tuple[str, ...]) -> str:
    """Return faults of the page that do not end its render."""
    shown = warnings if len(warnings) <= MOST_WARNINGS else warnings[: MOST_WARNINGS - 1]
    rest = f"and {len(warnings) - len(shown)} more" if len(shown) < len(warnings) else ""
    lines = [*shown, rest] if rest else shown
    return "".join(_marked(line, "retried") for line in lines)


def failure(title: str, error: str, progress: RenderProgress | None, *, state: str, again: str) -> str:
    """Return a render that has failed, or was cancelled.

    Args:
        title: The composition.
        error: The error that ended it, with its class.
        progress: The last progress, where it is known.
        state: "failed", "cancelled" or "interrupted".
        again: Code that starts it again.
    """
    parts = [heading(title, state), *_so_far(progress, "failed" if state == "failed" else "dark")]
    if state != "cancelled":
        parts.append(fault(error))
        parts.append(warned(progress.warnings) if progress else "")
    if again:
        parts.append(code(again))
    return framed(state, *parts)


def left(title: str, progress: RenderProgress | None, when: datetime, again: str) -> str:
    """Return the card of a render that this client stopped following, while it may run on.

    Args:
        title: The composition.
        progress: How far it was, where that is known.
        when: When it was last known to run.
        again: Code that shows it again.
    """
    note = muted(f"was running when last updated {moment(when)}; this cell no longer follows it.")
    return framed("left", heading(title, "not followed"), *_so_far(progress, "dark"), note, code(again))


def snapshot(progress: RenderProgress, when: datetime) -> str:
    """Return how far a render was at a time, as a card that is never updated."""
    note = f"{phase(progress)} · {_part(progress):.0%}"
    parts = [_frames_bar(progress, "encoded" if progress.done else "dark"), _strip(progress, ended=progress.ended)]
    error = progress.fatal_error
    parts += [muted(figures(progress, ended=True)), fault(str(error)) if error else "", muted(f"as of {moment(when)}")]
    return framed("snapshot", heading(f"render {progress.render_id}", note), *parts)


def figures(progress: RenderProgress, *, ended: bool = False) -> str:
    """Return the numbers of a render in one line; with `ended` without those that are of use while it runs only."""
    if not progress.total_frames:
        return phase(progress)
    parts = [f"{progress.frames_rendered} of {progress.total_frames} frames"]
    if progress.fps and not ended:
        parts.append(f"{progress.fps:.1f} fps")
    parts.append(f"{progress.chunks} of {progress.total_chunks} chunks")
    if progress.eta and not progress.done and not ended:
        parts.append(f"about {clock(progress.eta)} left")
    if progress.cost is not None:
        parts.append(f"${progress.cost:.4f}")
    return " · ".join(parts)


def clock(seconds: float) -> str:
    """Return a time for people."""
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds // 60:.0f} min {seconds % 60:.0f} s"


def bar(done: float, total: float, text: str, colour: Colour = "rendering") -> str:
    """Return a bar.

    Args:
        done: How many are done.
        total: Of how many; 0 while that is not known.
        text: The same in words.
        colour: What it is filled with.
    """
    width = f"{100 * done / total if total else 0:.1f}%"
    known = f'aria-valuenow="{done:g}" aria-valuemin="0" aria-valuemax="{total:g}" ' if total else ""
    return (
        f'<div role="progressbar" {known}aria-valuetext="{escape(text)}" title="{escape(text)}" '
        f'style="height:8px;border-radius:4px;background:{COLOURS["grey"]};margin:6px 0">'
        f'<div style="height:8px;border-radius:4px;background:{COLOURS[colour]};width:{width}"></div></div>'
    )


def cells(states: tuple[ChunkState, ...]) -> list[ChunkState]:
    """Return what a strip shows: each chunk, or the one furthest behind of several neighbours."""
    each = -(-len(states) // MOST_CELLS) or 1
    return [min(states[at : at + each], key=_ORDER.index) for at in range(0, len(states), each)]


def _part(progress: RenderProgress) -> float:
    return progress.frames_rendered / progress.total_frames if progress.total_frames else 0


def _frames_bar(progress: RenderProgress, colour: Colour = "rendering") -> str:
    text = f"{progress.frames_rendered} of {progress.total_frames} frames, {phase(progress)}"
    return bar(progress.frames_rendered, progress.total_frames, text, colour)


def _so_far(progress: RenderProgress | None, colour: Colour) -> list[str]:
    if not progress or not progress.total_frames:
        return []
    if colour != "failed":  # a chunk of a cancelled render ends with an error of its own, which is not news
        states = tuple[ChunkState, ...]("waiting" if state == "failed" else state for state in progress.chunk_states)
        progress = replace(progress, chunk_states=states)
    return [_frames_bar(progress, colour), _strip(progress, ended=True), muted(figures(progress, ended=True))]


def _strip(progress: RenderProgress, *, ended: bool = False) -> str:
    """Return a cell for each chunk, with a legend; of an ended render, chunks are rendered, not rendered or failed."""
    states = progress.chunk_states
    if not states:
        return ""
    words, colours = WORDS, COLOURS
    if ended:
        states = tuple[ChunkState, ...](state if state in _ENDED_WORDS else "waiting" for state in states)
        words, colours = _ENDED_WORDS, {state: COLOURS[colour] for state, colour in _ENDED_COLOURS.items()}
    counts = Counter(states)
    drawn = "".join(
        f'<span data-chunk="{state}" title="{words[state]}" style="flex:1;height:10px;border-radius:2px;'
        f'background:{colours[state]}"></span>'
        for state in cells(states)
    )
    legend = "".join(
        f'<span style="white-space:nowrap"><span style="display:inline-block;width:8px;height:8px;border-radius:2px;'
        f'background:{colours[state]}"></span> {counts[state]} {word}</span> '
        for state, word in words.items()
        if counts[state]
    )
    return (
        f'<div aria-hidden="true" style="display:flex;gap:2px;margin:4px 0">{drawn}</div>'
        f'<div style="{_MUTED};display:flex;flex-wrap:wrap;gap:0 10px;font-size:11px">'
        f"<span>chunks:</span>{legend}</div>"
    )


def _problem(error: dict[str, object]) -> str:
    frame = f"frame {error['frame']}: " if error.get("frame") is not None else ""
    text = str(error.get("message", "")).split("\n")[0]
    again = " (tried again)" if error.get("willRetry") else ""
    return _marked(f"{frame}{text}{again}", "failed")


def _marked(text: str, colour: Colour) -> str:
    """Return a line with a mark; coloured text would be too pale for one of the themes."""
    return f'<div style="border-left:3px solid {COLOURS[colour]};padding-left:6px;margin:2px 0">{escape(text)}</div>'
