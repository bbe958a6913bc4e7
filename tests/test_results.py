"""What renders return, as files: paths, copies, GIFs."""

from __future__ import annotations

import dataclasses
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from PIL import Image, ImageSequence

import remotion_py as rp
from remotion_py.errors import OptionError, OutputError
from remotion_py.media.ffmpeg import ffmpeg_path


@pytest.fixture
def video(tmp_path: Path) -> rp.Video:
    file = tmp_path / "made" / "bars.mp4"
    file.parent.mkdir()
    source = ["-f", "lavfi", "-i", "testsrc=size=64x36:rate=30:duration=1", "-pix_fmt", "yuv420p"]
    subprocess.run([ffmpeg_path(), "-loglevel", "error", *source, file], check=True)
    return rp.Video(file, "abc", file.stat().st_size, 64, 36, 30, 30, 1.0)


def pictures(folder: Path) -> rp.Frames:
    folder.mkdir()
    paths = tuple(folder / f"{number}.png" for number in range(3))
    for number, path in enumerate(paths):
        Image.new("RGB", (8, 4), (number, 0, 0)).save(path)
    return rp.Frames(folder, paths, "abc", 8, 4)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_results_are_paths(video: rp.Video, tmp_path: Path) -> None:
    frames = pictures(tmp_path / "frames")
    still = rp.Still(frames.paths[0], "abc", 10, 8, 4, 0)
    artifact = rp.Artifact(frames.paths[1], "captions.srt", 0, 10)
    assert isinstance(video, os.PathLike)
    assert os.fspath(video) == str(video.path)
    assert os.fspath(frames) == str(frames.folder)
    assert Path(artifact) == frames.paths[1]
    with Image.open(still) as picture:
        assert picture.size == (8, 4)
    assert shutil.copy(video, tmp_path / "copy.mp4").read_bytes() == video.path.read_bytes()


def test_a_copy_is_whole_and_has_the_same_format(video: rp.Video, tmp_path: Path) -> None:
    copy = video.save(tmp_path / "new" / "race.MP4")
    assert copy.read_bytes() == video.path.read_bytes()
    assert names(tmp_path / "new") == ["race.MP4"]
    assert video.save(tmp_path / "new") == tmp_path / "new" / "bars.mp4", "a folder keeps the name"
    assert video.save(video) == video.path, "onto itself"
    with pytest.raises(OutputError, match=r"does not end in \.mp4"):
        video.save(tmp_path / "race.webm")


def test_a_copy_replaces_a_file_unless_that_is_refused(video: rp.Video, tmp_path: Path) -> None:
    there = tmp_path / "there.mp4"
    there.write_text("old")
    with pytest.raises(OutputError, match="exists already"):
        video.save(there, overwrite=False)
    assert there.read_text() == "old"
    video.save(there)
    assert there.read_bytes() == video.path.read_bytes()


def test_pictures_are_copied_into_a_folder(tmp_path: Path) -> None:
    frames = pictures(tmp_path / "frames")
    folder = frames.save(tmp_path / "copies" / "a")
    assert names(folder) == ["0.png", "1.png", "2.png"]
    with pytest.raises(OutputError, match="is not empty"):
        frames.save(folder, overwrite=False)
    assert frames.save(frames) == frames.folder, "onto itself"


def test_results_in_a_bucket_have_no_path(video: rp.Video) -> None:
    away = dataclasses.replace(video, file=None)
    for use in (os.fspath, lambda it: it.save("x.mp4"), lambda it: it.to_gif()):
        with pytest.raises(OutputError, match="is only in its bucket"):
            use(away)


def test_a_video_becomes_a_gif(video: rp.Video, tmp_path: Path) -> None:
    with Image.open(video.to_gif()) as beside:
        assert (beside.filename, beside.size) == (str(video.path.with_suffix(".gif")), (64, 36))
        assert 29 <= beside.n_frames <= 30
    with Image.open(video.to_gif(tmp_path / "small.gif", fps=10, width=32)) as small:
        assert (small.size, small.n_frames, small.info["loop"]) == ((32, 18), 10, 0)
        assert {frame.info["duration"] for frame in ImageSequence.Iterator(small)} == {100}
    assert names(tmp_path / "made") == ["bars.gif", "bars.mp4"]


@pytest.mark.parametrize(
    ("error", "options"),
    [(OptionError, {"fps": 60}), (OptionError, {"width": 0}), (OutputError, {"path": "a.mp4"})],
)
def test_an_invalid_gif_is_refused(video: rp.Video, error: type[Exception], options: dict[str, object]) -> None:
    with pytest.raises(error):
        video.to_gif(**options)
