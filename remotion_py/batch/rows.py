"""The rows of a batch, with their outputs and props. All of them are checked before the first frame."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias, cast

from .._data.convert import Nan, fields_of
from .._data.tables import TableError, records
from ..errors import OptionError, OutputError, PropsError
from ..props import serialize_props
from .files import read_file
from .naming import output_of

Rows: TypeAlias = "Iterable[Mapping[str, Any]] | str | os.PathLike[str] | Any"
"""A data frame of whatever library, a list of mappings, dataclasses or models, or the path of a .jsonl or .csv file."""
RowProps: TypeAlias = "Mapping[str, Any] | Callable[[Mapping[str, Any]], Mapping[str, Any]] | None"


@dataclasses.dataclass(frozen=True)
class Row:
    """One render of a batch.

    Attributes:
        index: Its place among the rows, from 0.
        output: Where its result goes.
        props: Its props, as JSON text.
        key: Identifies what is rendered: a hash of site, composition, options and props.
        asked: The output by its fields, where that is not a safe name; otherwise None.
    """

    index: int
    output: Path
    props: str
    key: str
    asked: str | None = None


def read_rows(rows: Rows) -> list[dict[str, Any]]:
    """Return rows as mappings.

    Raises:
        OptionError: They are none, or a file that cannot be read as such.
    """
    if isinstance(rows, (str, os.PathLike)):
        listed: Any = read_file(Path(cast("str | os.PathLike[str]", rows)))
    else:
        try:
            listed = records(rows)
        except TableError as error:
            raise OptionError(f"The table of rows {error}") from None
    if listed is None:
        listed = rows
    if isinstance(listed, (Mapping, bytes)) or not isinstance(listed, Iterable):
        raise OptionError(
            f"The rows are a {type(rows).__name__}. Pass a data frame (convert a dict of columns with "
            f"pandas.DataFrame(...)), a list of mappings, or the path of a .jsonl or .csv file."
        )
    return [_mapping(row, index) for index, row in enumerate(cast("Iterable[Any]", listed))]


def _mapping(row: Any, index: int) -> dict[str, Any]:
    if isinstance(row, Mapping):
        return dict(cast("Mapping[str, Any]", row))
    fields = fields_of(row)
    if fields is not None:
        return fields
    grouped = " Convert the groupby() to one row per group, for example with first()." if isinstance(row, tuple) else ""
    raise OptionError(f"Row {index} is a {type(row).__name__}, but must be a mapping, a dataclass or a model.{grouped}")


def plan_rows(
    rows: Sequence[Mapping[str, Any]],
    *,
    output: str,
    props: RowProps,
    about: Mapping[str, Any],
    nan: Nan = "error",
) -> list[Row]:
    """Return what each row asks for.

    Args:
        rows: The rows.
        output: Template of the outputs: fields of a row, and `{index}`.
        props: Props of all rows, which each row's fields go over; or a function from a row to its props. None makes the
            row's fields the props.
        about: What else decides a result: site, composition, options.
        nan: What becomes of NaN and missing dates: "error", or "null".

    Raises:
        OptionError: There are no rows.
        OutputError: A field that a row does not have, or two rows with the same output.
        PropsError: Props of a row that are not JSON.
    """
    if not rows:
        raise OptionError("There are no rows to render. Check the file, or the filter of the frame.")
    shared = props if callable(props) else _shared(props)
    planned: list[Row] = []
    taken: dict[Path, int] = {}
    base = hashlib.sha256(_fingerprint(about).encode(errors="backslashreplace"))
    for index, row in enumerate(rows):
        made = output_of(output, row, index)
        path = made.path
        if path in taken:
            raise OutputError(
                f"Rows {taken[path]} and {index} both have the output {path}. Add a field that differs to "
                f"output, or {{index}}."
            )
        taken[path] = index
        text = _props(shared, row, index, nan)
        digest = base.copy()
        digest.update(text.encode())
        planned.append(Row(index, path, text, digest.hexdigest()[:24], made.asked))
    return planned


def _shared(props: Any) -> Mapping[str, Any]:
    fields: Any = {} if props is None else props if isinstance(props, Mapping) else fields_of(props)
    if fields is None:
        raise PropsError(
            f"The props of all rows must be a mapping, or a function from a row to its props, but are of type "
            f"{type(props).__name__}."
        )
    return cast("Mapping[str, Any]", fields)


def _props(shared: RowProps, row: Mapping[str, Any], index: int, nan: Nan) -> str:
    made = shared(row) if callable(shared) else {**(shared or {}), **row}
    try:
        return serialize_props(made, nan=nan, path=f"rows[{index}]")
    except PropsError as error:
        raise PropsError(error.message, row=index) from None


def _fingerprint(about: Mapping[str, Any]) -> str:
    try:
        return json.dumps(about, sort_keys=True, default=str)
    except (TypeError, ValueError, RecursionError):  # options that the check of options is about to refuse
        return ""


def site_mark(serve_url: str | os.PathLike[str]) -> str:
    """Return a text that changes when a site changes: a hash of a folder's files; for a URL, the URL itself."""
    try:
        root = Path(serve_url).expanduser()
        is_folder = "://" not in os.fspath(serve_url) and root.is_dir()
    except (OSError, RuntimeError, ValueError):  # what is not a path is refused where the site is opened
        is_folder = False
    if not is_folder:
        return os.fspath(serve_url)
    root = Path(serve_url).expanduser()
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*")):
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(root).parts):
            digest.update(path.relative_to(root).as_posix().encode(errors="surrogateescape") + b"\0")
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:24]
