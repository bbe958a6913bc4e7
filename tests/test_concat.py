"""Joining chunks: packets are copied onto the exact grid, whatever the lengths of the chunks."""

from __future__ import annotations

import math
import subprocess
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

import remotion_py as rp
from remotion_py.errors import ConcatError, OptionError
from remotion_py.media.codecs import CODECS, exact_fps, fit_size
from remotion_py.media.ffmpeg import ffmpeg_path

from .compare import decode, facts, times


def make_chunk(path: Path, start: int, frames: int, fps: Fraction, *extra: str) -> Path:
    source = f"testsrc=size=160x90:rate={fps},trim=start_frame={start}:end_frame={start + frames},setpts=PTS-STARTPTS"
    command = [ffmpeg_path(), "-y", "-loglevel", "error", "-f", "lavfi", "-i", source, "-c:v", "libx264"]
    subprocess.run([*command, "-pix_fmt", "yuv420p", *extra, str(path)], check=True)
    return path


def make_chunks(folder: Path, lengths: list[int], fps: Fraction) -> list[Path]:
    starts = [sum(lengths[:index]) for index in range(len(lengths))]
    return [
        make_chunk(folder / f"{index}.mp4", start, length, fps)
        for index, (start, length) in enumerate(zip(starts, lengths, strict=True))
    ]


@pytest.mark.parametrize("fps", [Fraction(30), Fraction(2997, 100), Fraction(25), Fraction(60), Fraction(30000, 1001)])
@pytest.mark.parametrize("lengths", [[20], [1, 2, 20, 3, 7], [1] * 5, [40, 1]])
def test_the_frame_grid_is_exact_for_chunks_of_any_length(tmp_path: Path, fps: Fraction, lengths: list[int]) -> None:
    chunks = make_chunks(tmp_path, lengths, fps)
    output = tmp_path / "out.mp4"
    seen: list[int] = []
    total = sum(lengths)
    assert rp.concat_chunks(chunks, output, fps=fps, on_progress=seen.append) == total
    found = facts(output)
    assert (found.frames, found.start) == (total, 0)
    assert found.duration == pytest.approx(float(total / fps), abs=1e-9)
    assert times(output) == pytest.approx([float(number / fps) for number in range(total)], abs=1e-6)
    assert seen == [sum(lengths[: index + 1]) for index in range(len(lengths))]
    with av.open(str(output)) as joined:
        stamps = [(packet.pts, packet.dts) for packet in joined.demux(video=0) if packet.size]
    assert all(dts is not None and pts is not None and dts <= pts for pts, dts in stamps)
    assert [dts for _, dts in stamps] == sorted({dts for _, dts in stamps if dts is not None})


def test_joined_pictures_are_unchanged(tmp_path: Path) -> None:
    chunks = make_chunks(tmp_path, [20, 3, 9], Fraction(30))
    output = tmp_path / "out.mp4"
    rp.concat_chunks(chunks, output, fps=30)
    apart = [frame for chunk in chunks for frame in decode(chunk)]
    joined = list(decode(output))
    assert len(joined) == 32
    assert all(np.array_equal(one, other) for one, other in zip(apart, joined, strict=True))


def test_an_hour_at_29_97_does_not_drift(tmp_path: Path) -> None:
    fps = Fraction(2997, 100)
    chunk = make_chunk(tmp_path / "chunk.mp4", 0, 600, fps, "-preset", "ultrafast")
    output = tmp_path / "out.mp4"
    count = 180
    assert rp.concat_chunks([chunk] * count, output, fps=29.97) == 600 * count
    assert facts(output).duration == pytest.approx(600 * count / 29.97, abs=1e-6)


def test_incompatible_chunks_are_refused_and_no_file_is_left(tmp_path: Path) -> None:
    fps = Fraction(30)
    good = make_chunk(tmp_path / "good.mp4", 0, 5, fps)
    other = make_chunk(tmp_path / "other.mp4", 0, 5, fps, "-bf", "0", "-profile:v", "baseline")
    sound = tmp_path / "sound.mp4"
    command = [ffmpeg_path(), "-loglevel", "error", "-f", "lavfi", "-i", "sine=duration=1", str(sound)]
    subprocess.run(command, check=True)
    empty = tmp_path / "empty.mp4"
    empty.write_bytes(b"")
    output = tmp_path / "out.mp4"
    for chunks, words in (
        ([], "no chunks"),
        ([good, other], "encoded with other settings"),
        ([good, sound], "has no video stream"),
        ([good, empty], "cannot be read"),
        ([good, tmp_path / "nothing.mp4"], "cannot be read"),
    ):
        with pytest.raises(ConcatError, match=words):
            rp.concat_chunks(chunks, output, fps=fps)
        assert not output.exists()
        assert not list(tmp_path.glob(".*partial*"))


def test_chunks_with_sound_need_the_audio_option(tmp_path: Path) -> None:
    chunk = tmp_path / "a.mp4"
    sources = ("-f", "lavfi", "-i", "testsrc=s=64x64:r=30:d=0.5", "-f", "lavfi", "-i", "sine=d=0.5")
    subprocess.run([ffmpeg_path(), "-loglevel", "error", *sources, "-pix_fmt", "yuv420p", str(chunk)], check=True)
    with pytest.raises(ConcatError, match=r"a\.mp4 contains audio.*audio=\[\]"):
        rp.concat_chunks([chunk, chunk], tmp_path / "out.mp4", fps=30)
    assert rp.concat_chunks([chunk, chunk], tmp_path / "out.mp4", fps=30, audio=[]) == 30
    with av.open(str(tmp_path / "out.mp4")) as joined:
        assert not joined.streams.audio


def test_a_playlist_is_refused_as_a_chunk(tmp_path: Path) -> None:
    good = make_chunk(tmp_path / "good.mp4", 0, 5, Fraction(30))
    listed = tmp_path / "list.mp4"
    listed.write_text(f"ffconcat version 1.0\nfile {good.name}\n")
    with pytest.raises(ConcatError, match="cannot be read"):
        rp.concat_chunks([listed], tmp_path / "out.mp4", fps=30)


def test_the_output_must_have_a_supported_container(tmp_path: Path) -> None:
    chunk = make_chunk(tmp_path / "good.mp4", 0, 5, Fraction(30))
    with pytest.raises(ConcatError, match=r"must end in one of: \.mp4"):
        rp.concat_chunks([chunk], tmp_path / "out.avi", fps=30)


def test_a_chunk_must_start_with_a_key_frame(tmp_path: Path) -> None:
    good = make_chunk(tmp_path / "good.mp4", 0, 9, Fraction(30))
    cut = tmp_path / "cut.mkv"
    with av.open(str(good)) as source, av.open(str(cut), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0], opaque=True)
        for packet in [packet for packet in source.demux(video=0) if packet.size][1:]:
            packet.stream = stream
            target.mux(packet)
    with pytest.raises(ConcatError, match="does not start with a key frame"):
        rp.concat_chunks([cut], tmp_path / "out.mp4", fps=30)


def test_rates_become_exact_fractions() -> None:
    assert exact_fps(29.97) == Fraction(2997, 100)
    assert exact_fps(30000 / 1001) == Fraction(30000, 1001)
    assert exact_fps(23.976) == Fraction(23976, 1000)
    assert exact_fps(60) == 60
    assert exact_fps(29.97002997) == Fraction(30000, 1001)
    assert exact_fps(Fraction(2997, 100)) == Fraction(2997, 100)


@pytest.mark.parametrize("fps", [29.97002997, 1000 / 33.37, 23.976023976, math.pi, 0.01, Fraction(1, 100), 1000, 1 / 3])
def test_computed_rates_become_fractions_that_files_can_contain(fps: float | Fraction, tmp_path: Path) -> None:
    exact = exact_fps(fps)
    assert max(exact.numerator, exact.denominator) < 2**31
    assert float(exact) == pytest.approx(float(fps), rel=1e-8)
    chunk = make_chunk(tmp_path / "a.mp4", 0, 3, Fraction(30))
    assert rp.concat_chunks([chunk, chunk], tmp_path / "out.mp4", fps=fps) == 6


@pytest.mark.parametrize("fps", [0, -1, 0.009, 1000.5, 1e300, 1e-300, math.inf, math.nan, Fraction(10**400)])
def test_an_invalid_rate_is_refused(fps: float | Fraction) -> None:
    words = "frames per second, which is not a valid frame rate. Use a number from 0.01 to 1,000"
    with pytest.raises(OptionError, match=words):
        exact_fps(fps)


def test_sizes_become_even() -> None:
    h264 = CODECS["h264"]
    assert fit_size(h264, 321, 181, 1) == (320, 180)
    assert fit_size(h264, 320, 180, 0.5) == (320, 180)
    assert fit_size(h264, 322, 182, 0.5) == (320, 180)
    assert fit_size(h264, 101, 101, 2) == (101, 101)
