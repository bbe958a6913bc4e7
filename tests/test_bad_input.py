"""Bad input gets one error of the right class, with the input, what is wrong and the next step, before any work."""

from __future__ import annotations

import os
import shutil
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import remotion_py as rp
from remotion_py.errors import (
    BrowserNotFoundError,
    CompositionNotFoundError,
    DiskFullError,
    MediaError,
    OptionError,
    OutputError,
    PageError,
    PageScriptError,
    PageTimeoutError,
    PropsError,
    RemotionPyError,
    SiteNotFoundError,
    from_wire,
    to_wire,
)

from .conftest import LAB, run_cli

CASES: list[tuple[dict[str, Any], type[RemotionPyError], str]] = [
    ({"composition": "nope"}, CompositionNotFoundError, r"no composition 'nope'\. It has: counter"),
    ({"composition": "throws"}, PageScriptError, r"at frame 3: TypeError: boom at three \(at .*lab\.js:\d+:\d+"),
    ({"composition": "bad-metadata"}, PageScriptError, "no metadata today"),
    ({"composition": "no-sound-file"}, MediaError, r"plays the file 'nothing\.wav', but the site does not contain it"),
    ({"composition": "no-sound"}, MediaError, r"data\.json cannot be read"),
    ({"composition": "forbidden-sound"}, MediaError, r"127\.0\.0\.1:9/x\.mp3, which cannot be reached"),
    (
        {"composition": "hangs", "timeout_in_milliseconds": 7000},
        PageTimeoutError,
        r"at frame 2: its delayRender\(\) handle 'waiting for the data' was not released within 5 s "
        r"\(timeout_in_milliseconds is 7000,",
    ),
    ({"frame_range": (40, 50)}, OptionError, r"frame range 40-50 is outside the composition, which has 47 frames"),
]
AT_ONCE: list[tuple[dict[str, Any], type[RemotionPyError], str]] = [
    ({"serve_url": "/nowhere"}, SiteNotFoundError, r"'/nowhere' is neither an http\(s\) URL nor a folder"),
    ({"serve_url": str(LAB.parent)}, SiteNotFoundError, r"has no index\.html"),
    ({"props": {"a": [float("nan")]}}, PropsError, r"props\.a\[0\] is nan"),
    ({"output": "/proc/nothing/a.mp4"}, OutputError, r"/proc/nothing/a\.mp4 cannot be written"),
    ({"output": "/tmp"}, OutputError, "/tmp is a folder"),
    ({"output": "a.avi"}, OutputError, r"'a\.avi' ends in \.avi, which is not a supported output format"),
    ({"crf": 99}, OptionError, "crf is 99"),
    ({"quality": 9}, OptionError, "no option 'quality'"),
]


@pytest.mark.parametrize(("given", "kind", "words"), CASES)
def test_errors_that_only_the_page_can_detect(
    client: rp.Client, tmp_path: Path, given: dict[str, Any], kind: type[RemotionPyError], words: str
) -> None:
    options = {"serve_url": LAB, "composition": "counter", "output": tmp_path / "out.mp4", "concurrency": 2} | given
    with pytest.raises(kind, match=words) as failure:
        client.render_media(**options)
    if not isinstance(failure.value, PageError):  # which quotes the page's code and console
        assert "\n" not in failure.value.message
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("given", "kind", "words"), AT_ONCE)
def test_invalid_input_is_refused_before_any_work(
    given: dict[str, Any], kind: type[RemotionPyError], words: str
) -> None:
    with rp.Client() as client:
        with pytest.raises(kind, match=words):
            client.render_media(**({"serve_url": LAB, "composition": "counter"} | given))
        assert not client._engine.provider.alive


def test_an_existing_output_is_kept_with_overwrite_false(tmp_path: Path) -> None:
    output = tmp_path / "out.mp4"
    output.write_text("precious")
    with rp.Client() as client:
        with pytest.raises(OutputError, match="exists already"):
            client.render_media(LAB, "counter", output=output, overwrite=False)
        assert not client._engine.provider.alive
    assert output.read_text() == "precious"


def test_a_failed_render_keeps_the_previous_output(client: rp.Client, tmp_path: Path) -> None:
    output = tmp_path / "out.mp4"
    output.write_text("precious")
    with pytest.raises(PageScriptError):
        client.render_media(LAB, "throws", output=output)
    assert output.read_text() == "precious"
    assert list(tmp_path.iterdir()) == [output]


def test_a_missing_browser_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("REMOTION_PY_BROWSER", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path))
    with rp.Client() as client, pytest.raises(BrowserNotFoundError, match="remotion-py install-browser"):
        client.render_media(LAB, "counter")
    with (
        rp.Client(browser_executable="/bin/nothing") as client,
        pytest.raises(BrowserNotFoundError, match="/bin/nothing"),
    ):
        client.render_media(LAB, "counter")


def test_a_browser_that_does_not_start() -> None:
    with (
        rp.Client(browser_executable=shutil.which("false")) as client,
        pytest.raises(RemotionPyError, match="did not start"),
    ):
        client.render_media(LAB, "counter")


def test_not_enough_disk_for_the_output(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(2**30, 2**30 - 2**20, 2**20))
    with rp.Client() as client, pytest.raises(DiskFullError, match=r"has 1 MB left.*Free some space"):
        client.render_media(LAB, "counter", output=tmp_path / "a.mp4")


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root")
def test_not_enough_disk_for_the_chunks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, small_disk: Path) -> None:
    monkeypatch.setenv("TMPDIR", str(small_disk))
    with (
        rp.Client(capacity=1) as client,
        pytest.raises(DiskFullError, match=r"needs about \d+ MB of disk, but .* has \d+ MB"),
    ):
        client.render_media(
            LAB, "counter", output=tmp_path / "a.mp4", props={"frames": 5000, "width": 1920, "height": 1080}
        )


def test_errors_keep_their_class_across_processes() -> None:
    error = PageScriptError("boom", frame=3)
    again = from_wire(to_wire(error))
    assert type(again) is PageScriptError
    assert (again.message, again.data) == ("boom", {"frame": 3})
    assert type(from_wire(to_wire(OSError(28, "No space left on device")))) is DiskFullError
    assert type(from_wire({"name": "Strange", "message": "x"})) is rp.errors.RenderError


@pytest.fixture
def small_disk(tmp_path: Path) -> Any:
    import subprocess

    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=60m", "tmpfs", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["render", str(LAB), "nope", "OUT"], 1, "It has: counter"),
        (["render", str(LAB), "counter", "OUT", "--props", "{bad"], 1, "not valid JSON: Expecting property name"),
        (["render", str(LAB), "counter", "OUT", "--frames", "abc"], 1, "--frames is 'abc'"),
        (["render", str(LAB), "counter", "OUT", "--crf", "high"], 2, "not a valid integer"),
        (["render", str(LAB), "counter"], 2, "Missing output: pass OUT, or --output OUT"),
        (["progress", "nothing"], 1, "no render 'nothing'"),
    ],
)
def test_the_command_line_prints_an_error_as_one_paragraph(
    tmp_path: Path, arguments: list[str], code: int, words: str, nothing_left: Callable[[], None]
) -> None:
    done = run_cli(*(str(tmp_path / "a.mp4") if item == "OUT" else item for item in arguments), check=False)
    assert done.returncode == code
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    nothing_left()


@pytest.mark.parametrize(
    ("serve_url", "options", "words"),
    [(1, {}, "The serve URL is 1, but must be the path"), (LAB, {"output": 5}, "output is 5, but must be a path")],
)
def test_a_serve_url_that_is_not_a_path_is_refused(client: rp.Client, serve_url: Any, options: Any, words: str) -> None:
    for render in (client.render_media, client.render_still):
        with pytest.raises(rp.RemotionPyError, match=words):
            render(serve_url, "counter", **options)
