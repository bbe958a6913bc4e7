"""Reads rows from `.jsonl` and `.csv` files."""

from __future__ import annotations

import csv
import io
import sys
import threading
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .._data.textfile import read_text
from ..errors import OptionError, PropsError
from ..props import parse_json

_LIMIT = threading.Lock()
"""Held while the csv module's limit is another one: batches are planned in threads."""


def read_file(path: Path) -> list[Any]:
    """Return the rows of a file; those of `.csv` are mappings to strings.

    Raises:
        OptionError: There is no such file, or a line of it cannot be read.
    """
    try:
        path = path.expanduser()
        is_file, is_folder = path.is_file(), path.is_dir()
    except (OSError, RuntimeError, ValueError):  # such as a name that is too long
        is_file = is_folder = False
    if is_folder:
        raise OptionError(
            f"rows is {path}, which is a folder. Pass the rows first, and then the site: render_batch(rows, "
            f"serve_url, composition, output)."
        )
    if not is_file:
        raise OptionError(
            f"The file {path} with rows does not exist. Check its name; the rows come before the site: "
            f"render_batch(rows, serve_url, composition, output)."
        )
    kind = path.suffix.lower()
    if kind not in (".csv", ".jsonl", ".ndjson"):
        raise OptionError(f"The rows in {path} must be .jsonl or .csv. Read another format into a data frame first.")
    text = read_text(path, OptionError)
    return _csv_rows(path, text) if kind == ".csv" else _json_rows(path, text)


def _json_rows(path: Path, text: str) -> list[Any]:
    found: list[Any] = []
    # Not splitlines(): JSON may hold characters that end a line elsewhere, such as U+2028, inside its strings.
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            found.append(parse_json(line, f"Line {number} of {path} is"))
        except PropsError as error:
            raise OptionError(error.message) from None
    return found


def _csv_rows(path: Path, text: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    lines = csv.reader(io.StringIO(text, newline=""))
    with long_fields():
        try:
            header = next(lines, [])
            _check_header(path, header)
            for fields in lines:
                if not fields:
                    continue
                if len(fields) != len(header):
                    raise OptionError(
                        f"Line {lines.line_num} of {path} has {len(fields)} fields, but its header has {len(header)}: "
                        f"{', '.join(header)}. Correct the line."
                    )
                found.append(dict(zip(header, fields, strict=True)))
        except csv.Error as error:
            raise OptionError(f"Line {lines.line_num} of {path} is not valid CSV: {error}. Correct the line.") from None
    return found


def _check_header(path: Path, header: list[str]) -> None:
    twice = [name for name, count in Counter(header).items() if count > 1]
    if twice:
        raise OptionError(
            f"The header of {path} has more than one column named {', '.join(map(repr, twice))}. Rename all but one."
        )
    for separator in ";\t":
        if len(header) == 1 and separator in header[0]:
            raise OptionError(
                f"The columns of {path} are separated by {separator!r}, but must be separated by commas. "
                f"Save it with commas, or pass the frame pandas.read_csv({path.name!r}, sep={separator!r})."
            )


@contextmanager
def long_fields() -> Generator[None]:
    """Let fields be longer than the csv module's limit of 131,072, which is one for the whole process."""
    with _LIMIT:
        before = csv.field_size_limit(sys.maxsize)
        try:
            yield
        finally:
            csv.field_size_limit(before)
