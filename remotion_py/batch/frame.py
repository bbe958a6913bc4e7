"""The rows of a batch and their results as a data frame of any library."""

from __future__ import annotations

import contextlib
import numbers
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

from .._data.tables import label_names
from .manifest import Entry

Library: TypeAlias = Literal["pandas", "polars", "pyarrow", "modin", "cudf"]


def to_frame(rows: Sequence[Mapping[str, Any]], entries: Sequence[Entry], index: Any, library: Library) -> Any:
    """Return a data frame of rows and how they ended; see `BatchResult.to_frame()`.

    Args:
        rows: The fields of each row; none where they are not known.
        entries: How each row ended.
        index: The index of the rows in pandas; None for none. Its labels are fields of the rows, and become columns of
            other libraries only.
        library: Whose frame.
    """
    import narwhals as nw

    own = list(dict.fromkeys(name for row in rows for name in row))
    if index is not None and library == "pandas":
        labels = label_names(index)
        own = [name for name in own if name not in labels]
    columns = [_series(str(name), [row.get(name) for row in rows], library) for name in own]
    texts, figures = nw.String, nw.Float64
    for name, dtype in (
        ("status", texts),
        ("path", texts),
        ("duration", figures),
        ("seconds", figures),
        ("cost", figures),
        ("error", texts),
        ("render_id", texts),
    ):
        values = [getattr(entry, name) for entry in entries]
        # Texts of pandas may be missing in a column of objects only; others have a type for it.
        kind = None if dtype is texts and library == "pandas" else dtype
        columns.append(nw.new_series(f"render_{name}" if name in own else name, values, kind, backend=library))
    made: Any = nw.from_dict({column.name: column for column in columns}).to_native()
    if library != "pandas":
        return made
    for name in {"error", "render_error", "render_id", "render_render_id"} & set(made.columns) - set(own):
        made[name] = made[name].astype(object).where(made[name].notna(), None)
    if index is not None:
        made.index = index
    return made


def _series(name: str, values: list[Any], library: Library) -> Any:
    import narwhals as nw

    if library == "pandas" or not _mixed(values):
        with contextlib.suppress(Exception):  # whatever the library raises for values that it has no type for
            return nw.new_series(name, values, backend=library)
    return nw.new_series(name, [None if value is None else str(value) for value in values], backend=library)


def _mixed(values: list[Any]) -> bool:
    """Whether values are of several kinds, of which a library may change some: polars makes a list a struct."""
    kinds = {type(value) for value in values if value is not None}
    return len(kinds) > 1 and not all(issubclass(kind, numbers.Number) for kind in kinds)
