"""The checks of `remotion-py doctor` for notebooks: widgets, front ends, and the kernel."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from .finding import Finding

_FRONT_ENDS = ("jupyterlab", "notebook", "voila", "marimo")


def notebook_findings() -> Iterator[Finding]:
    """Look at what notebooks of this environment would use; none of it is needed to render."""
    yield _widgets()
    yield _front_ends()
    yield _kernel()
    yield _nested_loops()


def _widgets() -> Finding:
    ours, theirs = _version("ipywidgets"), _version("jupyterlab-widgets")
    if not ours or int(ours.split(".")[0]) < 8:
        fix = "pip install --upgrade 'ipywidgets>=8.1'"
        return _advice("widgets", f"ipywidgets {ours or 'is not installed'}; panel() needs 8 or newer", fix)
    if not theirs:
        fix = "pip install jupyterlab-widgets in the environment of JupyterLab"
        return _advice("widgets", f"ipywidgets {ours}, but jupyterlab-widgets is not installed", fix)
    return Finding("widgets", f"ipywidgets {ours}, jupyterlab-widgets {theirs}")


def _front_ends() -> Finding:
    found = [f"{name} {number}" for name in _FRONT_ENDS if (number := _version(name))]
    if found:
        return Finding("notebook front ends", ", ".join(found))
    fix = "pip install 'remotion-py[notebook]' for JupyterLab; VS Code and hosted notebooks have their own"
    return _advice("notebook front ends", f"none of {', '.join(_FRONT_ENDS)} in this environment", fix)


def _kernel() -> Finding:
    number = _version("ipykernel")
    if not number:
        return _advice(
            "kernel",
            "ipykernel is not installed, so no notebook can use this environment",
            "pip install ipykernel in this environment",
        )
    runs = [str(folder) for folder in _kernel_folders() if _runs_this_python(folder)]
    if runs:
        return Finding("kernel", f"ipykernel {number}; {runs[0]} runs this Python")
    fix = "python -m ipykernel install --user --name remotion-py, and choose that kernel in the notebook"
    return _advice("kernel", f"ipykernel {number}, but no kernel runs {sys.executable}", fix)


def _kernel_folders() -> list[Path]:
    from jupyter_core.paths import jupyter_path  # comes with ipykernel

    return [
        folder for place in jupyter_path("kernels") if Path(place).is_dir() for folder in sorted(Path(place).iterdir())
    ]


def _runs_this_python(folder: Path) -> bool:
    try:
        program = json.loads((folder / "kernel.json").read_text())["argv"][0]
    except (OSError, ValueError, LookupError):
        return False
    if "/" in program:
        return program == sys.executable
    return folder.is_relative_to(sys.prefix)  # "python" is then that of the environment


def _nested_loops() -> Finding:
    ours, old = _version("nest-asyncio2"), _version("nest-asyncio")
    text = f"nest-asyncio2 {ours}, applied by %load_ext remotion_py" if ours else "nest-asyncio2 is not installed"
    fix = "" if ours else "pip install nest-asyncio2"
    return _advice("asyncio.run() in cells", f"{text}{f'; nest-asyncio {old} is installed too' if old else ''}", fix)


def _advice(name: str, text: str, fix: str) -> Finding:
    """Return what notebooks lack; nothing else does."""
    return Finding(name, text, fix, needed=False)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
