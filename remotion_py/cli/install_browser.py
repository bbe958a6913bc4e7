"""`remotion-py install-browser`: installs a Chromium headless shell."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import click

from ..errors import BrowserNotFoundError
from ..page.discovery import find_browser

_PACKAGE = "chromium-headless-shell"


@click.command("install-browser")
@click.option("--force", is_flag=True, help="Install even if a headless shell exists.")
def install_browser(force: bool) -> None:
    """Install a Chromium headless shell.

    Downloads Playwright's build. If that download is blocked, installs the distribution's package.
    """
    if not force:
        try:
            found = find_browser()
        except BrowserNotFoundError:
            pass
        else:
            if found.headless_shell:
                click.echo(f"A headless shell is already installed: {found.path} (from {found.source}).")
                return
    for install in (_from_playwright, _from_debian):
        if install():
            found = find_browser()
            click.echo(f"Installed {found.path} (from {found.source}).")
            return
    raise BrowserNotFoundError(
        f"No browser could be installed: Playwright's download failed, and this user cannot run apt-get. "
        f"Ask an administrator to install the package {_PACKAGE!r}, or set REMOTION_PY_BROWSER to the path "
        f"of any Chromium."
    )


def _from_playwright() -> bool:
    # A fresh machine lacks the libraries of Chromium too; only root can install them.
    libraries = ["--with-deps"] if os.geteuid() == 0 and shutil.which("apt-get") else []
    command = [sys.executable, "-m", "playwright", "install", *libraries, "--only-shell", "chromium"]
    return subprocess.run(command, stdout=sys.stderr, check=False).returncode == 0


def _from_debian() -> bool:
    apt = shutil.which("apt-get")
    if not apt or os.geteuid() != 0:
        return False
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    commands = ([apt, "update", "-q"], [apt, "install", "-q", "-y", "--no-install-recommends", _PACKAGE])
    return all(
        subprocess.run(command, stdout=sys.stderr, env=environment, check=False).returncode == 0 for command in commands
    )
