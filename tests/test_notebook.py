"""Renders in a real kernel: what its cells hold when they are saved."""

from __future__ import annotations

import base64
import io
import os
import re
import subprocess
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import av
import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

import remotion_py as rp
from remotion_py.errors import OptionError
from remotion_py.media.ffmpeg import ffmpeg_path
from remotion_py.notebook import results, view
from remotion_py.progress import RenderProgress
from remotion_py.shows import chosen, repeating

from .conftest import LAB, kept_alive

SET_UP = f"""
import remotion_py as rp
client = rp.Client(capacity=2)
LAB = {str(LAB)!r}
"""


class Kernel:
    """Runs cells in one kernel, as a notebook does."""

    def __init__(self, folder: Path) -> None:
        self.notebook = nbformat.v4.new_notebook()
        self.client = NotebookClient(
            self.notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": folder}}
        )

    def run(self, source: str, *, fails: bool = False) -> Any:
        """Run a cell; returns it with its outputs."""
        cell = nbformat.v4.new_code_cell(source)
        self.notebook.cells.append(cell)
        try:
            self.client.execute_cell(cell, len(self.notebook.cells) - 1)
        except CellExecutionError:
            assert fails
        return cell

    def shown(self, cell: Any) -> str:
        """The HTML that a cell shows."""
        (html,) = [output.data["text/html"] for output in cell.outputs if "text/html" in output.get("data", {})]
        return html


@pytest.fixture(scope="module")
def kernel(_own_surroundings: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    made = Kernel(tmp_path_factory.mktemp("notebook"))
    temp = tmp_path_factory.mktemp("kernel")
    environment = os.environ | {"TMPDIR": str(temp)}
    with made.client.setup_kernel(env=environment), kept_alive(made.client.km.provisioner.pid):
        made.run(SET_UP)
        yield made
        made.run("client.close()")
    assert not list(temp.iterdir())


class Balanced(HTMLParser):
    """Finds tags that are not closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag not in ("img", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def check_html(html: str) -> None:
    parser = Balanced()
    parser.feed(html)
    assert parser.open == []
    assert "object at 0x" not in html


def test_a_cell_keeps_the_finished_video(kernel: Kernel) -> None:
    cell = kernel.run("video = client.render_media(LAB, 'counter', output='a.mp4', frame_range=(0, 11), concurrency=2)")
    html = kernel.shown(cell)
    check_html(html)
    assert 'data-state="done"' in html
    assert html.count('src="data:video/mp4;base64,') == 1
    assert 'poster="data:image/jpeg;base64,' in html
    assert "320x180 · 30 fps · 0.40 s" in html
    assert "client.render_media(&#x27;" in html
    assert len(cell.outputs) == 1


def test_later_cells_leave_the_show_where_it_is(kernel: Kernel) -> None:
    started = kernel.run("render = client.start_render_media(LAB, 'counter', output='b.mp4', concurrency=2)")
    later = kernel.run("video = render.wait()")
    assert 'data-state="done"' in kernel.shown(started)
    assert later.outputs == []


def test_an_error_stays_with_its_frame(kernel: Kernel) -> None:
    cell = kernel.run("client.render_media(LAB, 'throws', output='c.mp4')", fails=True)
    html = kernel.shown(cell)
    check_html(html)
    assert 'data-state="failed"' in html
    assert re.search(r"PageScriptError: .*", html)


STOP = """
import os, signal, threading
threading.Timer(2, os.kill, (os.getpid(), signal.SIGINT)).start()
client.render_media(LAB, 'slow', output='s.mp4', concurrency=2)
"""


def test_stop_cancels_and_says_so(kernel: Kernel) -> None:
    cell = kernel.run(STOP, fails=True)
    html = kernel.shown(cell)
    check_html(html)
    assert 'data-state="cancelled"' in html
    assert cell.outputs[-1].ename == "KeyboardInterrupt"
    gone = kernel.run("import pathlib\nprint(pathlib.Path('s.mp4').exists())")
    assert gone.outputs[0].text == "False\n"


FOLLOW = """
import os, signal, threading
render = client.start_render_media(LAB, 'slow', output='d.mp4', detach=True, progress='none')
threading.Timer(2, os.kill, (os.getpid(), signal.SIGINT)).start()
client.attach(render.render_id).wait()
"""


def test_stop_leaves_a_render_that_is_only_followed(kernel: Kernel) -> None:
    cell = kernel.run(FOLLOW, fails=True)
    html = kernel.shown(cell)
    check_html(html)
    assert 'data-state="left"' in html
    assert re.search(r"attach\(&#x27;\w+&#x27;\)", html)
    goes_on = kernel.run("print(client.get_render_progress(render.render_id).cancelled)\nrender.cancel()")
    assert goes_on.outputs[0].text == "False\n"


def test_results_show_themselves(kernel: Kernel) -> None:
    still = kernel.run("client.render_still(LAB, 'counter', frame=3, output='a.png')")
    assert 'src="data:image/png;base64,' in kernel.shown(still)
    frames = kernel.run("client.render_frames(LAB, 'counter', output='frames', frame_range=(0, 9), progress='none')")
    assert kernel.shown(frames).count("<img") == 6
    assert "compositions" not in kernel.shown(kernel.run("video"))


def test_a_value_is_not_shown_twice(kernel: Kernel) -> None:
    cell = kernel.run("client.render_media(LAB, 'counter', output='f.mp4', frame_range=(0, 3))")
    assert "a.mp4" not in kernel.shown(cell)
    assert [output.output_type for output in cell.outputs] == ["display_data", "execute_result"]
    assert list(cell.outputs[1].data) == ["text/plain"]


def test_other_ways_to_show(kernel: Kernel) -> None:
    short = "client.render_media(LAB, 'counter', output='d.mp4', frame_range=(0, 3), progress={})"
    assert kernel.run("video = " + short.format("'none'")).outputs == []
    called = kernel.run(f"seen = []\nvideo = {short.format('seen.append')}\nprint(seen[-1].done)")
    assert called.outputs[0].text == "True\n"
    bar = kernel.run(f"from tqdm import tqdm\nvideo = {short.format('tqdm')}")
    assert "4/4 frames, 1/1 chunks" in "".join(output.text for output in bar.outputs).split("\r")[-1]


def test_a_panel_without_widgets_says_what_is_missing_and_shows_its_frame(kernel: Kernel) -> None:
    kernel.run("import sys\nkept = sys.modules.get('ipywidgets')\nsys.modules['ipywidgets'] = None")
    cell = kernel.run("rp.panel(LAB, 'counter', client=client)")
    kernel.run("sys.modules.pop('ipywidgets')\nif kept:\n    sys.modules['ipywidgets'] = kept")
    assert "Install ipywidgets" in cell.outputs[0].text
    html = next(output.data["text/html"] for output in cell.outputs if "panel" in str(output.get("data")))
    assert 'src="data:image/jpeg;base64,' in html
    check_html(html)


JAVASCRIPT = """%%render --width 320 --height 180 --duration 0.2 --props data --output magic.mp4
const pen = canvas.getContext("2d");
function render(frame, props) {
  pen.fillStyle = props.colour;
  pen.fillRect(0, 0, 320, 180);
}
"""
HTML = """%%render_still --width 320 --height 180 --output magic.png
<h1 id="title">a</h1>
<script>
const render = (frame) => { document.getElementById("title").textContent = `frame ${frame}`; };
</script>
"""


def test_magics_render_what_a_cell_describes(kernel: Kernel) -> None:
    assert "nest_asyncio is applied" in kernel.run("%load_ext remotion_py").outputs[0].text
    kernel.run("data = {'colour': '#f00'}")
    html = kernel.shown(kernel.run(JAVASCRIPT))
    assert "320x180 · 30 fps · 0.20 s" in html
    assert "%%render --width 320" in html, "the call that repeats it"
    read = kernel.run("import av\nnext(av.open('magic.mp4').decode()).to_image().getpixel((9, 9))")
    pixel = read.outputs[0].data["text/plain"]
    assert re.fullmatch(r"\(25[2-5], [0-3], [0-3]\)", pixel), pixel
    assert 'src="data:image/png' in kernel.shown(kernel.run(HTML))
    assert 'src="data:image/png' in kernel.shown(kernel.run("%render_still $LAB counter --frame 3 --output m.png"))
    for line, source in (
        (3, "%%render\nfunction render() {\n  oops();\n}"),
        (3, "%%render\n<script>\noops();function render() {}</script>"),
    ):
        failed = kernel.run(source, fails=True).outputs[-1].evalue
        assert f"index.html:{line}:" in failed, "lines of the page are lines of the cell"
    for source, words in (
        ("%%render\nlet a = 1;", "defines no function render"),
        ("%%render --nothing\nfunction render() {}", "unrecognized arguments: --nothing"),
        ("%%render --props missing\nfunction render() {}", "there is no such variable"),
    ):
        assert words in kernel.run(source, fails=True).outputs[-1].evalue
    ran = kernel.run("import asyncio\nprint(asyncio.run(asyncio.sleep(0, 'ran')))")
    assert ran.outputs[0].text == "ran\n"
    kernel.run("rp.close()")


def test_the_variable_decides_where_nothing_else_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REMOTION_PY_PROGRESS", "none")
    assert chosen(None) == "none"
    assert chosen("text") == "text"
    with pytest.raises(OptionError, match="progress is 'loud'"):
        chosen("loud")  # type: ignore[arg-type]
    monkeypatch.delenv("REMOTION_PY_PROGRESS")
    monkeypatch.setenv("CI", "true")
    assert chosen(None) == "text"
    monkeypatch.delenv("CI")
    assert chosen(None) == "none", "neither a notebook, nor a terminal, nor a log that somebody reads"


def test_the_command_that_repeats_it_can_be_run() -> None:
    class Odd:
        pass

    options = {"output": Path("a.mp4"), "crf": 20, "props": {"a": 1}}
    assert repeating("client.render_media", Path("site"), "hello", options) == (
        "client.render_media('site', 'hello', output='a.mp4', crf=20, props={'a': 1})"
    )
    assert repeating("client.render_media", "site", "hello", {"props": {"a": Odd()}}).endswith("props=props)")


def test_a_strip_shows_the_chunk_furthest_behind() -> None:
    states = ("encoded",) * 150 + ("waiting",) + ("encoded",) * 49
    cells = view.cells(states)
    assert len(cells) == 100
    assert cells[75] == "waiting"
    assert cells.count("encoded") == 99


def test_html_of_titles_and_errors_is_escaped() -> None:
    html = view.failure("<b>", ValueError("<script>"), None, state="failed", again="a < b")
    check_html(html)
    assert "<script>" not in html
    assert "&lt;b&gt;" in html


def test_figures_tell_what_is_known() -> None:
    assert view.figures(RenderProgress("a", "b")) == "starting"
    progress = RenderProgress(
        "a", "b", frames_rendered=5, total_frames=10, chunks=1, total_chunks=2, fps=12.5, eta=100.4, cost=0.00123
    )
    assert view.figures(progress) == ("5 of 10 frames · 12.5 fps · 1 of 2 chunks · about 1 min 40 s left · $0.0012")


def test_a_large_video_is_linked_with_a_poster_and_a_small_preview(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "large.mp4"
    noise = ["-f", "lavfi", "-i", "nullsrc=s=1280x720:r=30:d=12,geq=random(1)*255:128:128", "-c:v", "libx264"]
    command = [ffmpeg_path(), "-loglevel", "error", *noise, "-preset", "ultrafast", "-crf", "30", "-t", "12", str(file)]
    subprocess.run(command, check=True)
    size = file.stat().st_size
    assert size > results.EMBED_BYTES
    html, text = results.shown(rp.Video(file, "abc", size, 1280, 720, 30, 360, 12.0), command="again()")
    check_html(html)
    assert text.startswith("large.mp4 (1280x720")
    (source,) = re.findall(r'src="data:video/mp4;base64,([^"]+)"', html)
    small = base64.b64decode(source)
    assert len(small) < results.EMBED_BYTES < size
    with av.open(io.BytesIO(small)) as made:
        assert made.duration
        assert made.duration / 1e6 == pytest.approx(results.PREVIEW_S, abs=0.2)
        assert made.streams.video[0].width == results.PICTURE_WIDTH
    assert 'poster="data:image/jpeg;base64,' in html
    (before,) = re.findall(r'href="(large\.mp4\?v=\w+)"', html)
    file.write_bytes(file.read_bytes() + b"\0")
    assert before not in results.link(file), "another content needs another address"


def test_what_is_told_of_objects_is_short() -> None:
    progress = RenderProgress("abc", "b", frames_rendered=5, total_frames=10, render_metadata={"long": "x" * 999})
    assert repr(progress) == "<RenderProgress of abc:   0% starting: 5/10 frames, 0/? chunks>"
