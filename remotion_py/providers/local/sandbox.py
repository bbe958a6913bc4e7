"""One sandbox: a worker process that uses the Runtime API, and all processes that it starts."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import signal
import tempfile
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..roles import Pool
from .heartbeat import Heartbeat
from .processes import MARKER, end_whole

QUEUED_PIECES = 8
LOG_TAIL = 4000


@dataclass
class SandboxCall:
    """One call on its way through the endpoint.

    Attributes:
        payload: The JSON bytes that were sent.
        deadline: When the sandbox is ended, in seconds since the epoch.
        request_id: Lambda's id of the call.
        output: Pieces of the response, then its `End`.
    """

    payload: bytes
    deadline: float = 0.0
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    output: asyncio.Queue[bytes | End] = field(default_factory=lambda: asyncio.Queue(QUEUED_PIECES))
    abandoned: bool = False
    ended: bool = False

    async def put(self, piece: bytes) -> None:
        """Hand on a piece of the response; waits while its reader is behind."""
        if not self.abandoned and not self.ended:
            await self.output.put(piece)

    async def end(self, end: End) -> None:
        """Hand on the end of the response; only the first end counts."""
        if not self.ended:
            self.ended = True
            if not self.abandoned:
                await self.output.put(end)

    def abandon(self) -> None:
        """The caller has disconnected; as on AWS the function runs on, and its response is discarded."""
        self.abandoned = True
        while not self.output.empty():
            self.output.get_nowait()


@dataclass(frozen=True)
class End:
    """How a call ended.

    Attributes:
        error_type: Lambda's error type, such as "Unhandled", "Runtime.ExitError", "Sandbox.Timedout", or
            "Sandbox.StoodStill"; None for success.
        error_body: JSON text that describes the error.
    """

    error_type: str | None = None
    error_body: bytes = b""


class Sandbox:
    """A worker process with its folder and environment.

    Args:
        root: Folder in which the sandbox makes its own.
        runtime_api: Address of the Runtime API, to which the sandbox's token is added.
        environment: Environment of the worker.
        on_exit: Called once the sandbox has ended.
        command: What runs in it.
    """

    def __init__(
        self,
        root: Path,
        runtime_api: str,
        environment: Mapping[str, str],
        on_exit: Callable[[Sandbox], None],
        command: Sequence[str],
    ) -> None:
        self.token = secrets.token_urlsafe(16)
        self.pool: Pool | None = None
        self.ended = False
        self.current: SandboxCall | None = None
        self._on_exit = on_exit
        self._command = command
        self._calls: asyncio.Queue[SandboxCall] = asyncio.Queue()
        self._folder = Path(tempfile.mkdtemp(prefix="sandbox-", dir=root))
        self._log = self._folder / "worker.log"
        self._environment = dict(environment) | {
            "AWS_LAMBDA_RUNTIME_API": f"{runtime_api}/{self.token}",
            "TMPDIR": str(self._folder),
            MARKER: self.token,
        }
        self._process: asyncio.subprocess.Process | None = None
        self._watch: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._timed_out: SandboxCall | None = None
        self._heartbeat: asyncio.Task[None] | None = None
        self._still: tuple[SandboxCall, float] | None = None

    async def start(self) -> None:
        """Start the worker. Its standard input is a pipe that closes when the endpoint dies."""
        with self._log.open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=self._folder,
                env=self._environment,
                start_new_session=True,
            )
        self._watch = asyncio.create_task(self._wait(self._process))

    def give(self, invocation: SandboxCall) -> None:
        """Give the worker a call; it must be free."""
        assert self.current is None
        self.current = invocation
        left = invocation.deadline - time.time()
        self._timer = asyncio.get_running_loop().call_later(left, self._time_out, invocation)
        self._heartbeat = asyncio.create_task(self._watch_heartbeat(invocation))
        self._calls.put_nowait(invocation)

    async def next(self) -> SandboxCall:
        """Wait for the call that the worker is to take."""
        return await self._calls.get()

    async def finish(self, invocation: SandboxCall, end: End) -> None:
        """Record the end of a call that the worker has answered."""
        if self._timer:
            self._timer.cancel()
        if self._heartbeat:
            self._heartbeat.cancel()
        await invocation.end(end)
        if self.current is invocation:
            self.current = None

    def kill(self) -> None:
        """Kill the worker; what is left of the sandbox is cleared away when its death is seen."""
        if self._process and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    async def close(self) -> None:
        """End the sandbox whole."""
        self.kill()
        if self._watch:
            await asyncio.gather(self._watch, return_exceptions=True)

    def _time_out(self, invocation: SandboxCall) -> None:
        if self.current is invocation and not invocation.ended:
            self._timed_out = invocation
            self.kill()

    async def _watch_heartbeat(self, invocation: SandboxCall) -> None:
        still_s = await Heartbeat(self._folder).lost()
        if self.current is invocation and not invocation.ended:
            self._still = invocation, still_s
            self.kill()

    async def _wait(self, process: asyncio.subprocess.Process) -> None:
        code = await process.wait()
        self.ended = True
        tail = self._tail()
        await asyncio.to_thread(end_whole, self.token, self._folder, {process.pid})
        invocation, self.current = self.current, None
        if invocation:
            await self.finish(invocation, self._death(invocation, code, tail))
        self._on_exit(self)

    def _death(self, invocation: SandboxCall, code: int, tail: str) -> End:
        if self._timed_out is invocation:
            kind, message = "Sandbox.Timedout", "The function ran out of time and was killed."
        elif self._still and self._still[0] is invocation:
            kind = "Sandbox.StoodStill"
            message = f"The function's process stalled for {self._still[1]:.0f} s and was killed."
        else:
            kind, message = "Runtime.ExitError", f"The function's process ended with exit code {code}."
        return End(kind, json.dumps({"errorType": kind, "errorMessage": f"{message} {tail}".strip()}).encode())

    def _tail(self) -> str:
        with contextlib.suppress(OSError):
            lines = self._log.read_bytes()[-LOG_TAIL:].decode(errors="replace").splitlines()
            return "\n".join(line for line in lines if not line.startswith("INFO:")).strip()
        return ""
