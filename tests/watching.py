"""Finds calls of the package that block its event loop, and warnings of its functions.

Both are recorded, as what raises may be caught. The functions of a render are processes of their own, which import
`sitecustomize` at their start: `watch_functions()` makes one that records in the same way.
"""

from __future__ import annotations

import os
import stat
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import blockbuster.blockbuster as library
from blockbuster import BlockBuster, BlockBusterFunction, BlockingError

MOST_BYTES = 4 << 20
"""What is read from a file, or written, in one go: this takes milliseconds; more is done in a thread."""
PACKAGE = "remotion_py"
FUNCTIONS = ("remotion_py.worker", "remotion_py.providers.local")
HOOK = f"""
import sys
if set(sys.orig_argv) & set({FUNCTIONS!r}):
    import importlib.util
    spec = importlib.util.spec_from_file_location("watching", {__file__!r})
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.watch_function(__file__, coverage={os.environ.get("COVERAGE_PROCESS_CONFIG")!r})
"""


def _is_small(file: Any, *arguments: Any, **_: Any) -> bool:
    """Whether a read or a write of a file is short."""
    if arguments and isinstance(arguments[0], bytes | bytearray | memoryview | str):
        return len(arguments[0]) <= MOST_BYTES
    wanted = arguments[0] if arguments and arguments[0] is not None else -1
    if 0 <= wanted <= MOST_BYTES:
        return True
    try:
        return os.fstat(file.fileno()).st_size <= MOST_BYTES
    except (OSError, ValueError):  # of the memory alone
        return True


def _is_small_or_free(fd: int, data: Any, *_: Any) -> bool:
    """Whether a call of `os.read()` or `os.write()` is short: of a file, or of a pipe that does not block."""
    size = data if isinstance(data, int) else len(data)
    return size <= MOST_BYTES if stat.S_ISREG(os.fstat(fd).st_mode) else not os.get_blocking(fd)


def _does_not_wait(_pid: int, options: int = 0) -> bool:
    return bool(options & os.WNOHANG)


def watch(record: Callable[[str], None]) -> BlockBuster:
    """Have calls of the package that block its event loop raise and be recorded, until the result is deactivated.

    Args:
        record: Gets the stack of each call.
    """

    class RecordedError(BlockingError):
        def __init__(self, function: str) -> None:
            super().__init__(function)
            record(f"{self}\n{''.join(traceback.format_stack(sys._getframe(2)))}")

    library.BlockingError = RecordedError  # type: ignore[misc]
    found = BlockBuster(PACKAGE)
    for name in list(found.functions):
        # Metadata of local files takes microseconds.
        if name.startswith("os.") and name not in ("os.sendfile", "os.read", "os.write"):
            del found.functions[name]
        elif name in ("os.read", "os.write"):
            found.functions[name].can_block_predicate = _is_small_or_free
        elif name.startswith("io."):
            found.functions[name].can_block_predicate = _is_small
    added = {"os.waitpid": _does_not_wait, "os.fsync": None, "socket.getaddrinfo": None, "shutil.rmtree": None}
    for name, allowed in added.items():
        predicate = {"can_block_predicate": allowed} if allowed else {}
        found.functions[name] = BlockBusterFunction(None, name, scanned_modules=PACKAGE, **predicate)
    found.functions["os.read"].can_block_in(
        "subprocess.py", "_execute_child"
    )  # as asyncio does, until a program starts
    # From Python 3.12 on, asyncio collects a process when its descriptor says that it has ended.
    found.functions["os.waitpid"].can_block_in("asyncio/unix_events.py", "_do_wait")
    # At their end nothing else is left to do on these loops, and an executor may take no more work.
    found.functions["shutil.rmtree"].can_block_in("providers/local/provider.py", "close")
    found.functions["shutil.rmtree"].can_block_in("providers/local/__main__.py", "run")
    for name in ("shutil.rmtree", "time.sleep"):  # its end was cancelled, and its loop may end too
        found.functions[name].can_block_in("page/chromium.py", ["start", "discard"])
    for function in found.functions.values():
        # A caller's loop waits for a sync function, as in a cell of a notebook.
        function.can_block_in("remotion_py/_runtime/background.py", "wait")
    found.activate()
    return found


def watch_functions(folder: Path) -> None:
    """Make a folder that, on `PYTHONPATH`, has the functions of renders record in it."""
    (folder / "sitecustomize.py").write_text(HOOK)


def watch_function(hook: str, coverage: str | None) -> None:
    """Record what this process does in the folder of its hook, and which lines run where there is a configuration."""
    folder = Path(hook).parent

    def record(text: str) -> None:
        with (folder / f"{os.getpid()}.txt").open("a") as file:
            file.write(f"{' '.join(sys.orig_argv[1:])}: {text}\n")

    def show(message: Warning | str, category: type[Warning], filename: str, lineno: int, *_: Any) -> None:
        record(f"{category.__name__}: {message}, at {filename}:{lineno}")

    warnings.simplefilter("always")
    warnings.showwarning = show
    watch(record)
    if coverage:
        _cover(coverage)


def _cover(configuration: str) -> None:
    """Measure coverage, and save it every second, as functions are killed at their end."""
    import coverage

    os.environ["COVERAGE_PROCESS_CONFIG"] = configuration
    coverage.process_startup()

    def save() -> None:
        while found := coverage.Coverage.current():
            time.sleep(1)
            found.save()

    threading.Thread(target=save, daemon=True).start()


def recorded(folder: Path) -> list[str]:
    """Return what functions have recorded since the last time."""
    texts: list[str] = []
    for path in folder.glob("*.txt"):
        texts.append(path.read_text())
        path.unlink()
    return texts
