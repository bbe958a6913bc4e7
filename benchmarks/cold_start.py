"""What a function costs before its first frame: the real package unpacked as Lambda does, cold and warm."""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import remotion_py as rp
from remotion_py.testing import TestAccount, aws
from tests.cache import CACHE
from tests.lambda_tree import SITE, command, unpack

COMPOSITION = "counter"


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def measure(account: TestAccount, client: rp.Client, runs: int) -> tuple[float, float]:
    """Return the medians of a still by a sandbox that is new, and by the same one again."""
    cold: list[float] = []
    warm: list[float] = []
    for _ in range(runs):
        account.restart()
        cold.append(seconds(lambda: client.render_still(SITE, COMPOSITION)))
        warm.append(seconds(lambda: client.render_still(SITE, COMPOSITION, frame=1)))
    return statistics.median(cold), statistics.median(warm)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    runs: int = parser.parse_args().runs
    os.environ["REMOTION_PY_CACHE"] = str(CACHE)
    with aws(concurrency=2) as account:
        client = rp.Client("aws")
        client.deploy_function()
        installed = measure(account, client, runs)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "opt").mkdir()
        with aws(concurrency=2, real_package=True, command=lambda _: command(folder)) as account:
            client = rp.Client("aws")
            client.deploy_function()
            unpack(folder, account.region)
            packed = measure(account, client, runs)
            account.restart()
    for what, (cold, warm) in (("installed package", installed), ("real package from packs", packed)):
        print(f"{what}: a still cold {cold:.2f} s, warm {warm:.2f} s ({cold / warm:.1f} times)")
    more, ratio = packed[0] - installed[0], packed[1] / installed[1]
    print(f"packs cost {more:.2f} s of a cold start; warm stills take {ratio:.2f} of the time")


if __name__ == "__main__":
    main()
