"""The command line, in processes of its own."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from remotion_py.cli.options import parse_frames

from .compare import decode, read_counter
from .conftest import LAB, ROOT, run_cli

ONE = str(LAB.parent / "one")


def test_render_prints_plain_lines_where_there_is_no_terminal(tmp_path: Path) -> None:
    output = tmp_path / "deep" / "out.mp4"
    done = run_cli(
        *("render", str(LAB), "counter", str(output), "--frames", "0-19", "--concurrency", "2", "--crf", "20"),
        *("--x264-preset", "veryfast", "--jpeg-quality", "90", "--scale", "2", "--timeout", "9000"),
        *("--props", '{"text": "x"}', "--codec", "h264", "--log", "error"),
    )
    assert str(output) in done.stdout
    assert "640x360" in done.stdout
    lines = done.stderr.strip().split("\n")
    assert lines[0].startswith("Render ")
    assert lines[-1].startswith("100% done: 20/20 frames, 2/2 chunks")
    assert 3 <= len(lines) <= 13
    assert [read_counter(frame) for frame in decode(output)] == list(range(20))

    render_id = lines[0].split()[1]
    assert run_cli("progress", render_id).stdout.startswith("100% done")
    assert json.loads(run_cli("progress", render_id, "--json").stdout)["done"] is True

    again = run_cli("render", str(LAB), "counter", str(output), "--no-overwrite", check=False)
    assert again.returncode == 1
    assert "exists already" in again.stderr


def test_render_shows_a_bar_on_a_terminal_and_nothing_when_quiet(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
    command = [sys.executable, "-c", "from remotion_py.cli import main; main()", "render", ONE, "one"]
    process = subprocess.Popen([*command, str(tmp_path / "a.mp4")], stderr=theirs, stdout=subprocess.DEVNULL, cwd=ROOT)
    os.close(theirs)
    shown = b""
    while True:
        try:
            piece = os.read(ours, 4096)
        except OSError:
            break
        if not piece:
            break
        shown += piece
    os.close(ours)
    assert process.wait() == 0
    last = next(line for line in reversed(shown.decode().split("\r")) if line.strip())
    assert "20/20 frames" in last
    assert "1/1 chunks" in last
    assert "fps" in last
    quiet = run_cli("render", ONE, "one", str(tmp_path / "b.mp4"), "--quiet")
    assert (quiet.stdout.strip(), quiet.stderr) == (str(tmp_path / "b.mp4"), "")


def test_still_takes_its_format_from_the_extension(tmp_path: Path) -> None:
    run_cli("still", ONE, "one", str(tmp_path / "a.jpg"), "--frame", "-1")
    assert (tmp_path / "a.jpg").read_bytes()[:2] == b"\xff\xd8"
    assert "frame 3" in run_cli("still", ONE, "one", str(tmp_path / "a.png"), "--frame", "3").stdout
    assert (tmp_path / "a.png").read_bytes()[:4] == b"\x89PNG"


def test_every_kind_of_option_has_a_flag(tmp_path: Path) -> None:
    import av

    site = str(ROOT / "examples" / "metronome")
    tags = ("--metadata", "title=Tick", "--metadata", "comment=a=b")
    run_cli("render", site, "metronome", str(tmp_path / "a.mp4"), "--frames", "0-19", "--muted", *tags, "--crf", "30")
    with av.open(str(tmp_path / "a.mp4")) as container:
        assert [stream.type for stream in container.streams] == ["video"]
        assert (container.metadata["title"], container.metadata["comment"]) == ("Tick", "a=b")
    run_cli("render", site, "metronome", str(tmp_path / "a.wav"), "--frames", "0-19")
    with av.open(str(tmp_path / "a.wav")) as container:
        assert [stream.type for stream in container.streams] == ["audio"]
    assert "4 pictures" in run_cli("frames", site, "metronome", str(tmp_path / "f"), "--frames", "0-3").stdout
    wrong = run_cli("render", site, "metronome", str(tmp_path / "b.mp4"), "--metadata", "title", check=False)
    assert (wrong.returncode, "must be KEY=VALUE" in wrong.stderr) == (1, True)


def test_compositions() -> None:
    assert run_cli("compositions", ONE).stdout.split() == ["one", "320x180", "30", "fps", "20", "frames", "(0.67", "s)"]
    assert run_cli("compositions", ONE, "--quiet").stdout.strip() == "one"
    (found,) = json.loads(run_cli("compositions", ONE, "--json").stdout)
    assert found["duration_in_frames"] == 20


def test_doctor_and_install_browser() -> None:
    report = run_cli("doctor", check=False).stdout
    for words in (
        "browser: ",
        "frames on demand",
        "browser sandbox: ",
        "browser decodes: H.264",
        "FFmpeg encoders: ",
        "libx264",
        "memory: ",
    ):
        assert words in report
    assert "There is one already" in run_cli("install-browser").stdout
    broken = subprocess.run(
        [sys.executable, "-c", "from remotion_py.cli import main; main()", "doctor"],
        env=os.environ | {"REMOTION_PY_BROWSER": "/bin/nothing", "REMOTION_PY_FFMPEG": "/bin/nothing"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert broken.returncode == 1
    assert "fix: remotion-py install-browser" in broken.stdout
    assert "/bin/nothing does not run" in broken.stdout


def test_frames_as_remotion_writes_them() -> None:
    assert parse_frames("5") == (5, 5)
    assert parse_frames("0-9") == (0, 9)
    assert parse_frames("10-") == (10, None)


def test_doctor_leaves_nothing_open() -> None:
    assert "Unclosed" not in run_cli("doctor", check=False).stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete_commands(shell: str) -> None:
    assert "_REMOTION_PY_COMPLETE" in run_cli("completion", shell).stdout


def test_completion_knows_commands_and_options() -> None:
    for words, index, wanted in (
        ("remotion-py re", "1", "render"),
        ("remotion-py render --comp", "2", "--composition-start"),
    ):
        environment = os.environ | {"COMP_WORDS": words, "COMP_CWORD": index, "_REMOTION_PY_COMPLETE": "bash_complete"}
        program = Path(sys.executable).parent / "remotion-py"
        done = subprocess.run([program], env=environment, capture_output=True, text=True, check=True)
        assert f"plain,{wanted}" in done.stdout.splitlines()
