"""A click on the very frame of a flash: heard and seen at the same moment, by FFmpeg and by Chromium itself."""

from __future__ import annotations

import asyncio
import base64
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import remotion_py as rp
from remotion_py.media.ffmpeg import ffmpeg_path
from remotion_py.page.discovery import find_browser
from remotion_py.page.site import FolderSite

from .compare import decode, times
from .hearing import listen
from .listening import listening
from .sites import media_site

RATES = {"23-976": 23.976, "29-97": 29.97, "30": 30.0, "60": 60.0}
MOST_S = 0.005
PLAYS = 5
"""A busy machine may drop every frame with a flash, so a video is played again until one is seen."""


def clicks(samples: np.ndarray, rate: int = 48_000) -> list[float]:
    """When each click begins, in seconds: the first sample that is loud after a quiet time."""
    loud = np.nonzero(np.abs(samples[:, 0]) > 0.3 * np.abs(samples).max())[0]
    begins = loud[np.insert(np.diff(loud) > rate // 4, 0, True)]
    return [float(begin) / rate for begin in begins]


def flashes(path: Path) -> list[float]:
    """When each white frame is shown, in seconds."""
    lit = [frame[90, 160].mean() > 127 for frame in decode(path)]
    return [when for when, shown in zip(times(path), lit, strict=True) if shown]


def rendered(client: rp.Client, folder: Path, name: str, seconds: int) -> Path:
    fps = RATES[name]
    frames = (0, round(fps) * seconds - 1)
    return client.render_media(
        media_site(), f"flash-{name}", output=folder / f"{name}.mp4", frame_range=frames, concurrency=5
    ).path


def check(path: Path, seconds: int, fps: float) -> None:
    seen, heard = flashes(path), clicks(listen(path))
    assert len(seen) == len(heard) == seconds
    for number, (flash, click) in enumerate(zip(seen, heard, strict=True)):
        assert flash == pytest.approx(number * round(fps) / fps, abs=1e-4)
        assert abs(flash - click) < MOST_S, (number, flash, click)


@pytest.fixture(scope="session")
def videos(client: rp.Client, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("flash")
    return {name: rendered(client, folder, name, 4) for name in RATES}


@pytest.mark.parametrize("name", RATES)
def test_clicks_and_flashes_coincide(name: str, videos: dict[str, Path]) -> None:
    check(videos[name], 4, RATES[name])


@pytest.fixture(scope="session")
def minutes(client: rp.Client, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("minute")
    return {name: rendered(client, folder, name, 60) for name in RATES}


@pytest.mark.long
@pytest.mark.parametrize("name", RATES)
def test_clicks_and_flashes_coincide_for_a_minute(name: str, minutes: dict[str, Path]) -> None:
    check(minutes[name], 60, RATES[name])


def test_the_test_detects_a_late_click(videos: dict[str, Path]) -> None:
    path = videos["30"]
    late = np.roll(listen(path), 300, axis=0)
    assert any(abs(flash - click) >= MOST_S for flash, click in zip(flashes(path), clicks(late), strict=True))


ASK = """async ([video, wanted]) => {
  const data = await (await fetch(video)).arrayBuffer();
  const audio = await new OfflineAudioContext(2, 48000, 48000).decodeAudioData(data);
  const samples = new Float32Array(audio.getChannelData(0));
  let text = "";
  const bytes = new Uint8Array(samples.buffer);
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));

  const element = document.createElement("video");
  element.src = video;
  element.muted = true;
  document.body.append(element);
  await new Promise((resolve) => (element.onloadeddata = resolve));
  const canvas = new OffscreenCanvas(32, 18);
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  const light = [];
  for (const time of wanted) {
    const presented = new Promise((resolve) => {
      element.requestVideoFrameCallback((_, frame) => resolve(frame.mediaTime));
    });
    element.currentTime = time;
    await new Promise((resolve) => (element.onseeked = resolve));
    const mediaTime = await presented;
    pen.drawImage(element, 0, 0, 32, 18);
    light.push([mediaTime, pen.getImageData(16, 9, 1, 1).data[0]]);
  }
  return { audio: btoa(text), duration: element.duration, light };
}"""


PLAY = """async (video) => {
  const element = document.createElement("video");
  element.src = video;
  document.body.append(element);
  await new Promise((resolve) => (element.oncanplaythrough = resolve));
  const context = new AudioContext({ sampleRate: 48000 });
  const tap = `registerProcessor("tap", class extends AudioWorkletProcessor {
    process([input]) {
      if (input[0]) this.port.postMessage([currentFrame, input[0].slice()]);
      return true;
    }
  })`;
  await context.audioWorklet.addModule("data:text/javascript," + encodeURIComponent(tap));
  const recorder = new AudioWorkletNode(context, "tap");
  const samples = new Float32Array((Math.ceil(element.duration) + 4) * 48000);
  recorder.port.onmessage = ({ data: [at, block] }) => at + block.length <= samples.length && samples.set(block, at);
  context.createMediaElementSource(element).connect(recorder);
  await context.resume();

  const canvas = new OffscreenCanvas(32, 18);
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  const light = [];
  const look = () => {
    const frame = new VideoFrame(element);
    pen.drawImage(frame, 0, 0, 32, 18);
    light.push([frame.timestamp / 1e6, pen.getImageData(16, 9, 1, 1).data[0]]);
    frame.close();
    element.requestVideoFrameCallback(look);
  };
  element.requestVideoFrameCallback(look);
  const clock = [];
  const timer = setInterval(() => clock.push([context.currentTime, element.currentTime]), 5);
  const ended = new Promise((resolve) => (element.onended = resolve));
  await element.play();
  await ended;
  clearInterval(timer);
  await new Promise((resolve) => setTimeout(resolve, 300));
  let text = "";
  const bytes = new Uint8Array(samples.buffer);
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return { audio: btoa(text), light, clock };
}"""


def in_chromium(folder: Path, script: str, *arguments: Any) -> list[dict[str, Any]]:
    """Run a script once for each argument, all at once, each on a page of its own."""
    from playwright.async_api import async_playwright

    async def run() -> list[dict[str, Any]]:
        (folder / "index.html").write_text("<!doctype html><body></body>")
        async with listening(FolderSite(folder)) as (_, address), async_playwright() as playwright:
            flags = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
            browser = await playwright.chromium.launch(executable_path=str(find_browser().path), args=flags)
            pages = [await browser.new_page() for _ in arguments]
            await asyncio.gather(*(page.goto(f"{address}/index.html") for page in pages))
            asked = (page.evaluate(script, argument) for page, argument in zip(pages, arguments, strict=True))
            answers = await asyncio.gather(*asked)
            await browser.close()
            return answers

    return asyncio.run(run())


def samples_of(answer: dict[str, Any]) -> np.ndarray:
    return np.frombuffer(base64.b64decode(answer["audio"]), np.float32)[:, None]


@pytest.fixture(scope="session")
def looked_at(videos: dict[str, Path]) -> dict[str, dict[str, Any]]:
    """What Chromium decodes and shows of each video: within each flash, and just before all but the first."""

    def wanted(fps: float) -> list[float]:
        starts = [number * round(fps) / fps for number in range(4)]
        return [start + 0.5 / fps for start in starts] + [start - 0.5 / fps for start in starts[1:]]

    asked = [(f"/{path.name}", wanted(RATES[name])) for name, path in videos.items()]
    return dict(zip(videos, in_chromium(videos["30"].parent, ASK, *asked), strict=True))


@pytest.mark.parametrize("name", RATES)
def test_chromium_decodes_and_shows_them_together(name: str, looked_at: dict[str, dict[str, Any]]) -> None:
    answer, fps = looked_at[name], RATES[name]
    assert answer["duration"] == pytest.approx(4 * round(fps) / fps, abs=1 / fps)
    lit, dark = answer["light"][:4], answer["light"][4:]
    assert all(level > 200 for _, level in lit)
    assert all(level < 50 for _, level in dark)
    heard = clicks(samples_of(answer))
    assert len(heard) == 4
    for (flash, _), click in zip(lit, heard, strict=True):
        assert abs(flash - click) < MOST_S, (flash, click)


@pytest.fixture(scope="session")
def played(videos: dict[str, Path]) -> dict[str, dict[str, Any]]:
    """What is heard and seen while Chromium plays each video, and one more whose sound was made late by 10 ms."""
    path = videos["30"]
    late = path.with_name("late.mp4")
    command = [ffmpeg_path(), "-y", "-loglevel", "error", "-i", str(path), "-itsoffset", "0.01", "-i", str(path)]
    subprocess.run([*command, "-map", "0:v", "-map", "1:a", "-c", "copy", str(late)], check=True)
    files = videos | {"late": late}
    found: dict[str, dict[str, Any]] = {}
    for _ in range(PLAYS):
        left = {name: file for name, file in files.items() if not flashes_seen(found.get(name))}
        if left:
            answers = in_chromium(path.parent, PLAY, *(f"/{file.name}" for file in left.values()))
            found |= dict(zip(left, answers, strict=True))
    return found


def flashes_seen(answer: dict[str, Any] | None) -> list[float]:
    """When a flash was seen, but the first."""
    return [when for when, level in answer["light"] if level > 200 and when > 0.5] if answer else []


def heard_while_playing(answer: dict[str, Any], seconds: int = 4) -> list[float]:
    """When each click but the first was heard, by the clock of the `<video>`.

    Chromium feeds the first packet of any file and then, once its clock runs, pauses the sound for 1024 samples (seen
    with FLAC made by FFmpeg too), so the first second says nothing about the file.
    """
    clock = np.array([pair for pair in answer["clock"] if 0.2 < pair[1] < seconds - 0.3])
    behind = float(np.median(clock[:, 0] - clock[:, 1]))
    return [when - behind for when in clicks(samples_of(answer))][1:]


def check_played(answer: dict[str, Any], fps: float, seconds: int) -> None:
    lit = flashes_seen(answer)
    heard = heard_while_playing(answer, seconds)
    assert len(heard) == seconds - 1
    for number, click in enumerate(heard, 1):
        assert abs(number * round(fps) / fps - click) < MOST_S, (number, click)
    assert lit, "no flash was seen"
    for flash in lit:  # a busy machine drops some frames of a playing video
        assert min(abs(flash - click) for click in heard) < MOST_S, (flash, heard)


@pytest.mark.parametrize("name", RATES)
def test_chromium_plays_them_together(name: str, played: dict[str, dict[str, Any]]) -> None:
    check_played(played[name], RATES[name], 4)


@pytest.mark.long
def test_chromium_plays_them_together_for_a_minute(minutes: dict[str, Path]) -> None:
    folder = minutes["30"].parent
    answers = in_chromium(folder, PLAY, *(f"/{path.name}" for path in minutes.values()))
    for answer, fps in zip(answers, RATES.values(), strict=True):
        check_played(answer, fps, 60)


def test_the_test_detects_a_sound_that_is_played_late(played: dict[str, dict[str, Any]]) -> None:
    assert all(click - number > MOST_S for number, click in enumerate(heard_while_playing(played["late"]), 1))
