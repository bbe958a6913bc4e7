"""Comparing sounds sample by sample, and measuring what an ear would notice: lags, clicks, drift."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from remotion_py.media.ffmpeg import ffmpeg_path

from .compare import readable

Samples = NDArray[np.float64]
FULL = 32767.0


def listen(path: Path, rate: int = 48000) -> Samples:
    """Decode the first audio stream to stereo samples, in units of 16 bits."""
    command = [ffmpeg_path(), "-loglevel", "error", "-i", str(readable(path)), "-map", "0:a:0", "-f", "f32le"]
    done = subprocess.run([*command, "-ar", str(rate), "-ac", "2", "-"], check=True, capture_output=True)
    return np.frombuffer(done.stdout, np.float32).reshape(-1, 2).astype(np.float64) * FULL


def decibels(value: float) -> float:
    """Of full scale."""
    return float(20 * np.log10(max(value, 1e-9) / FULL))


def rms(samples: Samples) -> float:
    return float(np.sqrt(np.mean(samples**2))) if samples.size else 0.0


def lag(ours: Samples, reference: Samples, most: int = 4000) -> int:
    """By how many samples ours is late."""
    count = min(len(ours), len(reference))
    one, other = ours[:count, 0], reference[:count, 0]
    size = 1 << (2 * count - 1).bit_length()
    product = np.fft.irfft(np.fft.rfft(one, size) * np.conj(np.fft.rfft(other, size)), size)
    around = np.concatenate([product[-most:], product[: most + 1]])
    return int(np.argmax(around)) - most


@dataclass(frozen=True)
class Difference:
    lag: int
    largest: float
    rms: float
    lengths: tuple[int, int]

    def __str__(self) -> str:
        return f"lag {self.lag}, largest {self.largest:.1f}, {self.rms:.1f} dBFS, lengths {self.lengths}"


def compare(ours: Samples, reference: Samples) -> Difference:
    count = min(len(ours), len(reference))
    apart = ours[:count] - reference[:count]
    return Difference(
        lag=lag(ours, reference),
        largest=float(np.abs(apart).max()) if count else 0.0,
        rms=decibels(rms(apart)),
        lengths=(len(ours), len(reference)),
    )


def sine_residual(samples: Samples, rate: int, pitches: tuple[float, ...], block: int = 1024) -> list[float]:
    """What is left of each block when the steady tone in each channel is taken away: the root mean square, the worst
    channel. The tone is fitted to the whole, so that a step in its phase shows."""
    t = np.arange(len(samples)) / rate
    left = np.empty_like(samples)
    for channel, pitch in enumerate(pitches):
        basis = np.stack([np.sin(2 * np.pi * pitch * t), np.cos(2 * np.pi * pitch * t)], axis=1)
        fitted, *_ = np.linalg.lstsq(basis, samples[:, channel], rcond=None)
        left[:, channel] = samples[:, channel] - basis @ fitted
    whole = len(left) // block * block
    blocks = left[:whole].reshape(-1, block, left.shape[1])
    return [float(value) for value in np.sqrt((blocks**2).mean(axis=1)).max(axis=1)]
