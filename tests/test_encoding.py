"""Captured pictures to files, without a browser: sizes, rates and what a GIF does between its frames."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image, ImageSequence

from remotion_py.media.codecs import CODECS
from remotion_py.media.formats import has_alpha, resolve_format
from remotion_py.media.gif import cleared, disposals, write_gif
from remotion_py.media.video import ChunkEncoder, VideoSettings

from .media import run
from .test_formats import options

SIZES = [(161, 97), (160, 97), (161, 96), (1, 1), (17, 1), (2, 2)]
PIXELS = [
    (name, pixels)
    for name, codec in CODECS.items()
    if codec.has_video and not codec.even_size and not codec.keeps_pictures
    for pixels in codec.pixel_formats
]


def encoded(output: Path, pictures: Sequence[Image.Image], wire: dict[str, str], fps: Fraction) -> Path:
    """Encode pictures as a chunk, and return its file."""
    form = resolve_format(options(wire))
    odd = any(side % 2 for side in pictures[0].size)
    written = output / f"chunk.{form.codec.chunk}"

    async def work() -> None:
        async with ChunkEncoder(VideoSettings(form, fps, odd=odd), written) as encoder:
            for picture in pictures:
                await encoder.write(saved(picture, form.image_format))
            await encoder.finish()

    asyncio.run(work())
    return written


def saved(picture: Image.Image, form: str) -> bytes:
    data = io.BytesIO()
    picture.save(data, form.upper())
    return data.getvalue()


CAPTURED = [(*pair, image) for pair in PIXELS for image in ("jpeg", "png") if image == "png" or not has_alpha(pair[1])]


@pytest.mark.parametrize(("name", "pixels", "image"), CAPTURED)
def test_odd_sizes_are_encoded_in_each_pixel_format(name: str, pixels: str, image: str, tmp_path: Path) -> None:
    wire = {"codec": name, "pixelFormat": pixels, "imageFormat": image}
    if name == "prores":
        wire["proResProfile"] = "4444" if "444" in pixels else "hq"
    mode = "RGBA" if has_alpha(pixels) and image == "png" else "RGB"
    for size in SIZES:
        pictures = [Image.new(mode, size, (250, 20, 20))] * 2
        with av.open(str(encoded(tmp_path, pictures, wire, Fraction(30)))) as chunk:
            frames = [frame.to_ndarray(format="rgb24") for frame in chunk.decode(video=0)]
        assert [frame.shape[:2] for frame in frames] == [size[::-1]] * 2
        if min(size) > 1:
            assert np.abs(frames[0].astype(int) - (250, 20, 20)).mean() < 12


@pytest.mark.parametrize("name", ["h264", "vp8", "vp9", "av1"])
@pytest.mark.parametrize("fps", [Fraction(1, 3), Fraction(2, 7), Fraction(789453460, 251290841)])
def test_unusual_rates_are_encoded_without_more_frames(name: str, fps: Fraction, tmp_path: Path) -> None:
    pictures = [Image.new("RGB", (64, 64), (60 * number, 20, 20)) for number in range(4)]
    with av.open(str(encoded(tmp_path, pictures, {"codec": name}, fps))) as chunk:
        assert sum(1 for _ in chunk.decode(video=0)) == 4


def opaque(*columns: int) -> Image.Image:
    """A picture of 20x20 in which columns from the first up to the second number are opaque."""
    picture = Image.new("RGBA", (20, 20))
    if columns:
        picture.paste((0, 200, 0, 255), (columns[0], 0, columns[1], 20))
    return picture


GIFS = {
    "blink": [opaque(0, 20), opaque(), opaque(0, 20), opaque()],
    "wipe": [opaque(0, 20), opaque(7, 20), opaque(14, 20), opaque()],
    "moving": [opaque(0, 5), opaque(5, 10), opaque(10, 15)],
    "solid": [Image.new("RGBA", (20, 20), (number * 40, 20, 20, 255)) for number in range(4)],
}


@pytest.mark.parametrize("name", GIFS)
def test_each_frame_of_a_gif_is_cleared_before_the_next(name: str, tmp_path: Path) -> None:
    pictures = GIFS[name]
    source, output = tmp_path / "pictures.mov", tmp_path / "a.gif"
    feed = b"".join(saved(picture, "png") for picture in pictures)
    run("-f", "image2pipe", "-c:v", "png", "-framerate", 4, "-i", "pipe:0", "-c", "copy", source, feed=feed)
    asyncio.run(write_gif(source, output, None))
    with Image.open(output) as gif:
        shown = [np.asarray(frame.convert("RGBA"))[..., 3] > 128 for frame in ImageSequence.Iterator(gif)]
    for found, picture in zip(shown, pictures, strict=True):
        assert np.array_equal(found, np.asarray(picture)[..., 3] > 128)
    # A GIF without transparency keeps what does not change, which makes it small.
    assert set(disposals(output.read_bytes())) == ({1} if name == "solid" else {2})


def test_a_gif_is_read_by_its_blocks(tmp_path: Path) -> None:
    path = tmp_path / "a.gif"
    frames = [Image.new("RGB", (9, 9), (90 * number, 0, 0)) for number in range(3)]
    frames[0].save(path, save_all=True, append_images=frames[1:], disposal=1, duration=100, loop=0, comment=b"hi" * 300)
    data = path.read_bytes()
    assert disposals(data) == [1, 1, 1]
    assert disposals(cleared(data)) == [2, 2, 2]
    assert len(cleared(data)) == len(data)
