"""Converts input props - Python values, or an argument of the command line - to the JSON text that a page receives.

Remotion sends dates as strings with a prefix (design/page-contract.md 3.2); the page converts them back.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from ._data.convert import Converter, Nan, fields_of
from ._data.textfile import read_text
from ._data.untrusted import load_json
from .errors import PropsError


def serialize_props(props: Mapping[str, Any] | None, *, nan: Nan = "error", path: str = "props") -> str:
    """Convert input props to the JSON text that the page receives.

    Args:
        props: A mapping with string keys, a dataclass or a pydantic model; None for no props. Values may be JSON
            values; dates, which the page receives as `Date` (a naive date counts as UTC); dataclasses, pydantic
            models, enums, `Decimal`, `Path`, `UUID`; numpy scalars and arrays; data frames of pandas, polars and
            others, which become lists of records, and series, which become lists; figures of plotly, altair, bokeh
            and matplotlib.
        nan: How to handle NaN and missing dates: "error" raises an error, "null" sends null.
        path: The name of the props in errors.

    Raises:
        PropsError: JSON cannot represent a value, or the page would receive another value; the message has its path.
    """
    if props is None:
        return "{}"
    if not isinstance(cast(object, props), Mapping):
        fields = fields_of(props)
        props = props if fields is None else fields
    if not isinstance(cast(object, props), Mapping):
        raise PropsError(
            f"{path} must be a JSON object, but is of type {type(props).__name__}. Pass a dict, for example "
            f"{{'rows': [...]}}."
        )
    try:
        return json.dumps(Converter(path, nan=nan).convert(props), ensure_ascii=False, separators=(",", ":"))
    except RecursionError:  # also if the caller itself is deep in the call stack
        raise PropsError(f"{path} is nested too deeply for the remaining stack. Pass a flatter structure.") from None


def parse_props(text: str) -> dict[str, Any]:
    """Read input props from JSON text, or from a file of JSON.

    Args:
        text: A JSON object, or the path of a file that contains one (like Remotion's `--props`).

    Raises:
        PropsError: The text is neither, or the JSON is invalid; the message has the position.
    """
    source = "--props"
    stripped = text.strip()
    if not stripped.startswith(("{", "[", '"')):
        path = Path(stripped)
        if not _is_file(path):
            raise PropsError(
                f"--props is {text!r}: neither a JSON object nor a file that exists. "
                """Pass JSON such as '{"title": "Hello"}', or the path of a JSON file."""
            )
        source, stripped = str(path), read_text(path, PropsError)
    value = parse_json(stripped, f"The props in {source} are")
    if not isinstance(value, dict):
        raise PropsError(f"The props in {source} are a JSON {type(value).__name__}, but must be an object: {{...}}.")
    return cast("dict[str, Any]", value)


def parse_json(text: str, what: str) -> Any:
    """Read JSON that a user wrote; NaN and infinity are accepted here, and refused with their path when sent.

    Args:
        text: The JSON.
        what: The beginning of a sentence about it, such as "The props are".

    Raises:
        PropsError: The JSON is invalid; the message has the position.
    """
    try:
        return load_json(text)
    except json.JSONDecodeError as error:
        raise PropsError(
            f"{what} not valid JSON: {error.msg} at line {error.lineno}, column {error.colno}. "
            f"Correct the JSON there; keys and strings need double quotes."
        ) from None
    except RecursionError:
        raise PropsError(f"{what} nested too deeply. Pass a flatter structure, such as a list with ids.") from None
    except ValueError as error:  # an integer with thousands of digits
        raise PropsError(f"{what} not readable JSON: {error}. Write such a number as a string.") from None


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # for example a name that is too long or contains a null byte
        return False
