"""Acting as another user of this machine, which only root can."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from .patience import PATIENCE_S

NOBODY = 65534
SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"
_LACKS = [tool for tool in ("python3", "unshare", "setpriv") if not shutil.which(tool, path=SYSTEM_PATH)]
needs_other_user = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0 or bool(_LACKS),
    reason=f"only root of a Linux with python3, unshare and setpriv can act as another user (missing: {_LACKS})",
)

_ASK = """
import json, socket, sys
answers = []
for port, said in json.loads(sys.argv[1]):
    try:
        with socket.create_connection(("127.0.0.1", port), 10) as connection:
            connection.settimeout(10)
            connection.sendall(bytes.fromhex(said))
            answers.append(connection.recv(2000).decode("latin-1"))
    except OSError as error:
        answers.append(type(error).__name__)
print(json.dumps(answers))
"""


def answers_to_nobody(asked: Sequence[tuple[int, bytes]]) -> list[str]:
    """Return what another user is answered by ports of loopback, or the name of an error."""
    python = shutil.which("python3", path=SYSTEM_PATH)
    words = json.dumps([(port, said.hex()) for port, said in asked])
    done = subprocess.run(
        [str(python), "-c", _ASK, words],
        user=NOBODY,
        group=NOBODY,
        extra_groups=[],
        cwd="/",
        env={},
        capture_output=True,
        check=True,
    )
    return json.loads(done.stdout)


def run_as_nobody(command: Sequence[str], home: Path, environment: Mapping[str, str]) -> str:
    """Run a command as another user with a home of its own; return what it prints.

    It has a view of the file system in which that user may enter the folders of this Python.
    """
    (home / "tmp").mkdir(parents=True)
    for path in (home, home / "tmp"):
        os.chown(path, NOBODY, NOBODY)
    steps = [*_openings(Path(sys.base_prefix), Path(sys.prefix).resolve(), *map(Path, sys.path), home)]
    inner = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", *command]
    script = " && ".join([*steps, f"cd {shlex.quote(str(home))}", f"exec {shlex.join(inner)}"])
    own = {"HOME": str(home), "TMPDIR": str(home / "tmp"), "PATH": SYSTEM_PATH, **environment}
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", script], env=own, capture_output=True, text=True, check=False, timeout=PATIENCE_S
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def _openings(*paths: Path) -> list[str]:
    """Return shell commands that lay a folder which all may enter over each one that others may not."""
    closed: dict[Path, list[Path]] = {}
    for path in paths:
        if path.is_dir():
            for parent in [*reversed(path.parents), path]:
                if not parent.stat().st_mode & 0o001:
                    closed.setdefault(parent, []).append(path)
                    break
    steps: list[str] = []
    for number, (folder, inside) in enumerate(closed.items()):
        kept = f"/tmp/.opening-{os.getpid()}-{number}"
        steps += [f"mkdir -p {kept}", f"mount --rbind {shlex.quote(str(folder))} {kept}"]
        steps += [f"mount -t tmpfs -o mode=755 tmpfs {shlex.quote(str(folder))}"]
        for path in dict.fromkeys(inside):
            target = shlex.quote(str(path))
            steps += [f"mkdir -p {target}", f"mount --rbind {kept}/{path.relative_to(folder)} {target}"]
        steps += [f"umount -l {kept}", f"rmdir {kept}"]
    return steps
