"""Rows of whatever kind, and the outputs and props that they ask for; all of it is checked before the first frame."""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import json
import os
import string
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeAlias, cast

from ..errors import OptionError, OutputError, PropsError
from ..props import fields_of, serialize_props

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
        key: Tells whether the same was rendered before: a hash of site, composition, options and props.
    """

    index: int
    output: Path
    props: str
    key: str


def read_rows(rows: Rows) -> list[dict[str, Any]]:
    """Return rows as mappings.

    Raises:
        OptionError: They are none, or a file that cannot be read as such.
    """
    if isinstance(rows, (str, os.PathLike)):
        return _read_file(Path(cast("str | os.PathLike[str]", rows)))
    import narwhals as nw

    frame: Any = nw.from_native(rows, pass_through=True)
    if isinstance(frame, nw.LazyFrame):
        raise OptionError("The rows are a lazy frame, which has no rows yet. Pass what its collect() returns.")
    if isinstance(frame, nw.DataFrame):
        return [dict(row) for row in frame.iter_rows(named=True)]
    if isinstance(rows, Mapping) or not isinstance(rows, Iterable):
        raise OptionError(
            f"The rows are a {type(rows).__name__}. Pass a data frame, a list of mappings, or the path of a .jsonl or "
            f".csv file."
        )
    return [_mapping(row, index) for index, row in enumerate(cast("Iterable[Any]", rows))]


def _mapping(row: Any, index: int) -> dict[str, Any]:
    if isinstance(row, Mapping):
        return dict(cast("Mapping[str, Any]", row))
    fields = fields_of(row)
    if fields is not None:
        return fields
    raise OptionError(f"Row {index} is a {type(row).__name__}, but must be a mapping, a dataclass or a model.")


def _read_file(path: Path) -> list[dict[str, Any]]:
    if not path.is_file():
        raise OptionError(f"There is no file {path} with rows. Check its name.")
    if path.suffix.lower() == ".csv":
        with path.open(newline="", encoding="utf-8-sig") as file:
            return _csv_rows(path, csv.reader(file))
    if path.suffix.lower() not in (".jsonl", ".ndjson"):
        raise OptionError(f"The rows in {path} must be .jsonl or .csv. Read another format into a data frame first.")
    found: list[dict[str, Any]] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise OptionError(f"Line {number} of {path} is not valid JSON: {error.msg}. Mend it.") from None
        found.append(_mapping(row, len(found)))
    return found


def _csv_rows(path: Path, lines: Any) -> list[dict[str, Any]]:
    header: list[str] = next(lines, [])
    found: list[dict[str, Any]] = []
    for fields in lines:
        if not fields:
            continue
        if len(fields) != len(header):
            raise OptionError(
                f"Line {lines.line_num} of {path} has {len(fields)} fields, but its header has {len(header)}: "
                f"{', '.join(header)}. Mend the line."
            )
        found.append(dict(zip(header, fields, strict=True)))
    return found


def plan_rows(
    rows: list[dict[str, Any]],
    *,
    output: str,
    props: RowProps,
    about: Mapping[str, Any],
) -> list[Row]:
    """Return what each row asks for.

    Args:
        rows: The rows.
        output: Template of the outputs: fields of a row, and `{index}`.
        props: Props of all rows, which each row's fields go over; or a function from a row to its props. None makes the
            row's fields the props.
        about: What else decides a result: site, composition, options.

    Raises:
        OptionError: There are no rows.
        OutputError: A field that a row does not have, or two rows with the same output.
        PropsError: Props of a row that are not JSON.
    """
    if not rows:
        raise OptionError("There are no rows to render. Check the file, or the filter of the frame.")
    planned: list[Row] = []
    taken: dict[Path, int] = {}
    base = hashlib.sha256(json.dumps(about, sort_keys=True, default=str).encode())
    for index, row in enumerate(rows):
        path = Path(_filled(output, row, index)).expanduser()
        if path in taken:
            raise OutputError(
                f"Rows {taken[path]} and {index} both go to {path}. Put a field that differs into output, or {{index}}."
            )
        taken[path] = index
        text = _props(props, row, index)
        digest = base.copy()
        digest.update(text.encode())
        planned.append(Row(index, path, text, digest.hexdigest()[:24]))
    return planned


def _props(props: RowProps, row: Mapping[str, Any], index: int) -> str:
    made = props(row) if callable(props) else {**(props or {}), **row}
    try:
        return serialize_props(made)
    except PropsError as error:
        told = error.message.replace("props", f"rows[{index}]", 1)
        raise PropsError(told, row=index) from None


def _filled(template: str, row: Mapping[str, Any], index: int) -> str:
    fields = [name for _, name, _, _ in string.Formatter().parse(template) if name is not None]
    known = {"index": index, **row}
    for field in fields:
        name = field.split(".")[0].split("[")[0]
        if name not in known:
            raise OutputError(
                f"The output {template!r} names the field {name!r}, which row {index} does not have. It has: "
                f"{', '.join(map(str, row)) or 'none'}, and index.",
                row=index,
            )
        if known[name] is None or known[name] != known[name]:
            raise OutputError(
                f"The output {template!r} names the field {name!r}, which is missing in row {index}. Give it a value, "
                f"drop the row, or name another field.",
                row=index,
            )
    try:
        return template.format_map({name: _safe(value) for name, value in known.items()})
    except (ValueError, AttributeError, LookupError) as error:
        raise OutputError(f"The output {template!r} cannot be filled in for row {index}: {error}.", row=index) from None


def _safe(value: Any) -> Any:
    """Keep a value from leading out of the folder."""
    if not isinstance(value, str):
        return value
    cleaned = value.replace("/", "-").replace("\\", "-").replace("\0", "")
    return "-" if cleaned in (".", "..") else cleaned


def site_mark(serve_url: str | os.PathLike[str]) -> str:
    """Return what tells whether a site has changed: a hash of a folder's files; the address itself for others."""
    root = Path(serve_url).expanduser()
    if "://" in os.fspath(serve_url) or not root.is_dir():
        return os.fspath(serve_url)
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*")):
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(root).parts):
            digest.update(path.relative_to(root).as_posix().encode() + b"\0")
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:24]
