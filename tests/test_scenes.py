"""What surrounds the pictures: artifacts, what the page sees, still formats, sequences, errors that name code."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import remotion_py as rp
from remotion_py.errors import OptionError, OutputError, PageScriptError, PageTimeoutError

from .compare import difference, facts, picture
from .sites import media_site


@pytest.fixture(scope="session")
def site() -> Path:
    return media_site()


@pytest.mark.parametrize("concurrency", [1, 2])
def test_artifacts_lie_beside_the_output(site: Path, client: rp.Client, tmp_path: Path, concurrency: int) -> None:
    video = client.render_media(site, "scene-artifacts", output=tmp_path / "a.mp4", concurrency=concurrency)
    listed = {artifact.filename: artifact for artifact in video.artifacts}
    assert [(one.filename, one.frame) for one in video.artifacts] == [
        ("notes/hello.txt", 2),
        ("data.bin", 7),
        ("thumb.jpeg", 9),
    ]
    assert listed["notes/hello.txt"].path == tmp_path / "scene-artifacts" / "notes" / "hello.txt"
    assert listed["notes/hello.txt"].path.read_text() == "Grüße, 世界"
    assert listed["data.bin"].path.read_bytes() == bytes([1, 2, 3, 0, 65, 0xC3, 0xA9])
    thumbnail = np.asarray(Image.open(listed["thumb.jpeg"].path).convert("RGB"))
    assert difference(thumbnail, np.full_like(thumbnail, (180, 80, 120))) < 3
    assert client.get_render_progress(video.render_id).artifacts[0]["filename"]


def test_an_artifact_does_not_replace_a_protected_file(site: Path, client: rp.Client, tmp_path: Path) -> None:
    kept = tmp_path / "scene-artifacts" / "data.bin"
    kept.parent.mkdir()
    kept.write_text("mine")
    video = client.render_media(site, "scene-artifacts", output=tmp_path / "a.mp4", overwrite=False)
    assert kept.read_text() == "mine"
    (stored,) = (one for one in video.artifacts if one.filename == "data.bin")
    assert stored.path != kept
    assert stored.path.read_bytes()[:3] == bytes([1, 2, 3])


def test_an_artifact_of_a_still(site: Path, client: rp.Client, tmp_path: Path) -> None:
    still = client.render_still(site, "scene-artifacts", frame=2, output=tmp_path / "a.png")
    assert [one.path.read_text() for one in still.artifacts] == ["Grüße, 世界"]


def test_the_page_sees_its_environment(site: Path, client: rp.Client, tmp_path: Path) -> None:
    def shade(**options: object) -> tuple[float, int]:
        still = client.render_still(site, "scene-surroundings", output=tmp_path / "a.png", **options)
        shown = picture(still.path)[..., :3]
        written = int((np.abs(shown.astype(int) - np.median(shown)) > 60).sum())
        return float(np.median(shown)), written

    plain, empty = shade()
    dark, greeted = shade(dark_mode=True, env_variables={"GREETING": "hello there"})
    assert (plain, dark) == (255, 0)
    _, with_agent = shade(env_variables={"GREETING": "hello there"}, user_agent="remotion-test")
    assert empty < greeted < with_agent


def test_graphics_can_be_chosen(site: Path, client: rp.Client, tmp_path: Path) -> None:
    stills = [
        client.render_still(site, "scene-webgl", frame=10, output=tmp_path / f"{gl}.png", gl=gl)
        for gl in (None, "swangle")
    ]
    one, other = (picture(still.path)[..., :3] for still in stills)
    assert difference(one, other) < 1
    assert difference(one, np.full_like(one, (64, 102, 191))) < 2


def test_stills_have_four_formats(site: Path, client: rp.Client, tmp_path: Path) -> None:
    def made(name: str) -> Path:
        return client.render_still(site, "scene-bouncing", frame=9, output=tmp_path / name).path

    png = picture(made("a.png"))
    for name, most in (("a.jpg", 4), ("a.webp", 4)):
        assert difference(picture(made(name))[..., :3], png[..., :3]) < most
    with Image.open(tmp_path / "a.webp") as webp:
        assert webp.format == "WEBP"
    assert made("a.pdf").read_bytes().startswith(b"%PDF")
    with pytest.raises(OutputError, match=r"'a\.png' does not end in \.webp"):
        client.render_still(site, "scene-bouncing", output=tmp_path / "a.png", image_format="webp")


@pytest.mark.parametrize("concurrency", [1, 3])
def test_a_sequence_is_a_folder_of_frames(site: Path, client: rp.Client, tmp_path: Path, concurrency: int) -> None:
    made = client.render_frames(
        site, "scene-bouncing", output=tmp_path / "frames", frame_range=(5, 24), concurrency=concurrency
    )
    assert [path.name for path in made.paths] == [f"element-{frame:02}.png" for frame in range(5, 25)]
    still = client.render_still(site, "scene-bouncing", frame=17, output=tmp_path / "a.png")
    assert np.array_equal(picture(made.paths[12]), picture(still.path))
    assert not np.array_equal(picture(made.paths[11]), picture(still.path))


def test_names_of_a_sequence_can_be_chosen(site: Path, client: rp.Client, tmp_path: Path) -> None:
    made = client.render_frames(
        site,
        "scene-bouncing",
        output=tmp_path,
        image_format="jpeg",
        every_nth_frame=10,
        image_sequence_pattern="shot/[frame]-x.[ext]",
    )
    assert [str(path.relative_to(tmp_path)) for path in made.paths] == [f"shot/{n:02}-x.jpeg" for n in (0, 10, 20, 30)]
    for pattern in ("same.[ext]", "../[frame].[ext]", "a//[frame].[ext]", ".[frame].[ext]", "a\\[frame].[ext]"):
        with pytest.raises(OptionError, match="image_sequence_pattern"):
            client.render_frames(site, "scene-bouncing", output=tmp_path, image_sequence_pattern=pattern)
    with pytest.raises(OutputError, match="is not empty"):
        client.render_frames(site, "scene-bouncing", output=tmp_path, overwrite=False)


def test_size_rate_and_length_can_be_forced(site: Path, client: rp.Client, tmp_path: Path) -> None:
    video = client.render_media(
        site,
        "scene-bouncing",
        output=tmp_path / "a.mp4",
        force_width=200,
        force_height=100,
        force_fps=25,
        force_duration_in_frames=10,
    )
    found = facts(video.path)
    assert (found.width, found.height, found.frames, found.fps) == (200, 100, 10, 25)
    still = client.render_still(
        site,
        "scene-bouncing",
        output=tmp_path / "a.png",
        width=200,
        height=100,
        fps=25,
        force_duration_in_frames=10,
        frame=9,
    )
    assert (still.width, still.height) == (200, 100)
    with pytest.raises(rp.errors.RemotionPyError, match="10 frames"):
        client.render_still(site, "scene-bouncing", force_duration_in_frames=10, frame=10)


def test_an_error_names_the_users_own_line(site: Path, client: rp.Client, tmp_path: Path) -> None:
    with pytest.raises(PageScriptError) as failure:
        client.render_media(site, "fails-throws", output=tmp_path / "a.mp4", concurrency=2)
    error = failure.value
    assert "The page threw at frame 3: Error: the number three is not allowed (at Throws" in error.message
    assert ">  " in error.message
    assert 'throw new Error("the number three is not allowed");' in error.message
    assert error.data["frame"] == 3
    assert error.data["source"]["file"].endswith("src/Scenes.tsx")
    code = (Path(__file__).parent / "projects" / "media" / "src" / "Scenes.tsx").read_text().split("\n")
    assert "the number three" in code[error.data["source"]["line"] - 1]
    assert any("react-dom" in line for line in error.data["stack"])
    assert "log: about to look at frame 3" in error.data["console"]
    assert not any("frame 2" in line for line in error.data["console"])


def test_a_cancelled_render_names_the_line_too(site: Path, client: rp.Client, tmp_path: Path) -> None:
    with pytest.raises(PageScriptError, match=r"at frame 2: Error: cancelled on purpose .*Scenes\.tsx"):
        client.render_media(site, "fails-cancels", output=tmp_path / "a.mp4")


def test_an_open_handle_is_named_with_where_it_was_opened(site: Path, client: rp.Client, tmp_path: Path) -> None:
    with pytest.raises(PageTimeoutError, match="'data that never comes'") as failure:
        client.render_media(site, "fails-waits", output=tmp_path / "a.mp4", timeout_in_milliseconds=7000)
    assert failure.value.data["handles"] == ["data that never comes"]
    assert 'delayRender("data that never comes")' in failure.value.message
