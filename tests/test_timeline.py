"""Pictures and sound of any file are on one timeline: the right frame, the right sample, wherever chunks begin."""

from __future__ import annotations

import asyncio
import io
import itertools
import random
from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from PIL import Image

import remotion_py as rp
from remotion_py._runtime.stall import VARIABLE
from remotion_py.errors import FFmpegInterruptedError, MediaError
from remotion_py.media.audio import PCM_OPTIONS, Mix, write_mix
from remotion_py.media.decoding import in_order
from remotion_py.media.facts import probe
from remotion_py.media.ffmpeg import ffmpeg_path
from remotion_py.media.frames import PictureCache, VideoReader
from remotion_py.media.looking import Orientation, look
from remotion_py.media.tracks import AudioAsset, Segment, Timeline, layer
from remotion_py.media.transport import is_transport_stream, without_transport

from .compare import Picture
from .hearing import compare, decibels, listen, rms
from .kinds import (
    DAMAGED,
    FAMILIES,
    FPS,
    FRAMES,
    KINDS,
    RATE,
    Kind,
    damaged,
    kinds_folder,
    noise,
    read_corner,
    read_number,
    with_pictures,
    with_sound,
)

SHOWN, HEARD = 110, 90
"""Frames that are looked at, and listened to."""
LINE = Timeline(Fraction(FPS), RATE)
FEW = settings(
    max_examples=3,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
"""Looking for the shortest example takes minutes, and a border of a chunk says as much."""
each_family = pytest.mark.parametrize("family", FAMILIES)


def readable(name: str) -> Path:
    """Return a file as a render gets it."""
    path = kinds_folder() / name
    return without_transport(path, path.parent / "copies") if is_transport_stream(path) else path


def pictures(path: Path, frames: Sequence[int]) -> list[bytes]:
    """Return what a chunk with these frames shows of a video."""
    video = VideoReader(path, PictureCache(1 << 26), alpha=False, tone_mapped=True)
    try:
        return [video.picture(frame / FPS) for frame in frames]
    finally:
        video.close()


@cache
def in_one_chunk(name: str) -> list[bytes]:
    return pictures(readable(name), range(SHOWN))


def opened(picture: bytes) -> Picture:
    return np.asarray(Image.open(io.BytesIO(picture)).convert("RGB"))


def chunks(total: int) -> st.SearchStrategy[list[int]]:
    """Borders of chunks, from 0 up to the end."""
    borders = st.sets(st.integers(1, total - 1), min_size=1, max_size=4)
    return borders.map(lambda found: [0, *sorted(found), total])


@each_family
def test_each_frame_is_the_right_one_and_upright(family: str) -> None:
    for kind in with_pictures(family):
        shown = [opened(picture) for picture in in_one_chunk(kind.name)]
        if kind.exact:
            found = [read_number(kind.upright(picture)) for picture in shown]
            assert found == [kind.shows(frame) for frame in range(SHOWN)], kind.name
        assert read_corner(shown[0]) == kind.corner, kind.name


@each_family
def test_frames_do_not_depend_on_where_chunks_begin(family: str) -> None:
    @FEW
    @given(chunks(SHOWN))
    def check(kind: Kind, borders: list[int]) -> None:
        for begin, end in itertools.pairwise(borders):
            same_as_in_one_chunk(kind, [*range(begin, min(end, begin + 3)), end - 1])

    def same_as_in_one_chunk(kind: Kind, frames: list[int]) -> None:
        right = in_one_chunk(kind.name)
        apart = [
            frame
            for frame, one in zip(frames, pictures(readable(kind.name), frames), strict=True)
            if one != right[frame]
        ]
        assert apart == [], kind.name

    for kind in with_pictures(family):
        check(kind)
        same_as_in_one_chunk(kind, random.Random(kind.name).sample(range(SHOWN), 30))


def heard(path: Path, borders: Sequence[int], folder: Path, *, rate: float = 1, skipped: int = 0) -> np.ndarray:
    """Return what chunks with these borders play of a file that begins with the render: one sample for each."""
    facts = probe(path, 0)
    asset = AudioAsset("a", "x", skipped, start_frame=skipped, playback_rate=rate)
    segment = Segment(asset, 0, (1.0,) * HEARD, 0)
    pieces: list[np.ndarray] = []
    for begin, end in itertools.pairwise(borders):
        window = LINE.sample(begin), LINE.sample(end)
        one = layer(segment, facts, LINE, window)
        output = folder / "heard.pcm"
        mix = Mix([(one, path)] if one else [], [], window[1] - window[0], RATE)
        asyncio.run(write_mix(mix, output, PCM_OPTIONS))
        pieces.append(np.fromfile(output, "<i2").reshape(-1, 2)[:, 0].astype(float))
    return np.concatenate(pieces)


@cache
def in_one_piece(name: str, folder: Path, rate: float = 1, skipped: int = 0) -> np.ndarray:
    return heard(readable(name), [0, HEARD], folder, rate=rate, skipped=skipped)


def lag(sound: np.ndarray) -> float:
    """Return by how many seconds a sound is later than the source."""
    size = 1 << 18
    product = np.fft.irfft(np.fft.rfft(sound, size) * np.conj(np.fft.rfft(noise(FRAMES / FPS), size)), size)
    at = int(np.argmax(product))
    return (at - size if at > size // 2 else at) / RATE


def sound_late(kind: Kind) -> float:
    return kind.late / FPS if kind.sound_late is None else kind.sound_late


@each_family
def test_sound_is_heard_when_its_file_says(family: str, tmp_path: Path) -> None:
    for kind in with_sound(family):
        sound = in_one_piece(kind.name, tmp_path)
        assert len(sound) == LINE.sample(HEARD)
        # A packet that is lost is too short a gap to be told from imprecise time stamps.
        near = 0.03 if kind.name in DAMAGED else 0.002
        assert lag(sound) == pytest.approx(sound_late(kind), abs=near), kind.name


@each_family
def test_picture_and_sound_stay_together(family: str, tmp_path: Path) -> None:
    """Within a frame and what an encoder puts first, unless the source has them apart."""
    apart = ("late-sound.mp4", "late-picture.mkv")
    for kind in with_pictures(family):
        if kind.sound and kind.name not in apart:
            shown = [read_number(opened(picture)) for picture in in_one_chunk(kind.name)]
            frame = next(frame for frame in range(SHOWN) if shown[frame] > shown[0])
            late = lag(in_one_piece(kind.name, tmp_path))
            assert (frame - shown[frame]) / FPS == pytest.approx(late, abs=1 / FPS), kind.name


@each_family
def test_samples_do_not_depend_on_where_chunks_begin(family: str, tmp_path: Path) -> None:
    @FEW
    @given(chunks(HEARD))
    def check(kind: Kind, borders: list[int]) -> None:
        apart = heard(readable(kind.name), borders, tmp_path) - in_one_piece(kind.name, tmp_path)
        assert decibels(float(np.abs(apart).max())) < -60, kind.name

    for kind in with_sound(family):
        check(kind)


def test_samples_with_a_changed_speed_do_not_depend_on_where_chunks_begin(tmp_path: Path) -> None:
    for name in ("plain.mp4", "vp8.webm", "late-sound.mp4", "gap.webm", "bare.mp3", "program.mpg"):
        right = in_one_piece(name, tmp_path, rate=1.7, skipped=5)
        assert rms(right[:, None]) > 100
        apart = heard(readable(name), [0, 13, 31, 32, HEARD], tmp_path, rate=1.7, skipped=5) - right
        assert decibels(float(np.abs(apart).max())) < -60, name


def level(sound: np.ndarray, begin: float, end: float) -> float:
    return rms(sound[int(begin * RATE) : int(end * RATE), None])


def test_a_gap_is_silent_and_later_sound_is_in_time(tmp_path: Path) -> None:
    sound = in_one_piece("gap.webm", tmp_path)
    assert level(sound, 0.7, 1.15) < 1
    assert level(sound, 0.1, 0.5) > 1000
    behind = sound.copy()
    behind[: int(1.3 * RATE)] = 0
    assert lag(behind) == pytest.approx(0, abs=0.002)


def test_a_sound_plays_to_its_end_even_if_its_file_states_another_length(tmp_path: Path) -> None:
    for name in ("said-short.webm", "said-long.webm", "bare.mp3", "plain.aac"):
        assert level(in_one_piece(name, tmp_path), 1.8, 1.98) > 1000, name
    assert level(in_one_piece("wild.mka", tmp_path), 1.4, 1.6) > 1000


def test_a_damaged_packet_costs_frames_and_not_the_render() -> None:
    for name, source in DAMAGED.items():
        # A packet of a program stream holds several frames and the time of the first.
        if KINDS[name].frames and name != "damaged.mpg":
            was, now = in_one_chunk(source), in_one_chunk(name)
            late = max(KINDS[name].late, 0)
            apart = [frame for frame in range(late, late + FRAMES) if was[frame] != now[frame]]
            assert 0 < len(apart) < FRAMES * 2 / 3, name
            assert was[late] == now[late]


def test_a_file_that_is_cut_off_shows_its_last_whole_frame() -> None:
    shown = [read_number(opened(picture)) for picture in in_one_chunk("truncated.mp4")]
    assert shown[20] == 20
    assert len(set(shown[50:])) == 1


def probed(path: Path) -> None:
    probe(path, 0)


def shown(path: Path) -> None:
    pictures(path, [0, 30, 59])


def mangled(data: bytes, seed: int) -> bytes:
    """Return a file that is damaged in its head, in its middle, or cut off."""
    chance = random.Random(seed)
    if seed % 4 == 0:
        return data[: chance.randrange(len(data))]
    middle = 0.02 if seed % 4 == 1 else chance.random()
    return damaged(data, seed, middle, 0.04 if seed % 4 == 1 else 0.5, runs=1 + seed % 7)


def test_a_broken_file_is_a_media_error(tmp_path: Path) -> None:
    refused: list[str] = []
    names = ("plain.mp4", "vp8.webm", "program.mpg", "xvid.avi", "flash.flv", "plain.mp3")
    for seed, name in itertools.product(range(16), names):
        path = tmp_path / f"{seed}-{name}"
        path.write_bytes(mangled((kinds_folder() / name).read_bytes(), seed))
        for use in (probed, look, shown):
            try:
                use(path)
            except MediaError as error:
                refused.append(str(error))
    assert refused
    assert all(str(tmp_path) in message for message in refused)


@pytest.mark.parametrize("content", [b"", b"no media file", bytes(4000)])
def test_a_file_that_is_not_media_is_named(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(content)
    for use in (lambda: probe(path, 0), lambda: look(path)):
        with pytest.raises(MediaError, match=r"a\.mp4 cannot be read"):
            use()


class Frame:
    def __init__(self, pts: int) -> None:
        self.pts = pts


def test_a_frame_with_a_wrong_time_is_left_out() -> None:
    def order(*pts: int) -> list[int]:
        return [frame.pts for frame in in_order(map(Frame, pts))]

    assert order(0, 1, 2, 3) == [0, 1, 2, 3]
    assert order(0, 1, 900, 2, 3) == [0, 1, 2, 3]
    assert order(0, 1, 1, 2) == [0, 1, 2]
    assert order() == []


def test_display_matrices() -> None:
    def of(a: int, b: int, c: int, d: int) -> Orientation:
        return Orientation.of_matrix(np.array([a, b, 0, c, d, 0, 0, 0, 1 << 14], "i4").tobytes())

    one = 1 << 16
    assert of(one, 0, 0, one) == Orientation()
    assert of(0, one, -one, 0) == Orientation(turn=90)
    assert of(-one, 0, 0, -one) == Orientation(turn=180)
    assert of(0, -one, one, 0) == Orientation(turn=270)
    assert of(-one, 0, 0, one) == Orientation(mirrored=True)
    assert of(one, 0, 0, -one) == Orientation(mirrored=True, turn=180)
    assert of(0, 0, 0, 0) == Orientation()


def _hurt(folder: Path, monkeypatch: pytest.MonkeyPatch, signal: str, times: int) -> None:
    """Let the FFmpeg binary hurt itself by a signal the first times that it is started."""
    script, starts = folder / "ffmpeg", folder / "starts"
    hurting = f"echo >> {starts}; [ $(wc -l < {starts}) -le {times} ] && kill -{signal} $$"
    script.write_text(f'#!/bin/sh\n{hurting}\nexec {ffmpeg_path()} "$@"\n')
    script.chmod(0o755)
    monkeypatch.setenv("REMOTION_PY_FFMPEG", str(script))
    monkeypatch.setenv(VARIABLE, "1")


@pytest.mark.parametrize("signal", ["STOP", "KILL"])
def test_a_tone_mapper_that_was_killed_or_stopped_is_started_again(
    signal: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = pictures(kinds_folder() / "hlg.mov", [0, 1])
    _hurt(tmp_path, monkeypatch, signal, times=1)
    assert pictures(kinds_folder() / "hlg.mov", [0, 1]) == expected


@pytest.mark.parametrize(("signal", "words"), [("STOP", "no progress for 1 s"), ("KILL", "killed by SIGKILL")])
def test_a_tone_mapper_that_dies_twice_is_a_retryable_error(
    signal: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _hurt(tmp_path, monkeypatch, signal, times=2)
    with pytest.raises(FFmpegInterruptedError, match=rf"hlg\.mov: .*{words}"):
        pictures(kinds_folder() / "hlg.mov", [0])


def test_an_error_of_the_tone_mapper_has_a_next_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "ffmpeg"
    script.write_text("#!/bin/sh\necho no such filter: zscale >&2\nexit 1\n")
    script.chmod(0o755)
    monkeypatch.setenv("REMOTION_PY_FFMPEG", str(script))
    with pytest.raises(MediaError, match=r"hlg\.mov .*no such filter: zscale.*toneMapped") as caught:
        pictures(kinds_folder() / "hlg.mov", [0])
    assert not caught.value.retryable


PAGE = """<!doctype html><meta charset="utf-8"><script src="remotion-py.js"></script><body></body><script>
remotionPy.registerComposition({
  id: "sound", width: 64, height: 64, fps: 30, durationInFrames: 60, sounds: [{ src: "NAME" }], render() {},
});
</script>"""


@pytest.mark.parametrize("name", ["vp8.webm", "transport.ts"])
def test_a_render_of_three_chunks_sounds_as_one_of_one(name: str, client: rp.Client, tmp_path: Path) -> None:
    site = tmp_path / "site"
    site.mkdir()
    (site / "index.html").write_text(PAGE.replace("NAME", name))
    (site / name).write_bytes((kinds_folder() / name).read_bytes())
    one, three = (
        listen(client.render_media(site, "sound", output=tmp_path / f"{count}.wav", concurrency=count).path)
        for count in (1, 3)
    )
    found = compare(three, one)
    assert found.lengths[0] == found.lengths[1]
    assert found.rms < -60, found
    assert lag(one[:, 0]) == pytest.approx(sound_late(KINDS[name]), abs=0.002)
