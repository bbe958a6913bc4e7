"""Comparing videos and pictures as a viewer sees them: decoded to RGB, frame by frame, and with their neighbours."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from remotion_py.media.ffmpeg import ffmpeg_path

Picture = NDArray[np.uint8]

MIN_SSIM = 0.99
MAX_DIFFERENCE = 2.0


@dataclass(frozen=True)
class Facts:
    """What a container says of its video."""

    frames: int
    width: int
    height: int
    fps: float
    duration: float
    start: float
    codec: str


def facts(path: Path) -> Facts:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert stream.duration is not None
        assert stream.time_base is not None
        assert stream.average_rate is not None
        return Facts(
            frames=stream.frames,
            width=stream.width,
            height=stream.height,
            fps=float(stream.average_rate),
            duration=float(stream.duration * stream.time_base),
            start=float((stream.start_time or 0) * stream.time_base),
            codec=stream.codec_context.name,
        )


def decode(path: Path) -> Iterator[Picture]:
    """Yield all frames as RGB, by the colour tags of the file.

    By the FFmpeg binary with exact rounding: the scaler's fast path alone is off by 1 to 2 of 255.
    """
    path = readable(path)
    with av.open(str(path)) as container:
        width, height = container.streams.video[0].width, container.streams.video[0].height
    command = [ffmpeg_path(), "-loglevel", "error", "-i", str(path), "-vf", "scale=flags=accurate_rnd+full_chroma_int"]
    command += ["-f", "rawvideo", "-pix_fmt", "rgb24", "-fps_mode", "passthrough", "-"]
    size = width * height * 3
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout
        while len(raw := process.stdout.read(size)) == size:
            yield np.frombuffer(raw, np.uint8).reshape(height, width, 3)
    assert process.returncode == 0


def readable(path: Path) -> Path:
    """Return a file that the FFmpeg binary can read: MPEG transport streams crash it, whoever made them."""
    if path.suffix != ".ts":
        return path
    copied = path.with_suffix(".copy.mkv")
    with av.open(str(path)) as source, av.open(str(copied), "w") as target:
        streams = {one.index: target.add_stream_from_template(one, opaque=True) for one in source.streams}
        for packet in source.demux():
            if packet.size:
                packet.stream = streams[packet.stream.index]
                target.mux(packet)
    return copied


def times(path: Path) -> list[float]:
    """Return when each frame is shown, in seconds."""
    with av.open(str(path)) as container:
        return [float(frame.time) for frame in container.decode(video=0) if frame.time is not None]


def picture(path: Path) -> Picture:
    return np.asarray(Image.open(path).convert("RGBA"))


def difference(one: Picture, other: Picture) -> float:
    """Mean absolute difference of two pictures, of 255."""
    return float(np.mean(np.abs(one.astype(np.int16) - other.astype(np.int16))))


def similarity(one: Picture, other: Picture) -> float:
    from skimage.metrics import structural_similarity

    # Single precision is twice as fast, and right to six digits here.
    pair = one.astype(np.float32), other.astype(np.float32)
    return float(structural_similarity(*pair, channel_axis=2, data_range=255))


def mismatches(ours: list[Picture], reference: list[Picture]) -> list[str]:
    """List what differs between two videos; an empty list means that a viewer sees the same.

    Each frame must look like its counterpart, and more like it than like the counterpart's neighbours wherever those
    differ: a video that is one frame late still has an SSIM of 0.99.
    """
    found = [] if len(ours) == len(reference) else [f"{len(ours)} frames, but the reference has {len(reference)}"]
    for number, (one, other) in enumerate(zip(ours, reference, strict=False)):
        own = difference(one, other)
        if own > MAX_DIFFERENCE:
            found.append(f"frame {number} differs by {own:.2f} of 255")
        if (ssim := similarity(one, other)) < MIN_SSIM:
            found.append(f"frame {number} has an SSIM of {ssim:.4f}")
        for neighbour in (number - 1, number + 1):
            if not 0 <= neighbour < len(reference) or np.array_equal(reference[neighbour], other):
                continue
            if difference(one, reference[neighbour]) <= own:
                found.append(f"frame {number} looks like frame {neighbour} of the reference")
    return found


def read_counter(shown: Picture) -> int:
    """Read the frame number that the counter composition draws as black and white squares."""
    side = shown.shape[1] // 10
    middle = shown.shape[0] // 4
    return sum((int(shown[middle, bit * side + side // 2].mean()) > 127) << bit for bit in range(10))
