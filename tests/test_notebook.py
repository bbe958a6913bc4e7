"""Renders in a real kernel: what its cells hold when they are saved."""

from __future__ import annotations

import base64
import html as markup
import io
import os
import re
import subprocess
from collections.abc import Iterator
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import av
import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from PIL import Image

import remotion_py as rp
from remotion_py._client.listing import Renders
from remotion_py._client.reproduce import command_of
from remotion_py.display import resolve_mode
from remotion_py.errors import OptionError
from remotion_py.media.ffmpeg import ffmpeg_path
from remotion_py.notebook import pictures, results, view
from remotion_py.progress import ChunkState, RenderProgress

from .conftest import LAB, kept_alive, wait_for
from .patience import PATIENCE_S

SET_UP = f"""
import remotion_py as rp
client = rp.Client(capacity=2)
LAB = {str(LAB)!r}
"""

NOW = datetime.now().astimezone()


class Kernel:
    """Runs cells in one kernel, as a notebook does."""

    def __init__(self, folder: Path) -> None:
        self.notebook = nbformat.v4.new_notebook()
        self.client = NotebookClient(
            self.notebook, timeout=PATIENCE_S, kernel_name="python3", resources={"metadata": {"path": folder}}
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
    assert re.search(r'<video [^>]*aspect-ratio:320/180[^>]*><img src="data:image/jpeg;base64,', html)
    assert "<b>counter</b>" in html
    assert '<a href="a.mp4" target="_blank">a.mp4</a>' in html
    assert "320x180 · 30 fps · 0.40 s" in html
    assert re.search(r"client\.render_media\(\s*&#x27;", html), "on one line, or one argument on each"
    assert len(cell.outputs) == 1


def test_the_card_stays_in_its_cell_while_later_cells_run(kernel: Kernel) -> None:
    started = kernel.run("render = client.start_render_media(LAB, 'counter', output='b.mp4', concurrency=2)")
    later = kernel.run("video = render.wait()")
    # What a cell shows changes by messages of their own, which may arrive while another cell runs.
    wait_for(lambda: kernel.run("pass") and 'data-state="done"' in kernel.shown(started))
    assert later.outputs == []
    waited = kernel.run("render.wait()")
    (value,) = waited.outputs
    assert list(value.data) == ["text/plain"]
    assert re.fullmatch(r"b\.mp4 \(.*\), displayed in the cell that started the render", value.data["text/plain"])
    assert "<video" in kernel.shown(kernel.run("video")), "shown where it is asked for"


def test_a_render_as_the_value_of_a_cell_is_its_card(kernel: Kernel) -> None:
    started = kernel.run("render = client.start_render_media(LAB, 'counter', output='v.mp4', concurrency=2)\nrender")
    assert [output.output_type for output in started.outputs] == ["display_data"]
    kernel.run("render.wait(print)")
    later = kernel.run("render")
    assert 'data-state="done"' in kernel.shown(later)
    assert len(later.outputs) == 1
    silent = kernel.run("kept = client.start_render_media(LAB, 'counter', output='w.mp4', progress='none')")
    assert silent.outputs == []
    shown = kernel.run("kept")
    kernel.run("video = kept.wait()")
    assert 'data-state="done"' in kernel.shown(shown)
    assert 'data-state="snapshot"' in kernel.shown(kernel.run("kept.progress()"))


QUIET = """
import asyncio
import remotion_py.display as shows
shows.HEARTBEAT_S = 0.05
class Task:
    render_id, latest, links, left = "abc", rp.RenderProgress("abc", "b", launched=True), None, False
    async def next_change(self, seen):
        if seen is None:
            return self.latest
        await asyncio.sleep(60)
from remotion_py.notebook.live import LiveCard
page = LiveCard(shows.RenderInfo("race", "client.render_media('site', 'race')"), render_id="abc")
async def refreshed():
    following, times = asyncio.create_task(shows.follow(Task(), page)), 0
    again = page.refresh
    def count():
        nonlocal times
        times += 1
        again()
    page.refresh = count
    while times < 3:
        await asyncio.sleep(0.01)
    following.cancel()
    await following
await refreshed()
"""


def test_a_running_card_is_drawn_again_while_nothing_changes_and_turns_stale_by_itself(kernel: Kernel) -> None:
    html = kernel.shown(kernel.run(QUIET))
    check_html(html)
    assert "<style>" in html
    words = re.sub(r"<style>.*?</style>|<[^>]+>", "", html)
    assert "%" not in words, "what a reader without styles sees is true later too"
    assert re.search(
        r"was running when last updated.*last updated \d\d:\d\d:\d\d \S+, \d{4}-\d\d-\d\d: this card is no longer "
        r"updated\. client\.attach\(&#x27;abc&#x27;\) shows it again\.",
        words,
    )
    kernel.run("shows.HEARTBEAT_S = 10.0")


def test_an_error_stays_with_its_frame(kernel: Kernel) -> None:
    cell = kernel.run("client.render_media(LAB, 'throws', output='c.mp4')", fails=True)
    html = kernel.shown(cell)
    check_html(html)
    assert 'data-state="failed"' in html
    assert re.search(r"PageScriptError: .*", html)


def frames_of(cell: Any) -> list[str]:
    """Where the frames of a cell's traceback are: "Cell", or the path of a file."""
    text = re.sub(r"\x1b\[[\d;]*m", "", "\n".join(cell.outputs[-1].traceback))
    return [found[1] for found in re.finditer(r"^(?:File )?(Cell|[^\s:]+\.py)(?: In\[|:\d+)", text, re.MULTILINE)]


CALLBACK = """
def each(progress):
    rp.get_compositions('nowhere')
client.render_media(LAB, 'counter', output='e.mp4', frame_range=(0, 1), progress='none', on_progress=each)
"""


@pytest.mark.parametrize(
    ("source", "frames"),
    [
        ("client.render_media('nowhere', 'counter')", 1),
        ("rp.render(LAB, 'counter', qualty=3)", 1),
        ("rp.render_batch([{'a': float('nan')}], LAB, 'counter', '{a}.png')", 1),
        ("client.start_render_media(LAB, 'throws', progress='none').wait()", 1),
        ("for _ in client.start_render_media(LAB, 'throws', progress='none'): pass\nclient.attach('none')", 1),
        ("await rp.AsyncClient().get_compositions('nowhere')", 1),
        ("rp.panel('nowhere', 'counter')", 1),
        ("rp.render_media(LAB)", 1),
        ("client.deploy_site('nowhere')", 1),
        ("rp.concat_chunks([], 'x.mp4', fps=30)", 1),
        ("rp.validate_webhook_signature('secret', '{}', None)", 1),
        (CALLBACK, 2),
    ],
)
def test_tracebacks_have_frames_of_the_cell_only(kernel: Kernel, source: str, frames: int) -> None:
    assert frames_of(kernel.run(source, fails=True)) == ["Cell"] * frames


def test_tracebacks_are_complete_on_request(kernel: Kernel) -> None:
    kernel.run("import os\nos.environ['REMOTION_PY_DEBUG'] = '1'")
    whole = frames_of(kernel.run("client.get_compositions('nowhere')", fails=True))
    kernel.run("del os.environ['REMOTION_PY_DEBUG']")
    assert any("engine.py" in frame for frame in whole)


STOP = """
import os, signal, threading
under_way = threading.Event()
def stop():
    under_way.wait()
    os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=stop).start()
def look(progress):
    if progress.frames_rendered:
        under_way.set()
client.render_media(LAB, 'slow', props={'pause': 100, 'frames': 2000}, output='s.mp4', concurrency=2, on_progress=look)
"""


def test_stop_cancels_and_says_so(kernel: Kernel) -> None:
    cell = kernel.run(STOP, fails=True)
    html = kernel.shown(cell)
    check_html(html)
    assert 'data-state="cancelled"' in html
    assert cell.outputs[-1].ename == "KeyboardInterrupt"
    assert frames_of(cell) == ["Cell"]
    gone = kernel.run("import pathlib\nprint(pathlib.Path('s.mp4').exists())")
    assert gone.outputs[0].text == "False\n"


FOLLOW = """
render = client.start_render_media(
    LAB, 'slow', props={'pause': 100, 'frames': 2000}, output='d.mp4', detach=True, progress='none'
)
under_way.clear()
threading.Thread(target=stop).start()
client.attach(render.render_id).wait(look)
"""


def test_stop_leaves_a_render_that_is_only_followed(kernel: Kernel) -> None:
    cell = kernel.run(FOLLOW, fails=True)
    html = kernel.shown(cell)
    check_html(html)
    assert 'data-state="left"' in html
    assert re.search(r"attach\(&#x27;\w+&#x27;\)", html)
    assert frames_of(cell) == ["Cell"]
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


def test_other_progress_displays(kernel: Kernel) -> None:
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
    card = kernel.shown(kernel.run(JAVASCRIPT))
    assert "320x180 · 30 fps · 0.20 s" in card
    assert "%%render --width 320" in card, "the call that repeats it"
    assert "fillRect" not in card, "what the cell shows above"
    read = kernel.run("import av\nnext(av.open('magic.mp4').decode()).to_image().getpixel((9, 9))")
    pixel = read.outputs[0].data["text/plain"]
    assert re.fullmatch(r"\(25[2-5], [0-3], [0-3]\)", pixel), pixel
    assert 'src="data:image/png' in kernel.shown(kernel.run(HTML))
    assert 'src="data:image/png' in kernel.shown(kernel.run("%render_still $LAB counter --frame 3 --output m.png"))
    for line, source in (
        (3, "%%render\nfunction render() {\n  oops();\n}"),
        (3, "%%render\n<script>\noops();function render() {}</script>"),
    ):
        failed = kernel.run(source, fails=True)
        assert failed.outputs[-1].ename == "PageScriptError"
        assert frames_of(failed) == []
        for words in (failed.outputs[-1].evalue, markup.unescape(kernel.shown(failed))):
            assert f"(line {line} of the cell)" in words or f"(at line {line} of the cell)" in words
            assert f">    {line} | " in words
            assert "<!doctype" not in words, "lines that the cell does not have"
            assert "registerComposition" not in words
    for source, words in (
        ("%%render\nlet a = 1;", "%%render: The cell defines no function render"),
        (
            "%%render --widht 3\nfunction render() {}",
            "No such option",
        ),
        (
            "%%render --props dat\nfunction render() {}",
            "--props is 'dat', but there is no such variable. Did you mean 'data'?",
        ),
        ("%%render --crf 200\nfunction render() {}", "crf is 200, but must be a whole number from 0 to 63"),
        ("%%render --output 'a\nfunction render() {}", "No closing quotation"),
        ("%%render --script d3\nfunction render() {}", "nor a library that contains its script (bokeh, plotly)"),
        ("%render", "Missing argument 'SITE'"),
    ):
        written = kernel.run(source, fails=True).outputs  # a busy kernel may send one line in two parts
        assert {part.name for part in written} == {"stderr"}
        line = "".join(part.text for part in written)
        assert line.startswith(f"UsageError: {source.split()[0]}: ")
        assert words in line
    listed = kernel.run("%%render_still -h\nfunction render() {}").outputs[0].text
    assert "Pictures:" in listed
    assert "--script NAME|FILE|URL" in listed
    ran = kernel.run("import asyncio\nprint(asyncio.run(asyncio.sleep(0, 'ran')))")
    assert ran.outputs[0].text == "ran\n"
    kernel.run("rp.close()")


PLOTLY = """%%render_still --script plotly --script own.js --props drawn --width 320 --height 180 -o fig.png
<div id="chart"></div>
<script>
async function render(frame, props) {
  await Plotly.newPlot("chart", props.figure.data, { ...own, ...props.figure.layout });
}
</script>
"""


def test_cells_load_scripts_of_packages_and_files(kernel: Kernel) -> None:
    kernel.run("%load_ext remotion_py")
    kernel.run("import pathlib, plotly.graph_objects as go")
    kernel.run("pathlib.Path('own.js').write_text('const own = { width: 320, height: 180, paper_bgcolor: \"#f00\" }')")
    kernel.run("drawn = {'figure': go.Figure(go.Bar(y=[1, 3, 2]))}")
    kernel.run(PLOTLY)
    read = kernel.run("from PIL import Image\nImage.open('fig.png').convert('RGB').getpixel((4, 170))")
    assert read.outputs[0].data["text/plain"] == "(255, 0, 0)"
    kernel.run("rp.close()")


def test_the_variable_selects_the_display_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REMOTION_PY_PROGRESS", "none")
    assert resolve_mode(None) == "none"
    assert resolve_mode("text") == "text"
    with pytest.raises(OptionError, match="progress is 'loud'"):
        resolve_mode("loud")  # type: ignore[arg-type]
    monkeypatch.delenv("REMOTION_PY_PROGRESS")
    monkeypatch.setenv("CI", "true")
    assert resolve_mode(None) == "text"
    monkeypatch.delenv("CI")
    assert resolve_mode(None) == "none", "neither a notebook, nor a terminal, nor a log that somebody reads"


def test_the_command_that_repeats_it_can_be_run() -> None:
    class Odd:
        pass

    options = {"output": Path("a.mp4"), "crf": 20, "props": {"a": 1}}
    assert command_of("client.render_media", Path("site"), "hello", options) == (
        "client.render_media('site', 'hello', output='a.mp4', crf=20, props={'a': 1})"
    )
    assert command_of("client.render_media", "site", "hello", {"props": {"a": Odd()}}).endswith("props=props)")


def test_a_strip_shows_the_chunk_furthest_behind() -> None:
    states = ("encoded",) * 150 + ("waiting",) + ("encoded",) * 49
    cells = view.cells(states)
    assert len(cells) == 100
    assert cells[75] == "waiting"
    assert cells.count("encoded") == 99


def test_tables_list_renders_and_compositions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    composition = rp.Composition("<race>", 1920, 1080, 30, 300, {}, {"rows": [], "title": "a"})
    html = composition._repr_html_()
    check_html(html)
    assert "&lt;race&gt;" in html
    assert "1920x1080" in html
    assert "rows, title" in html
    file = tmp_path / "out" / "a.png"
    file.parent.mkdir()
    Image.new("RGB", (320, 180), "red").save(file)
    item = rp.ListedRender("abc", "done", "race", NOW, file, "", RenderProgress("abc", "b", done=True))
    for html in (item._repr_html_(), Renders([item] * 20)._repr_html_()):
        check_html(html)
        assert ">out/a.png<" in html
        assert 'src="data:image/jpeg;base64,' in html
    assert repr(Renders([item] * 20)).count("\n") == 11
    assert repr(Renders()) == "<Renders: none>"


def test_html_of_titles_and_errors_is_escaped() -> None:
    html = view.failure("<b>", "ValueError: <script>", None, state="failed", again="a < b")
    check_html(html)
    assert "<script>" not in html
    assert "&lt;b&gt;" in html


def test_the_card_shows_the_known_figures() -> None:
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
        assert made.duration / 1e6 == pytest.approx(pictures.PREVIEW_S, abs=0.2)
        assert made.streams.video[0].width == pictures.PICTURE_WIDTH
    assert 'poster="data:image/jpeg;base64,' in html
    assert 'href="large.mp4"' in html


@pytest.mark.parametrize(
    ("known", "phase"),
    [
        ({}, "starting"),
        ({"launched": True}, "opening the page"),
        ({"total_frames": 10, "frames_rendered": 9, "launched": True}, "rendering"),
        ({"total_frames": 10, "frames_rendered": 10}, "encoding"),
        ({"total_frames": 10, "frames_rendered": 10, "frames_encoded": 10, "total_chunks": 2}, "joining chunks"),
        ({"total_frames": 10, "frames_rendered": 10, "frames_encoded": 10, "total_chunks": 1}, "writing the file"),
        ({"total_frames": 10, "frames_rendered": 10, "frames_encoded": 10, "combined_frames": 10}, "uploading"),
    ],
)
def test_phases_have_names_and_the_bar_counts_frames(known: dict[str, Any], phase: str) -> None:
    progress = RenderProgress("a", "b", overall_progress=0.123, **known)
    assert view.phase(progress) == phase
    html = view.running("race", progress, NOW)
    check_html(html)
    assert f'data-live="{phase}' in html
    if progress.total_frames:
        frames = progress.frames_rendered
        assert f'aria-valuenow="{frames}" aria-valuemin="0" aria-valuemax="10"' in html
        assert f"width:{10 * frames}.0%" in html
    else:
        assert "aria-valuenow" not in html


@pytest.mark.parametrize(("state", "colour"), [("cancelled", "dark"), ("interrupted", "dark"), ("failed", "failed")])
def test_an_ended_card_looks_ended(state: str, colour: view.Colour) -> None:
    states: tuple[ChunkState, ...] = ("encoded", "rendering", "retried", "invoked", "failed")
    progress = RenderProgress("a", "b", frames_rendered=4, total_frames=10, total_chunks=5, chunk_states=states)
    html = view.failure("race", "ValueError: no", progress, state=state, again="")
    check_html(html)
    last = "failed" if state == "failed" else "waiting"
    assert re.findall(r'data-chunk="(\w+)"', html) == ["encoded", *["waiting"] * 3, last]
    assert "1 rendered" in html
    assert ("3 not rendered" if state == "failed" else "4 not rendered") in html
    assert f"background:{view.COLOURS[colour]};width:40.0%" in html
    assert not {view.COLOURS["rendering"], view.COLOURS["invoked"], view.COLOURS["encoded"]} & set(
        re.findall(r"background:([^;\"]+)", html)
    )


def test_descriptions_of_objects_are_short() -> None:
    progress = RenderProgress("abc", "b", frames_rendered=5, total_frames=10, render_metadata={"long": "x" * 999})
    assert repr(progress) == "<RenderProgress of abc:   0% starting: 5/10 frames, 0/? chunks>"
