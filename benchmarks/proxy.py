"""Frames of a Full HD video asked one after the other, of our `/proxy` and of the npm renderer's: medians, alternating.

python -m benchmarks.proxy [--frames 240] [--pairs 5]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

from remotion_py.media.ffmpeg import ffmpeg_path
from tests import oracle


def make_site(folder: Path, frames: int) -> None:
    (folder / "index.html").write_text("<!doctype html>")
    (folder / "bundle.js").write_text("")
    source = f"testsrc2=size=1920x1080:rate=30:duration={frames / 30}"
    command = [ffmpeg_path(), "-y", "-loglevel", "error", "-f", "lavfi", "-i", source, "-c:v", "libx264"]
    subprocess.run([*command, "-pix_fmt", "yuv420p", "-preset", "fast", str(folder / "video.mp4")], check=True)


@contextmanager
def served(command: list[str], cwd: Path) -> Iterator[dict[str, str]]:
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=cwd) as process:
        assert process.stdin
        assert process.stdout
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.stdin.close()


def ask(base: str, port: str, frames: int) -> float:
    """Ask for every frame in order, as a render does; return the frames per second."""
    source = f"http://localhost:{port}/video.mp4"
    started = time.perf_counter()
    for frame in range(frames):
        with urlopen(f"{base}/proxy?src={source}&time={frame / 30}&transparent=false&toneMapped=true") as answer:
            size = len(answer.read())
        assert size > 6_000_000
    return frames / (time.perf_counter() - started)


async def serve(folder: Path) -> None:
    from remotion_py.media.frames import VideoFrames
    from remotion_py.media.sources import Sources
    from remotion_py.page.site import FolderSite
    from tests.listening import listening

    class Here:
        async def local_file(self, url: str) -> Path | None:
            return await server.local_file(url)

        async def permitted(self, host: str, port: int) -> list[str]:
            return []

    frames = VideoFrames(Sources(folder / "assets", Here()))
    async with listening(FolderSite(folder), frames.frame) as (server, address):
        print(json.dumps({"port": str(server.port), "base": f"{address}/{server.token}"}), flush=True)
        await asyncio.to_thread(sys.stdin.read)
    frames.close()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--frames", type=int, default=240)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--serve", type=Path)
    given = parser.parse_args()
    if given.serve:
        asyncio.run(serve(given.serve))
        return
    ours: list[float] = []
    theirs: list[float] = []
    with tempfile.TemporaryDirectory() as temp:
        site = Path(temp)
        make_site(site, given.frames)
        for _ in range(given.pairs):
            command = [sys.executable, "-m", "benchmarks.proxy", "--serve", str(site)]
            with served(command, Path.cwd()) as told:
                ours.append(ask(told["base"], told["port"], given.frames))
            with served(["node", "proxy.mjs", str(site)], oracle.modules()) as told:
                theirs.append(ask(f"http://localhost:{told['port']}", told["port"], given.frames))
            print(f"ours {ours[-1]:.1f} fps, npm renderer {theirs[-1]:.1f} fps", flush=True)
    one, other = statistics.median(ours), statistics.median(theirs)
    print(f"median: ours {one:.1f} fps, npm renderer {other:.1f} fps, ratio {one / other:.2f} (above 1 is faster)")


if __name__ == "__main__":
    main()
