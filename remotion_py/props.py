"""Python values to JSON props and back.

Remotion carries dates as strings with a prefix (page contract 3.2); the page revives them.
"""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import json
import math
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from .errors import PropsError

DATE_PREFIX = "remotion-date:"


def serialize_props(props: Mapping[str, Any] | None) -> str:
    """Turn input props into the JSON text that the page receives.

    Args:
        props: A mapping with string keys, a dataclass or a pydantic model; None for no props. Values are what JSON
            knows; dates, which arrive in the page as `Date` (a naive one is taken as UTC); dataclasses, pydantic
            models, enums, `Decimal`, `Path`, `UUID`; numpy scalars and arrays; data frames of pandas, polars and
            others, which become lists of records, and series, which become lists.

    Raises:
        PropsError: A value is not JSON, or NaN or infinity; the message names its path.
    """
    if props is None:
        return "{}"
    if not isinstance(cast(object, props), Mapping):
        fields = fields_of(props)
        props = props if fields is None else fields
    if not isinstance(cast(object, props), Mapping):
        raise PropsError(
            f"The props are a {type(props).__name__}, but a page takes a JSON object. Pass a dict, "
            f"for example props={{'rows': [...]}}."
        )
    return json.dumps(_convert(props, "props"), ensure_ascii=False, separators=(",", ":"))


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
        source, stripped = str(path), path.read_text(encoding="utf-8", errors="replace")
    try:
        value: Any = json.loads(stripped, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise PropsError(
            f"The props in {source} are not valid JSON: {error.msg} at line {error.lineno}, column {error.colno}. "
            f"Mend the JSON there; keys and strings need double quotes."
        ) from None
    if not isinstance(value, dict):
        raise PropsError(
            f"The props in {source} are a JSON {type(value).__name__}, but a page takes an object: {{...}}."
        )
    return cast("dict[str, Any]", value)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # such as a name that is too long
        return False


def _refuse_constant(name: str) -> float:
    raise PropsError(f"The props hold {name}, which JSON does not know. Replace it by null or by a number.")


def _convert(value: Any, path: str) -> Any:
    if value is None or (isinstance(value, (bool, str, int)) and not isinstance(value, enum.Enum)):
        return value
    if isinstance(value, float):
        return _finite(float(value), path)
    if isinstance(value, datetime.date):
        return _date(value, path)
    if isinstance(value, Mapping):
        items = cast("Mapping[Any, Any]", value).items()
        for key, _ in items:
            if not isinstance(key, str):
                raise PropsError(f"{path} has the key {key!r}, but JSON keys are strings. Use str({key!r}).")
        return {key: _convert(item, f"{path}.{key}") for key, item in items}
    if isinstance(value, (list, tuple)):
        sequence = cast("list[Any]", value)
        return [_convert(item, f"{path}[{index}]") for index, item in enumerate(sequence)]
    return _convert(_plain(value, path), path)


def _finite(value: float, path: str) -> float:
    if not math.isfinite(value):
        raise PropsError(
            f"{path} is {value}, which JSON does not know. Replace it by None or by a number before rendering."
        )
    return value


def _date(value: datetime.date, path: str) -> str:
    if value != value:  # pandas' NaT
        raise PropsError(f"{path} is a missing date (NaT). Replace it by None, or drop the row.")
    if not isinstance(value, datetime.datetime):
        return f"{DATE_PREFIX}{value.isoformat()}T00:00:00.000Z"
    aware = value if value.tzinfo else value.replace(tzinfo=datetime.UTC)
    moment = aware.astimezone(datetime.UTC)
    return f"{DATE_PREFIX}{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def _plain(value: Any, path: str) -> Any:
    """Turn one layer of what Python programs hold into what JSON knows; its parts are converted in turn."""
    if type(value).__module__.split(".")[0] == "numpy" and hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, decimal.Decimal):
        return _finite(float(value), path)
    if isinstance(value, (Path, uuid.UUID)):
        return str(value)
    fields = fields_of(value)
    if fields is not None:
        return fields
    table = _table(value, path)
    if table is not None:
        return table
    raise PropsError(
        f"{path} is a {type(value).__module__}.{type(value).__qualname__}, which JSON does not know. "
        f"Convert it to numbers, strings, lists or dicts first."
    )


def fields_of(value: Any) -> dict[str, Any] | None:
    """Return the fields of a dataclass or of a pydantic model; None for anything else."""
    if isinstance(value, type):
        return None
    if dataclasses.is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    return value.model_dump() if hasattr(value, "model_dump") else None


def _table(value: Any, path: str) -> list[Any] | None:
    """Return the records of a data frame, or the values of a series, of whatever library; None for anything else."""
    import narwhals as nw

    found: Any = nw.from_native(value, allow_series=True, pass_through=True)
    if isinstance(found, nw.LazyFrame):
        raise PropsError(f"{path} is a lazy frame, which has no rows yet. Pass what its collect() returns.")
    if isinstance(found, nw.Series):
        return found.to_list()
    return found.rows(named=True) if isinstance(found, nw.DataFrame) else None
