"""The FFmpeg binary: where it is, and running it as a child that never outlives its caller."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import signal
import subprocess
import tempfile
from collections.abc import Iterable, Sequence

from ..errors import DiskFullError, MediaError

_KEPT_OUTPUT = 64 * 1024


def ffmpeg_path() -> str:
    """Return the path of the FFmpeg binary: `REMOTION_PY_FFMPEG`, or the pinned one of imageio-ffmpeg."""
    named = os.environ.get("REMOTION_PY_FFMPEG")
    if named:
        return named
    import imageio_ffmpeg  # pyright: ignore[reportMissingTypeStubs]

    return imageio_ffmpeg.get_ffmpeg_exe()


def run_ffmpeg(arguments: Sequence[str], doing: str, feed: Iterable[bytes]) -> None:
    """Run FFmpeg from code that waits, feeding its standard input.

    Args:
        arguments: Its arguments, without the binary.
        doing: What it is for, in error messages.
        feed: What it reads.

    Raises:
        MediaError: It failed; the message holds what it said.
    """
    command = [ffmpeg_path(), "-hide_banner", "-loglevel", "error", *arguments]
    with tempfile.TemporaryFile() as said:
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said) as process:
            assert process.stdin
            with contextlib.suppress(BrokenPipeError):
                for piece in feed:
                    process.stdin.write(piece)
                process.stdin.close()
        if process.returncode:
            said.seek(0)
            words = said.read().decode(errors="replace").strip()
            raise MediaError(f"FFmpeg could not {doing} (exit code {process.returncode}). It said: {words}")


class FFmpeg:
    """A running FFmpeg that is fed through its standard input.

    Args:
        arguments: Its arguments, without the binary.
        doing: What it is for, in error messages.
    """

    def __init__(self, arguments: Sequence[str], doing: str) -> None:
        self._arguments = arguments
        self._doing = doing
        self._process: asyncio.subprocess.Process | None = None
        self._errors = bytearray()
        self._reader: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start the process, in a group of its own."""
        self._process = await asyncio.create_subprocess_exec(
            ffmpeg_path(),
            "-hide_banner",
            "-nostdin",
            "-loglevel",
            "error",
            *self._arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        self._reader = asyncio.create_task(self._read_errors(self._process))

    async def run(self) -> None:
        """Let it do its work, without feeding it.

        Raises:
            MediaError: It failed; the message holds what it said.
        """
        await self.start()
        try:
            await self.finish()
        finally:
            await self.kill()

    async def write(self, data: bytes) -> None:
        """Feed bytes; waits while FFmpeg is behind.

        Raises:
            MediaError: FFmpeg has ended; the message holds what it said.
        """
        assert self._process
        assert self._process.stdin
        try:
            self._process.stdin.write(data)
            await self._process.stdin.drain()
        except (BrokenPipeError, ConnectionResetError):
            await self.finish()
            raise self._error(self._process.returncode) from None

    async def finish(self) -> None:
        """Close its input and wait for its end.

        Raises:
            MediaError: It failed; the message holds what it said.
        """
        assert self._process
        assert self._process.stdin
        assert self._reader
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self._process.stdin.close()
        code = await self._process.wait()
        await self._reader
        if code:
            raise self._error(code)

    async def kill(self) -> None:
        """End it at once; harmless when it has ended."""
        if self._process and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            await self._process.wait()
        if self._reader:
            await self._reader

    async def _read_errors(self, process: asyncio.subprocess.Process) -> None:
        assert process.stderr
        while piece := await process.stderr.read(4096):
            self._errors += piece
            del self._errors[:-_KEPT_OUTPUT]

    def _error(self, code: int | None) -> MediaError | DiskFullError:
        said = self._errors.decode(errors="replace").strip()
        if os.strerror(errno.ENOSPC) in said:
            return DiskFullError(f"FFmpeg could not {self._doing}: the disk is full. Free some space and render again.")
        return MediaError(f"FFmpeg could not {self._doing} (exit code {code}). It said: {said or 'nothing'}")
