"""Wall time of a render from a cold start, side by side with the npm renderer.

The same bundle, browser binary and settings: concurrency 2, h264, crf 18, preset medium, JPEG 80, muted. Both are
processes of their own, timed from start to exit. Alternating pairs; prints medians and their ratio.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from remotion_py.page.discovery import find_browser
from tests import oracle

ROOT = Path(__file__).parent.parent
SPIN = "n = 0\nwhile True: n += 1"
SCRIPT = """
import sys
import remotion_py as rp
options = {"concurrency": 2, "crf": 18, "x264_preset": "medium"}
render = rp.start_render_media(sys.argv[1], sys.argv[2], output=sys.argv[3], **options)
if sys.argv[4] == "busy":
    import threading
    done = threading.Event()
    threading.Thread(target=lambda: (render.wait(), done.set())).start()
    n = 0
    while not done.is_set():
        n += 1
else:
    render.wait()
"""


def ours(site: Path, composition: str, output: Path, mode: str = "idle") -> float:
    """Time one render; "busy" spins in the caller once it has started, "neighbour" spins in a process beside it."""
    neighbour = subprocess.Popen([sys.executable, "-c", SPIN]) if mode == "neighbour" else None
    started = time.perf_counter()
    try:
        subprocess.run([sys.executable, "-c", SCRIPT, str(site), composition, str(output), mode], check=True, cwd=ROOT)
        return time.perf_counter() - started
    finally:
        if neighbour:
            neighbour.kill()
            neighbour.wait()


def peer(site: Path, composition: str, output: Path) -> float:
    job = {
        "kind": "media",
        "serveUrl": str(site),
        "composition": composition,
        "output": str(output),
        "browserExecutable": str(find_browser().path),
        "options": {"concurrency": 2, "crf": 18, "x264Preset": "medium", "jpegQuality": 80},
    }
    started = time.perf_counter()
    oracle.node("render.mjs", json.dumps([job]))
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--busy", action="store_true", help="a busy caller against the same load in another process")
    parser.add_argument("compositions", nargs="*", default=["hello", "bars", "slides"])
    arguments = parser.parse_args()
    project = ROOT / "examples" / "remotion-hello"
    for composition in arguments.compositions:
        site = oracle.bundle(project if composition == "hello" else Path(__file__).parent / "bars")
        with tempfile.TemporaryDirectory() as folder:
            output = Path(folder) / "out.mp4"
            mine: list[float] = []
            others: list[float] = []
            for number in range(arguments.pairs):
                if arguments.busy:
                    mine.append(ours(site, composition, output, "busy"))
                    others.append(ours(site, composition, output, "neighbour"))
                else:
                    mine.append(ours(site, composition, output))
                    others.append(peer(site, composition, output))
                print(f"{composition} pair {number + 1}: {mine[-1]:.2f} s, other {others[-1]:.2f} s", flush=True)
        one, other = statistics.median(mine), statistics.median(others)
        print(f"{composition}: median {one:.2f} s, other {other:.2f} s, ratio {one / other:.2f}")


if __name__ == "__main__":
    main()
