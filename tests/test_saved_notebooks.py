"""The notebooks as they are committed: executed, light, and in their final state."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from .conftest import ROOT
from .patience import PATIENCE_S
from .test_notebook import check_html

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
MOST_BYTES = 1_000_000


def outputs(path: Path) -> list[Any]:
    return [output for cell in nbformat.read(path, 4).cells for output in cell.get("outputs", [])]


def test_all_notebooks_exist() -> None:
    assert {path.stem for path in NOTEBOOKS} == {
        "first_render",
        "data_to_video",
        "stills",
        "batch",
        "aws",
        "join_chunks",
        "errors",
    }


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_saved_notebook_is_executed_and_final(path: Path) -> None:
    assert path.stat().st_size <= MOST_BYTES
    notebook = nbformat.read(path, 4)
    nbformat.validate(notebook)
    assert all(cell.execution_count for cell in notebook.cells if cell.cell_type == "code"), "not executed"
    shown = "".join(output.data.get("text/html", "") for output in outputs(path) if "data" in output)
    assert not re.search(r'data-state="(running|waiting)"', shown), "a render that is frozen half-way"
    assert "object at 0x" not in path.read_text()
    assert not re.search(r"/(root|home|Users|work|tmp)/", path.read_text()), "a path of the machine that executed it"
    assert "/notebooks/../" not in path.read_text(), "a path of the machine that executed it"
    for cell in notebook.cells:
        raised = any(output.output_type == "error" for output in cell.get("outputs", ()))
        assert raised == ("raises-exception" in cell.metadata.get("tags", ())), cell.source
    for output in outputs(path):
        html = output.get("data", {}).get("text/html", "")
        if "remotion-py" in html:
            check_html(html)


@pytest.mark.parametrize("name", ["first_render", "batch"])
def test_they_run_where_nest_asyncio_is_applied_too(name: str, tmp_path: Path) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    (tmp_path / "notebooks").mkdir()
    notebook = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", 4)
    notebook.cells.insert(0, nbformat.v4.new_code_cell("import nest_asyncio2\nnest_asyncio2.apply()"))
    client = NotebookClient(notebook, timeout=PATIENCE_S, resources={"metadata": {"path": tmp_path / "notebooks"}})
    client.execute()
    states = re.findall(r'data-state="(\w+)"', str(notebook))
    assert "done" in states
    assert not {"running", "waiting"} & set(states)
