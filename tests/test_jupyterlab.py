"""Renders in a real JupyterLab, looked at in a real browser: the display moves, stops, plays, and is scrubbed."""

from __future__ import annotations

import base64
import io
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from PIL import Image

from .compare import Picture, read_counter
from .conftest import LAB, RACE, kept_alive, wait_for
from .jupyter import DARK, Lab, Notebook, jupyter_lab

SET_UP = "import remotion_py as rp\nclient = rp.Client(capacity=2)"
SLOW = f"client.start_render_media({str(LAB)!r}, 'slow', props={{'pause': 30, 'frames': 120}}, concurrency=6)"
PANEL = f"rp.panel({str(LAB)!r}, 'counter', client=client, output='counter.mp4')"
CLOSE = "client.close()"


@pytest.fixture(scope="module")
def lab(_own_surroundings: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    root, home, temp = (tmp_path_factory.mktemp(name) for name in ("root", "home", "temp"))
    before = set(psutil.Process().children())
    with jupyter_lab(root, home, temp) as found:
        started = {process.pid for process in set(psutil.Process().children()) - before}
        with kept_alive(*started):
            yield found
        wait_for(lambda: not [*temp.glob("remotion-py-*")])


def picture(notebook: Notebook, name: str, number: int) -> None:
    """Keep pictures of a cell in both themes, where somebody wants them: for the docs."""
    folder = os.environ.get("REMOTION_PY_PICTURES")
    if not folder:
        return
    for theme, suffix in ((DARK, "dark"), ("JupyterLab Light", "light")):
        notebook.theme(theme)
        notebook.cell(number).locator(".jp-OutputArea").first.screenshot(path=Path(folder, f"{name}-{suffix}.png"))


def seen(locator: object) -> Picture:
    """What an element looks like."""
    return np.asarray(Image.open(io.BytesIO(locator.screenshot())).convert("RGB"))  # type: ignore[attr-defined]


def test_the_bar_moves_and_chunks_fill_while_other_cells_run(lab: Lab) -> None:
    with lab.notebook("moves.ipynb", SET_UP, f"render = {SLOW}", "6 * 7", "print(render.wait().frames)") as notebook:
        for number in (0, 1, 2):
            notebook.run(number)
        notebook.idle(2)
        assert "42" in notebook.cell(2).inner_text()
        notebook.shown(1, "running")
        filled, states, thumbnails = set[str](), set[str](), 0
        for _ in range(400):
            html = notebook.cell(1).locator(".jp-OutputArea").first.inner_html()
            if 'data-state="done"' in html:
                break
            filled |= set(re.findall(r"width:\s*([\d.]+)%", html))
            states |= set(re.findall(r'data-chunk="(\w+)"', html))
            thumbnails += "newest frame" in html
            notebook.page.wait_for_timeout(50)
        assert len(filled) > 5
        assert {"waiting", "rendering", "encoded"} <= states
        assert thumbnails
        notebook.run(3)
        notebook.idle(3)
        assert "120" in notebook.cell(3).inner_text()
        saved = notebook.saved()
        (output,) = saved.cells[1].outputs
        assert 'data-state="done"' in output.data["text/html"]


STALE = "() => document.getAnimations().forEach((animation) => animation.finish())"
"""As after the time in which a card that is not updated counts as live."""
LIVE = "() => getComputedStyle(document.querySelector('[data-live]'), '::before').visibility"
"""Whether the first card draws what is true only now; asked in one step, as updates replace its elements."""


def test_a_reopened_card_turns_stale_and_the_render_is_its_card_again(lab: Lab) -> None:
    long = SLOW.replace("120", "3000")
    with lab.notebook("reopened.ipynb", SET_UP, f"render = {long}", "render", "render.cancel()", CLOSE) as notebook:
        notebook.run(0)
        notebook.run(1)
        notebook.shown(1, "running").locator("[data-chunk=rendering]").first.wait_for()
        assert notebook.page.evaluate(LIVE) == "visible"
        saved = notebook.saved().cells[1].outputs[0].data["text/html"]
        assert "was running when last updated" in saved
        notebook.page.emulate_media(reduced_motion="reduce")
        notebook.page.reload()
        notebook.ready()
        old = notebook.shown(1, "running")
        bar = old.locator(".remotion-py-bright").first
        assert notebook.page.evaluate(LIVE) == "visible", "nothing says yet that it is old"
        notebook.page.evaluate(STALE)
        assert notebook.page.evaluate(LIVE) == "hidden"
        assert bar.evaluate("(element) => getComputedStyle(element).filter") == "grayscale(1)"
        assert "this card is no longer updated. client.attach(" in old.inner_text()
        notebook.run(2)
        again = notebook.shown(2, "running")
        again.locator("[data-chunk=rendering]").first.wait_for()
        assert notebook.cell(2).locator(".remotion-py").count() == 1
        notebook.run(3)
        notebook.shown(2, "cancelled")
        notebook.run(4)
        notebook.idle(4)


def test_stop_ends_the_cell_and_says_so(lab: Lab) -> None:
    long = SLOW.replace("start_", "").replace("120", "5000")
    with lab.notebook("stop.ipynb", SET_UP, long, "print(client.renders()[0].state)") as notebook:
        notebook.run(0)
        notebook.run(1)
        notebook.shown(1, "running").locator("[data-chunk=rendering]").first.wait_for()
        notebook.command("notebook:interrupt-kernel")
        notebook.shown(1, "cancelled")
        notebook.idle(1)
        assert "KeyboardInterrupt" in notebook.cell(1).inner_text()
        notebook.run(2)
        notebook.idle(2)
        assert "cancelled" in notebook.cell(2).inner_text()


def test_a_panel_scrubs_renders_cancels_and_plays(lab: Lab) -> None:
    with lab.notebook("panel.ipynb", SET_UP, PANEL) as notebook:
        notebook.run(0)
        notebook.run(1)
        cell = notebook.cell(1)
        frame, facts = cell.locator(".remotion-py-panel img"), cell.locator(".remotion-py-panel")
        frame.wait_for()
        assert read_counter(seen(frame)) == 0
        cell.locator(".noUi-handle").focus()
        for presses, wanted in ((5, 5), (7, 12)):
            for _ in range(presses):
                notebook.page.keyboard.press("ArrowRight")
            facts.locator(f"text=frame {wanted} of 47").wait_for()
            assert read_counter(seen(frame)) == wanted
        notebook.page.keyboard.press("End")
        facts.locator("text=frame 46 of 47 · 1.53 s").wait_for()
        assert read_counter(seen(frame)) == 46
        cell.locator("button[title='-1 frame']").click()
        facts.locator("text=frame 45 of 47").wait_for()
        assert read_counter(seen(frame)) == 45
        notebook.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        cell.locator("button:has-text('Copy code')").click()
        cell.locator("button:has-text('Copied')").wait_for()
        copied = notebook.page.evaluate("() => navigator.clipboard.readText()")
        assert copied.startswith("client.render_media(")
        cell.locator(
            ".remotion-py-panel .jupyter-widget-Play button, .remotion-py-panel .widget-play button"
        ).first.click()
        facts.locator("text=frame 46 of 47").wait_for()
        cell.locator("button:has-text('Render')").click()
        notebook.shown(1, "done")
        assert check_video(notebook, 1) == (pytest.approx(47 / 30, abs=0.05), 0)


def play(video: Any) -> float:
    """Play a video for a moment, and go back to its beginning; returns its duration."""
    return video.evaluate(
        "async (video) => { video.muted = true; await video.play();"
        " while (video.currentTime < 0.2) { await new Promise((done) => setTimeout(done, 20)); }"
        " video.pause(); video.currentTime = 0; await new Promise((done) => { video.onseeked = done; });"
        " return video.duration; }"
    )


def check_video(notebook: Notebook, number: int) -> tuple[float, int]:
    """Play the video of a cell; returns its duration, and the counter in its first frame."""
    video = notebook.cell(number).locator("video")
    duration = play(video)
    data = video.evaluate(
        "(video) => { const canvas = document.createElement('canvas');"
        " canvas.width = video.videoWidth; canvas.height = video.videoHeight;"
        " canvas.getContext('2d').drawImage(video, 0, 0);"
        " return canvas.toDataURL('image/png').split(',')[1]; }"
    )
    return duration, read_counter(np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB")))


def test_a_panel_changes_props_cancels_and_leaves_its_result(lab: Lab) -> None:
    site = f"rp.panel({str(LAB)!r}, 'slow', client=client, props={{'pause': 30, 'frames': 900}}, output='slow.mp4')"
    until = (
        "import time\nwhile client.renders(limit=1)[0].state == 'rendering':\n    time.sleep(0.1)\n"
        "print(client.renders(limit=1)[0].state)"
    )
    with lab.notebook("props.ipynb", SET_UP, site, until) as notebook:
        notebook.run(0)
        notebook.run(1)
        cell = notebook.cell(1)
        cell.locator(".remotion-py-panel img").wait_for()
        for started in (False, True):
            cell.locator("button:has-text('Render')").click()
            if started:
                notebook.shown(1, "running").locator("[data-chunk=rendering]").first.wait_for()
            cell.locator("button:has-text('Cancel')").click()
            notebook.shown(1, "cancelled")
        cell.locator("button:has-text('Render')").click()
        notebook.shown(1, "running").locator("[data-chunk=rendering]").first.wait_for()
        notebook.run(1)
        notebook.run(2)
        notebook.idle(2)
        assert "cancelled" in notebook.cell(2).inner_text()
        cell.locator(".remotion-py-panel img").wait_for()
        field = cell.locator(
            ".remotion-py-panel div[title=frames] >> xpath=ancestor::*[contains(@class, 'widget-hbox')][1] >> input"
        )
        field.fill("9")
        field.press("Enter")
        cell.locator(".remotion-py-panel >> text=of 9 ·").wait_for()
        cell.locator("button:has-text('Render')").click()
        notebook.shown(1, "done")
        assert "'frames': 9" in notebook.shown(1, "done").inner_text()
        saved = notebook.saved()
        assert 'data-state="done"' in saved.cells[1].outputs[2].data["text/html"]
        # Without its kernel it is the frame that was looked at, and nothing of its widgets.
        assert "frames&#x27;: 9" in saved.cells[1].outputs[1].data["text/html"]
        assert not cell.locator(".remotion-py-static").is_visible()
        cell.locator("button:has-text('Close')").click()
        left = notebook.shown(1, "panel")
        assert "'frames': 9" in left.inner_text()
        assert list(notebook.saved().cells[1].outputs[0].data) == ["text/html", "text/plain"]
        notebook.run(1)
        cell.locator(".remotion-py-panel img").wait_for()
        notebook.saved()
        lab.end_kernels()
        notebook.page.reload()
        notebook.shown(1, "panel")
        dead = cell.locator("text=Error displaying widget")
        dead.wait_for(state="attached")
        assert not dead.is_visible()


def test_a_cell_that_is_run_again_replaces_its_render_unless_it_was_detached(lab: Lab) -> None:
    states = "sorted(item.state for item in client.renders(limit=2))"
    for name, start, wanted in (
        ("again.ipynb", SLOW, "['cancelled', 'rendering']"),
        ("kept.ipynb", SLOW.replace("concurrency=6", "detach=True"), "['rendering', 'rendering']"),
    ):
        long = start.replace("120", "3000")
        check = (
            f"import time\nuntil = time.time() + 30\nwhile time.time() < until and str({states}) != {wanted!r}:\n"
            f"    time.sleep(0.1)\nprint({states})"
        )
        end = "for item in client.renders(limit=2):\n    if item.state == 'rendering':\n        "
        end += "client.attach(item.render_id).cancel()"
        with lab.notebook(name, SET_UP, f"render = {long}", check, end) as notebook:
            notebook.run(0)
            notebook.run(1)
            notebook.shown(1, "running").locator("[data-chunk=rendering]").first.wait_for()
            notebook.run(1)
            notebook.run(2)
            notebook.idle(2)
            assert wanted in notebook.cell(2).inner_text()
            notebook.run(3)
            notebook.idle(3)


def test_after_a_restart_of_the_kernel_renders_can_be_attached(lab: Lab) -> None:
    detached = SLOW.replace("concurrency=6", "detach=True")
    attach = "rp.attach({}).wait()"
    with lab.notebook(
        "restart.ipynb",
        SET_UP,
        f"kept = {detached}\nlost = {SLOW}\nopen('ids', 'w').write(f'{{kept.render_id}} {{lost.render_id}}')",
        "import remotion_py as rp\nkept, lost = open('ids').read().split()",
        attach.format("kept"),
        attach.format("lost"),
    ) as notebook:
        notebook.run(0)
        notebook.run(1)
        notebook.idle(1)
        notebook.page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
        for number in (2, 3, 4):
            notebook.run(number)
        notebook.shown(3, "done")
        lost = notebook.shown(4, "interrupted")
        assert "client.render_media(" in lost.inner_text()


def test_pictures_for_the_docs(lab: Lab) -> None:
    """What a newcomer sees first, in both themes; kept where REMOTION_PY_PICTURES says."""
    (lab.root / "bar-chart-race").symlink_to(RACE)
    render = "client.start_render_media('bar-chart-race', 'race', scale=0.5, concurrency=6, output='race.mp4')"
    panel = "rp.panel('bar-chart-race', 'race', client=client, scale=0.5, output='race.mp4')"
    with lab.notebook("docs.ipynb", SET_UP, f"render = {render}", panel) as notebook:
        notebook.run(0)
        notebook.run(1)
        notebook.shown(1, "running").locator("[data-chunk=encoded]").nth(2).wait_for()
        notebook.shown(1, "running").locator("img").wait_for()
        picture(notebook, "running", 1)
        notebook.shown(1, "done")
        play(notebook.cell(1).locator("video"))  # what is not loaded has a spinner in its middle
        picture(notebook, "done", 1)
        notebook.run(2)
        notebook.cell(2).locator(".remotion-py-panel img").wait_for()
        notebook.cell(2).locator(".noUi-handle").focus()
        notebook.page.keyboard.press("End")
        notebook.cell(2).locator("text=frame 299 of 300").wait_for()
        notebook.page.set_viewport_size({"width": 1400, "height": 1100})  # the fields have room beside the picture
        picture(notebook, "panel", 2)
