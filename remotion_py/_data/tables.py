"""Converts data frames and series of any library to lists of JSON values. Labels of a pandas index become fields."""

from __future__ import annotations

import sys
from collections import Counter
from typing import Any

UNNAMED = "index"
"""The field of an index without a name."""
UNNAMED_VALUES = "value"
"""The field of the values of a labelled series without a name."""


class TableError(ValueError):
    """A table that cannot be sent as it is; the message continues a sentence that begins with the table's path."""


def records(value: Any) -> list[Any] | None:
    """Return the records of a data frame, or the values of a series; None for anything else.

    An index of pandas that holds labels becomes a field of each record. Unnamed whole numbers are not labels: they are
    the row numbers that remain after filtering and sorting. A series with labels becomes records as well.

    Args:
        value: A frame, series, index or array of pandas, a frame or series of polars and others; or anything else.

    Raises:
        TableError: A lazy frame, two columns with one name, or an index that has the name of a column.
    """
    import narwhals as nw

    native = _with_labels(value)
    if isinstance(native, list):
        return native  # pyright: ignore[reportUnknownVariableType]
    try:
        found: Any = nw.from_native(native, allow_series=True, pass_through=True)
    except nw.exceptions.DuplicateError:
        raise TableError(_duplicates(native.columns)) from None
    if isinstance(found, nw.LazyFrame):
        raise TableError("is a lazy frame, which has no rows yet. Pass the result of its collect().")
    if isinstance(found, nw.Series):
        return _values(found)
    if not isinstance(found, nw.DataFrame):
        return None
    names: list[Any] = found.columns
    columns = [_values(column) for column in found.iter_columns()]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def _values(series: Any) -> list[Any]:
    import narwhals as nw

    values: list[Any] = series.to_list()
    if series.dtype in (nw.String, nw.Categorical, nw.Enum):
        # Where a column holds texts or categories, NaN is how pandas writes that one is missing.
        return [None if isinstance(value, float) and value != value else value for value in values]
    return values


def _with_labels(value: Any) -> Any:
    """Return a table of pandas with its labels as columns, a list for a `MultiIndex`, and anything else as it is."""
    pandas: Any = sys.modules.get("pandas")
    if pandas is None or not hasattr(pandas, "DataFrame"):  # nobody has loaded it, or it is just being loaded
        return value
    if isinstance(value, pandas.MultiIndex):
        return value.tolist()
    if isinstance(value, (pandas.Index, pandas.api.extensions.ExtensionArray)):
        return pandas.Series(value, copy=False)
    if not isinstance(value, (pandas.DataFrame, pandas.Series)):
        return value
    labels = label_names(value.index)
    if not labels:
        return value
    if isinstance(value, pandas.Series):
        value = value.to_frame(UNNAMED_VALUES if value.name is None else value.name)
    if not value.columns.is_unique:
        raise TableError(_duplicates(value.columns))
    names = [*labels, *value.columns]
    if len(set(names)) < len(names):
        raise TableError(
            f"{_duplicates(names)} One of them is the index: rename it with rename_axis(), or remove it "
            f"with reset_index(drop=True)."
        )
    return value.reset_index(names=labels)


def index_of(value: Any) -> Any:
    """Return the index of a data frame of pandas; None for anything else."""
    pandas: Any = sys.modules.get("pandas")
    frame = getattr(pandas, "DataFrame", None)
    return value.index if frame is not None and isinstance(value, frame) else None


def label_names(index: Any) -> list[Any]:
    """Return the names of the fields that an index becomes; none where it only numbers the rows."""
    if index.nlevels > 1:
        return [f"level_{level}" if name is None else name for level, name in enumerate(index.names)]
    if index.name is not None:
        return [index.name]
    return [] if index.dtype.kind in "iu" else [UNNAMED]


def _duplicates(names: Any) -> str:
    twice = [name for name, count in Counter(names).items() if count > 1]
    return f"has more than one column named {', '.join(repr(name) for name in twice)}. Rename or drop all but one."
