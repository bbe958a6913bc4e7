"""The media files of the test compositions, made by FFmpeg once and kept below `.cache`."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from remotion_py.media.ffmpeg import ffmpeg_path

from .cache import CACHE, one_at_a_time

SIZE = (320, 180)
BITS = 10


@one_at_a_time("media")
def media_folder() -> Path:
    """Return the folder with all media files, making them where they are missing."""
    folder = CACHE / "media" / hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:16]
    if not folder.exists():
        making = folder.with_suffix(".making")
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(parents=True)
        _sounds(making)
        _videos(making)
        making.replace(folder)
    return folder


def run(*arguments: object, feed: bytes | None = None) -> None:
    command = [ffmpeg_path(), "-y", "-hide_banner", "-loglevel", "error", *map(str, arguments)]
    subprocess.run(command, check=True, input=feed)


def chirp(seconds: float, rate: int, level: float = 0.35) -> np.ndarray:
    """A sound that never repeats: both channels sweep, and differ."""
    t = np.arange(round(seconds * rate)) / rate
    left = np.sin(2 * np.pi * (200 * t + 60 * t * t)) * (0.7 + 0.3 * np.sin(2 * np.pi * 3 * t))
    right = np.sin(2 * np.pi * (900 * t - 40 * t * t))
    return level * np.stack([left, right], axis=1)


def pcm(samples: np.ndarray) -> bytes:
    return np.round(np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()


def _sounds(folder: Path) -> None:
    stereo = ("-f", "s16le", "-ar", 48000, "-ac", 2, "-i", "pipe:0")
    run(*stereo, folder / "sine.wav", feed=pcm(sine(8, 48000)))
    run(*stereo, folder / "click.wav", feed=pcm(click(48000)))
    (folder / "frame.html").write_text("<body style='background: teal; color: white'>inside</body>")
    run(*stereo, folder / "chirp.wav", feed=pcm(chirp(4, 48000)))
    mono = pcm(chirp(4, 44100)[:, 0])
    run("-f", "s16le", "-ar", 44100, "-ac", 1, "-i", "pipe:0", folder / "tone44.wav", feed=mono)
    run(*stereo, "-b:a", "192k", folder / "tone.mp3", feed=pcm(chirp(4, 48000, 0.2)))
    run(*stereo, "-ar", 44100, "-b:a", "192k", folder / "tone.m4a", feed=pcm(chirp(4, 48000)))


SINES = (441.0, 997.0)


def sine(seconds: float, rate: int, level: float = 0.4) -> np.ndarray:
    """A steady tone in each channel."""
    t = np.arange(round(seconds * rate)) / rate
    return level * np.stack([np.sin(2 * np.pi * pitch * t) for pitch in SINES], axis=1)


def click(rate: int) -> np.ndarray:
    """A sound whose very first sample is its loudest."""
    t = np.arange(rate // 50) / rate
    return np.repeat((0.8 * np.exp(-t * 400) * np.cos(2 * np.pi * 2000 * t))[:, None], 2, axis=1)


def counted_frames(count: int, first: int = 0) -> Iterator[bytes]:
    """Pictures that show their number as black and white squares, as `compare.read_counter()` reads it."""
    for number in range(first, first + count):
        picture = np.full((SIZE[1], SIZE[0], 3), 128, np.uint8)
        for bit in range(BITS):
            picture[:90, bit * 32 : bit * 32 + 32] = 255 * (number >> bit & 1)
        picture[100:160, :, 0] = np.linspace(0, 255, SIZE[0], dtype=np.uint8)
        picture[100:160, number * 5 % SIZE[0] :, 1] = 200
        yield picture.tobytes()


def _videos(folder: Path) -> None:
    raw = ("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", "320x180", "-r", 30, "-i", "pipe:0")
    frames = b"".join(counted_frames(90))
    chirped = folder / "chirp.wav"
    h264 = ("-c:v", "libx264", "-pix_fmt", "yuv420p", "-crf", 14)
    run(
        *raw,
        "-i",
        chirped,
        *h264,
        "-g",
        24,
        "-c:a",
        "aac",
        "-b:a",
        "256k",
        "-shortest",
        folder / "counter.mp4",
        feed=frames,
    )
    two = ("-i", folder / "tone44.wav", "-map", "0:v", "-map", "1:a", "-map", "2:a")
    run(*raw, "-i", chirped, *two, *h264, "-c:a", "aac", "-shortest", folder / "two-tracks.mp4", feed=frames)
    run("-i", folder / "counter.mp4", "-frames:v", 1, "-vf", "scale=100:100", folder / "still.png")
    rgba = ("-f", "rawvideo", "-pix_fmt", "rgba", "-s", "320x180", "-r", 30, "-i", "pipe:0")
    glass = b"".join(glass_frames(60))
    run(
        *raw,
        "-c:v",
        "libvpx-vp9",
        "-crf",
        20,
        "-b:v",
        0,
        "-cpu-used",
        5,
        "-g",
        30,
        folder / "counter.webm",
        feed=frames,
    )
    clear = ("-pix_fmt", "yuva420p", "-auto-alt-ref", 0, "-b:v", "2M", "-cpu-used", 5, "-g", 30)
    run(*rgba, "-c:v", "libvpx", *clear, folder / "glass-vp8.webm", feed=glass)
    run(*rgba, "-c:v", "libvpx-vp9", *clear, folder / "glass-vp9.webm", feed=glass)
    run(*rgba, "-c:v", "prores_ks", "-profile:v", 4, "-pix_fmt", "yuva444p10le", folder / "glass.mov", feed=glass)
    run(
        *raw,
        "-c:v",
        "libx265",
        "-x265-params",
        "log-level=error:keyint=20",
        "-tag:v",
        "hvc1",
        folder / "counter-hevc.mp4",
        feed=frames,
    )
    run("-display_rotation", -90, "-i", folder / "counter.mp4", "-an", "-c", "copy", folder / "turned.mp4")
    run("-i", folder / "counter.mp4", "-an", *h264, "-vf", "scale=160:180,setsar=2", folder / "wide-pixels.mp4")
    run("-i", folder / "counter.mp4", "-an", "-c", "copy", "-output_ts_offset", 0.25, folder / "late.mkv")
    run(
        *raw,
        *h264,
        "-vf",
        "select='not(mod(n,7))+not(mod(n,5))'",
        "-fps_mode",
        "vfr",
        folder / "uneven.mp4",
        feed=frames,
    )
    tags = ("-color_primaries", "bt709", "-color_trc", "bt709", "-colorspace", "bt709")
    to_709 = "format=gbrp,zscale=matrix=709:range={},format=yuv420p"
    run(*raw, "-vf", to_709.format("limited"), *h264, *tags, "-color_range", "tv", folder / "tagged.mp4", feed=frames)
    run(*raw, "-vf", to_709.format("full"), *h264, *tags, "-color_range", "pc", folder / "full-range.mp4", feed=frames)
    hdr = ("-color_primaries", "bt2020", "-color_trc", "smpte2084", "-colorspace", "bt2020nc", "-color_range", "tv")
    graded = "zscale=transferin=709:transfer=linear:npl=100,format=gbrpf32le,zscale=primariesin=709:primaries=2020,"
    graded += "zscale=transfer=smpte2084:matrix=2020_ncl:range=limited,format=yuv420p10le"
    fast = ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error:keyint=20")
    run(
        *raw,
        "-frames:v",
        40,
        "-vf",
        "format=gbrp," + graded,
        *fast,
        *hdr,
        "-tag:v",
        "hvc1",
        folder / "hdr.mp4",
        feed=frames,
    )
    run(*raw, "-frames:v", 30, "-vf", "fps=10", folder / "counter.gif", feed=frames)


def glass_frames(count: int) -> Iterator[bytes]:
    """Pictures whose transparency changes from place to place and from frame to frame."""
    across, down = np.meshgrid(np.linspace(0, 255, SIZE[0]), np.linspace(0, 255, SIZE[1]))
    for number in range(count):
        picture = np.zeros((SIZE[1], SIZE[0], 4), np.uint8)
        picture[..., 0], picture[..., 1], picture[..., 2] = 230, across, down
        picture[..., 3] = (across + 4 * number) % 256
        picture[60:120, 100:220, 3] = 255
        yield picture.tobytes()
