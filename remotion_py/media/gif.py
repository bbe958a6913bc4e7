"""Pictures to a GIF with one palette for all of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .ffmpeg import FFmpeg


async def write_gif(pictures: Path, output: Path, loops: int | None) -> None:
    """Write a GIF.

    Args:
        pictures: A file whose video holds the frames as captured, transparent where they are.
        output: The GIF.
        loops: How often it is repeated; None for ever, 0 plays it once.
    """
    import ffmpeg  # pyright: ignore[reportMissingTypeStubs]

    palette = output.with_suffix(".palette.png")
    source: Any = ffmpeg.input(str(pictures))
    made = source.filter("palettegen").output(str(palette), update=1)
    try:
        await FFmpeg(list(made.global_args("-y").get_args()), "choose the colours of the GIF").run()
        used = ffmpeg.filter([ffmpeg.input(str(pictures)), ffmpeg.input(str(palette))], "paletteuse")
        loop = {None: 0, 0: -1}.get(loops, loops)
        written = used.output(str(output), loop=loop)
        await FFmpeg(list(written.global_args("-y").get_args()), "encode the GIF").run()
    finally:
        palette.unlink(missing_ok=True)
