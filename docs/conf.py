"""The docs as a site: `scripts/docs` builds it, and a warning is an error."""

from __future__ import annotations

import inspect
import re
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))
from remotion_py.options.groups import OPTION_GROUPS, grouped

OPTIONS = {name for names in OPTION_GROUPS.values() for name in names}
VERSION_FILE = Path(__file__).parent.parent / "remotion_py" / "_version.py"
FOUND = re.search(r'__version__ = "([^"]+)"', VERSION_FILE.read_text())
assert FOUND

project = "remotion_py"
author = "the remotion_py authors"
copyright = author
release = version = FOUND[1]

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_click"]
exclude_patterns = ["_build", "**.ipynb_checkpoints"]
nitpicky = True
# Types of the standard library are not linked, as building the docs needs no network.
nitpick_ignore_regex = [("py:class", r"(collections|datetime|fractions|os|pathlib)\..*|Path")]
# Names of types that the text beside them describes.
nitpick_ignore = [("py:class", "remotion_py.running.Result_co")]
nitpick_ignore += [("py:class", name) for name in ("OnProgress", "OnStep", "Progress", "RowProps", "Rows")]

html_theme = "furo"
html_title = f"remotion_py {version}"
html_show_copyright = False
# The videos of the gallery: Sphinx finds pictures by itself, but not what raw HTML names.
html_static_path = ["images/gallery"]

# Notebooks are committed executed, and a test runs them; the site shows what they hold.
nb_execution_mode = "off"
nb_render_markdown_format = "myst"
myst_heading_anchors = 3
# A heading may begin below the first level where a page includes another one.
suppress_warnings = ["myst.header"]

autodoc_typehints = "description"
autodoc_typehints_description_target = "documented_params"
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
autodoc_member_order = "bysource"
autodoc_class_signature = "mixed"
napoleon_google_docstring = True
napoleon_use_ivar = True
# Docstrings write `code` as everybody does in Python.
default_role = "code"


def shorten_signature(
    app: Any, what: str, name: str, value: Any, options: Any, signature: str | None, returned: str | None
) -> Any:
    """Write the options of a render as `**options`: the docstring lists them."""
    del app, name, options
    if what in ("function", "method") and signature:
        names = list(inspect.signature(value).parameters)
        first = next((at for at in range(len(names)) if OPTIONS.issuperset(names[at:])), len(names))
        if len(names) - first > 2:
            signature = signature.partition(f"{names[first]}=")[0] + "**options)"
    return signature, returned


def shorten_options(app: Any, what: str, name: str, value: Any, options: Any, lines: list[str]) -> None:
    """List the options of a render by name, with a link to the page that describes them."""
    del app, what, name, value, options
    if "Options:" not in lines:
        return
    first = lines.index("Options:")
    last = next((at for at in range(first + 1, len(lines)) if lines[at] and not lines[at].startswith(" ")), len(lines))
    names = [found[1] for line in lines[first:last] if (found := re.match(r" {8}(\w+)(?: or \w+)?: ", line))]
    listed = [f"* {title}: {', '.join(f'``{one}``' for one in group)}" for title, group in grouped(names).items()]
    del lines[first:last]  # after what is returned, which Sphinx wants in the list of the parameters
    lines += ["", ".. rubric:: Options", "", "See :doc:`options` for what each is.", "", *listed, ""]


def setup(app: Any) -> None:
    """Called by Sphinx."""
    app.connect("autodoc-process-signature", shorten_signature)
    app.connect("autodoc-process-docstring", shorten_options, priority=100)  # before napoleon
