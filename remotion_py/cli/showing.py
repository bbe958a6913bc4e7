"""How the commands show progress: a bar on a terminal, elsewhere a plain line every 10 %."""

from __future__ import annotations

import os

from ..shows import VARIABLE, Progress


def how_to_show(quiet: bool) -> Progress:
    """Return what `progress=` is told by a command."""
    return "none" if quiet else None if os.environ.get(VARIABLE) else "text"
