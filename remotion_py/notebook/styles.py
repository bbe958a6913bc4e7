"""Style sheets that mark the card of a running render as stale without a kernel (no I/O).

A saved notebook keeps the last card, and no code in it runs. So the text of a card contains only what stays true. A
style sheet draws the live parts during an animation, and each update restarts that animation. Without style sheets or
animations, and in print, the card is stale from the beginning.
"""

from __future__ import annotations

from datetime import datetime
from html import escape

LIVE_S = 30
"""How long a card counts as up to date. While its render runs, it is drawn again much more often."""

_NAMES = {part: f"remotion-py-{part}" for part in ("bright", "note", "hidden")}
_RUN = f"{LIVE_S}s linear"
_STYLE = (
    f"@keyframes {_NAMES['bright']}{{from,to{{filter:none;opacity:1}}}}"
    f"@keyframes {_NAMES['note']}{{from,to{{font-size:1em;visibility:visible}}}}"
    f"@keyframes {_NAMES['hidden']}{{from,to{{font-size:0;visibility:hidden}}}}"
    # Important, as front ends that reduce motion may end all animations of a page, and this one moves nothing.
    f".remotion-py .remotion-py-bright{{animation:{_NAMES['bright']} {_RUN}!important}}"
    f".remotion-py .remotion-py-stale{{animation:{_NAMES['hidden']} {_RUN}!important}}"
    ".remotion-py [data-live]::before{content:attr(data-live);font-size:0;visibility:hidden;"
    f"animation:{_NAMES['note']} {_RUN}!important}}"
)
_OFF = "{card} .remotion-py-bright,{card} .remotion-py-stale,{card} [data-live]::before{{animation:none!important}}"
STYLE = (
    f"<style>{_STYLE}"
    # The body of a page that nbconvert wrote, which no kernel updates.
    f"{_OFF.format(card='body.jp-Notebook .remotion-py')}"
    f"@media print{{{_OFF.format(card='.remotion-py.remotion-py')}}}</style>"
)
"""The style sheet of a card with live parts."""


def live(now: str, later: str) -> str:
    """Return a text that is one thing while the card is updated, and another one afterwards.

    Args:
        now: Shown while the card is live, by the style sheet only.
        later: Shown when it is stale; what a reader without style sheets sees.
    """
    return f'<span data-live="{escape(now)}"><span class="remotion-py-stale">{escape(later)}</span></span>'


def bright(html: str, style: str = "") -> str:
    """Return a part in its colours while the card is live, and grey afterwards."""
    return f'<div class="remotion-py-bright" style="filter:grayscale(1);opacity:.6;{style}">{html}</div>'


def moment(when: datetime) -> str:
    """Return a time with its date and zone, for readers on another day and in another zone."""
    return when.strftime("%H:%M:%S %Z, %Y-%m-%d")
