"""The house itself: who imports whom, what is public, what importing costs, and that the docs tell the truth."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import remotion_py as rp
from remotion_py.cli.reference import page

from .conftest import ROOT

PACKAGE = ROOT / "remotion_py"
DOCS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "CONTRIBUTING.md"]


def test_data_flows_one_way() -> None:
    done = subprocess.run([Path(sys.executable).parent / "lint-imports"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_files_do_one_thing() -> None:
    long = {str(path): lines for path in PACKAGE.rglob("*.py") if (lines := len(path.read_text().split("\n"))) > 400}
    assert long == {}


def test_importing_loads_nothing_heavy() -> None:
    code = "import sys, remotion_py; print([name for name in sys.modules if '.' not in name])"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    for heavy in ("boto3", "playwright", "av", "ipywidgets", "aiohttp", "asyncio", "numpy", "ffmpeg", "click", "tqdm"):
        assert f"'{heavy}'" not in loaded


def test_every_public_name_exists_once_and_has_a_docstring() -> None:
    assert sorted(rp.__all__) == sorted(set(rp.__all__))
    assert set(rp._HOMES) | {"__version__"} == set(rp.__all__)
    for name in set(rp.__all__) - {"__version__", "RUNTIME_JS"}:
        assert inspect.getdoc(getattr(rp, name)), name
    assert rp.RUNTIME_JS.is_file()
    assert set(rp.__all__) <= set(dir(rp))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = rp.nothing


def public(of: type) -> set[str]:
    return {name for name in dir(of) if not name.startswith("_")} - {"from_engine"}


def test_sync_async_and_module_level_surfaces_are_equal() -> None:
    assert public(rp.Client) == public(rp.AsyncClient)
    assert public(rp.Render) == public(rp.AsyncRender)
    for name in public(rp.Client):
        sync, twin, module = getattr(rp.Client, name), getattr(rp.AsyncClient, name), getattr(rp, name)
        parameters = [list(inspect.signature(function).parameters) for function in (sync, twin, module)]
        assert parameters[0] == parameters[1] == ["self", *parameters[2]], name
        assert inspect.iscoroutinefunction(inspect.unwrap(twin)), name


def test_the_wheel_holds_what_is_needed_at_run_time(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(tmp_path), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    for name in ("page/driver.js", "page/runtime.js", "py.typed", "providers/local/__main__.py"):
        assert f"remotion_py/{name}" in names
    assert not [name for name in names if name.startswith(("tests", "examples"))]


def test_the_options_page_is_up_to_date() -> None:
    assert (ROOT / "docs" / "options.md").read_text() == page(), "run scripts/options-docs"


def test_links_of_the_docs_lead_somewhere() -> None:
    for doc in DOCS:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", doc.read_text()):
            assert (doc.parent / target).exists(), f"{doc.name}: {target}"


BLOCKS = [
    pytest.param(block, id=f"{doc.name}-{number}")
    for doc in DOCS
    for number, block in enumerate(re.findall(r"```python\n(.*?)```", doc.read_text(), re.DOTALL))
]


@pytest.mark.parametrize("block", BLOCKS)
def test_python_of_the_docs_runs(block: str, tmp_path: Path) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    done = subprocess.run([sys.executable, "-c", block], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_commands_of_the_readme_run(tmp_path: Path) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    listed = re.findall(r"^remotion-py (.*)$", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert len(listed) == 5
    for line in listed:
        if "example.com" in line:
            continue  # nobody serves that bundle
        command = [sys.executable, "-c", "from remotion_py.cli import main; main()", *line.split()]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr + done.stdout
    assert (tmp_path / "out" / "race.mp4").stat().st_size > 10_000


FREE = {"text", "python", "html"}
"""Blocks that are shown, not done, and those that the tests here run."""


def test_every_block_of_the_docs_runs_or_says_why_not() -> None:
    for doc in DOCS:
        before = ""
        inside = False
        for line in doc.read_text().splitlines():
            if line.startswith("```"):
                language = line[3:]
                if not inside and language not in FREE and not language.startswith("{"):
                    assert before.startswith(("<!-- run by: ", "<!-- not run: ")), f"{doc.name}: {line}"
                inside = not inside
            before = line


def test_the_docs_build_as_a_site_without_a_warning(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", "-d", tmp_path / "trees"]
    done = subprocess.run([*command, ROOT / "docs", tmp_path / "site"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for name in ("index", "api", "cli", "names", "notebooks/batch", "contributing"):
        assert (tmp_path / "site" / f"{name}.html").stat().st_size > 5_000
    assert 'id="remotion-py-functions-deploy"' in (tmp_path / "site" / "cli.html").read_text()


def test_a_broken_link_of_the_docs_is_seen(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    (tmp_path / "remotion_py").symlink_to(PACKAGE)
    (docs / "conf.py").write_text((ROOT / "docs" / "conf.py").read_text())
    (docs / "index.md").write_text("# A\n\n[nowhere](nowhere.md)\n")
    command = [sys.executable, "-m", "sphinx", "-W", "-q", "-b", "html", docs, tmp_path / "site"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "nowhere" in done.stderr


def test_every_public_name_is_in_the_reference() -> None:
    reference = (ROOT / "docs" / "api.md").read_text()
    for name in set(rp.__all__) - {"__version__", "RemotionPyError"}:
        assert reference.count(f":: remotion_py.{name}\n") == 1, name


HTML = [
    pytest.param(block, id=f"{doc.name}-{number}")
    for doc in DOCS
    for number, block in enumerate(re.findall(r"```html\n(.*?)```", doc.read_text(), re.DOTALL))
]


@pytest.mark.parametrize("block", HTML)
def test_pages_of_the_docs_render(block: str, client: rp.Client, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text(block)
    (found,) = client.get_compositions(tmp_path)
    assert client.render_media(tmp_path, found.id, frame_range=(0, 5)).frames == 6


@pytest.mark.parametrize("example", ["bar-chart-race/render.py", "async_progress.py", "join_chunks.py"])
def test_examples_run(example: str, tmp_path: Path) -> None:
    script = ROOT / "examples" / example
    done = subprocess.run([sys.executable, script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert ".mp4" in done.stdout
