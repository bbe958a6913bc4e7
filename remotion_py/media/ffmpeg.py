"""The FFmpeg binary: its path, and running it as a child process that never outlives its caller."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import Any, TypeVar

from .._runtime.stall import StallDetector, stall_s
from ..errors import DiskFullError, FFmpegInterruptedError, MediaError

_KEPT_OUTPUT = 64 * 1024
LOOK_S = 0.5
BUSY_LIMIT_S = 900.0
"""Without output for this long, an FFmpeg that uses the processor is given up too. Choosing the colours of a long GIF
writes nothing until its end."""
SIGNALLED = 255
"""Exit code of FFmpeg after a signal that it handles itself."""
_PROGRESS = (b"frame=", b"total_size=", b"out_time_us=")
"""What `-progress` reports that changes with work, and not with time."""

T = TypeVar("T")


def ffmpeg_path() -> str:
    """Return the path of the FFmpeg binary: `REMOTION_PY_FFMPEG`, or the pinned one of imageio-ffmpeg."""
    named = os.environ.get("REMOTION_PY_FFMPEG")
    if named:
        return named
    import imageio_ffmpeg  # pyright: ignore[reportMissingTypeStubs]

    return imageio_ffmpeg.get_ffmpeg_exe()


def run_ffmpeg(arguments: Sequence[str], doing: str, feed: Callable[[], Iterable[bytes]]) -> None:
    """Run FFmpeg from code that waits, feeding its standard input; once more when it was killed or stood still.

    Args:
        arguments: Its arguments, without the binary.
        doing: What it is for, in error messages.
        feed: Returns what it reads, from the beginning at each call.

    Raises:
        MediaError: It failed; the message holds what it said.
        FFmpegInterruptedError: It was killed, or stood still, twice.
    """
    try:
        _run_once(arguments, doing, feed())
    except FFmpegInterruptedError:
        _run_once(arguments, doing, feed())


def _run_once(arguments: Sequence[str], doing: str, feed: Iterable[bytes]) -> None:
    command = [ffmpeg_path(), "-hide_banner", "-loglevel", "error", *arguments]
    with tempfile.TemporaryFile() as said:
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said) as process:
            assert process.stdin
            with _killed_when_still(process) as stood_still, contextlib.suppress(BrokenPipeError):
                for piece in feed:
                    process.stdin.write(piece)
                process.stdin.close()
                process.wait()
        if process.returncode:
            said.seek(0)
            words = said.read().decode(errors="replace").strip()
            raise (
                stood_still_error(doing, stall_s())
                if stood_still.is_set()
                else failure(doing, process.returncode, words)
            )


@contextlib.contextmanager
def _killed_when_still(process: subprocess.Popen[bytes]):
    """Kill a process that uses no processor time for a while; returns an event that says whether that happened."""
    ended, stood_still = threading.Event(), threading.Event()

    def watch() -> None:
        detector = StallDetector()
        while not ended.wait(LOOK_S):
            if detector.look(cpu_s(process.pid)) > stall_s():
                stood_still.set()
                process.kill()
                return

    thread = threading.Thread(target=watch, name="remotion-py-ffmpeg-watch", daemon=True)
    thread.start()
    try:
        yield stood_still
    finally:
        ended.set()
        thread.join()


def cpu_s(pid: int) -> float:
    """Return the processor time that a process has used, in seconds; 0.0 for one that has ended."""
    import psutil

    try:
        return sum(psutil.Process(pid).cpu_times()[:2])
    except psutil.Error:
        return 0.0


def failure(doing: str, code: int | None, said: str) -> MediaError | DiskFullError:
    """Return the error for an FFmpeg that has ended (no I/O).

    Args:
        doing: What it was for.
        code: Its exit code; below zero for the signal that killed it.
        said: What it wrote to its standard error.
    """
    if os.strerror(errno.ENOSPC) in said:
        return DiskFullError(f"FFmpeg could not {doing}: the disk is full. Free some space and render again.")
    if code is not None and (code < 0 or code == SIGNALLED):
        known = {number.value: number.name for number in signal.Signals}
        return FFmpegInterruptedError(
            f"FFmpeg could not {doing}: it was killed by {known.get(-code, 'a signal')}. For SIGKILL the "
            f"cause is often a lack of memory: render with a lower concurrency, or run 'remotion-py doctor'."
        )
    return MediaError(f"FFmpeg could not {doing} (exit code {code}). Its output: {said or 'none'}")


def stood_still_error(doing: str, seconds: float) -> FFmpegInterruptedError:
    """Return the error for an FFmpeg that was ended because it made no progress (no I/O).

    Args:
        doing: What it was for.
        seconds: For how long it made none.
    """
    return FFmpegInterruptedError(
        f"FFmpeg could not {doing}: it made no progress for {seconds:.0f} s and was killed. It was stopped, "
        f"or its disk does not respond. Render again, or set TMPDIR to another disk."
    )


class FFmpeg:
    """A running FFmpeg that is fed through its standard input.

    It is ended when it stalls: when it takes no input, reports no progress and uses no processor time for
    `stall_s()` seconds, or when it uses the processor for 15 minutes without any progress.

    Args:
        arguments: Its arguments, without the binary.
        doing: What it is for, in error messages.
    """

    def __init__(self, arguments: Sequence[str], doing: str) -> None:
        self._arguments = arguments
        self._doing = doing
        self._process: asyncio.subprocess.Process | None = None
        self._errors = bytearray()
        self._progress: dict[bytes, bytes] = {}
        self._written = 0
        self._readers: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Start the process, in a group of its own."""
        self._process = await asyncio.create_subprocess_exec(
            await asyncio.to_thread(ffmpeg_path),  # imageio-ffmpeg tries the binary at the first call
            "-hide_banner",
            "-nostdin",
            "-loglevel",
            "error",
            "-progress",
            "pipe:1",
            *self._arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        reading = self._read_errors(self._process), self._read_progress(self._process)
        self._readers = [asyncio.create_task(work) for work in reading]

    async def run(self) -> None:
        """Let it do its work, without feeding it; once more when it was killed or stood still.

        Raises:
            MediaError: It failed; the message holds what it said.
            FFmpegInterruptedError: It was killed, or stood still, twice.
        """
        for last in (False, True):
            await self.start()
            try:
                await self.finish()
                return
            except FFmpegInterruptedError:
                if last:
                    raise
            finally:
                await self.kill()

    async def write(self, data: bytes) -> None:
        """Feed bytes; waits while FFmpeg is behind.

        Raises:
            MediaError: FFmpeg has ended; the message holds what it said.
            FFmpegInterruptedError: It was killed, or stalls.
        """
        assert self._process
        assert self._process.stdin
        try:
            self._process.stdin.write(data)
            self._written += len(data)
            transport = self._process.stdin.transport
            behind = transport.get_write_buffer_size() > transport.get_write_buffer_limits()[1]
            draining = self._process.stdin.drain()  # at once, unless FFmpeg is behind
            await (self._while_working(draining) if behind else draining)
        except (BrokenPipeError, ConnectionResetError):
            await self.finish()
            raise failure(self._doing, self._process.returncode, self._said) from None

    async def finish(self) -> None:
        """Close its input and wait for its end.

        Raises:
            MediaError: It failed; the message holds what it said.
            FFmpegInterruptedError: It was killed, or stalls.
        """
        assert self._process
        assert self._process.stdin
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self._process.stdin.close()
        code = await self._while_working(self._process.wait())
        await asyncio.gather(*self._readers)
        if code:
            raise failure(self._doing, code, self._said)

    async def kill(self) -> None:
        """End it at once; harmless when it has ended."""
        if self._process and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            await self._process.wait()
        await asyncio.gather(*self._readers)

    @property
    def _said(self) -> str:
        return self._errors.decode(errors="replace").strip()

    async def _while_working(self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for something that FFmpeg has to do, as long as it makes progress; kill it when it does not.

        Raises:
            FFmpegInterruptedError: It stood still.
        """
        assert self._process
        assert self._process.stdin
        task = asyncio.ensure_future(work)
        still, idle, limit = StallDetector(), StallDetector(), stall_s()
        try:
            while not (await asyncio.wait({task}, timeout=LOOK_S))[0]:
                accepted = self._written - self._process.stdin.transport.get_write_buffer_size()
                done = accepted, tuple(self._progress.items())
                busy_s, idle_s = still.look(done), idle.look((done, cpu_s(self._process.pid)))
                if idle_s > limit or busy_s > BUSY_LIMIT_S:
                    await self.kill()
                    raise stood_still_error(self._doing, max(idle_s, busy_s))
            return task.result()
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _read_errors(self, process: asyncio.subprocess.Process) -> None:
        assert process.stderr
        while piece := await process.stderr.read(4096):
            self._errors += piece
            del self._errors[:-_KEPT_OUTPUT]

    async def _read_progress(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout
        async for line in process.stdout:
            if line.startswith(_PROGRESS):
                name, _, value = line.strip().partition(b"=")
                self._progress[name] = value
