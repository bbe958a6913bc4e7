"""A click on the very frame of a flash: heard and seen at the same moment, by FFmpeg and by Chromium itself."""

from __future__ import annotations

import asyncio
import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import remotion_py as rp
from remotion_py.page.discovery import find_browser
from remotion_py.page.server import PageServer

from .compare import decode, times
from .hearing import listen
from .sites import media_site

RATES = {"23-976": 23.976, "29-97": 29.97, "30": 30.0, "60": 60.0}
MOST_S = 0.005


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


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", RATES)
def test_clicks_and_flashes_coincide_for_a_minute(name: str, client: rp.Client, tmp_path: Path) -> None:
    check(rendered(client, tmp_path, name, 60), 60, RATES[name])


def test_a_click_that_is_late_is_caught(videos: dict[str, Path]) -> None:
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


def in_chromium(folder: Path, name: str, wanted: list[float]) -> dict[str, Any]:
    """Let Chromium decode the sound, and show the video at some times."""
    from playwright.async_api import async_playwright

    async def run() -> dict[str, Any]:
        (folder / "index.html").write_text("<!doctype html><body></body>")
        server = PageServer(folder)
        await server.start()
        try:
            async with async_playwright() as playwright:
                browser = await playwright.chromium.launch(
                    executable_path=str(find_browser().path), args=["--no-sandbox"]
                )
                page = await browser.new_page()
                await page.goto(server.url)
                answer = await page.evaluate(ASK, [f"/{name}", wanted])
                await browser.close()
                return json.loads(json.dumps(answer))
        finally:
            await server.close()

    return asyncio.run(run())


@pytest.mark.parametrize("name", RATES)
def test_chromium_shows_and_plays_them_together(name: str, videos: dict[str, Path]) -> None:
    path, fps = videos[name], RATES[name]
    starts = [number * round(fps) / fps for number in range(4)]
    inside = [start + 0.5 / fps for start in starts]
    before = [start - 0.5 / fps for start in starts[1:]]
    answer = in_chromium(path.parent, path.name, inside + before)
    assert answer["duration"] == pytest.approx(4 * round(fps) / fps, abs=1 / fps)
    lit, dark = answer["light"][:4], answer["light"][4:]
    assert all(level > 200 for _, level in lit)
    assert all(level < 50 for _, level in dark)
    samples = np.frombuffer(base64.b64decode(answer["audio"]), np.float32)[:, None]
    heard = clicks(samples)
    assert len(heard) == 4
    for (flash, _), click in zip(lit, heard, strict=True):
        assert abs(flash - click) < MOST_S, (flash, click)
