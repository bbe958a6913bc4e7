"""What is heard, sample by sample: against the npm renderer's wav, the source, and other numbers of chunks."""

from __future__ import annotations

import shutil
import wave
from pathlib import Path

import numpy as np
import pytest

import remotion_py as rp

from . import oracle
from .hearing import Difference, Samples, compare, decibels, lag, listen, rms, sine_residual
from .media import SINES, media_folder
from .sites import media_site

SOUNDS = {
    "sound-plain": 66,
    "sound-two": 66,
    "sound-fade": 66,
    "sound-late": 66,
    "sound-trimmed": 66,
    "sound-fast": 66,
    "sound-slow": 66,
    "sound-high": 66,
    "sound-loop": 66,
    "sound-gap": 66,
    "sound-many": 66,
    "sound-video": 60,
    "sound-html-video": 40,
    "sound-second-stream": 40,
    "sound-inline": 66,
    "sound-inline-high": 66,
    "sound-29-97": 65,
}
MOST_DIFFERENCE = 32
MOST_RMS = -70.0


@pytest.fixture(scope="session")
def site() -> Path:
    return media_site()


@pytest.fixture(scope="session")
def references(site: Path) -> dict[str, Samples]:
    """What the npm renderer makes of each sound; with two pages for one, inline audio overlaps by chance."""
    options = {"codec": "wav", "muted": False, "concurrency": 1}
    jobs = [{"composition": name, "options": options} for name in SOUNDS]
    made = oracle.render_all("media", site, "out.wav", jobs)
    return {name: listen(path) for name, (_, path) in zip(SOUNDS, made, strict=True)}


def same(found: Difference) -> bool:
    return found.lag == 0 and found.largest <= MOST_DIFFERENCE and found.rms < MOST_RMS


@pytest.mark.parametrize("name", SOUNDS)
def test_sounds_equal_those_of_the_npm_renderer(
    name: str, site: Path, references: dict[str, Samples], client: rp.Client, tmp_path: Path
) -> None:
    video = client.render_media(site, name, output=tmp_path / "a.wav", concurrency=1)
    ours = listen(video.path)
    fps = 29.97 if name.endswith("29-97") else 30
    assert len(ours) == round(SOUNDS[name] / fps * 48_000)
    assert rms(ours) > 100
    found = compare(ours, references[name])
    assert same(found), found


def test_the_comparison_detects_an_error_of_a_sample_or_a_percent(references: dict[str, Samples]) -> None:
    right = references["sound-plain"]
    assert same(compare(right, right))
    assert not same(compare(np.roll(right, 1, axis=0), right))
    assert not same(compare(np.roll(right, -1, axis=0), right))
    assert not same(compare(right * 1.01, right))


@pytest.mark.parametrize(
    "name", ["sound-two", "sound-many", "sound-gap", "sound-inline", "sound-inline-high", "sound-29-97"]
)
def test_samples_do_not_depend_on_chunks(name: str, site: Path, client: rp.Client, tmp_path: Path) -> None:
    made = [
        listen(client.render_media(site, name, output=tmp_path / f"{count}.wav", concurrency=count).path)
        for count in (1, 2, 7)
    ]
    for other in made[1:]:
        found = compare(other, made[0])
        assert found.lengths[0] == found.lengths[1]
        assert found.lag == 0
        assert found.rms < -100, found


@pytest.fixture(scope="session")
def tones(site: Path, client: rp.Client, tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """Eight seconds of a steady tone in MP4, made of 1, 2, 7 and 40 chunks."""
    folder = tmp_path_factory.mktemp("tones")
    return {
        count: client.render_media(site, "sound-sine", output=folder / f"{count}.mp4", concurrency=count).path
        for count in (1, 2, 7, 40)
    }


@pytest.mark.parametrize("count", [1, 2, 7, 40])
def test_aac_equals_its_source_without_offset_or_gap(count: int, tones: dict[int, Path]) -> None:
    ours, source = listen(tones[count]), listen(media_folder() / "sine.wav")
    assert lag(ours, source) == 0
    assert decibels(rms(ours[: len(source)] - source)) < -60
    residual = sine_residual(ours[: len(source)], 48_000, SINES)
    seams = {round(240 * index // count * 1600) // 1024 for index in range(1, count)}
    beside = {block + near for block in seams for near in (-1, 0, 1)}
    inner = range(2, len(residual) - 2)
    elsewhere = max(residual[block] for block in inner if block not in beside)
    assert all(residual[block] <= elsewhere * 1.05 + 1 for block in beside), (elsewhere, residual)


@pytest.mark.parametrize("count", [2, 7, 40])
def test_aac_does_not_depend_on_chunks(count: int, tones: dict[int, Path]) -> None:
    found = compare(listen(tones[count]), listen(tones[1]))
    assert found.lengths[0] == found.lengths[1]
    assert found.lag == 0
    assert found.rms < -60, found


def test_the_comparison_detects_a_gap_or_a_click_at_a_seam(tones: dict[int, Path]) -> None:
    right = listen(tones[1])
    quiet = max(sine_residual(right, 48_000, SINES)[2:-2])
    gap = np.delete(right, slice(96_000, 96_016), axis=0)
    assert max(sine_residual(gap, 48_000, SINES)[2:-2]) > 10 * quiet
    clicked = right.copy()
    clicked[96_000] += 3000
    assert max(sine_residual(clicked, 48_000, SINES)[2:-2]) > 5 * quiet


def test_without_a_sound_there_is_no_track_unless_it_is_forced(site: Path, client: rp.Client, tmp_path: Path) -> None:
    import av

    def tracks(path: Path) -> int:
        with av.open(str(path)) as container:
            return len(container.streams.audio)

    for name in ("sound-none", "sound-muted"):
        assert tracks(client.render_media(site, name, output=tmp_path / "a.mp4", concurrency=2).path) == 0
    video = client.render_media(site, "sound-none", output=tmp_path / "b.mp4", concurrency=2, enforce_audio_track=True)
    silence = listen(video.path)
    assert abs(len(silence) - 32_000) < 1024
    assert rms(silence) == 0
    assert tracks(client.render_media(site, "sound-plain", output=tmp_path / "c.mp4", muted=True).path) == 0
    assert rms(listen(client.render_media(site, "sound-none", output=tmp_path / "d.wav").path)) == 0


@pytest.mark.parametrize("rate", [44_100, 16_000])
def test_any_sample_rate_keeps_the_pitch(rate: int, site: Path, client: rp.Client, tmp_path: Path) -> None:
    # The npm renderer labels what it gets at 48 kHz as 44.1 kHz, so inline audio is low (design/page-contract.md 1.4).
    for name in ("sound-plain", "sound-inline"):
        high = listen(client.render_media(site, name, output=tmp_path / "a.wav").path)
        other = client.render_media(site, name, output=tmp_path / "b.wav", sample_rate=rate).path
        with wave.open(str(other)) as file:
            assert file.getframerate() == rate
        found = compare(listen(other), high)
        assert abs(found.lag) <= 1
        assert abs(rms(listen(other)) / rms(high) - 1) < 0.1


@pytest.mark.parametrize("tone", [0.25, 0.16, 0.05])
def test_low_tones_are_lower_and_as_long(tone: float, client: rp.Client, tmp_path: Path) -> None:
    """One step of tempo for so low a tone would abort FFmpeg."""
    shutil.copy(media_folder() / "sine.wav", tmp_path)
    (tmp_path / "index.html").write_text(
        """<script src="/remotion-py.js"></script><script>
        remotionPy.registerComposition({
          id: "low", width: 64, height: 64, fps: 30, durationInFrames: 60, render() {},
          sounds: (props) => [{ src: "sine.wav", toneFrequency: props.tone }],
        });</script>"""
    )
    found = listen(client.render_media(tmp_path, "low", props={"tone": tone}, output=tmp_path / "low.wav").path)
    assert len(found) == 96_000
    spectrum = np.abs(np.fft.rfft(found[24_000:72_000, 1]))  # a second, so that an index is a frequency in Hz
    # `atempo` is not exact at low pitches.
    assert int(np.argmax(spectrum)) / (SINES[1] * tone) == pytest.approx(1, abs=0.15)


def test_every_nth_frame_keeps_the_speed_of_the_sound(site: Path, client: rp.Client, tmp_path: Path) -> None:
    # The npm renderer makes fragments of one frame here (design/page-contract.md 6.4).
    whole = listen(client.render_media(site, "sound-two", output=tmp_path / "a.wav").path)
    video = client.render_media(site, "sound-two", output=tmp_path / "b.mov", every_nth_frame=4, concurrency=3)
    assert (video.frames, video.fps) == (17, 7.5)
    thinned = listen(video.path)
    assert len(thinned) == 17 * 4 * 1600
    assert compare(thinned[: len(whole)], whole).rms < -100


def test_a_frame_range_has_the_sound_of_its_frames(site: Path, client: rp.Client, tmp_path: Path) -> None:
    whole = listen(client.render_media(site, "sound-plain", output=tmp_path / "a.wav").path)
    part = listen(client.render_media(site, "sound-plain", output=tmp_path / "b.wav", frame_range=(30, 59)).path)
    assert len(part) == 48_000
    assert compare(part, whole[48_000:96_000]).largest <= 1


def test_separate_audio_is_a_file_beside_the_video(site: Path, client: rp.Client, tmp_path: Path) -> None:
    import av

    source = listen(client.render_media(site, "sound-two", output=tmp_path / "a.wav").path)
    video = client.render_media(
        site, "sound-two", output=tmp_path / "b.mp4", separate_audio_to=tmp_path / "b.m4a", concurrency=3
    )
    assert video.audio_path == tmp_path / "b.m4a"
    assert decibels(rms(listen(video.audio_path)[: len(source)] - source)) < -50
    with av.open(str(video.path)) as container:
        assert not container.streams.audio
