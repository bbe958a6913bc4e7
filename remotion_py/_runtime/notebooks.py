"""The display code of notebooks, loaded only in a notebook."""

from __future__ import annotations

import importlib
from typing import Any


def notebook(part: str) -> Any:
    """Return a module of `remotion_py.notebook`; by name, as the modules there import what they display.

    Args:
        part: Its name, such as "view".
    """
    return importlib.import_module(f"remotion_py.notebook.{part}")
