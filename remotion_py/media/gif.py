"""Encodes pictures to a GIF with one palette."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .._data.output import check_output
from .._data.saved_file import written_whole
from .ffmpeg import FFmpeg, run_ffmpeg
from .opening import INPUT_LIMITS

_CLEAR = 2
"""What a viewer does with a frame before it displays the next one (GIF89a: disposal method)."""
_DISPOSAL_SHIFT, _DISPOSAL_BITS = 2, 0b111
_TRANSPARENT, _LAST_COLOUR = 1, 255
_EXTENSION, _IMAGE, _TRAILER, _GRAPHIC_CONTROL = 0x21, 0x2C, 0x3B, 0xF9
_HEADER, _DESCRIPTOR = 13, 10
_COLOURS_FOLLOW, _COLOURS_SIZE = 0x80, 0b111


async def write_gif(pictures: Path, output: Path, loops: int | None) -> None:
    """Write a GIF.

    Args:
        pictures: A file whose video holds the frames as captured, transparent where they are.
        output: The GIF.
        loops: How often it is repeated; None loops forever, 0 plays it once.
    """
    import ffmpeg  # pyright: ignore[reportMissingTypeStubs]

    palette = output.with_suffix(".palette.png")
    source: Any = ffmpeg.input(str(pictures), **INPUT_LIMITS)
    made = source.filter("palettegen").output(str(palette), update=1)
    try:
        await FFmpeg(list(made.global_args("-y").get_args()), "choose the colours of the GIF").run()
        await _encode(pictures, palette, output, loops)
        if len(set(disposals(output.read_bytes()))) > 1:
            # FFmpeg clears a frame only if that frame itself has transparent pixels, and stores the others as what
            # differs from the one before. Where both come together, whole frames are stored, and each is cleared.
            await _encode(pictures, palette, output, loops, gifflags="-offsetting-transdiff")
            output.write_bytes(cleared(output.read_bytes()))
    finally:
        palette.unlink(missing_ok=True)


async def _encode(pictures: Path, palette: Path, output: Path, loops: int | None, **options: str) -> None:
    import ffmpeg  # pyright: ignore[reportMissingTypeStubs]

    inputs = [ffmpeg.input(str(pictures), **INPUT_LIMITS), ffmpeg.input(str(palette), **INPUT_LIMITS)]
    used: Any = ffmpeg.filter(inputs, "paletteuse")
    loop = {None: 0, 0: -1}.get(loops, loops)
    written = used.output(str(output), loop=loop, **options)
    await FFmpeg(list(written.global_args("-y").get_args()), "encode the GIF").run()


def disposals(gif: bytes) -> list[int]:
    """Return the disposal method of each frame of a GIF: 1 keeps it, 2 clears it."""
    return [gif[at] >> _DISPOSAL_SHIFT & _DISPOSAL_BITS for at in _controls(gif)]


def cleared(gif: bytes) -> bytes:
    """Return a GIF whose frames are all cleared before the next one is displayed.

    Args:
        gif: A GIF whose frames are whole, and whose last colour is the transparent one, as `palettegen` makes it.
    """
    changed = bytearray(gif)
    for at in _controls(gif):
        changed[at] = changed[at] & ~(_DISPOSAL_BITS << _DISPOSAL_SHIFT) | _CLEAR << _DISPOSAL_SHIFT
        if not changed[at] & _TRANSPARENT:
            # Some viewers clear to the background's colour after a frame that names no transparent one.
            changed[at] |= _TRANSPARENT
            changed[at + 3] = _LAST_COLOUR
    return bytes(changed)


def _controls(gif: bytes) -> Iterator[int]:
    """Yield the position of the flags of each graphic control extension."""
    at = _HEADER + _colours(gif[10])
    while at < len(gif) and gif[at] != _TRAILER:
        if gif[at] == _EXTENSION:
            if gif[at + 1] == _GRAPHIC_CONTROL:
                yield at + 3
            at += 2
        elif gif[at] == _IMAGE:
            at += _DESCRIPTOR + _colours(gif[at + 9]) + 1
        while gif[at]:
            at += gif[at] + 1
        at += 1


def _colours(flags: int) -> int:
    """Return the bytes of the table of colours that follows, by the flags that announce it."""
    return 3 << ((flags & _COLOURS_SIZE) + 1) if flags & _COLOURS_FOLLOW else 0


def convert_to_gif(
    video: Path, path: str | os.PathLike[str], *, fps: float | None, width: int | None, overwrite: bool
) -> Path:
    """Convert a video to a GIF with one palette for all frames, and return its path.

    Raises:
        OutputError: The extension is not .gif, or the file cannot be written.
        MediaError: FFmpeg failed.
    """
    to = check_output(path, ("gif",), overwrite=overwrite)
    changed = [f"fps={fps}"] if fps else []
    changed += [f"scale={width}:-1:flags=lanczos"] if width else []
    colours = "split[seen][counted];[counted]palettegen[palette];[seen][palette]paletteuse"
    with written_whole(to) as part:
        arguments = ["-i", str(video), "-filter_complex", ",".join([*changed, colours]), "-f", "gif", "-y", str(part)]
        run_ffmpeg(arguments, "convert the video to a GIF", lambda: ())
    return to
