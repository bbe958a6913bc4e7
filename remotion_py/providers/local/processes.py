"""Ends all processes of a sandbox, also those with other groups, parents or environments.

Playwright puts Chromium into another group, and Chromium's children overwrite their environment (seen on Linux), so
one mark is not enough. A process belongs to a sandbox if its environment contains the marker, if its working directory
is in the sandbox's folder, or if its parent or the leader of its group belongs to the sandbox.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import signal
import sys
import time
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36

MARKER = "REMOTION_PY_SANDBOX"
"""Environment variable that all processes of a sandbox inherit."""


def belonging(marker: str, folder: Path, leaders: set[int]) -> set[int]:
    """Return the ids of all living processes of a sandbox, except the caller's own.

    Args:
        marker: Value of the marker.
        folder: The sandbox's folder.
        leaders: Process groups that are known to belong; those found are added.
    """
    import psutil

    found: set[int] = set()
    parents: dict[int, int] = {}
    groups: dict[int, int] = {}
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.pid == os.getpid() or process.status() == psutil.STATUS_ZOMBIE:
                continue
            parents[process.pid] = process.ppid()
            groups[process.pid] = os.getpgid(process.pid)
            if _is_marked(process, marker, folder):
                found.add(process.pid)
    own_group = os.getpgid(0)
    while True:
        leaders |= {groups[pid] for pid in found} - {own_group}
        more = {pid for pid in parents if pid not in found and (parents[pid] in found or groups[pid] in leaders)}
        if not more:
            return found
        found |= more


def _is_marked(process: object, marker: str, folder: Path) -> bool:
    import psutil

    assert isinstance(process, psutil.Process)
    with contextlib.suppress(psutil.Error, OSError):
        if process.environ().get(MARKER) == marker:
            return True
    with contextlib.suppress(psutil.Error, OSError):
        return Path(process.cwd()).is_relative_to(folder)
    return False


def end_whole(marker: str, folder: Path, leaders: set[int]) -> None:
    """Kill all processes of a sandbox and remove its folder; takes what `kill_all()` takes."""
    kill_all(marker, folder, leaders)
    shutil.rmtree(folder, ignore_errors=True)


def kill_all(marker: str, folder: Path, leaders: set[int], patience_s: float = 3.0) -> None:
    """Kill all processes of a sandbox, or of all sandboxes in a folder.

    Args:
        marker: Value of the marker; "" for none.
        folder: The folder of the sandbox, or one that contains it.
        leaders: Process groups that are known to belong.
        patience_s: How long to continue killing what still appears.
    """
    deadline = time.monotonic() + patience_s
    killed: set[int] = set()
    while pids := kill_present(marker, folder, leaders):
        killed |= pids
        if time.monotonic() > deadline:
            break
        time.sleep(0.02)
    reap(killed)


def kill_present(marker: str, folder: Path, leaders: set[int]) -> set[int]:
    """Kill the processes that are present now; returns their ids. `kill_all()` repeats it until none is left."""
    pids = belonging(marker, folder, leaders)
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
    return pids


def adopt_orphans() -> None:
    """Become the parent of orphans below this process, so that they can be found and leave no zombies. Linux only."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def reap(pids: set[int]) -> None:
    """Collect those of the given processes that have ended and are our children."""
    for pid in pids:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
