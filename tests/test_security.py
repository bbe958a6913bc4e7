"""What SECURITY.md promises: Chromium's sandbox, and attacks of pages and of other users that come to nothing."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import psutil
import pytest

from remotion_py.errors import BrowserCrashedError
from remotion_py.page import browser as browser_module
from remotion_py.page import sandboxing
from remotion_py.page.browser import Browser
from remotion_py.page.chromium import Chromium
from remotion_py.page.discovery import BrowserChoice, find_browser

from .conftest import ROOT
from .other_user import needs_other_user, run_as_nobody
from .patience import PATIENCE_S

REPORT = """
import asyncio, json
import psutil
from pathlib import Path
from remotion_py.page.browser import Browser
from remotion_py.page.discovery import find_browser

async def main():
    browser = await Browser.launch(find_browser())
    try:
        opened = await browser.open_page(64, 64, controlled=False)
        answer = await opened.page.evaluate("6 * 7")
        renderers = [
            Path(f"/proc/{process.pid}/status").read_text().split("Seccomp:")[1].split()[0]
            for process in psutil.Process(browser.pid).children(recursive=True)
            if "--type=renderer" in process.cmdline()
        ]
        print(json.dumps({"sandboxed": browser.sandboxed, "filters": renderers, "answer": answer}))
    finally:
        await browser.close()

asyncio.run(main())
"""


def report(home: Path, *before: str) -> dict[str, Any]:
    environment = {
        "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path]),
        "REMOTION_PY_BROWSER": str(find_browser().path),
    }
    return json.loads(run_as_nobody([*before, sys.executable, "-c", REPORT], home, environment))


@needs_other_user
def test_pages_of_an_ordinary_user_run_in_chromiums_sandbox() -> None:
    home = Path("/tmp") / f"remotion-py-test-home-{os.getpid()}"  # where that user may go
    try:
        found = report(home)
        assert found["sandboxed"]
        assert found["filters"]
        assert set(found["filters"]) == {"2"}  # system calls are filtered
        assert found["answer"] == 42
    finally:
        shutil.rmtree(home)


@needs_other_user
@pytest.mark.skipif(not shutil.which("bwrap"), reason="bwrap is what forbids user namespaces here")
def test_without_user_namespaces_the_browser_starts_without_its_sandbox() -> None:
    home = Path("/tmp") / f"remotion-py-test-home-{os.getpid()}"
    try:
        forbidding = ("bwrap", "--unshare-user", "--disable-userns", "--bind", "/", "/", "--dev-bind", "/dev", "/dev")
        found = report(home, *forbidding)
        assert (found["sandboxed"], found["answer"]) == (False, 42)
    finally:
        shutil.rmtree(home)


def test_only_a_refused_sandbox_is_turned_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandboxing, "_refused", {})
    browser = Path("/x/chromium")
    assert not sandboxing.sandbox_refused(browser, "[1:ERROR:a.cc:1] Out of memory")
    assert sandboxing.why_no_sandbox(browser) == ("Chromium has no sandbox for root" if os.geteuid() == 0 else "")
    assert sandboxing.sandbox_refused(browser, "[1:FATAL:a.cc:1] No usable sandbox! If this is\nmore")
    assert sandboxing._refused[browser] == "No usable sandbox"
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert sandboxing.why_no_sandbox(browser) == "No usable sandbox"
    assert sandboxing.sandbox_wanted(Path("/x/other"))
    monkeypatch.setenv("LAMBDA_TASK_ROOT", "/var/task")
    assert "Lambda" in sandboxing.why_no_sandbox(Path("/x/other"))


def test_a_browser_that_does_not_start_is_an_error_and_leaves_no_process(tmp_path: Path) -> None:
    fake = tmp_path / "chromium"
    fake.write_text("#!/bin/sh\necho '[1:2:FATAL:x.cc(1)] the disk is upside down' >&2\nexit 3\n")
    fake.chmod(0o755)
    before = set(psutil.Process().children(recursive=True))

    async def run(path: Path) -> None:
        await Browser.launch(BrowserChoice(path, "a test", headless_shell=True))

    with pytest.raises(BrowserCrashedError, match=r"did not start: the disk is upside down\. Run 'remotion-py doctor'"):
        asyncio.run(run(fake))
    with pytest.raises(BrowserCrashedError, match=r"did not start: .*No such file"):
        asyncio.run(run(tmp_path / "nothing"))
    assert set(psutil.Process().children(recursive=True)) == before


@pytest.fixture
def silent_browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An executable that starts and never answers; folders of browsers are made in an empty one."""
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    path = tmp_path / "chromium"
    path.write_text("#!/bin/sh\nexec sleep 600\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize("steps", range(1, 8))
def test_a_browser_whose_start_is_cancelled_leaves_nothing(silent_browser: Path, steps: int) -> None:
    before = set(psutil.Process().children(recursive=True))

    async def run() -> None:
        starting = asyncio.create_task(Chromium.start(silent_browser, [], {}))
        for _ in range(steps):
            await asyncio.sleep(0)
        cut = starting.cancel()
        try:
            chromium = await starting
        except asyncio.CancelledError:
            assert cut
        else:
            chromium.kill()
            await chromium.end(20)

    asyncio.run(run())
    assert set(psutil.Process().children(recursive=True)) == before
    assert not list((silent_browser.parent / "tmp").iterdir())


def test_a_browser_whose_end_is_cancelled_leaves_nothing(silent_browser: Path) -> None:
    before = set(psutil.Process().children(recursive=True))

    async def run() -> None:
        chromium = await Chromium.start(silent_browser, [], {})
        ending = asyncio.create_task(chromium.end(600))
        await asyncio.sleep(0)
        ending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await ending

    asyncio.run(run())
    assert set(psutil.Process().children(recursive=True)) == before
    assert not list((silent_browser.parent / "tmp").iterdir())


def test_a_launch_that_takes_too_long_leaves_nothing(silent_browser: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser_module, "LAUNCH_TIMEOUT_S", 3)
    before = set(psutil.Process().children(recursive=True))
    with pytest.raises(BrowserCrashedError, match=r"did not respond within 3 s"):
        asyncio.run(Browser.launch(BrowserChoice(silent_browser, "a test", headless_shell=True)))
    left = set(psutil.Process().children(recursive=True)) - before
    assert not [process for process in left if "sleep" in process.cmdline()]
    assert not list((silent_browser.parent / "tmp").glob("browser-*"))


def _can_make_network() -> bool:
    return sys.platform == "linux" and subprocess.run(["unshare", "-n", "-m", "true"], check=False).returncode == 0


@needs_other_user
def test_attacks_in_a_separate_network_fail(tmp_path: Path) -> None:
    if not _can_make_network():
        pytest.skip("a network namespace cannot be made here")
    environment = os.environ | {"REMOTION_PY_STORE": str(tmp_path / "store")}
    command = ["unshare", "-n", "-m", sys.executable, "-m", "tests.attacks", str(tmp_path)]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=PATIENCE_S
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert found["rendered"] == 6
    assert found["reached"] == ["/control", "/webhook"]
    assert found["listening"]
    assert [name for name in found["listening"] if "chrom" in name or "node" in name] == []
    assert len(found["answers"]) >= 2 * len(found["listening"])
    refused = re.compile(r"|[A-Za-z]+Error|HTTP/1\.[01] 40[034] .*", re.DOTALL)
    assert [answer for answer in found["answers"] if not refused.fullmatch(answer)] == []
    assert found["commands_with_secrets"] == []
    assert found["files_with_secrets"] == []
    assert found["open_to_others"] == []
    assert found["written"] == ["out.mp4"]
