"""A real JupyterLab and a real browser that looks at it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
from playwright.sync_api import Browser, Page, sync_playwright

from remotion_py.page.discovery import find_browser

from .patience import PATIENCE_MS, PATIENCE_S

TOKEN = "test"
SIZE = {"width": 1000, "height": 900}
SETTINGS = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "apputils-extension/themes": {"theme": "JupyterLab Light"},
}
DARK = "JupyterLab Dark"


class Lab:
    """A running JupyterLab.

    Args:
        url: Its address.
        root: The folder that it serves.
        browser: What looks at it.
    """

    def __init__(self, url: str, root: Path, browser: Browser) -> None:
        self.url = url
        self.root = root
        self._browser = browser

    @contextmanager
    def notebook(self, name: str, *cells: str) -> Iterator[Notebook]:
        """Open a notebook with these cells; its kernel ends with it."""
        made = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(cell) for cell in cells],
            metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
        )
        nbformat.write(made, self.root / name)
        page = self._browser.new_page(viewport=SIZE)
        page.set_default_timeout(PATIENCE_MS)
        try:
            notebook = Notebook(page, self.root / name)
            # A workspace of its own, so that what was open before is not opened again.
            notebook.open(f"{self.url}/lab/workspaces/{Path(name).stem}/tree/{name}?token={TOKEN}")
            yield notebook
        finally:
            page.close()
            self.end_kernels()

    def end_kernels(self) -> None:
        """End the kernels of all notebooks."""
        for session in self._api("GET", "sessions"):
            self._api("DELETE", f"sessions/{session['id']}")

    def _api(self, method: str, path: str) -> Any:
        request = urllib.request.Request(
            f"{self.url}/api/{path}", method=method, headers={"Authorization": f"token {TOKEN}"}
        )
        with urllib.request.urlopen(request) as answer:
            return json.loads(answer.read() or "null")


class Notebook:
    """A notebook that is open in a page.

    Args:
        page: The page.
        path: Its file.
    """

    def __init__(self, page: Page, path: Path) -> None:
        self.page = page
        self.path = path

    def open(self, url: str) -> None:
        """Load it and wait for its kernel."""
        self.page.goto(url)
        self.ready()

    def ready(self) -> None:
        """Wait for its cells and its kernel."""
        self.page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=PATIENCE_MS)
        self.page.wait_for_function(
            "() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'",
            timeout=PATIENCE_MS,
        )

    def command(self, name: str, arguments: dict[str, Any] | None = None) -> None:
        """Run a command of JupyterLab, as its menus do."""
        call = "([name, args]) => { window.jupyterapp.commands.execute(name, args); }"
        self.page.evaluate(call, [name, arguments or {}])

    def run(self, number: int) -> None:
        """Run a cell; returns at once."""
        self.page.evaluate(
            "(number) => { const notebook = window.jupyterapp.shell.currentWidget.content;"
            " notebook.activeCellIndex = number; notebook.deselectAll(); }",
            number,
        )
        self.command("notebook:run-cell")

    def cell(self, number: int) -> Any:
        """Where a cell is in the page."""
        return self.page.locator(f".jp-Notebook .jp-Cell >> nth={number}")

    def shown(self, number: int, state: str, timeout: float = PATIENCE_MS) -> Any:
        """Wait until a cell shows a render in this state."""
        found = self.cell(number).locator(f".remotion-py[data-state={state}]").last
        found.wait_for(timeout=timeout)
        return found

    def idle(self, number: int) -> None:
        """Wait until a cell has run."""
        self.page.wait_for_function(
            "(number) => { const prompt = document.querySelectorAll('.jp-Notebook .jp-Cell')[number]"
            "?.querySelector('.jp-InputArea-prompt')?.textContent ?? ''; return /\\[\\d+\\]/.test(prompt); }",
            arg=number,
            timeout=PATIENCE_MS,
        )

    def saved(self) -> Any:
        """Save the notebook and return what the file holds."""
        before = self.path.stat().st_mtime_ns
        self.command("docmanager:save")
        deadline = time.monotonic() + PATIENCE_S
        while self.path.stat().st_mtime_ns == before:
            assert time.monotonic() < deadline
            self.page.wait_for_timeout(50)
        while True:
            try:
                return nbformat.read(self.path, 4)
            except ValueError:  # it is being written
                assert time.monotonic() < deadline
                self.page.wait_for_timeout(50)

    def theme(self, name: str) -> None:
        """Change the theme and wait until it is drawn."""
        self.command("apputils:change-theme", {"theme": name})
        light = "false" if name == DARK else "true"
        self.page.wait_for_selector(f"body[data-jp-theme-light={light}]", state="attached")
        self.page.wait_for_selector("#jupyterlab-splash", state="detached")


@contextmanager
def jupyter_lab(root: Path, home: Path, temp: Path) -> Iterator[Lab]:
    """Start JupyterLab and a browser.

    Args:
        root: The folder that it serves.
        home: Where its settings and run-time files go.
        temp: For temporary files of its kernels.
    """
    settings = home / "settings" / "@jupyterlab"
    for name, values in SETTINGS.items():
        path = settings / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values))
    environment = os.environ | {
        "TMPDIR": str(temp),
        "HOME": str(home),
        "XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache"),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
    }
    options = [
        f"--IdentityProvider.token={TOKEN}",
        f"--ServerApp.root_dir={root}",
        "--ServerApp.port=0",
        "--no-browser",
    ]
    options += ["--LabApp.expose_app_in_browser=True", "--ServerApp.allow_root=True", "--ServerApp.ip=127.0.0.1"]
    command = [sys.executable, "-m", "jupyterlab", *options]
    log = home / "lab.log"
    with log.open("wb") as written:
        server = subprocess.Popen(command, env=environment, stdout=written, stderr=written, stdin=subprocess.DEVNULL)
    try:
        url = _address(server, log)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=find_browser(None).path)
            try:
                yield Lab(url, root, browser)
            finally:
                browser.close()
    finally:
        server.terminate()
        server.wait(PATIENCE_S)


def _address(server: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + PATIENCE_S
    while not (found := re.search(r"(http://127\.0\.0\.1:\d+)/lab\?token=", log.read_text())):
        assert server.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)
    while not _answers(f"{found[1]}/api/status?token={TOKEN}"):  # it names its address before it listens
        assert server.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)
    return found[1]


def _answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url).close()
    except urllib.error.URLError:
        return False
    return True
