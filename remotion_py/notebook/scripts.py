"""Scripts that the page of a cell loads first: files, URLs, and those in Python packages."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

from .._data.output import expanded
from ..errors import OptionError

LIBRARIES = {"bokeh": "server/static/js/bokeh.min.js", "plotly": "package_data/plotly.min.js"}
"""File of the script in the Python package of that name. Altair contains none (6.3)."""


def place_script(script: str, folder: Path, number: int) -> str:
    """Make a script available to the page of a cell; returns its `src`.

    Args:
        script: A file, an http(s) URL, or the name of a library.
        folder: Where the page is.
        number: Which of the cell's scripts it is.

    Raises:
        OptionError: It is none of these, or the library is not installed.
    """
    if script.startswith(("http://", "https://")):
        return script
    file = _library(script) if script in LIBRARIES else expanded(script, OptionError)
    if not Path(file).is_file():
        raise OptionError(
            f"--script is {script!r}, which is neither a file nor a URL nor a library that contains its script "
            f"({', '.join(LIBRARIES)}). Download the script and pass the file, or pass its URL."
        )
    name = f"script-{number}.js"
    shutil.copyfile(file, folder / name)
    return name


def _library(name: str) -> Path:
    found = importlib.util.find_spec(name)  # which does not import it
    if found is None or not found.submodule_search_locations:
        raise OptionError(f"--script {name} needs the Python package {name}. Run: pip install {name}")
    return Path(found.submodule_search_locations[0]) / LIBRARIES[name]
