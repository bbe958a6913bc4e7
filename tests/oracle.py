"""The npm renderer at its pinned versions: bundles projects and renders references, cached below `.cache`."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from remotion_py.page.discovery import find_browser

from .cache import CACHE, one_at_a_time

HERE = Path(__file__).parent / "npm"
MOST_SECONDS = 1500
"""Longer than npm takes on the busiest machine; a process that hangs still ends."""
PINNED: str = json.loads((HERE / "package.json").read_text())["dependencies"]["remotion"]
NEWEST = os.environ.get("REMOTION_NEWEST", "4.0.529")
"""The newest version of which there is every package of `SET`; `scripts/newest-remotion` looks for a newer one."""
SET = ("remotion", "@remotion/bundler", "@remotion/cli", "@remotion/media", "@remotion/renderer")
"""What a project of another version is made with; packages that lag behind have a core of their own."""
TRIES = 3
"""The npm renderer fails now and then on a busy machine: it asks a page for the composition of the one before, or waits
for a video without end. Jobs that ended are not done again."""


def _hash(*items: object) -> str:
    digest = hashlib.sha256()
    for item in items:
        digest.update(item if isinstance(item, bytes) else json.dumps(item, sort_keys=True, default=str).encode())
    return digest.hexdigest()[:16]


def _files(folder: Path) -> list[bytes]:
    kept = [path for path in sorted(folder.rglob("*")) if path.is_file() and "node_modules" not in path.parts]
    return [part for path in kept for part in (path.relative_to(folder).as_posix().encode(), path.read_bytes())]


def manifest_of(version: str) -> bytes:
    """Return the package.json of a version of Remotion."""
    pinned = (HERE / "package.json").read_bytes()
    if version == PINNED:
        return pinned
    manifest = json.loads(pinned)
    others = {name: wanted for name, wanted in manifest["dependencies"].items() if "remotion" not in name}
    return json.dumps(manifest | {"dependencies": others | dict.fromkeys(SET, version)}, indent=2).encode()


@one_at_a_time("npm")
def modules(version: str = PINNED) -> Path:
    """Return the folder with the installed npm packages, installing them where they are missing."""
    manifest = manifest_of(version)
    folder = CACHE / "npm" / _hash(manifest)
    if not (folder / "installed").exists():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_bytes(manifest)
        install = ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"]
        subprocess.run(install, cwd=folder, check=True, timeout=MOST_SECONDS)
        (folder / "installed").touch()
    for script in HERE.glob("*.mjs"):
        shutil.copy(script, folder)
    return folder


def workspace(project: Path, name: str, version: str = PINNED) -> Path:
    """Return a copy of a Remotion project below `node_modules`, where its imports are resolved."""
    copy = modules(version) / "projects" / name
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(project, copy, ignore=shutil.ignore_patterns("node_modules", "build"))
    return copy


@one_at_a_time("bundles")
def bundle(project: Path, public: Path | None = None, version: str = PINNED) -> Path:
    """Bundle a Remotion project by the npm bundler, with the files of a folder as its public ones."""
    packages = modules(version)
    target = CACHE / "bundles" / _hash(*_files(project), public.name if public else "", packages.name)
    if not (target / "index.html").exists():
        copy = workspace(project, target.name, version)
        if public:
            shutil.copytree(public, copy / "public", dirs_exist_ok=True)
        (copy / "public").mkdir(exist_ok=True)
        making = target.with_suffix(".making")
        node(
            "bundle.mjs",
            str(next((copy / "src").glob("index.ts*"))),
            str(copy / "public"),
            str(making),
            version=version,
        )
        making.replace(target)
    return target


def render(
    kind: str, site: Path, name: str, serve_url: str = "", version: str = PINNED, **job: Any
) -> tuple[dict[str, Any], Path]:
    """Render by the npm renderer, or return what it rendered before from the same site.

    Args:
        kind: "media", "frames", "still" or "list".
        site: Folder of the site.
        name: Name of the output.
        serve_url: Where the site is served; "" lets the npm renderer serve the folder.
        version: Of the npm renderer.
        job: See `npm/render.mjs`.

    Returns:
        What it printed, and its output: a file, or a folder for frames.
    """
    return render_all(kind, site, name, [job], serve_url, version)[0]


@one_at_a_time("reference")
def render_all(
    kind: str, site: Path, name: str, jobs: Sequence[dict[str, Any]], serve_url: str = "", version: str = PINNED
) -> list[tuple[dict[str, Any], Path]]:
    """Do several jobs in one process of the npm renderer, which saves its start; see `render()`."""
    browser = str(find_browser().path)
    script = (HERE / "render.mjs").read_bytes()
    files, fonts = _hash(*_files(site)), _fonts()
    made_by = (version,) if version != PINNED else ()
    folders = [CACHE / "reference" / _hash(kind, job, script, browser, fonts, files, *made_by) for job in jobs]
    for attempt in range(TRIES):
        wanted: list[dict[str, Any]] = []
        for folder, job in zip(folders, jobs, strict=True):
            if not (folder / "printed.json").exists():
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir(parents=True)
                fixed = {"kind": kind, "serveUrl": serve_url or str(site), "browserExecutable": browser}
                written = {"output": str(folder / name), "printed": str(folder / "printed.json")}
                wanted.append(job | fixed | written)
        if not wanted:
            break
        done = _run("render.mjs", json.dumps(wanted), version=version)
        assert not done.returncode or attempt < TRIES - 1, done.stderr + done.stdout
    return [(json.loads((folder / "printed.json").read_text()), folder / name) for folder in folders]


def _fonts() -> str:
    """List the installed fonts: a reference with other fonts shows other text."""
    if not shutil.which("fc-list"):
        return ""
    return "\n".join(sorted(subprocess.run(["fc-list"], capture_output=True, text=True, check=True).stdout.split("\n")))


def node(script: str, *arguments: str, version: str = PINNED) -> str:
    """Run one of the scripts in `npm/` and return what it printed."""
    done = _run(script, *arguments, version=version)
    assert not done.returncode, done.stderr + done.stdout
    return done.stdout


def _run(script: str, *arguments: str, version: str) -> subprocess.CompletedProcess[str]:
    command = ["node", script, *arguments]
    return subprocess.run(
        command, cwd=modules(version), capture_output=True, text=True, check=False, timeout=MOST_SECONDS
    )
