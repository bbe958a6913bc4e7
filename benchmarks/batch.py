"""Twenty rows as a batch, as twenty calls on one client, and as twenty processes of the command line.

`python -m benchmarks.batch`: a video of 30 frames at 640x360 for each row, two renderers.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import remotion_py as rp

SITE, COMPOSITION = "examples/bar-chart-race", "race"
ROWS = [{"name": f"row-{number:02}", "title": f"Row {number}"} for number in range(20)]
SCALE, LAST = 1 / 3, 29


def batch(folder: Path) -> None:
    with rp.Client(capacity=2) as client:
        options = {"scale": SCALE, "frame_range": (0, LAST)}
        result = client.render_batch(ROWS, SITE, COMPOSITION, str(folder / "{name}.mp4"), progress="none", **options)
    assert not result.failed


def calls(folder: Path) -> None:
    with rp.Client(capacity=2) as client:
        for row in ROWS:
            output = folder / f"{row['name']}.mp4"
            options = {"scale": SCALE, "frame_range": (0, LAST), "props": row}
            client.render_media(SITE, COMPOSITION, output=output, progress="none", **options)


def processes(folder: Path) -> None:
    for row in ROWS:
        command = [sys.executable, "-c", "from remotion_py.cli import main; main()", "render", SITE, COMPOSITION]
        command += [str(folder / f"{row['name']}.mp4"), "--props", json.dumps(row), "--scale", str(SCALE)]
        subprocess.run([*command, "--frames", f"0-{LAST}", "--concurrency", "2"], check=True, capture_output=True)


def seconds(work: Callable[[Path], None]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        work(Path(folder))
        taken = time.perf_counter() - started
        made = list(Path(folder).glob("*.mp4"))
        assert len(made) == len(ROWS), made
        return taken


def main() -> None:
    taken = {work.__name__: seconds(work) for work in (batch, calls, processes)}
    for name, value in taken.items():
        print(f"{name}: {value:.1f} s for {len(ROWS)} rows, {value / taken['batch']:.2f} times the batch")


if __name__ == "__main__":
    main()
