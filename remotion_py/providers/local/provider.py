"""The local provider for a client: starts the endpoint process, and ends it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import platformdirs

from ...errors import OptionError, OutputError, RenderInterruptedError
from ..base import SILENT_S
from ..functions import BotoFunctions
from .folder import FolderStore
from .heartbeat import Heartbeat
from .processes import kill_all, kill_present
from .retention import clean, remove
from .settings import BUCKET, FUNCTION_NAME, EndpointReady, EndpointSettings

CLIENT_CONNECTIONS = 16
DEFAULT_TIMEOUT_S = 24 * 3600
START_TIMEOUT_S = 90
END_PATIENCE_S = 5
POLL_S = 0.1


def default_store() -> Path:
    """Return the folder of the default object store: `REMOTION_PY_STORE`, or one in the user's cache."""
    named = os.environ.get("REMOTION_PY_STORE")
    return Path(named) if named else Path(platformdirs.user_cache_dir("remotion-py")) / "store"


class LocalProvider:
    """Functions and objects on this machine. The endpoint is started on first use.

    Args:
        capacity: Renderer functions that run at the same time; None for one per core.
        store: Folder of the object store; None for the default one.
        browser_executable: The browser to render with; None finds one.
        timeout_s: How long one function may run.

    Raises:
        OptionError: A value that cannot be, or an operating system that is not supported.
    """

    name = "local"
    function_name = FUNCTION_NAME
    region = "local"
    poll_s = POLL_S
    silent_s: float | None = SILENT_S
    on_this_machine = True
    wire_version: str | None = None

    def __init__(
        self,
        *,
        capacity: int | None = None,
        store: str | os.PathLike[str] | None = None,
        browser_executable: str | os.PathLike[str] | None = None,
        timeout_s: float = DEFAULT_TIMEOUT_S,
    ) -> None:
        if sys.platform == "win32":
            raise OptionError("Rendering on Windows itself is not supported. Run Python inside WSL.")
        if capacity is not None and capacity < 1:
            raise OptionError(
                f"capacity is {capacity!r}, but must be a whole number from 1. Remove it to use one per core."
            )
        self.capacity: int | None = capacity or os.cpu_count() or 1
        self._places = self.capacity
        self._root = Path(store) if store else default_store()
        self._browser = os.fspath(browser_executable) if browser_executable else None
        self._timeout_s = timeout_s
        self.store = FolderStore(self._root, BUCKET)
        self._process: subprocess.Popen[bytes] | None = None
        self._ready: EndpointReady | None = None
        self._functions: BotoFunctions | None = None
        self._starting = asyncio.Lock()
        self._watching: asyncio.Task[None] | None = None
        self._cleaned: asyncio.Task[None] | None = None
        self._stood_still = ""
        self._owner = os.getpid()

    def _forget_parents(self) -> None:
        """In a forked child, leave the endpoint to the parent that started it, and start a new one."""
        if self._owner != os.getpid():
            self._owner = os.getpid()
            self._process = self._ready = self._functions = self._watching = None
            self._starting = asyncio.Lock()
        self._owner = os.getpid()

    @property
    def browser_executable(self) -> str | None:
        """The browser that was asked for."""
        return self._browser

    async def functions(self, *, renderers: int = 0) -> BotoFunctions:
        """Return the functions, starting the endpoint where it does not run.

        Args:
            renderers: Renderer functions that will be needed soon, so that they are started ahead of need.
        """
        self._forget_parents()
        async with self._starting:
            if self._process and self._process.poll() is not None:
                await self.close()
            if self._functions is None or self._process is None:
                await self._start(1 + min(renderers, self._places))
            assert self._functions
            return self._functions

    @property
    def alive(self) -> bool:
        """Whether the endpoint runs."""
        return self._owner == os.getpid() and self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        """Process id of the endpoint, while it runs."""
        return self._process.pid if self._process and self.alive else None

    def detached(self) -> dict[str, Any] | None:
        """Return the settings of another provider like this one."""
        return {
            "capacity": self.capacity,
            "store": str(self._root.absolute()),
            "browser_executable": self._browser,
            "timeout_s": self._timeout_s,
        }

    def describe(self) -> str:
        """Return one line for the repr of a client."""
        return f"local, capacity {self.capacity}, {'running' if self.alive else 'not started'}"

    async def publish(self, folder: Path) -> str:
        """Return the folder's path: functions on this machine read it where it is."""
        return str(folder)

    def cost(self, document: Mapping[str, Any]) -> float | None:
        """Return None: nothing is charged here."""
        del document

    def links(self, render_id: str) -> None:
        """Return None: this machine has no console."""

    async def open(self) -> None:
        """Check that the store can be written.

        Raises:
            OutputError: It cannot.
        """
        try:
            (self._root / BUCKET).mkdir(parents=True, exist_ok=True)
            writable = os.access(self._root / BUCKET, os.W_OK)
            reason = "" if writable else "it is read-only"
        except OSError as error:
            reason = error.strerror or str(error)
        if reason:
            raise OutputError(
                f"The object store {self._root} cannot be written: {reason}. Set REMOTION_PY_STORE, or pass "
                f"store=, to a writable folder."
            )

    async def failure(self, render_id: str) -> str | None:
        """Return what the endpoint recorded of a main function that died, or why it was ended itself, or None."""
        lost = self._stood_still or self._recorded(render_id)
        if self._owner == os.getpid() and self._process and (self._stood_still or self._process.poll() is not None):
            # The functions of an endpoint that is gone would still write into their progress.
            await asyncio.to_thread(self._kill_functions)
        return lost

    def _recorded(self, render_id: str) -> str | None:
        if self._ready is None:
            return None
        with contextlib.suppress(OSError, ValueError):
            for path in Path(self._ready.failures).glob("*.json"):
                record = json.loads(path.read_text())
                if record["requestPayload"].get("renderId") == render_id:
                    return _described(record["responseContext"]["functionError"], json.loads(record["responsePayload"]))
        return None

    def _kill_functions(self) -> None:
        if self._ready:
            kill_all("", Path(self._ready.root), set())

    async def remove(self, render_id: str) -> int:
        """Remove a render with its results; returns the bytes that this freed."""
        return await remove(self.store, render_id)

    async def close(self) -> None:
        """End the endpoint with all its sandboxes; returns when it is gone."""
        self._forget_parents()
        process, self._process = self._process, None
        ready, self._ready = self._ready, None
        self._functions = None
        if self._watching and not self._watching.get_loop().is_closed():
            self._watching.cancel()
        if process is None:
            return
        assert process.stdin
        assert process.stdout
        with contextlib.suppress(OSError):
            process.stdin.close()
        # No executor here: this also runs while the interpreter shuts down, when executors take no more work.
        deadline = time.monotonic() + END_PATIENCE_S
        while process.poll() is None:
            if time.monotonic() > deadline:
                _kill(process)
            await asyncio.sleep(0.02)
        process.stdout.close()
        if ready:
            # An endpoint that was killed could not end its functions.
            while process.returncode and kill_present("", Path(ready.root), set()) and time.monotonic() < deadline:
                await asyncio.sleep(0.02)
            shutil.rmtree(ready.root, ignore_errors=True)

    async def _start(self, warm: int) -> None:
        settings = EndpointSettings(
            token=secrets.token_urlsafe(16),
            store=str(self._root.absolute()),
            capacity=self._places,
            timeout_s=self._timeout_s,
            browser=self._browser,
            warm=warm,
        )
        self._process = subprocess.Popen(  # noqa: ASYNC220  # asyncio's would tie it to the loop, which atexit outlives
            [sys.executable, "-m", "remotion_py.providers.local"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=None if os.environ.get("REMOTION_PY_DEBUG") else subprocess.DEVNULL,
            start_new_session=True,
        )
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(settings.to_line())
        self._process.stdin.flush()
        functions = BotoFunctions(self._make_client, explain=lambda: self._stood_still)
        answer = asyncio.ensure_future(asyncio.to_thread(self._process.stdout.readline))
        # boto3 takes a while to load; it does so while the endpoint starts.
        await asyncio.gather(asyncio.to_thread(_import_boto3), asyncio.wait({answer}, timeout=START_TIMEOUT_S))
        if not answer.done():
            _kill(self._process)
        if not (line := await answer):
            await self.close()
            raise RenderInterruptedError(
                f"The local Lambda endpoint did not start, or took longer than {START_TIMEOUT_S} s. Set "
                f"REMOTION_PY_DEBUG=1 to see its log; on an overloaded machine, try again later."
            )
        self._ready = EndpointReady.from_line(line)
        self._functions = functions
        self._stood_still = ""
        if not self._cleaned:
            self._cleaned = asyncio.create_task(self._clean())
        self._watching = asyncio.create_task(self._watch(Path(self._ready.root), self._process.pid))

    async def _clean(self) -> None:
        """Remove what is outdated in the store, which is worth no error."""
        with contextlib.suppress(OSError):
            await clean(self.store)

    async def _watch(self, root: Path, pid: int) -> None:
        """End the endpoint once it stalls: then every call of it fails, and the next one starts another."""
        still_s = await Heartbeat(root).lost()
        self._stood_still = f"the local Lambda endpoint, process {pid}, stalled for {still_s:.0f} s and was killed"
        if self._process and self._process.pid == pid:
            _kill(self._process)

    def _make_client(self) -> Any:
        from .lambda_client import make_lambda_client

        assert self._ready
        return make_lambda_client(self._ready.url, read_timeout_s=self._timeout_s + 30, connections=CLIENT_CONNECTIONS)


def _described(kind: str, body: dict[str, Any]) -> str:
    """Return how a function failed: by an error of ours, or as its sandbox saw it end."""
    ours: dict[str, Any] = body.get("remotionPyError") or {}
    return f"{ours['name']}: {ours['message']}" if ours else f"{kind}: {body.get('errorMessage', body)}"


def _kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _import_boto3() -> None:
    import boto3

    del boto3
