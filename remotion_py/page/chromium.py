"""A Chromium process: started in its own group, controlled over an inherited socket, and ended with all children.

The DevTools protocol uses file descriptors 3 and 4, so the browser listens on no port. If this process dies, the
socket closes and the browser exits.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from .cdp import Connection

_FREE_DESCRIPTOR = 10
"""Lowest number of the descriptors that become 3 and 4 in the browser, so that none overwrites another."""
_DEFAULT_SIGNALS = (signal.SIGPIPE, signal.SIGXFSZ)
"""Python ignores them, which a child would inherit."""
_KEPT_OUTPUT = 8_000
_POLL_S = 0.01
_DISCARD_S = 1.0
"""How long a killed browser may take to disappear where nothing else can run in the meantime."""


class Chromium:
    """A Chromium process. Use `Chromium.start()`."""

    def __init__(self, pid: int, profile: Path, connection: Connection, output: _Output) -> None:
        self.pid = pid
        """Its id, which is also that of its process group."""
        self.connection = connection
        self._profile = profile
        self._output = output
        self._reaped = False

    @classmethod
    async def start(cls, path: Path, flags: Sequence[str], environment: Mapping[str, str]) -> Chromium:
        """Start a browser; it may end at once, which its connection reports.

        Args:
            path: The executable.
            flags: Its command line.
            environment: Its environment.

        Raises:
            OSError: It cannot be executed.
        """
        profile = Path(tempfile.mkdtemp(prefix="browser-"))
        command = [str(path), *flags, f"--user-data-dir={profile}", "--remote-debugging-pipe"]
        try:
            pid, own, heard = _spawn(command, environment)
        except BaseException:
            shutil.rmtree(profile, ignore_errors=True)
            raise
        loop = asyncio.get_running_loop()
        errors = os.fdopen(heard, "rb", 0)
        chromium = cls(pid, profile, Connection(), _Output())
        try:
            await loop.create_connection(lambda: chromium.connection, sock=own)
            await loop.connect_read_pipe(lambda: chromium._output, errors)
        except BaseException:
            chromium.discard()
            own.close()
            errors.close()
            raise
        return chromium

    @property
    def output(self) -> str:
        """The last of what it wrote to its standard error."""
        return self._output.text

    def kill(self) -> None:
        """Kill its process group, also when it is stopped or busy."""
        if not self._reaped:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)

    async def end(self, patience_s: float) -> None:
        """End it, by force when it does not end by itself, and remove its folder.

        Args:
            patience_s: How long it may take to end by itself, and then to be ended, in s.
        """
        try:
            with contextlib.suppress(Exception):
                async with asyncio.timeout(patience_s):
                    await self.connection.send("Browser.close")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.connection.closed.wait(), patience_s)
            self.kill()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(patience_s):
                    await self._reap()
            self.connection.close()
            with contextlib.suppress(TimeoutError):  # all of them are dead, so nobody writes any more
                await asyncio.wait_for(self._output.ended.wait(), patience_s)
            self._output.close()
            await asyncio.to_thread(shutil.rmtree, self._profile, ignore_errors=True)
        except BaseException:  # such as a cancellation: nobody else knows of the process and its folder
            self.discard()
            raise

    def discard(self) -> None:
        """End it by force and remove its folder without waiting for the event loop, which may be about to end."""
        self.kill()
        self.connection.close()
        self._output.close()
        deadline = time.monotonic() + _DISCARD_S
        while time.monotonic() < deadline:
            self._reaped = self._reaped or _has_ended(self.pid)
            shutil.rmtree(self._profile, ignore_errors=True)
            if self._reaped and not self._profile.exists():
                return
            time.sleep(_POLL_S)

    async def _reap(self) -> None:
        while not self._reaped and not _has_ended(self.pid):
            await asyncio.sleep(_POLL_S)
        self._reaped = True


def _spawn(command: list[str], environment: Mapping[str, str]) -> tuple[int, socket.socket, int]:
    """Start a browser; return its id, our end of its protocol, and our end of its standard error."""
    own, theirs = socket.socketpair()
    heard, said = os.pipe()
    protocol = int(fcntl.fcntl(theirs, fcntl.F_DUPFD_CLOEXEC, _FREE_DESCRIPTOR))
    errors = int(fcntl.fcntl(said, fcntl.F_DUPFD_CLOEXEC, _FREE_DESCRIPTOR))
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
        (os.POSIX_SPAWN_DUP2, errors, 2),
        (os.POSIX_SPAWN_DUP2, protocol, 3),
        (os.POSIX_SPAWN_DUP2, protocol, 4),
    ]
    try:
        pid = os.posix_spawn(
            command[0], command, environment, file_actions=actions, setpgroup=0, setsigdef=_DEFAULT_SIGNALS
        )
    except BaseException:
        own.close()
        os.close(heard)
        raise
    finally:
        theirs.close()
        for descriptor in (protocol, errors, said):
            os.close(descriptor)
    return pid, own, heard


def _has_ended(pid: int) -> bool:
    """Collect a child that has ended; returns whether it has."""
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:
        return True


class _Output(asyncio.Protocol):
    """Reads what a browser writes, so that it never waits, and keeps the last of it."""

    def __init__(self) -> None:
        self.ended = asyncio.Event()
        self._kept = b""
        self._transport: asyncio.BaseTransport | None = None

    @property
    def text(self) -> str:
        return self._kept.decode(errors="replace")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._kept = (self._kept + data)[-_KEPT_OUTPUT:]

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self.ended.set()

    def close(self) -> None:
        if self._transport:
            self._transport.close()
