"""The command line, in processes of its own."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import click
import pytest

from remotion_py.cli import cli, doctor_notebook
from remotion_py.cli.options import parse_frames
from remotion_py.examples import hello, metronome

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

    site = str(metronome)
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
    assert (wrong.returncode, "Pass KEY=VALUE" in wrong.stderr) == (1, True)


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
        "widgets: ipywidgets 8",
        "notebook front ends: jupyterlab 4",
        "kernel: ipykernel ",
        "asyncio.run() in cells: nest-asyncio2 ",
    ):
        assert words in report
    assert "A headless shell is already installed" in run_cli("install-browser").stdout
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


def test_doctor_leaves_no_open_connection() -> None:
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


def commands(group: click.Group, prefix: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, command in group.commands.items():
        yield (*prefix, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*prefix, name))


def test_help_lists_every_command_with_its_whole_first_sentence() -> None:
    for words, command in [((), cli), *commands(cli)]:
        text = click.Context(command, info_name="remotion-py", terminal_width=80).get_help()
        cut = [line for line in text.splitlines() if line.endswith("...") and not line.startswith("Usage: ")]
        assert cut == [], words
    assert set(cli.commands) == {command.name for section in cli.sections.values() for command in section}


def test_help_of_a_render_has_groups_and_shell_words() -> None:
    text = click.Context(cli.commands["render"], info_name="render", terminal_width=80).get_help()
    titles = re.findall(r"^(\S.*):$", text, re.MULTILINE)
    assert titles[0] == "Page and props"
    assert titles[-3:] == ["Where functions run", "Other", "Examples"]
    assert {"Frames", "Size", "Output", "Video", "Sound", "AWS"} < set(titles)
    assert "JSON object, or the path of a JSON file" in " ".join(text.split())
    for name in ("render", "still", "frames", "batch"):
        text = click.Context(cli.commands[name], info_name=name, terminal_width=80).get_help()
        assert text.count("-o, --output") == 1, name
        found = re.findall(r"None|True|False|x>=|\b[a-z0-9]+_[a-z_]+\b", text)
        assert found == [], name


def test_an_output_is_an_argument_or_an_option(tmp_path: Path) -> None:
    still = ("still", str(hello), "hello", "--scale", "0.1")
    run_cli(*still, "-o", str(tmp_path / "a.png"))
    assert (tmp_path / "a.png").read_bytes()[:4] == b"\x89PNG"
    both = run_cli(*still, "a.png", "--output", "b.png", check=False)
    assert (both.returncode, "Pass one of them" in both.stderr) == (2, True)
    refused = run_cli(*still, "-o", str(tmp_path / "b.png"), "--props", '{"a": NaN}', check=False)
    assert "props.a is nan" in refused.stderr
    assert refused.returncode == 1


def test_an_example_is_copied_to_start_from(tmp_path: Path) -> None:
    assert "index.html" in run_cli("example", "hello", str(tmp_path / "mine")).stdout
    assert run_cli("compositions", str(tmp_path / "mine"), "-q").stdout.strip() == "hello"
    again = run_cli("example", "hello", str(tmp_path / "mine"), check=False)
    assert (again.returncode, "exists already" in again.stderr) == (1, True)


def test_doctor_reports_missing_notebook_packages_without_failing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def lacking(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(doctor_notebook, "version", lacking)
    findings = list(doctor_notebook.notebook_findings())
    assert {finding.name for finding in findings if finding.fix} == {finding.name for finding in findings}
    assert not any(finding.needed for finding in findings)
    monkeypatch.setattr(doctor_notebook, "version", lambda name: "8.0")
    monkeypatch.setattr(doctor_notebook.sys, "prefix", str(tmp_path))
    monkeypatch.setattr(doctor_notebook.sys, "executable", str(tmp_path / "python"))
    fixes = {finding.name: finding.fix for finding in doctor_notebook.notebook_findings()}
    assert "ipykernel install --user" in fixes["kernel"]
    assert [name for name, fix in fixes.items() if fix] == ["kernel"]
