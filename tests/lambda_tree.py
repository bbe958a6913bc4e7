"""A machine shaped like Lambda's: Debian's Python 3.13, our package unpacked where Lambda unpacks it, and nothing else.

Run as `python -m tests.lambda_tree FOLDER` without any network but loopback, it deploys the real package to a test
account, and renders a composition by functions that run in that machine.
"""

from __future__ import annotations

import fcntl
import io
import json
import shutil
import socket
import struct
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

import remotion_py as rp
from remotion_py.testing import aws

from .patience import PATIENCE_S

ROOT = Path(__file__).parent.parent
TRIXIE = ROOT / ".cache" / "trixie"
SITE = Path(__file__).parent / "sites" / "lab"
PYTHON = "/usr/bin/python3.13"
_IFF_UP, _SIOCSIFFLAGS = 1, 0x8914
_NOT_LAMBDAS = ("HOME", "LD_LIBRARY_PATH", "PYTHONPATH", "VIRTUAL_ENV", "TMPDIR", "REMOTION_PY_SANDBOX", "LANG")


def make_trixie() -> Path:
    """Return the root of the machine, making it where there is none."""
    if not (TRIXIE / "usr" / "bin" / "python3.13").exists():
        for tool in ("debootstrap", "bwrap"):
            assert shutil.which(tool), f"{tool} is missing; scripts/install dev installs it when it is root"
        shutil.rmtree(TRIXIE, ignore_errors=True)
        making = TRIXIE.with_suffix(".making")
        shutil.rmtree(making, ignore_errors=True)
        making.parent.mkdir(parents=True, exist_ok=True)
        included = "--include=python3.13-minimal,libpython3.13-stdlib"
        command = ["debootstrap", "--variant=minbase", included, "trixie", str(making)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
        assert done.returncode == 0, done.stdout[-2000:]
        making.replace(TRIXIE)
    (TRIXIE / "var" / "task").mkdir(exist_ok=True)
    return TRIXIE


def unpack(folder: Path, region: str) -> None:
    """Unpack what was uploaded to the account as Lambda does: the code to `/var/task`, all layers to `/opt`."""
    from moto.awslambda.models import lambda_backends
    from moto.core import DEFAULT_ACCOUNT_ID

    backend = lambda_backends[DEFAULT_ACCOUNT_ID][region]
    (function,) = backend.list_functions()
    layers = [backend.get_layer_version(*arn.split(":")[-2:]) for arn in (layer["Arn"] for layer in function.layers)]
    for data, target in [(function.code_bytes, "task"), *((layer.code_bytes, "opt") for layer in layers)]:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for item in archive.infolist():
                path = Path(archive.extract(item, folder / target))
                path.chmod(item.external_attr >> 16 & 0o777)


def command(folder: Path) -> Sequence[str]:
    """Return what starts the function as Lambda does; a sandbox's own folder is its `/tmp`."""
    nothing = folder / "nothing"
    nothing.mkdir(exist_ok=True)
    shape = ["bwrap", "--unshare-pid", "--die-with-parent", "--ro-bind", str(make_trixie()), "/"]
    shape += ["--ro-bind", str(folder / "task"), "/var/task", "--ro-bind", str(folder / "opt"), "/opt"]
    shape += ["--dev", "/dev", "--ro-bind", str(nothing), "/dev/shm", "--proc", "/proc", "--bind", ".", "/tmp"]
    for name in _NOT_LAMBDAS:
        shape += ["--unsetenv", name]
    shape += ["--setenv", "PATH", "/usr/bin:/bin", "--chdir", "/var/task"]
    return [*shape, "/var/task/bootstrap", PYTHON, "/var/runtime/bootstrap.py"]


def bring_up_loopback() -> None:
    """Bring up the one interface of a network of one's own."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, _SIOCSIFFLAGS, struct.pack("16sh", b"lo", _IFF_UP))


def main(folder: Path) -> None:
    bring_up_loopback()
    (folder / "opt").mkdir(parents=True)
    with aws(concurrency=2, real_package=True, command=lambda _: command(folder)) as account:
        client = rp.Client("aws", region=account.region)
        first = client.deploy_function()
        unpack(folder, account.region)
        uploaded = sum(call.action == "lambda:PublishLayerVersion" for call in account.calls)
        client.deploy_function()
        again = sum(call.action == "lambda:PublishLayerVersion" for call in account.calls)
        video = client.render_media(SITE, "counter", output=folder / "a.mp4", frame_range=(0, 11), concurrency=2)
        still = client.render_still(SITE, "counter", output=folder / "a.png", frame=5)
        facts = {"function": first.function_name, "published": [uploaded, again], "video": str(video.path)}
        print(json.dumps(facts | {"still": str(still.path)}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
