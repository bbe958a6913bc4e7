"""How long a frame takes to appear while somebody scrubs, against a still of the same frame.

`python -m benchmarks.scrub`: the panel's own preview shows random frames of the example at 1280x720, one after the
other, on a warm client.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable

import remotion_py as rp
from remotion_py._client.preview import Preview
from remotion_py._runtime import background

SITE, COMPOSITION, FRAMES = "examples/bar-chart-race", "race", 300
SCALE = 1280 / 1920
TIMES = 100


def measured(show: Callable[[int], object]) -> list[float]:
    chance = random.Random(1)
    times: list[float] = []
    for _ in range(TIMES):
        started = time.perf_counter()
        show(chance.randrange(FRAMES))
        times.append(1000 * (time.perf_counter() - started))
    return sorted(times)


def main() -> None:
    with rp.Client(capacity=2) as client:
        preview = Preview(client._engine, SITE, COMPOSITION, {"scale": SCALE})
        background.run(preview.frame(0, None))
        scrubbed = measured(lambda frame: background.run(preview.frame(frame, None)))
        still = {"scale": SCALE, "image_format": "jpeg"}
        client.render_still(SITE, COMPOSITION, **still)
        stills = measured(lambda frame: client.render_still(SITE, COMPOSITION, frame=frame, **still))
    for name, times in (("scrubbed frame", scrubbed), ("render_still()", stills)):
        p50, p95 = statistics.median(times), times[int(0.95 * TIMES)]
        print(f"{name}: p50 {p50:.0f} ms, p95 {p95:.0f} ms, slowest {times[-1]:.0f} ms")
    print(f"a still takes {statistics.median(stills) / statistics.median(scrubbed):.1f} times as long")


if __name__ == "__main__":
    main()
