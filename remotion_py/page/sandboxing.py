"""Checks whether Chromium's own sandbox is available, which removes rights from the processes that run a page's code.

It needs user namespaces, which root may not use (Chromium refuses) and which Lambda and some containers and
distributions forbid. Only an attempt shows it, because seccomp and AppArmor also decide.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

_SIGNS = re.compile(r"sandbox|namespace", re.IGNORECASE)
_refused: dict[Path, str] = {}


def sandbox_wanted(browser: Path) -> bool:
    """Return whether a browser is to be tried with its sandbox."""
    return not why_no_sandbox(browser)


def why_no_sandbox(browser: Path) -> str:
    """Return why a browser runs without its sandbox; empty while nothing speaks against it."""
    if os.geteuid() == 0:
        return "Chromium has no sandbox for root"
    if "LAMBDA_TASK_ROOT" in os.environ:
        return "Lambda allows no user namespaces"
    return _refused.get(browser, "")


def sandbox_refused(browser: Path, output: str) -> bool:
    """Note that a browser ended while it set up its sandbox, if its output says so; returns whether it does."""
    lines = [line for line in output.splitlines() if _SIGNS.search(line)]
    if lines:
        _refused[browser] = re.split(r"[.!] ", lines[-1].rpartition("] ")[2].strip(), maxsplit=1)[0]
    return bool(lines)
