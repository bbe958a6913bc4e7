"""Checks sizes and rates of a composition against the limits of its codec, before the first frame (no I/O).

Measured with FFmpeg 7.0.2 and Chromium 156; each error names the origin of the limit.
"""

from __future__ import annotations

from .._data.rates import HIGHEST_FPS, LOWEST_FPS
from ..errors import OptionError
from .job import Job

LONGEST_SIDE = 65_500
"""Pixels of a side in JPEG, by which frames travel; the encoders that are not listed below take more."""
LONGEST_SIDES = {"libx264": 16_384, "libvpx": 16_383}
"""Pixels of a side, by the name of the encoder."""
SHORTEST_SIDES = {"libx265": 16}
LONGEST_WEBP_SIDE = 16_383
MOST_BYTES = 2**31 - 1
"""FFmpeg takes no picture that needs more, at 8 bytes for each pixel with a border of 128 around it."""
MOST_PIXELS = 2**28
"""Of a picture in the browser, which takes 1 GiB then."""
_BORDER = 128
MOST_RATIO = 2**31 - 1
"""FFmpeg counts frames per second as a ratio of two such numbers."""
LONGEST_FRAME_S = 20_000
"""A frame's duration has 32 bits in a file that counts 90 000 a second."""


def check_limits(job: Job) -> None:
    """Refuse what the browser cannot draw, or the encoder not write.

    Raises:
        OptionError: Size or rate; the message names the limit and whose it is.
    """
    _check_size(job)
    if not LOWEST_FPS <= job.composition.fps <= HIGHEST_FPS:
        raise OptionError(
            f"The composition {job.composition.id!r} would have {job.composition.fps:g} frames per second, "
            f"but the frame rate must be from {LOWEST_FPS} to {HIGHEST_FPS:,}. Choose a rate in this range."
        )
    fits = max(job.fps.numerator, job.fps.denominator) <= MOST_RATIO and 1 / job.fps <= LONGEST_FRAME_S
    if not fits:
        raise OptionError(
            f"The composition {job.composition.id!r} would have {job.fps} frames per second in the file, "
            f"which FFmpeg cannot represent. Choose a rate with fewer digits, or a smaller every_nth_frame."
        )


def _check_size(job: Job) -> None:
    width, height = job.dimensions
    owner, least, most = _sides(job)
    wrong = next((side for side in (width, height) if not least <= side <= most), None)
    if wrong is not None:
        raise _size_error(job, f"{owner} supports widths and heights from {least} to {most:,} pixels")
    if job.payload.codec and 8 * (width + _BORDER) * (height + _BORDER) > MOST_BYTES:
        raise _size_error(job, f"FFmpeg supports about {MOST_PIXELS:,} pixels in a picture, such as 16,256x16,256")
    if width * height > MOST_PIXELS:
        raise _size_error(job, f"the browser supports {MOST_PIXELS:,} pixels in a picture, such as 16,384x16,384")


def _sides(job: Job) -> tuple[str, int, int]:
    """Return who limits the sides of the output, the shortest and the longest one in pixels."""
    if job.payload.codec is None:
        return "a picture", 1, LONGEST_WEBP_SIDE if job.image_format == "webp" else LONGEST_SIDE
    codec = job.format.codec
    least = SHORTEST_SIDES.get(codec.encoder, 2 if codec.even_size else 1)
    return f"codec {codec.name!r}", least, LONGEST_SIDES.get(codec.encoder, LONGEST_SIDE)


def _size_error(job: Job, limit: str) -> OptionError:
    composition, (width, height) = job.composition, job.dimensions
    own = f"{composition.width}x{composition.height}"
    becomes = "" if (composition.width, composition.height) == (width, height) else f", which would be {width}x{height}"
    scaled = f" at scale {job.scale:g}" if job.scale != 1 else ""
    return OptionError(
        f"The composition {composition.id!r} has {own} pixels{scaled}{becomes}, but {limit}. Change the size of the "
        f"composition, force_width and force_height, or scale."
    )
