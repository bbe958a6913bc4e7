"""What `import remotion_py` costs, next to an empty interpreter: medians of fresh processes."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

RUNS = 15


def run(code: str) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - started


def main() -> None:
    empty = statistics.median(run("") for _ in range(RUNS))
    full = statistics.median(run("import remotion_py") for _ in range(RUNS))
    print(f"empty {empty * 1000:.0f} ms, with import {full * 1000:.0f} ms: import costs {(full - empty) * 1000:.0f} ms")


if __name__ == "__main__":
    main()
