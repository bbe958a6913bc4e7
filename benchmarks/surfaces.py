"""What a frame costs more where the page has a <video>: python -m benchmarks.surfaces [--pairs 5].

The same page is captured with and without the exchange by which videos and transferred canvases hand over their
pictures; without it they are wrong, so this is the price of being right.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from unittest.mock import patch

from remotion_py.media.ffmpeg import ffmpeg_path
from remotion_py.page.capture import ControlledFrames, Drive
from remotion_py.page.contract import Background, PageSettings
from remotion_py.page.session import BrowserSession

FRAMES = 40
WARM_UP = 5
PAGE = """<!doctype html>
<script src="/remotion-py.js"></script>
<body style="margin: 0; background: #eef"></body>
<script>
const bars = (frame) => Array.from({ length: 24 }, (_, i) => {
  const top = 300 + 200 * Math.sin(frame / 9 + i);
  return `<div style="position: absolute; left: ${80 + i * 75}px; top: ${top}px; width: 60px; height: ${900 - top}px;
    background: hsl(${i * 15} 70% 50%); box-shadow: 0 4px 20px #0008"></div>`;
}).join("");
const happened = (target, event) => new Promise((resolve) => target.addEventListener(event, resolve, { once: true }));
let box, video;
for (const [id, width] of [["none", 0], ["small", 480], ["full", 1920]]) {
  remotionPy.registerComposition({ id, width: 1920, height: 1080, fps: 30, durationInFrames: 60, async render(frame) {
    box ??= document.body.appendChild(document.createElement("div"));
    box.innerHTML = bars(frame);
    if (!width) return;
    if (!video) {
      video = Object.assign(document.createElement("video"), { src: "video.mp4", muted: true });
      video.style = `position: absolute; left: 0; top: 0; width: ${width}px`;
      document.body.append(video);
      await happened(video, "loadeddata");
    }
    const sought = happened(video, "seeked");
    video.currentTime = (frame + 0.5) / 30;
    await sought;
  } });
}
</script>"""


async def milliseconds(site: Path, composition: str) -> float:
    """Return the median of a frame's time, from its seek to its picture."""
    session = BrowserSession()
    try:
        settings = PageSettings()
        found = await (await session.open(str(site), settings, generation="benchmark")).composition(composition)
        page = await session.show(str(site), settings, found, background=Background(), generation="benchmark")
        times: list[float] = []
        for frame in range(FRAMES):
            started = time.perf_counter()
            await page.seek(frame)
            await page.capture("jpeg", 80)
            times.append(time.perf_counter() - started)
        return statistics.median(times[WARM_UP:]) * 1000
    finally:
        await session.close()


async def nothing(self: ControlledFrames, drive: Drive) -> None:
    """Stand in for the exchange."""


def main() -> None:
    """Measure in alternation, and print medians and their ratio."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--pairs", type=int, default=5)
    pairs = arguments.parse_args().pairs
    with tempfile.TemporaryDirectory() as folder:
        site = Path(folder)
        (site / "index.html").write_text(PAGE)
        source = ["-f", "lavfi", "-i", "testsrc2=size=1920x1080:rate=30:duration=2"]
        encode = ["-pix_fmt", "yuv420p", "-g", "15", str(site / "video.mp4")]
        subprocess.run([ffmpeg_path(), "-nostdin", "-loglevel", "error", *source, *encode], check=True)
        for composition in ("none", "small", "full"):
            ours: list[float] = []
            bare: list[float] = []
            for _ in range(pairs):
                ours.append(asyncio.run(milliseconds(site, composition)))
                with patch.object(ControlledFrames, "present", nothing):
                    bare.append(asyncio.run(milliseconds(site, composition)))
            one, other = statistics.median(ours), statistics.median(bare)
            print(f"{composition:6} {one:6.1f} ms a frame, {other:6.1f} without the exchange: {one / other:.2f}")


if __name__ == "__main__":
    main()
