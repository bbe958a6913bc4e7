"""Processes that stand still are found by time; FFmpeg that was killed or stands still can be tried again."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from pathlib import Path
from typing import Any

import pytest

from remotion_py._runtime.stall import VARIABLE, StallDetector
from remotion_py.errors import DiskFullError, FFmpegInterruptedError, MediaError, from_wire, to_wire
from remotion_py.media.ffmpeg import FFmpeg, failure, ffmpeg_path, run_ffmpeg

from .patience import PATIENCE_S

SAMPLES = ["-f", "s16le", "-ar", "48000", "-ac", "2", "-i", "pipe:0", "-y"]


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_stall_is_counted_from_the_last_change() -> None:
    clock = Clock()
    still = StallDetector(gap_s=10, clock=clock)
    looks = [(1, "a"), (4, "a"), (3, "b"), (9, "b"), (9, "b")]
    found = list[float]()
    for seconds, value in looks:
        clock.now += seconds
        found.append(still.look(value))
    assert found == [0, 4, 0, 9, 18]


def test_an_observer_that_was_paused_restarts_its_count() -> None:
    clock = Clock()
    still = StallDetector(gap_s=10, clock=clock)
    still.look("a")
    clock.now += 3600
    assert still.look("a") == 0
    clock.now += 5
    assert still.look("a") == 5


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "1")


async def _fed(output: Path, hurt: signal.Signals, *, writing: bool) -> None:
    encoder = FFmpeg([*SAMPLES, str(output)], "encode the audio")
    await encoder.start()
    try:
        await encoder.write(bytes(400_000))
        assert encoder._process
        os.kill(encoder._process.pid, hurt)
        while writing:
            await encoder.write(bytes(400_000))
        await encoder.finish()
    finally:
        await encoder.kill()


@pytest.mark.parametrize("writing", [True, False])
@pytest.mark.usefixtures("impatient")
def test_an_ffmpeg_that_stalls_is_killed(tmp_path: Path, writing: bool) -> None:
    with pytest.raises(FFmpegInterruptedError, match="no progress for 1 s"):
        asyncio.run(asyncio.wait_for(_fed(tmp_path / "a.wav", signal.SIGSTOP, writing=writing), PATIENCE_S))


@pytest.mark.parametrize("writing", [True, False])
def test_a_killed_ffmpeg_is_retryable(tmp_path: Path, writing: bool) -> None:
    with pytest.raises(FFmpegInterruptedError, match="killed by SIGKILL") as caught:
        asyncio.run(asyncio.wait_for(_fed(tmp_path / "a.wav", signal.SIGKILL, writing=writing), PATIENCE_S))
    assert from_wire(to_wire(caught.value)).retryable


def test_ffmpeg_without_input_is_retried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "3")  # the second run must not stand still for as long, on a busy machine either
    output, first = tmp_path / "a.wav", tmp_path / "first"
    script = tmp_path / "stops-once"
    script.write_text(f'#!/bin/sh\nmkdir "{first}" 2>/dev/null && kill -STOP $$\nexec "{ffmpeg_path()}" "$@"\n')
    script.chmod(0o755)
    monkeypatch.setenv("REMOTION_PY_FFMPEG", str(script))
    work = FFmpeg(["-f", "lavfi", "-i", "sine=duration=1", "-y", str(output)], "make a sound")
    asyncio.run(asyncio.wait_for(work.run(), PATIENCE_S))
    assert first.exists()
    assert output.stat().st_size > 80_000


@pytest.mark.usefixtures("impatient")
def test_a_blocking_call_of_ffmpeg_ends_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started = threading.Event()

    def feed() -> Any:
        started.set()
        while True:
            yield bytes(100_000)

    script = tmp_path / "stopped"
    script.write_text("#!/bin/sh\nkill -STOP $$\n")
    script.chmod(0o755)
    monkeypatch.setenv("REMOTION_PY_FFMPEG", str(script))
    with pytest.raises(FFmpegInterruptedError, match="no progress"):
        run_ffmpeg([], "join the sound", feed)
    assert started.is_set()


def test_a_blocking_call_of_ffmpeg_is_retried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script, mark, output = tmp_path / "killed", tmp_path / "mark", tmp_path / "a.wav"
    script.write_text(f'#!/bin/sh\n[ -e {mark} ] || {{ touch {mark}; kill -KILL $$; }}\nexec {ffmpeg_path()} "$@"\n')
    script.chmod(0o755)
    monkeypatch.setenv("REMOTION_PY_FFMPEG", str(script))
    run_ffmpeg([*SAMPLES, str(output)], "join the sound", lambda: iter([bytes(100_000), bytes(92_000)]))
    assert mark.exists()
    assert 192_000 <= output.stat().st_size < 193_000


def test_errors_of_ffmpeg_are_distinguished() -> None:
    assert type(failure("mix", 1, "Invalid data")) is MediaError
    assert isinstance(failure("mix", 1, "av_interleaved_write_frame(): No space left on device"), DiskFullError)
    assert isinstance(failure("mix", -9, ""), FFmpegInterruptedError)
    assert isinstance(failure("mix", 255, ""), FFmpegInterruptedError)
