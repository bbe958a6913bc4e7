"""Every codec in a file: its streams, tags, frames and sound, and that chunks make no difference."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image, ImageSequence

import remotion_py as rp
from remotion_py.media.ffmpeg import ffmpeg_path

from .compare import decode, difference, picture, readable
from .hearing import compare, listen
from .sites import media_site

FRAMES = 24
SAMPLES = 38_400


@dataclass(frozen=True)
class Row:
    """What is asked for, and what the file has to hold."""

    name: str
    video: str | None = None
    pixels: str = "yuv420p"
    audio: str | None = None
    profile: str | None = None
    tag: str | None = None
    matrix: int = 5
    options: dict[str, Any] = field(default_factory=dict)
    exact: bool = False
    near: float = 2.5

    def __str__(self) -> str:
        return " ".join([self.name, *(f"{key}={value}" for key, value in self.options.items())])


ROWS = [
    Row("a.mp4", "h264", audio="aac", profile="High", tag="avc1", exact=True),
    Row("b.mkv", "h264", audio="pcm_s16le", options={"codec": "h264-mkv"}),
    Row("c.mkv", "h264", audio="aac", options={"codec": "h264"}),
    Row("d.ts", "h264", audio="aac"),
    Row("e.mp4", "h264", audio="mp3", options={"audio_codec": "mp3"}, exact=True),
    Row("f.mov", "h264", audio="pcm_s16le", options={"codec": "h264", "prefer_lossless": True}, exact=True),
    Row("g.mp4", "h264", "yuv444p10le", "aac", options={"pixel_format": "yuv444p10le"}, exact=True),
    Row("h.mp4", "h264", audio="aac", matrix=1, options={"color_space": "bt709"}, exact=True),
    Row("i.mp4", "h264", audio="aac", matrix=9, options={"color_space": "bt2020-ncl"}, exact=True, near=12),
    Row("j.mp4", "hevc", audio="aac", profile="Main", tag="hvc1", options={"codec": "h265"}, exact=True, near=3),
    Row("k.webm", "vp8", audio="opus", near=3),
    Row("l.webm", "vp9", audio="opus", profile="Profile 0", options={"codec": "vp9"}, near=4),
    Row("m.mp4", "libdav1d", audio="aac", tag="av01", options={"codec": "av1"}, exact=True, near=4),
    Row("n.mov", "prores", "yuv422p10le", "pcm_s16le", "HQ", "apch", exact=True),
    *(
        Row("o.mov", "prores", pixels, "pcm_s16le", profile, tag, options={"prores_profile": name}, exact=True, near=4)
        for name, pixels, profile, tag in (
            ("proxy", "yuv422p10le", "Proxy", "apco"),
            ("light", "yuv422p10le", "LT", "apcs"),
            ("standard", "yuv422p10le", "Standard", "apcn"),
            ("4444-xq", "yuv444p12le", "XQ", "ap4x"),
        )
    ),
    Row("p.mov", "prores", "yuv422p10le", "aac", options={"codec": "prores", "audio_codec": "aac"}, exact=True),
    Row("q.mxf", "prores", "yuv422p10le", "pcm_s16le"),
    Row("r.mp3", audio="mp3"),
    Row("s.aac", audio="aac"),
    Row("t.m4a", audio="aac"),
    Row("u.wav", audio="pcm_s16le"),
]


@pytest.fixture(scope="session")
def site() -> Path:
    return media_site()


@pytest.fixture(scope="session")
def pictures(site: Path, client: rp.Client, tmp_path_factory: pytest.TempPathFactory) -> list[np.ndarray]:
    """The frames before any encoding."""
    made = client.render_frames(site, "scene-heard", output=tmp_path_factory.mktemp("frames"))
    return [picture(path)[..., :3] for path in made.paths]


@pytest.fixture(scope="session")
def sound(site: Path, client: rp.Client, tmp_path_factory: pytest.TempPathFactory) -> np.ndarray:
    """The sound before any encoding."""
    return listen(client.render_media(site, "scene-heard", output=tmp_path_factory.mktemp("sound") / "a.wav").path)


def complaints(path: Path) -> list[str]:
    """What FFmpeg says while it decodes a file, without what it says of every file of the kind."""
    command = [ffmpeg_path(), "-v", "warning", "-i", str(readable(path)), "-f", "null", "-"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stderr.strip().split("\n")
    usual = ("Guessed Channel Layout: stereo", "Estimating duration from bitrate")
    return [line for line in said if line and not any(words in line for words in usual)]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_file_has_the_requested_format(
    row: Row, site: Path, client: rp.Client, pictures: list[np.ndarray], sound: np.ndarray, tmp_path: Path
) -> None:
    video = client.render_media(site, "scene-heard", output=tmp_path / row.name, concurrency=3, **row.options)
    assert complaints(video.path) == []
    with av.open(str(video.path)) as container:
        kinds = [stream.type for stream in container.streams]
        assert kinds == (["video"] if row.video else []) + (["audio"] if row.audio else [])
        if row.video:
            _check_video(row, container.streams.video[0])
        audio = container.streams.audio[0]
        assert audio.codec_context.codec.canonical_name == row.audio
        assert audio.codec_context.sample_rate == 48_000
        if row.exact:
            for stream in container.streams:
                assert float(stream.duration * stream.time_base) == pytest.approx(FRAMES / 30, abs=1e-4)
            assert container.duration / av.time_base == pytest.approx(FRAMES / 30, abs=1e-4)
    heard = listen(video.path)
    # These tell what the encoder put first by time stamps, or not at all, and FFmpeg decodes it too.
    lead = 1024 if row.name in ("c.mkv", "d.ts", "s.aac") else 0
    assert SAMPLES <= len(heard) - lead < SAMPLES + 2500
    found = compare(heard[lead : lead + SAMPLES], sound)
    assert found.lag == 0, found
    assert found.rms < (-100 if row.audio == "pcm_s16le" else -40), found
    if row.video:
        shown = list(decode(video.path))
        assert len(shown) == FRAMES
        for number, frame in enumerate(shown):
            own = difference(frame, pictures[number])
            assert own < row.near
            beside = [pictures[near] for near in (number - 1, number + 1) if 0 <= near < FRAMES]
            assert all(difference(frame, other) > own for other in beside)


def _check_video(row: Row, stream: Any) -> None:
    context = stream.codec_context
    assert context.name == row.video
    assert context.pix_fmt == row.pixels
    assert (context.width, context.height) == (320, 180)
    if row.name != "q.mxf":
        assert stream.average_rate == Fraction(30)
    assert int(context.color_range) == 1
    assert int(context.colorspace) == row.matrix
    assert int(context.color_primaries) == (9 if row.matrix == 9 else 1)
    if row.profile:
        assert context.profile == row.profile
    if row.tag:
        assert context.codec_tag == row.tag


@pytest.mark.parametrize("name", ["a.mp4", "b.webm", "c.mov"])
def test_chunks_look_like_one_render(name: str, site: Path, client: rp.Client, tmp_path: Path) -> None:
    made = [
        list(
            decode(
                client.render_media(site, "scene-heard", output=tmp_path / f"{count}-{name}", concurrency=count).path
            )
        )
        for count in (1, 4)
    ]
    for one, other in zip(*made, strict=True):
        assert difference(one, other) < 2


def alpha_of(path: Path) -> list[np.ndarray]:
    """The alpha plane of each frame."""
    with av.open(str(path)) as container:
        name = container.streams.video[0].codec_context.name
        size = container.streams.video[0].codec_context
        width, height = size.width, size.height
    decoder = {"vp8": ["-c:v", "libvpx"], "vp9": ["-c:v", "libvpx-vp9"]}.get(name, [])
    command = [ffmpeg_path(), "-v", "error", *decoder, "-i", str(path), "-vf", "alphaextract,format=gray"]
    done = subprocess.run([*command, "-f", "rawvideo", "-"], check=True, capture_output=True)
    return list(np.frombuffer(done.stdout, np.uint8).reshape(-1, height, width))


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.webm", {"pixel_format": "yuva420p"}),
        ("b.webm", {"codec": "vp9", "pixel_format": "yuva420p"}),
        ("c.mov", {"prores_profile": "4444", "pixel_format": "yuva444p10le"}),
        ("d.mov", {"prores_profile": "4444", "image_format": "png"}),
    ],
)
def test_alpha_is_kept(name: str, options: dict[str, Any], site: Path, client: rp.Client, tmp_path: Path) -> None:
    video = client.render_media(site, "scene-glass", output=tmp_path / name, concurrency=2, **options)
    pages = client.render_frames(site, "scene-glass", output=tmp_path / "frames")
    planes = alpha_of(video.path)
    assert len(planes) == 12
    for number, plane in enumerate(planes):
        truth = picture(pages.paths[number])[..., 3]
        assert difference(plane, truth) < 1.5, number
        assert set(np.unique(truth)) >= {0, 128, 255}


def loops(gif: rp.Video) -> int | None:
    """Return how often a GIF says that it is repeated; 0 is for ever."""
    with Image.open(gif.path) as opened:
        return opened.info.get("loop")


def test_a_gif_keeps_transparency_and_time(site: Path, client: rp.Client, tmp_path: Path) -> None:
    video = client.render_media(
        site, "scene-glass", output=tmp_path / "a.gif", concurrency=2, image_format="png", every_nth_frame=2
    )
    with Image.open(video.path) as gif:
        shown = [frame.convert("RGBA") for frame in ImageSequence.Iterator(gif)]
    assert len(shown) == 6
    assert loops(video) == 0
    pages = client.render_frames(site, "scene-glass", output=tmp_path / "frames", every_nth_frame=2)
    for frame, path in zip(shown, pages.paths, strict=True):
        truth = picture(path)
        clear = np.asarray(frame)[..., 3] == 0
        assert clear[5, 5]
        assert (clear == (truth[..., 3] < 128)).mean() > 0.95
        solid = truth[..., 3] == 255
        assert difference(np.asarray(frame)[solid][:, :3], truth[solid][:, :3]) < 6
    once = client.render_media(site, "scene-glass", output=tmp_path / "b.gif", number_of_gif_loops=0, every_nth_frame=2)
    assert loops(once) is None
    thrice = client.render_media(
        site, "scene-glass", output=tmp_path / "c.gif", number_of_gif_loops=3, every_nth_frame=2
    )
    assert loops(thrice) == 3


def test_quality_and_tags_are_in_the_file(site: Path, client: rp.Client, tmp_path: Path) -> None:
    def size(**options: Any) -> int:
        return client.render_media(site, "scene-bouncing", output=tmp_path / "a.mp4", concurrency=2, **options).size

    assert size(crf=10) > size() > size(crf=40)
    assert size(video_bitrate="2M") > size(video_bitrate="200k")
    assert size(crf=1, encoding_max_rate="300k", encoding_buffer_size="300k") < size(crf=1)
    tagged = {"title": "Grüße", "comment": "hello"}
    video = client.render_media(site, "scene-bouncing", output=tmp_path / "b.mp4", gop_size=5, metadata=tagged)
    with av.open(str(video.path)) as container:
        keys = [packet.is_keyframe for packet in container.demux(video=0) if packet.size]
        assert container.metadata["title"] == "Grüße"
        assert container.metadata["comment"] == "hello"
    assert sum(keys) == 8


def test_odd_sizes_are_kept_where_the_codec_can(site: Path, client: rp.Client, tmp_path: Path) -> None:
    for name, size in (("a.mp4", (320, 180)), ("b.webm", (321, 181)), ("c.gif", (321, 181))):
        video = client.render_media(site, "scene-odd-size", output=tmp_path / name)
        assert (video.width, video.height) == size
        assert next(decode(video.path)).shape[:2] == size[::-1]
