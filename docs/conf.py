"""The docs as a site: `scripts/docs` builds it, and a warning is an error."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

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
nitpick_ignore_regex = [("py:class", r"(pathlib|datetime)\..*")]

html_theme = "furo"
html_title = f"remotion_py {version}"
html_show_copyright = False

# Notebooks are committed executed, and a test runs them; the site shows what they hold.
nb_execution_mode = "off"
nb_render_markdown_format = "myst"
myst_heading_anchors = 3
# A heading may begin below the first level where a page includes another one.
suppress_warnings = ["myst.header"]

autodoc_typehints = "none"
autodoc_member_order = "bysource"
autodoc_class_signature = "mixed"
napoleon_google_docstring = True
napoleon_use_ivar = True
# Docstrings write `code` as everybody does in Python.
default_role = "code"


def shorten(
    app: Any, what: str, name: str, value: Any, options: Any, signature: str | None, returned: str | None
) -> Any:
    """Write the options of a render as `**options`: they have a page of their own."""
    del app, what, name, value, options
    return re.sub(r"props=None, timeout_in_milliseconds=.*\)$", "**options)", signature or "") or None, returned


def setup(app: Any) -> None:
    """Called by Sphinx."""
    app.connect("autodoc-process-signature", shorten)
