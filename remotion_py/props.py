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
    """Turn input props into the JSON text that the page receives.

    Args:
        props: A mapping with string keys, a dataclass or a pydantic model; None for no props. Values are what JSON
            knows; dates, which arrive in the page as `Date` (a naive one is taken as UTC); dataclasses, pydantic
            models, enums, `Decimal`, `Path`, `UUID`; numpy scalars and arrays; data frames of pandas, polars and
            others, which become lists of records, and series, which become lists; figures of plotly, altair, bokeh
            and matplotlib.
        nan: What becomes of NaN and missing dates: "error", or "null".
        path: What the props are called in errors.

    Raises:
        PropsError: A value that is not JSON, or that would be another one in the page; the message names its path.
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
    except RecursionError:  # called from deep inside a program of its own
        raise PropsError(f"{path} is nested too deeply for the remaining stack. Pass a flatter structure.") from None


def parse_props(text: str) -> dict[str, Any]:
    """Read input props from JSON text, or from the file that the text names.

    Args:
        text: A JSON object, or the path of a file that holds one (as Remotion's `--props`).

    Raises:
        PropsError: It is neither, or the JSON is invalid; the message says where.
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
    """Read JSON that somebody wrote; NaN and infinity pass, and are refused by their path when they are sent.

    Args:
        text: The JSON.
        what: How a sentence about it begins, such as "The props are".

    Raises:
        PropsError: It is not valid; the message says where.
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
    except ValueError as error:  # a whole number of thousands of digits
        raise PropsError(f"{what} not readable JSON: {error}. Write such a number as a string.") from None


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # such as a name that is too long, or one with a zero byte
        return False
