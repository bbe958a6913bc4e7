"""The kind of field for each prop, and the conversion between props and field values (no I/O)."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Mapping
from typing import Any, Literal, cast

from .._client.reproduce import date_of
from .._data.convert import DATE_PREFIX, Converter
from .colours import parse_colour

Kind = Literal["switch", "number", "colour", "date", "moment", "day", "text", "long text", "null", "table", "json"]
"""A `date` and a `moment` reach the page as a `Date`, a `day` as text such as "2024-05-01"."""

MOST_ROWS = 20
MOST_COLUMNS = 8
"""A larger list of records is edited as JSON."""
LONG_TEXT = 60
MOST_LINES = 16
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


def kind_of(value: Any) -> Kind:
    """Return what kind of field a prop is edited in."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "switch"
    if isinstance(value, (int, float)):
        return "number"  # JavaScript has one kind, so what is 1 may become 1.5
    if isinstance(value, str):
        return _kind_of_text(value)
    return "table" if columns_of(value) else "json"


def _kind_of_text(text: str) -> Kind:
    if text.startswith(DATE_PREFIX):
        date = date_of(text)
        if date is None:
            return "text"
        return "moment" if isinstance(date, datetime.datetime) else "date"
    if _DAY.fullmatch(text) and _is_day(text):
        return "day"
    if parse_colour(text):
        return "colour"
    return "long text" if "\n" in text or len(text) > LONG_TEXT else "text"


def columns_of(value: Any) -> list[str]:
    """Return the names of the columns of a list of flat records; empty for any other value, or too large a list."""
    if not isinstance(value, list) or not 0 < len(cast("list[Any]", value)) <= MOST_ROWS:
        return []
    rows = cast("list[Any]", value)
    if not isinstance(rows[0], dict) or not 0 < len(cast("dict[str, Any]", rows[0])) <= MOST_COLUMNS:
        return []
    names = list(cast("dict[str, Any]", rows[0]))
    for row in rows:
        if not isinstance(row, dict) or list(cast("dict[str, Any]", row)) != names:
            return []
        if any(isinstance(cell, (dict, list)) for cell in cast("dict[str, Any]", row).values()):
            return []
    return names


def written(kind: Kind, value: Any) -> Any:
    """Return a prop as the widget of its field has it.

    Args:
        kind: The field's kind.
        value: The prop; one of another kind is written as well as the field can.
    """
    if kind in ("date", "moment", "day"):
        return _date_written(kind, value)
    if kind == "null":
        return "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if kind == "json":
        flat = json.dumps(value, ensure_ascii=False)
        return flat if len(flat) <= LONG_TEXT else json.dumps(value, ensure_ascii=False, indent=1)
    return value


def _date_written(kind: Kind, value: Any) -> datetime.date | None:
    if not isinstance(value, str):
        return None
    if kind == "day":
        return datetime.date.fromisoformat(value) if _DAY.fullmatch(value) and _is_day(value) else None
    date = date_of(value)
    if kind == "date":
        return date.date() if isinstance(date, datetime.datetime) else date
    if date is None:
        return None
    if not isinstance(date, datetime.datetime):
        return datetime.datetime(date.year, date.month, date.day)
    return date.replace(tzinfo=None)


def read(name: str, kind: Kind, found: Any) -> Any:
    """Return the prop of what the widget of a field has.

    Args:
        name: The prop's name, for errors.
        kind: The field's kind.
        found: What the widget has; a date that was cleared is None.

    Raises:
        ValueError: A field of JSON has none that is valid; names it and the place.
    """
    if kind == "number":
        return int(found) if float(found).is_integer() else found
    if kind == "day":
        return found and found.isoformat()
    if kind in ("date", "moment"):
        return found and Converter(name).convert(found)
    if kind == "null":
        return _any(found)
    if kind != "json":
        return found
    try:
        return json.loads(found)
    except json.JSONDecodeError as error:
        raise ValueError(
            f"{name} is not valid JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        ) from None


def _any(text: str) -> Any:
    """Return what somebody typed for a prop that had no value: JSON where it is such, else the text itself."""
    if not text:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return text


def lines_of(text: str) -> int:
    """Return how many lines a field of text has: as many as it needs, within limits."""
    needed = sum(1 + len(line) // LONG_TEXT for line in text.split("\n"))
    return min(MOST_LINES, max(2, needed))


def differing(values: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that are not the defaults: what a call has to pass."""
    return {name: value for name, value in values.items() if name not in defaults or defaults[name] != value}


def _is_day(text: str) -> bool:
    try:
        datetime.date.fromisoformat(text)
    except ValueError:
        return False
    return True
