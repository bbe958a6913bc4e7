"""Attacks of a page and of another user on a render, in a network namespace: `python -m tests.attacks FOLDER`, as root.

Prints what came of them as one line of JSON.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import stat
import struct
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psutil

import remotion_py as rp

from .lambda_tree import bring_up_loopback
from .other_user import answers_to_nobody

ADDRESSES = ("10.77.0.1", "169.254.169.254", "100.100.100.200")
CANARY = "canary-value"
_SIOCSIFADDR = 0x8916

PAGE = """<!doctype html><script src="/remotion-py.js"></script><script>
const targets = TARGETS;
const local = ['/.env', '/.git/config', '/%2eenv', '/link/secret.txt', '/../secret.txt', '/..%2fsecret.txt'];
async function attack() {
  if (!(await fetch('/control.txt')).ok) throw new Error('the page does not reach its own site');
  for (const path of local) {
    const answer = await fetch(path).catch(() => null);
    if (answer && answer.ok) throw new Error(`${path} was read`);
  }
  for (const url of targets) {
    await fetch(url, { mode: 'no-cors' }).then(() => { throw new Error(`${url} was reached`) }, () => null);
    await new Promise((done) => {
      const socket = new WebSocket(url.replace('http', 'ws'));
      socket.onerror = done;
      socket.onopen = () => done();
    });
  }
  for (const url of ['file:///etc/passwd', 'file://SECRET']) {
    await fetch(url).then(() => { throw new Error(`${url} was read`) }, () => null);
  }
}
remotionPy.registerComposition({
  id: 'attack', width: 64, height: 64, fps: 30, durationInFrames: 6,
  async render(frame) {
    if (frame !== 2) return;
    await attack();
    while (!(await fetch('/go.txt')).ok) await new Promise((done) => setTimeout(done, 100));
  },
});
</script>"""


def add_addresses() -> None:
    """Give the loopback interface more addresses."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        for number, address in enumerate(ADDRESSES):
            name = f"lo:{number}".encode()
            packed = struct.pack("16sHH4s8s", name, socket.AF_INET, 0, socket.inet_aton(address), bytes(8))
            fcntl.ioctl(control, _SIOCSIFADDR, packed)


def trap(reached: list[str]) -> int:
    """Serve on all addresses; note what is asked for."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            reached.append(self.path)
            self.send_response(200)
            self.end_headers()

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("0.0.0.0", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_port


def make_site(folder: Path, port: int) -> Path:
    site = folder / "site"
    (site / ".git").mkdir(parents=True)
    (folder / "secret.txt").write_text(CANARY)
    (site / ".env").write_text(CANARY)
    (site / ".git" / "config").write_text(CANARY)
    (site / "control.txt").write_text("hello")
    (site / "link").symlink_to(folder)
    hosts = (*ADDRESSES, "127.0.0.1", "localhost", "127.1", "[::ffff:10.77.0.1]", "[::1]", "0.0.0.0", "2130706433")
    page = PAGE.replace("TARGETS", json.dumps([f"http://{host}:{port}/attack" for host in hosts]))
    (site / "index.html").write_text(page.replace("SECRET", str(folder / "secret.txt")))
    return site


def others_may_enter(root: Path) -> list[str]:
    """Return the files below a folder that other users can read, with all folders on their way."""
    found: list[str] = []
    for path in root.rglob("*"):
        chain = [path, *(parent for parent in path.parents if parent.is_relative_to(root))]
        if path.is_file() and all(
            stat.S_IMODE(step.stat().st_mode) & (0o004 if step == path else 0o001) for step in chain
        ):
            found.append(str(path))
    return found


def with_secrets(*roots: Path) -> list[str]:
    files = [path for root in roots for path in root.rglob("*") if path.is_file()]
    return [str(path) for path in files if CANARY.encode() in path.read_bytes()]


def look() -> dict[str, Any]:
    """Look at a render from outside, while its page waits."""
    tree = psutil.Process().children(recursive=True)
    pids = {process.pid: process.name() for process in tree}
    listeners = [
        item for item in psutil.net_connections("inet") if item.status == psutil.CONN_LISTEN and item.pid in pids
    ]
    probes = (
        b"GET /json/version HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"\x05\x01\x00\x05\x01\x00\x01\x7f\x00\x00\x01\x00\x50",
    )
    asked = [(item.laddr.port, probe) for item in listeners for probe in probes]
    store, temp = Path(os.environ["REMOTION_PY_STORE"]), Path(tempfile.gettempdir())
    return {
        "listening": [pids[item.pid] for item in listeners if item.pid],
        "answers": answers_to_nobody(asked),
        "commands_with_secrets": [pids[process.pid] for process in tree if CANARY in " ".join(process.cmdline())],
        "files_with_secrets": with_secrets(store, *temp.glob("remotion-py-*")),
        "open_to_others": others_may_enter(store)
        + [f for root in temp.glob("remotion-py-*") for f in others_may_enter(root)],
    }


def main(folder: Path) -> None:
    """Render a page that attacks, and print what came of it."""
    bring_up_loopback()
    add_addresses()
    reached: list[str] = []
    port = trap(reached)
    site = make_site(folder, port)
    with socket.create_connection(("10.77.0.1", port)) as control:  # the trap can be reached
        control.sendall(b"GET /control HTTP/1.0\r\n\r\n")
        control.recv(100)
    output = folder / "output"
    output.mkdir()
    with rp.Client(capacity=1) as client:
        render = client.start_render_media(
            site,
            "attack",
            output=output / "out.mp4",
            webhook=f"http://127.0.0.1:{port}/webhook",
            webhook_secret=CANARY,
            env_variables={"KEY": CANARY},
            allow_private_network=True,
        )
        limit = time.monotonic() + 120
        while render.progress().frames_rendered < 2 and time.monotonic() < limit:
            time.sleep(0.2)
        found = look()
        (site / "go.txt").write_text("go")
        render.wait()
        found["rendered"] = render.progress().frames_rendered
    found["reached"] = sorted(set(reached))
    found["files_with_secrets"] += with_secrets(Path(os.environ["REMOTION_PY_STORE"]))
    found["written"] = sorted(str(path.relative_to(output)) for path in output.rglob("*"))
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
