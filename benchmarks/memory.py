"""Memory of the main function's Python process while 200 chunks of 1 MB stream in and are joined.

The chunks come from real streams of an embedded Lambda endpoint, whose workers send a ready file; the main function's
part - collecting and concatenating - runs in a process of its own, whose peak resident memory is printed.
"""

from __future__ import annotations

import asyncio
import json
import resource
import subprocess
import sys
import tempfile
from fractions import Fraction
from pathlib import Path

from remotion_py.lambda_.chunk import ChunkFiles
from remotion_py.lambda_.collect import Collector
from remotion_py.lambda_.document import ProgressDocument
from remotion_py.lambda_.job import VideoJob
from remotion_py.lambda_.join.concat import concat_chunks
from remotion_py.lambda_.payload import StartPayload
from remotion_py.media.ffmpeg import ffmpeg_path
from remotion_py.page.contract import PageComposition
from remotion_py.providers.functions import BotoFunctions
from remotion_py.providers.local.endpoint import Endpoint
from remotion_py.providers.local.folder import FolderStore
from remotion_py.providers.local.lambda_client import make_lambda_client

CHUNKS = 200
NAME = "memory"


def make_chunk(path: Path) -> int:
    """Write a chunk of about 1 MB; returns its frames."""
    frames = 30
    source = f"testsrc2=size=640x360:rate=30,noise=alls=40:allf=t,trim=end_frame={frames}"
    command = [ffmpeg_path(), "-y", "-loglevel", "error", "-f", "lavfi", "-i", source, "-c:v", "libx264", "-b:v", "8M"]
    subprocess.run([*command, "-pix_fmt", "yuv420p", str(path)], check=True)
    return frames


async def serve(folder: Path) -> None:
    """Run the endpoint until standard input closes."""
    endpoint = Endpoint(
        function_name=NAME,
        token="t",
        root=folder,
        failures=folder / "failed",
        environment={"PATH": "/usr/bin:/bin", "PYTHONPATH": ":".join(sys.path), "CHUNK": str(folder / "chunk.mp4")},
        capacity=20,
        timeout_s=600,
        command=(sys.executable, str(Path(__file__).parent / "memory_worker.py")),
    )
    print(await endpoint.start(), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await endpoint.close()


async def collect(url: str, folder: Path, frames: int) -> None:
    functions = BotoFunctions(lambda: make_lambda_client(url, read_timeout_s=60, connections=CHUNKS))
    composition = PageComposition("x", 640, 360, 30, frames * CHUNKS, "{}", "{}")
    payload = StartPayload(serve_url="u", composition="x", render_id="x", bucket_name="b", codec="h264")

    async def on_chunk(index: int, files: ChunkFiles) -> None:
        pass

    collector = Collector(
        functions,
        NAME,
        FolderStore(folder / "store", "b"),
        VideoJob(payload, composition),
        ProgressDocument(0, 0),
        folder,
        parallel=20,
        max_retries=0,
        on_chunk=on_chunk,
    )
    chunks = await collector.run([(number * frames, number * frames + frames - 1) for number in range(CHUNKS)])
    files = [chunk.video for chunk in chunks if chunk.video]
    total = sum(file.stat().st_size for file in files)
    joined = concat_chunks(files, folder / "out.mp4", fps=Fraction(30))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        json.dumps({"chunks": CHUNKS, "megabytes": round(total / 1e6, 1), "frames": joined, "peak_mb": round(peak, 1)})
    )


def main() -> None:
    if len(sys.argv) == 3 and sys.argv[1] == "serve":
        asyncio.run(serve(Path(sys.argv[2])))
    elif len(sys.argv) == 5:
        asyncio.run(collect(sys.argv[2], Path(sys.argv[3]), int(sys.argv[4])))
    else:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            frames = make_chunk(folder / "chunk.mp4")
            module = [sys.executable, "-m", "benchmarks.memory"]
            with subprocess.Popen(
                [*module, "serve", name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            ) as server:
                assert server.stdout
                assert server.stdin
                url = server.stdout.readline().strip()
                subprocess.run([*module, "collect", url, name, str(frames)], check=True)
                server.stdin.close()


if __name__ == "__main__":
    main()
