"""Downloads from the registries that pip and npm are configured for, each checked against the hash in the lock file."""

from __future__ import annotations

import base64
import functools
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import PackageError

LOCK = Path(__file__).with_name("packs.lock.json")
PYTHON = "3.13"
"""Of the managed runtime."""
PLATFORMS = ("manylinux_2_28", "manylinux_2_24", "manylinux_2_17", "manylinux2014", "manylinux1")
"""What runs on Amazon Linux 2023, which has glibc 2.34."""
_PIECE = 1024 * 1024
_TIMEOUT_S = 60


@dataclass(frozen=True)
class Part:
    """One download of the lock file.

    Attributes:
        name: Name of the package.
        version: Its version.
        source: "pypi" or "npm".
        hash: `sha256:HEX` of a wheel, `sha512-BASE64` of an npm tarball.
        pack: The pack that it goes into; "libraries" for what is imported straight from its layer.
    """

    name: str
    version: str
    source: str
    hash: str
    pack: str


def read_lock(architecture: str) -> list[Part]:
    """Return what is downloaded for an architecture.

    Raises:
        PackageError: The architecture is not available.
    """
    lock: dict[str, Any] = json.loads(LOCK.read_text())
    parts = lock["architectures"].get(architecture)
    if parts is None:
        raise PackageError(
            f"There is no function package for {architecture!r}: Chromium's headless shell for Lambda is "
            f"published on npm only for x86_64. Deploy with architecture='x86_64'."
        )
    return [Part(**part) for part in parts]


def download(parts: Iterable[Part], folder: Path, architecture: str) -> dict[Part, Path]:
    """Download parts to a folder, unless they are there already.

    Args:
        parts: What to download.
        folder: Keeps the downloads.
        architecture: "x86_64" or "arm64".

    Raises:
        PackageError: A registry cannot be reached, or what it gives has another hash.
    """
    wanted = list(parts)
    folder.mkdir(parents=True, exist_ok=True)
    missing = [part for part in wanted if not _is_whole(part, _place(part, folder))]
    wheels = [part for part in missing if part.source == "pypi"]
    if wheels:
        _download_wheels(wheels, folder, architecture)
    for part in missing:
        if part.source == "npm":
            _download_tarball(part, _place(part, folder))
    return {part: _place(part, folder) for part in wanted}


def _is_whole(part: Part, path: Path) -> bool:
    """Return whether a file is what the lock file pins: one that was kept may have been cut short, or changed since."""
    if not path.is_file():
        return False
    return (_sha256(path) if part.source == "pypi" else _sha512(path)) == part.hash


def _place(part: Part, folder: Path) -> Path:
    digest = hashlib.sha256(part.hash.encode()).hexdigest()[:12]
    return folder / f"{part.name.replace('/', '-').lstrip('@')}-{part.version}-{digest}.{_EXTENSIONS[part.source]}"


_EXTENSIONS = {"pypi": "whl", "npm": "tgz"}


def pip_platform_flags(architecture: str) -> list[str]:
    """Return the flags by which pip chooses wheels for the function."""
    machine = "aarch64" if architecture == "arm64" else architecture
    flags = [flag for name in PLATFORMS for flag in ("--platform", f"{name}_{machine}")]
    digits = PYTHON.replace(".", "")
    abis = [flag for abi in (f"cp{digits}", "abi3", "none") for flag in ("--abi", abi)]
    return ["--only-binary=:all:", "--python-version", PYTHON, "--implementation", "cp", *flags, *abis]


def _download_wheels(parts: list[Part], folder: Path, architecture: str) -> None:
    if importlib.util.find_spec("pip") is None:
        raise PackageError(
            "Building the function package needs pip, which is missing in this environment. Install it: "
            "'python -m ensurepip', or 'uv pip install pip'."
        )
    with tempfile.TemporaryDirectory(prefix="remotion-py-wheels-") as temp:
        listed = Path(temp) / "requirements.txt"
        listed.write_text("".join(f"{part.name}=={part.version} --hash={part.hash}\n" for part in parts))
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
        command += [*pip_platform_flags(architecture), "--dest", temp, "--requirement", str(listed)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise PackageError(
                f"pip could not download the wheels of the function package. Check its index and your "
                f"network, then deploy again; finished downloads are kept. Its output: "
                f"{done.stderr.strip()[-800:]}"
            )
        found = {_sha256(path): path for path in Path(temp).glob("*.whl")}
        for part in parts:
            shutil.move(found[part.hash], _place(part, folder))


def _download_tarball(part: Part, target: Path) -> None:
    registry = npm_registry()
    address = f"{registry}/{part.name.replace('/', '%2F')}/{part.version}"
    partial = target.with_suffix(".partial")
    digest = hashlib.sha512()
    try:
        with urllib.request.urlopen(address, timeout=_TIMEOUT_S) as answer:
            tarball = json.load(answer)["dist"]["tarball"]
        with urllib.request.urlopen(tarball, timeout=_TIMEOUT_S) as answer, partial.open("wb") as file:
            while piece := answer.read(_PIECE):
                digest.update(piece)
                file.write(piece)
    except (urllib.error.URLError, OSError, KeyError, ValueError) as error:
        partial.unlink(missing_ok=True)
        raise PackageError(
            f"{part.name} {part.version} could not be downloaded from the npm registry {registry}: {error}. "
            f"Check 'npm config get registry' and your network, then deploy again; finished downloads are "
            f"kept."
        ) from error
    found = f"sha512-{base64.b64encode(digest.digest()).decode()}"
    if found != part.hash:
        partial.unlink(missing_ok=True)
        raise PackageError(
            f"{part.name} {part.version} from the npm registry {registry} does not match the lock file: its "
            f"hash is {found}, not {part.hash}. Do not use it, and check the registry."
        )
    partial.replace(target)


@functools.cache
def npm_registry() -> str:
    """Return the address of the npm registry: of the environment, of an `.npmrc`, or as npm reports it.

    Raises:
        PackageError: None is configured, and npm is not installed.
    """
    named = next((value for key, value in os.environ.items() if key.lower() == "npm_config_registry"), None)
    for path in (Path(".npmrc"), Path.home() / ".npmrc"):
        if not named and path.is_file():
            found = re.search(r"^registry\s*=\s*(\S+)", path.read_text(), re.MULTILINE)
            named = found[1] if found else None
    if not named and (npm := shutil.which("npm")):
        done = subprocess.run([npm, "config", "get", "registry"], capture_output=True, text=True, check=False)
        named = done.stdout.strip()
    if not named:
        raise PackageError(
            "Chromium for Lambda comes from an npm registry, but none is configured. Set "
            "NPM_CONFIG_REGISTRY to the address of one, or install npm, which uses the public one."
        )
    return named.rstrip("/")


def _sha512(path: Path) -> str:
    with path.open("rb") as file:
        return f"sha512-{base64.b64encode(hashlib.file_digest(file, 'sha512').digest()).decode()}"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
