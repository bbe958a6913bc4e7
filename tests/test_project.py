"""The project itself: who imports whom, what is public, what importing costs, and that the docs are true."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import remotion_py as rp
from remotion_py import default
from remotion_py.cli.reference import page
from remotion_py.notebook import panel as panel_module

from .conftest import ROOT

PACKAGE = ROOT / "remotion_py"
DESIGN = ROOT / "docs" / "design"
DOCS = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted(DESIGN.glob("*.md")),
    ROOT / "CONTRIBUTING.md",
]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def test_data_flows_one_way() -> None:
    done = subprocess.run([Path(sys.executable).parent / "lint-imports"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_the_architecture_page_draws_the_tree() -> None:
    page_text = (DESIGN / "architecture.md").read_text()
    drawing = re.search(r"```text\n(.*?)```", page_text, re.DOTALL)
    assert drawing
    drawn = {word.rstrip("/") for line in drawing[1].split("\n") for word in line.split()}
    tree = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert tree - {"__init__", "__pycache__"} <= drawn
    for module in re.findall(r"`((?:[a-z_]+/)+)`", page_text):
        assert list(PACKAGE.rglob(module.rstrip("/"))), module


def test_comments_cite_existing_sections_of_the_design() -> None:
    headings = {
        page.name: set(re.findall(r"^#+ ([\d.]*\d)", page.read_text(), re.MULTILINE)) for page in DESIGN.glob("*.md")
    }
    for path in [*PACKAGE.rglob("*.py"), *(ROOT / "tests").glob("*.py")]:
        for name, section in re.findall(r"design/([a-z-]+\.md) ([\d.]*\d)", path.read_text()):
            assert section in headings[name], f"{path}: {name} {section}"


def test_docstrings_name_existing_arguments() -> None:
    wrong: list[str] = []
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                wrong += [f"{path}: {node.name}: {name}" for name in _undeclared(node)]
    assert wrong == []


def _undeclared(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> list[str]:
    """List what the docstring of a function or class has under Args and its signature does not."""
    listed = re.search(r"Args:\n((?:    .*\n?|\n)+)", ast.get_docstring(node) or "")
    made = [item for item in node.body if isinstance(item, ast.FunctionDef) and item.name == "__init__"]
    function = node if not isinstance(node, ast.ClassDef) else next(iter(made), None)
    if listed is None or function is None:
        return []
    names = {argument.arg for argument in ast.walk(function.args) if isinstance(argument, ast.arg)}
    return [name for name in re.findall(r"^    \*{0,2}(\w+)(?:, \w+)*:", listed[1], re.MULTILINE) if name not in names]


def test_no_class_has_the_name_of_another() -> None:
    found = [
        node.name
        for path in PACKAGE.rglob("*.py")
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    ]
    assert sorted(found) == sorted(set(found))


def test_files_are_short() -> None:
    long = {str(path): lines for path in PACKAGE.rglob("*.py") if (lines := len(path.read_text().split("\n"))) > 400}
    assert long == {}


def test_importing_loads_nothing_heavy() -> None:
    code = "import sys, remotion_py; print([name for name in sys.modules if '.' not in name])"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    for heavy in ("boto3", "playwright", "av", "ipywidgets", "aiohttp", "asyncio", "numpy", "ffmpeg", "click", "tqdm"):
        assert f"'{heavy}'" not in loaded


def test_every_public_name_exists_once_and_has_a_docstring() -> None:
    assert sorted(rp.__all__) == sorted(set(rp.__all__))
    assert set(rp._HOMES) | {"__version__", "aws"} == set(rp.__all__)
    for module in (rp, rp.aws):
        for name in set(module.__all__) - {"__version__", "RUNTIME_JS"}:
            assert inspect.getdoc(getattr(module, name)), name
    assert rp.RUNTIME_JS.is_file()
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = rp.nothing


def test_only_public_names_are_listed() -> None:
    listed = {*rp.__all__, "errors", "examples", "options"}
    code = "import remotion_py as rp; before = dir(rp); rp.render_media; rp.panel; print(before == dir(rp), *dir(rp))"
    same, *names = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.split()
    assert same == "True"
    assert set(names) == listed
    assert dir(rp.aws) == sorted(rp.aws.__all__)


def test_old_names_of_aws_functions_still_work() -> None:
    for name in rp.aws.__all__:
        assert getattr(rp, name) is getattr(rp.aws, name)


def test_render_is_render_media_and_no_module() -> None:
    assert rp.render is rp.render_media
    assert rp.Client.render is rp.Client.render_media
    assert rp.AsyncClient.render is rp.AsyncClient.render_media
    assert importlib.util.find_spec("remotion_py.render") is None
    assert callable(rp.render), "also once everything is loaded"


def test_the_package_is_the_command_line() -> None:
    command = [sys.executable, "-m", "remotion_py", "--version"]
    assert subprocess.run(command, capture_output=True, text=True).stdout == f"remotion-py, version {rp.__version__}\n"


def public(of: type) -> set[str]:
    return {name for name in dir(of) if not name.startswith("_")} - {"from_engine"}


def test_sync_async_and_module_level_surfaces_are_equal() -> None:
    assert public(rp.Client) == public(rp.AsyncClient)
    assert public(rp.Render) == public(rp.AsyncRender)
    for name in public(rp.Client):
        home = rp.aws if name in rp.aws.__all__ else rp
        sync, twin, module = getattr(rp.Client, name), getattr(rp.AsyncClient, name), getattr(home, name)
        parameters = [list(inspect.signature(function).parameters) for function in (sync, twin, module)]
        assert parameters[0] == parameters[1] == ["self", *parameters[2]], name
        assert inspect.iscoroutinefunction(inspect.unwrap(twin)), name


def test_a_script_that_fails_shows_one_frame_of_the_package() -> None:
    code = "import remotion_py as rp; rp.render_media('nowhere', 'race')"
    words = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stderr
    assert len(re.findall(r'^  File ".*remotion_py.*", line \d+, in render_media$', words, re.MULTILINE)) == 1
    assert words.count("  File ") == 2
    assert words.splitlines()[-1].startswith("remotion_py.errors.SiteNotFoundError: ")


def test_the_wheel_holds_what_is_needed_at_run_time(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(tmp_path), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    for name in ("page/driver.js", "page/runtime.js", "py.typed", "providers/local/__main__.py"):
        assert f"remotion_py/{name}" in names
    for name in ("bar-chart-race/race.js", "bar-chart-race/style.css", "metronome/index.html", "hello/index.html"):
        assert f"remotion_py/examples/{name}" in names
    assert not [name for name in names if name.startswith(("tests", "examples"))]


def test_the_options_page_is_up_to_date() -> None:
    assert (ROOT / "docs" / "options.md").read_text() == page(), "run scripts/options-docs"


def test_links_of_the_docs_lead_somewhere() -> None:
    for doc in DOCS:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", doc.read_text()):
            assert (doc.parent / target).exists(), f"{doc.name}: {target}"


def test_lines_of_code_in_the_docs_are_short() -> None:
    for doc in DOCS:
        for kind, block in re.findall(r"^```([^\n`]*)\n(.*?)^```$", doc.read_text(), re.DOTALL | re.MULTILINE):
            if kind != "text" and not kind.startswith("{"):  # messages, and directives of Sphinx
                assert _long_lines(block) == [], doc.name
    for notebook in NOTEBOOKS:
        cells = json.loads(notebook.read_text())["cells"]
        code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
        assert _long_lines("\n".join(code)) == [], notebook.name


def _long_lines(code: str) -> list[str]:
    return [line for line in code.split("\n") if len(line) > 80]


BLOCKS = [
    pytest.param(block, id=f"{doc.name}-{number}")
    for doc in DOCS
    for number, block in enumerate(re.findall(r"```python\n(.*?)```", doc.read_text(), re.DOTALL))
]


@pytest.mark.parametrize("block", BLOCKS)
def test_python_of_the_docs_runs(
    block: str, client: rp.Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each block runs in a namespace and a folder of its own, with the warm client of the tests as the default one."""
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(default, "default_client", lambda: client)
    monkeypatch.setattr(panel_module, "default_client", lambda: client)
    exec(compile(block, "<docs>", "exec"), {"__name__": "__main__"})


def test_the_page_of_the_readme_is_an_example() -> None:
    (block,) = re.findall(r"```html\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert block == (rp.examples.hello / "index.html").read_text()


def test_commands_of_the_readme_run(tmp_path: Path) -> None:
    listed = re.findall(r"^remotion-py (.*)$", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert len(listed) == 7
    for line in listed:
        if "example.com" in line:
            continue  # nobody serves that bundle
        command = [sys.executable, "-c", "from remotion_py.cli import main; main()", *line.split()]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr + done.stdout
    assert (tmp_path / "race.mp4").stat().st_size > 10_000


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


def test_every_variable_is_in_the_docs_and_no_other() -> None:
    """Those of the command line are named after their options; the one of completion is click's own."""
    sources = "".join(path.read_text() for path in PACKAGE.rglob("*.py"))
    read = set(re.findall(r"(?<![\w])REMOTION_PY_[A-Z_]*[A-Z]\b", sources)) - {"REMOTION_PY_NAME"}
    listed = set(re.findall(r"^\| `(REMOTION_PY_\w+)`", (ROOT / "docs" / "environment.md").read_text(), re.MULTILINE))
    assert read == listed


def test_the_docs_build_as_a_site_without_a_warning(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", "-d", tmp_path / "trees"]
    done = subprocess.run([*command, ROOT / "docs", tmp_path / "site"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for name in ("index", "api", "cli", "names", "notebooks/batch", "contributing"):
        assert (tmp_path / "site" / f"{name}.html").stat().st_size > 5_000
    assert 'id="remotion-py-functions-deploy"' in (tmp_path / "site" / "cli.html").read_text()


def test_a_broken_link_of_the_docs_is_detected(tmp_path: Path) -> None:
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
    names = [
        *(set(rp.__all__) - {"__version__", "RemotionPyError", "aws"}),
        *(f"aws.{name}" for name in rp.aws.__all__),
    ]
    for name in names:
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


@pytest.mark.parametrize("example", ["bar_chart_race.py", "async_progress.py", "join_chunks.py"])
def test_examples_run(example: str, tmp_path: Path) -> None:
    script = ROOT / "examples" / example
    done = subprocess.run([sys.executable, script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert ".mp4" in done.stdout


@pytest.mark.skipif("PYTHONSAFEPATH" not in os.environ, reason="scripts/test sets the path")
def test_the_wheel_is_what_is_tested() -> None:
    where = subprocess.run(
        [sys.executable, "-c", "import remotion_py; print(remotion_py.__file__)"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    assert Path(rp.__file__).resolve().is_relative_to((ROOT / ".cache" / "wheel").resolve())
    assert Path(where.strip()) == Path(rp.__file__)
