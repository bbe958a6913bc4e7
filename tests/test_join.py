"""The public join with sound: chunks rendered apart become one file without a seam."""

from __future__ import annotations

import subprocess
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

import remotion_py as rp
from remotion_py.errors import ConcatError, OptionError
from remotion_py.media.aac import aac_chunks
from remotion_py.media.ffmpeg import ffmpeg_path
from remotion_py.media.tracks import Timeline

from .compare import decode, facts
from .hearing import Samples, compare, lag, listen, sine_residual
from .media import SINES, pcm, run, sine
from .sites import media_site
from .test_concat import make_chunk

RATE = 48_000


def padded_aac(folder: Path, sound: Samples, lengths: list[int], fps: Fraction) -> list[Path]:
    """Encode each chunk by itself, as somebody else would who has read how."""
    made: list[Path] = []
    padded = np.concatenate([sound, np.zeros((8192, 2))])
    for index, chunk in enumerate(aac_chunks(lengths, Timeline(fps, RATE))):
        path = folder / f"{index}.aac"
        raw = ("-f", "s16le", "-ar", RATE, "-ac", 2, "-i", "pipe:0")
        options = ("-c:a", "aac", "-b:a", "320k", "-aac_ms", 0, "-aac_is", 0, "-cutoff", 18_000, "-f", "adts")
        run(*raw, *options, path, feed=pcm(padded[slice(*chunk.window)]))
        made.append(path)
    return made


def tiny_video(path: Path, frames: int, fps: Fraction) -> Path:
    source = f"color=size=16x16:rate={fps}"
    run("-f", "lavfi", "-i", source, "-frames:v", frames, "-c:v", "libx264", "-preset", "ultrafast", path)
    return path


@pytest.mark.parametrize(
    ("lengths", "fps"),
    [
        *((lengths, Fraction(30)) for lengths in ([120], [60, 60], [3] * 40, [1] * 60 + [60], [2] * 60)),
        *(([7, 1, 2, 50, 60], fps) for fps in (Fraction(2997, 100), Fraction(24000, 1001), Fraction(60))),
    ],
)
def test_chunks_of_any_length_sound_like_one(tmp_path: Path, lengths: list[int], fps: Fraction) -> None:
    total = sum(lengths)
    source = sine(float(total / fps) + 0.1, RATE)[: Timeline(fps, RATE).sample(total)]
    audio = padded_aac(tmp_path, source, lengths, fps)
    video = {length: tiny_video(tmp_path / f"v{length}.mp4", length, fps) for length in set(lengths)}
    output = tmp_path / "out.mp4"
    assert rp.concat_chunks([video[length] for length in lengths], output, fps=fps, audio=audio) == total
    heard = listen(output)
    assert lag(heard, source * 32767) == 0
    assert 0 <= len(heard) - len(source) < 1024
    residual = sine_residual(heard[: len(source)], RATE, SINES)[2:-2]
    assert max(residual) < 40
    with av.open(str(output)) as container:
        sound, picture = container.streams.audio[0], container.streams.video[0]
        assert abs(float(sound.duration * sound.time_base) - float(picture.duration * picture.time_base)) < 1e-4
        assert container.duration / av.time_base == pytest.approx(float(total / fps), abs=1e-4)


@pytest.mark.parametrize("minutes", [1, pytest.param(10, marks=pytest.mark.long)])
def test_minutes_at_29_97_do_not_drift(tmp_path: Path, minutes: int) -> None:
    fps = Fraction(2997, 100)
    lengths = [599] * (3 * minutes) + [12]
    total = sum(lengths)
    source = sine(60 * minutes + 0.9, RATE)[: Timeline(fps, RATE).sample(total)]
    audio = padded_aac(tmp_path, source, lengths, fps)
    video = {length: tiny_video(tmp_path / f"v{length}.mp4", length, fps) for length in set(lengths)}
    output = tmp_path / "out.mp4"
    rp.concat_chunks([video[length] for length in lengths], output, fps=29.97, audio=audio)
    heard = listen(output)
    apart = (heard[: len(source)] - source * 32767)[: len(source) // 1024 * 1024]
    assert np.sqrt((apart.reshape(-1, 1024, 2) ** 2).mean(axis=1)).max(axis=1)[2:-2].max() < 40
    for begin in (0, len(source) // 2, len(source) - RATE):
        part = slice(begin, begin + RATE)
        assert lag(heard[part], source[part] * 32767) == 0
    assert facts(output).duration == pytest.approx(total / 29.97, abs=1e-6)
    with av.open(str(output)) as container:
        assert container.duration / av.time_base == pytest.approx(total / 29.97, abs=1e-4)


def test_the_test_detects_a_lost_packet(tmp_path: Path) -> None:
    """The residual that the tests above look at rises where a packet is missing."""
    source = sine(2, RATE)
    heard = source * 32767
    assert max(sine_residual(heard, RATE, SINES)) < 1
    assert max(sine_residual(np.delete(heard, slice(48_000, 49_024), axis=0), RATE, SINES)) > 400


def test_renders_of_ranges_join_to_the_whole(client: rp.Client, tmp_path: Path) -> None:
    site = media_site()
    whole = client.render_media(site, "sound-two", output=tmp_path / "whole.mp4", concurrency=1)
    ranges = [(0, 12), (13, 40), (41, 65)]
    made = [
        client.render_media(
            site,
            "sound-two",
            output=tmp_path / f"{number}.mp4",
            frame_range=frames,
            composition_start=0,
            for_seamless_aac_concatenation=True,
            separate_audio_to=tmp_path / f"{number}.aac",
            enforce_audio_track=True,
            concurrency=number + 1,
        )
        for number, frames in enumerate(ranges)
    ]
    output = tmp_path / "joined.mp4"
    audio = [chunk.audio_path for chunk in made if chunk.audio_path]
    assert rp.concat_chunks([chunk.path for chunk in made], output, fps=30, audio=audio) == 66
    found = compare(listen(output), listen(whole.path))
    assert (found.lag, found.lengths[0]) == (0, found.lengths[1])
    assert found.rms < -60, found
    assert facts(output) == facts(whole.path)
    assert len(list(decode(output))) == 66


def test_sound_of_the_wrong_length_is_refused(tmp_path: Path) -> None:
    fps = Fraction(30)
    source = sine(4, RATE)
    audio = padded_aac(tmp_path, source, [20, 20, 20], fps)
    video = [make_chunk(tmp_path / f"v{index}.mp4", 0, 20, fps) for index in range(3)]
    with pytest.raises(ConcatError, match="3 chunks of video, but 2 of audio"):
        rp.concat_chunks(video, tmp_path / "out.mp4", fps=fps, audio=audio[:2])
    with pytest.raises(ConcatError, match=r"but its frames need 37 .* Render it with composition_start"):
        rp.concat_chunks(video, tmp_path / "out.mp4", fps=fps, audio=[audio[0], audio[2], audio[2]])
    with pytest.raises(ConcatError, match="cannot be read as AAC"):
        rp.concat_chunks(video, tmp_path / "out.mp4", fps=fps, audio=[audio[0], video[1], audio[2]])
    assert not (tmp_path / "out.mp4").exists()


def test_two_priming_packets_are_removed_too(tmp_path: Path) -> None:
    """As libfdk_aac makes them, which the npm renderer encodes with: here by a packet of silence before each chunk."""
    fps = Fraction(30)
    lengths = [40, 40]
    source = sine(3, RATE)[: 80 * 1600]
    made: list[Path] = []
    padded = np.concatenate([source, np.zeros((8192, 2))])
    for index, chunk in enumerate(aac_chunks(lengths, Timeline(fps, RATE))):
        begin, end = chunk.window
        before = padded[begin - 1024 : begin] if begin else np.zeros((1024, 2))
        path = tmp_path / f"{index}.aac"
        raw = ("-f", "s16le", "-ar", RATE, "-ac", 2, "-i", "pipe:0")
        run(
            *raw,
            "-c:a",
            "aac",
            "-b:a",
            "320k",
            "-f",
            "adts",
            path,
            feed=pcm(np.concatenate([before, padded[begin:end]])),
        )
        made.append(path)
    video = tiny_video(tmp_path / "v.mp4", 40, fps)
    rp.concat_chunks([video, video], tmp_path / "out.mp4", fps=fps, audio=made)
    assert lag(listen(tmp_path / "out.mp4"), source * 32767) == 0


@pytest.mark.parametrize(
    ("name", "codec", "most"), [("a.mov", "pcm_s16le", -95), ("a.webm", "opus", -40), ("a.mp4", "aac", -50)]
)
def test_wav_files_of_chunks_become_one_track(tmp_path: Path, name: str, codec: str, most: float) -> None:
    fps = Fraction(2997, 100)
    lengths = [40, 1, 19]
    line = Timeline(fps, RATE)
    source = sine(3, RATE)[: line.sample(60)]
    audio: list[Path] = []
    for index, length in enumerate(lengths):
        begin = sum(lengths[:index])
        part = source[line.sample(begin) : line.sample(begin + length)]
        audio.append(tmp_path / f"{index}.wav")
        run("-f", "s16le", "-ar", RATE, "-ac", 2, "-i", "pipe:0", audio[-1], feed=pcm(part))
    encoder = ("-c:v", "libvpx") if name.endswith("webm") else ("-c:v", "libx264")
    video: list[Path] = []
    for length in lengths:
        video.append(tmp_path / f"v{length}{'.webm' if name.endswith('webm') else '.mp4'}")
        run("-f", "lavfi", "-i", f"color=size=16x16:rate={fps}", "-frames:v", length, *encoder, video[-1])
    output = tmp_path / name
    assert rp.concat_chunks(video, output, fps=29.97, audio=audio) == 60
    with av.open(str(output)) as container:
        assert container.streams.audio[0].codec_context.codec.canonical_name == codec
    found = compare(listen(output)[: len(source)], source * 32767)
    assert found.lag == 0
    assert found.rms < most, found
    with pytest.raises(ConcatError, match="but its frames need"):
        rp.concat_chunks(video, output, fps=29.97, audio=[audio[0], audio[2], audio[1]])


def test_composition_start_must_match_the_chunk(client: rp.Client, tmp_path: Path) -> None:
    site = media_site()
    with pytest.raises(OptionError, match="composition_start is 20, but this render begins at frame 10"):
        client.render_media(site, "sound-two", output=tmp_path / "a.mp4", frame_range=(10, 15), composition_start=20)
    with pytest.raises(OptionError, match="for_seamless_aac_concatenation needs separate_audio_to"):
        client.render_media(site, "sound-two", output=tmp_path / "a.mp4", for_seamless_aac_concatenation=True)


def test_the_joined_sound_decodes_without_a_warning(tmp_path: Path) -> None:
    fps = Fraction(30)
    audio = padded_aac(tmp_path, sine(2, RATE), [20, 20], fps)
    video = tiny_video(tmp_path / "v.mp4", 20, fps)
    for name in ("out.mp4", "out.mov", "out.m4v"):
        rp.concat_chunks([video, video], tmp_path / name, fps=fps, audio=audio)
        command = [ffmpeg_path(), "-v", "warning", "-i", str(tmp_path / name), "-f", "null", "-"]
        assert subprocess.run(command, capture_output=True, text=True, check=False).stderr == ""
