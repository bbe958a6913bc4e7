"""Finds a Chromium on this machine."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from ..errors import BrowserNotFoundError

_HEADLESS_SHELLS = ("chromium-headless-shell", "chrome-headless-shell", "headless_shell")
_FULL = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_DEBIAN_LIBRARY = Path("/usr/lib/chromium")


@dataclass(frozen=True)
class BrowserChoice:
    """A browser on this machine.

    Attributes:
        path: Its executable.
        source: How it was found.
        headless_shell: Whether it is a headless shell, which frames can be asked of one by one.
    """

    path: Path
    source: str
    headless_shell: bool


def find_browser(executable: str | os.PathLike[str] | None = None) -> BrowserChoice:
    """Find the Chromium to render with.

    Looked for in this order: the argument, `REMOTION_PY_BROWSER`, Playwright's own download, the system.

    Args:
        executable: Path of a browser that the caller wants.

    Raises:
        BrowserNotFoundError: The named one does not exist, or none is installed.
    """
    for named, source in (
        (executable, "browser_executable"),
        (os.environ.get("REMOTION_PY_BROWSER"), "REMOTION_PY_BROWSER"),
    ):
        if named:
            found = shutil.which(named)
            if not found:
                raise BrowserNotFoundError(
                    f"{source} names {os.fspath(named)!r}, which is not an executable file. Correct the "
                    f"path, or remove it to use an installed browser."
                )
            return _choice(Path(found), source)
    for folder in _playwright_folders():
        for pattern in ("chromium_headless_shell-*/*/*headless*shell", "chromium-*/*/chrome"):
            candidates = sorted(path for path in folder.glob(pattern) if path.is_file())
            if candidates:
                return _choice(candidates[-1], "Playwright's download")
    for name in (*_HEADLESS_SHELLS, *_FULL):
        found = shutil.which(name)
        if found:
            return _choice(Path(found), "the system")
    raise BrowserNotFoundError(
        "No Chromium was found. Install one with 'remotion-py install-browser', or set REMOTION_PY_BROWSER "
        "to the path of one."
    )


def _playwright_folders() -> list[Path]:
    named = os.environ.get("PLAYWRIGHT_BROWSERS_PATH")
    if named and named != "0":
        return [Path(named)]
    caches = Path.home() / ("Library/Caches" if sys.platform == "darwin" else ".cache")
    return [Path(os.environ.get("XDG_CACHE_HOME") or caches) / "ms-playwright", caches / "ms-playwright"]


def _choice(path: Path, source: str) -> BrowserChoice:
    # Debian's /usr/bin/chromium-headless-shell is a shell script that stays in between as a second process.
    real = _DEBIAN_LIBRARY / path.name
    if path.parent == Path("/usr/bin") and real.is_file():
        path = real
    return BrowserChoice(path, source, any(name in path.name for name in _HEADLESS_SHELLS))
