"""Fixtures: a store of its own for each run, one warm client for all tests, and a check for leaks after every test."""

from __future__ import annotations

import contextlib
import gc
import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

import remotion_py as rp
from remotion_py.providers.local.processes import MARKER
from remotion_py.testing import TestAccount, aws

from . import watching
from .patience import PATIENCE_S

ROOT = Path(__file__).parent.parent
LAB = Path(__file__).parent / "sites" / "lab"
RACE = rp.examples.bar_chart_race
REGION = "us-east-1"
USERS_SETTINGS = ("CI", *(f"REMOTION_PY_{name}" for name in ("DEBUG", "LOG", "PROGRESS")))
"""What changes what tests read: with CI set, say, renders write their progress to stderr."""

_shared: rp.Client | None = None
_recorded: list[str] = []
_functions: Path | None = None


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="also run the long forms")


SLOW = [
    "jupyterlab",
    "lambda_tree",
    "videos",
    "audio",
    "newest",
    "codecs",
    "render",
    "project",
    "notebook",
    "cli",
    "deaths",
    "aws",
]
"""Files that take a minute or more: they begin first, so that all workers of pytest-xdist end at the same time."""
UNIT = [
    "call",
    "cost",
    "formats",
    "frames",
    "fuzz_data",
    "fuzz_seam",
    "options",
    "payload",
    "plan",
    "public_api",
    "results",
    "sourcemap",
    "store",
    "stream",
    "tracks",
    "untrusted",
    "words",
]
"""Files without a browser, which `scripts/test unit` runs."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    ranks = {f"test_{name}": rank for rank, name in enumerate(SLOW)}
    items.sort(key=lambda item: ranks.get(item.path.stem, len(SLOW)))
    for item in items:
        if item.path.stem.removeprefix("test_") in UNIT:
            item.add_marker("unit")
    if not config.getoption("--long"):
        config.hook.pytest_deselected(items=[item for item in items if item.get_closest_marker("long")])
        items[:] = [item for item in items if not item.get_closest_marker("long")]


@pytest.fixture(scope="session", autouse=True)
def _own_surroundings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the user's store, temporary files and settings out of the tests."""
    patch = pytest.MonkeyPatch()
    for name in USERS_SETTINGS:
        patch.delenv(name, raising=False)
    temp = tmp_path_factory.mktemp("tmp")
    patch.setenv("REMOTION_PY_STORE", str(tmp_path_factory.mktemp("store")))
    patch.setenv("TMPDIR", str(temp))
    patch.setattr(tempfile, "tempdir", str(temp))
    functions = tmp_path_factory.mktemp("functions")
    watching.watch_functions(functions)
    patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(functions), os.environ.get("PYTHONPATH")])))
    global _functions
    _functions = functions
    watched = watching.watch(_recorded.append)
    yield
    watched.deactivate()
    patch.undo()


@pytest.fixture(scope="session")
def client(_own_surroundings: None) -> Iterator[rp.Client]:
    """One warm client with two renderers, shared by the tests that do no harm to it."""
    global _shared
    with rp.Client(capacity=2) as shared:
        _shared = shared
        yield shared
    _shared = None


@pytest.fixture(scope="module")
def account(request: pytest.FixtureRequest, _own_surroundings: None) -> Iterator[TestAccount]:
    """A test account for a module, which says by CONCURRENCY how much may run in it."""
    with aws(region=REGION, concurrency=request.module.CONCURRENCY) as found:
        yield found


@pytest.fixture(scope="module")
def remote(account: TestAccount) -> Iterator[rp.Client]:
    """A client of that account, with a function."""
    client = rp.Client("aws", region=REGION)
    client.deploy_function()
    yield client
    account.restart()


@pytest.fixture
def fresh_functions(account: TestAccount) -> Iterator[None]:
    """End the account's functions after a test, and what the test let it refuse."""
    yield
    account.denied.clear()
    account.restart()


@pytest.fixture(scope="session")
def lab() -> str:
    """The folder of the test compositions."""
    return str(LAB)


_kept: set[int] = set()


@contextlib.contextmanager
def kept_alive(*pids: int) -> Iterator[None]:
    """Let processes and what comes from them outlive tests, such as a notebook's kernel that several share."""
    _kept.update(pids)
    try:
        yield
    finally:
        _kept.difference_update(pids)


def _shared_processes() -> tuple[set[int], set[str]]:
    provider = _shared._engine.provider if _shared else None
    # An interrupted test ends the shared functions in the background, so they may go while we look.
    pid, ready = (provider.pid, provider._ready) if provider else (None, None)
    if pid is None or ready is None:
        return set(), set()
    try:
        root = psutil.Process(pid)
        return {root.pid, *(child.pid for child in root.children(recursive=True))}, {ready.root}
    except psutil.Error:
        return set(), set()


_others: set[psutil.Process] = set()
"""Processes that are not ours, which are not looked at again."""


def living() -> dict[int, str]:
    """Return all processes of ours that live: descendants of this one, and what lost its parents.

    Those are known by a sandbox's marker or their command, and by a temporary folder below ours: another run of the
    suite on the same machine has its own.
    """
    temp = tempfile.gettempdir()
    found: dict[int, str] = {}
    children = psutil.Process().children(recursive=True)
    own = {process.pid for process in children}
    for process in [*children, *psutil.process_iter()]:
        if process in _others:
            continue
        try:
            if process.pid == os.getpid() or process.status() == psutil.STATUS_ZOMBIE:
                continue
            command = " ".join(process.cmdline())
            environment = process.environ()
            lost = MARKER in environment or "remotion_py." in command
            ours = process.pid in own or (lost and environment.get("TMPDIR", "").startswith(temp))
        except (psutil.Error, OSError):
            continue
        if ours:
            found[process.pid] = command[:160]
        else:
            _others.add(process)
    return found


def left_over(temp: Path) -> list[str]:
    """Return what is left of clients that have ended: processes and temporary folders."""
    processes, folders = _shared_processes()
    for kept in _kept:
        root = psutil.Process(kept)
        processes |= {root.pid, *(child.pid for child in root.children(recursive=True))}
    lost = [f"process {pid}: {command}" for pid, command in living().items() if pid not in processes]
    lost += [str(path) for path in temp.glob("remotion-py-*") if str(path) not in folders]
    return lost


@pytest.fixture
def nothing_left() -> Callable[[], None]:
    """A function that waits until nothing of ended clients is left, and fails where that does not come."""

    def check() -> None:
        deadline = time.monotonic() + PATIENCE_S
        while lost := left_over(Path(tempfile.gettempdir())):
            assert time.monotonic() < deadline, f"left behind: {lost}"
            time.sleep(0.1)

    return check


@pytest.fixture(scope="module", autouse=True)
def _fast_collections() -> None:
    """Leave what lives now out of later garbage collections, of which each test has one."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _no_leaks(nothing_left: Callable[[], None]) -> Iterator[None]:
    """Fail a test that leaves processes, threads or temporary folders behind."""
    yield
    gc.collect()
    nothing_left()
    names = [thread.name for thread in threading.enumerate()]
    lost = [name for name in names if name.startswith("remotion-py-") and name != "remotion-py-loop"]
    assert not lost, f"threads left behind: {lost}"


def records() -> list[str]:
    """Return the calls that blocked an event loop, and warnings of functions, since the last time."""
    assert _functions
    found = [*_recorded, *watching.recorded(_functions)]
    _recorded.clear()
    return found


@pytest.fixture(autouse=True)
def _no_blocking_calls() -> Iterator[None]:
    """Fail a test in which the package blocked an event loop, or a function warned."""
    yield
    found = records()
    assert not found, "\n".join(found)


def find_processes(root: int, *words: str) -> list[psutil.Process]:
    """Return the descendants of a process whose command line holds all words."""
    found: list[psutil.Process] = []
    for process in psutil.Process(root).children(recursive=True):
        try:
            if process.status() != psutil.STATUS_ZOMBIE and all(word in " ".join(process.cmdline()) for word in words):
                found.append(process)
        except psutil.Error:
            continue
    return found


def wait_for(condition: Callable[[], object], seconds: float = PATIENCE_S) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)


def run_cli(*arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own."""
    import sys

    command = [sys.executable, "-c", "from remotion_py.cli import main; main()", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert not check or done.returncode == 0, done.stderr
    return done
