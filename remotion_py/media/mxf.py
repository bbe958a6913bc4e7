"""Converts a finished MOV to MXF, because the MXF muxer gets its frame rate only from FFmpeg itself."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

from .ffmpeg import FFmpeg
from .opening import INPUT_LIMITS


async def write_mxf(source: Path, output: Path, fps: Fraction) -> None:
    """Copy all tracks of a file into an MXF file."""
    import ffmpeg  # pyright: ignore[reportMissingTypeStubs]

    copied: Any = ffmpeg.input(str(source), **INPUT_LIMITS).output(
        str(output), c="copy", map=0, r=f"{fps.numerator}/{fps.denominator}"
    )
    await FFmpeg(list(copied.global_args("-y").get_args()), "write the MXF file").run()
