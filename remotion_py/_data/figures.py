"""Figures as props: plotly, altair and bokeh as their own JSON, matplotlib as SVG. None of them is imported."""

from __future__ import annotations

import base64
import importlib
import io
from collections.abc import Mapping
from typing import Any, cast


def figure_json(value: Any) -> Any:
    """Return a figure as the JSON of its library, or as SVG text; None for anything else.

    What is returned may still hold arrays and dates. Their libraries write dates as ISO 8601 texts and NaN as null.

    Args:
        value: A figure of plotly, a chart of altair, a model of bokeh, a figure of matplotlib; or anything else.

    Raises:
        Exception: Whatever the library raises, such as a chart of altair with too many rows.
    """
    bases = {(base.__module__.partition(".")[0], base.__name__) for base in type(value).__mro__}
    if ("plotly", "BaseFigure") in bases:
        return _with_lists(value.to_plotly_json())
    if ("altair", "TopLevelMixin") in bases:
        return value.to_dict()
    if ("bokeh", "Model") in bases:
        return importlib.import_module("bokeh.embed").json_item(value)
    if ("matplotlib", "Figure") in bases:
        return _svg(value)
    return None


def _with_lists(value: Any) -> Any:
    """Return plotly's JSON with numbers in place of packed arrays, which older plotly.js does not read."""
    if isinstance(value, Mapping):
        items = cast("Mapping[str, Any]", value)
        if items.keys() >= {"dtype", "bdata"}:
            numpy: Any = importlib.import_module("numpy")
            numbers = numpy.frombuffer(base64.b64decode(items["bdata"]), numpy.dtype(items["dtype"]).newbyteorder("<"))
            shape = [int(part) for part in str(items.get("shape", "")).split(",") if part.strip()]
            return numbers.reshape(shape) if shape else numbers
        return {name: _with_lists(item) for name, item in items.items()}
    if isinstance(value, (list, tuple)):
        return [_with_lists(item) for item in cast("list[Any]", value)]
    return value


def _svg(figure: Any) -> str:
    matplotlib: Any = importlib.import_module("matplotlib")
    file = io.StringIO()
    # The same figure is the same text: without the date, and with ids that do not depend on chance.
    with matplotlib.rc_context({"svg.hashsalt": "remotion-py"}):
        figure.savefig(file, format="svg", metadata={"Date": None})
    text = file.getvalue()
    return text[text.index("<svg") :]  # without XML's prolog, which HTML does not know
