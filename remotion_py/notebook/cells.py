"""The running cell, and the renders that an earlier run of it started."""

from __future__ import annotations

import weakref
from typing import Any


def running_cell() -> int:
    """Return the number of the run of a cell that is under way."""
    from IPython.core.getipython import get_ipython

    shell: Any = get_ipython()
    return shell.execution_count if shell else -1


def cell_name() -> str | None:
    """Return the id of the cell that runs, the same whenever it runs; None where the front end does not send it.

    JupyterLab and VS Code send it with what is to be run (measured: `cellId` of JupyterLab 4).
    """
    from IPython.core.getipython import get_ipython

    shell: Any = get_ipython()
    parent: dict[str, Any] = shell.get_parent() if shell and hasattr(shell, "get_parent") else {}
    return parent.get("metadata", {}).get("cellId")


MOST_REMEMBERED = 1000
_started: dict[str, tuple[int, weakref.WeakSet[Any]]] = {}


def replace_earlier() -> None:
    """End the renders that an earlier run of this cell has started; detached ones run on."""
    name, run = cell_name(), running_cell()
    if name is None:
        return
    earlier, tasks = _started.get(name, (run, weakref.WeakSet[Any]()))
    if earlier != run:
        for task in list(tasks):
            task.interrupt()
        del _started[name]


def note_started(task: Any) -> None:
    """Note that this run of this cell has started a render, or a batch."""
    name, run = cell_name(), running_cell()
    if name is not None:
        _started.setdefault(name, (run, weakref.WeakSet()))[1].add(task)
        idle = [cell for cell, (_, tasks) in _started.items() if not tasks]
        for cell in idle[: max(0, len(_started) - MOST_REMEMBERED)]:
            del _started[cell]
