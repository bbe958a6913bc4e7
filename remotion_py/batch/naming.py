"""Where the result of a row goes: a template filled in with the row's fields."""

from __future__ import annotations

import os
import string
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .._convert import is_missing
from ..errors import OutputError

LONGEST_NAME = 255
"""Bytes of a file name, on all common file systems."""


def output_of(template: str, row: Mapping[str, Any], index: int) -> Path:
    """Return the output of a row. What its fields hold cannot lead out of the folder that the template names.

    Args:
        template: Names fields of the row, and `{index}`.
        row: The row.
        index: Its place among the rows.

    Raises:
        OutputError: The template is not one, names a field that the row does not have, or makes no file name.
    """
    known = {"index": index, **row}
    for field in _fields(template):
        name = field.split(".")[0].split("[")[0]
        if name not in known:
            raise OutputError(
                f"The output {template!r} names the field {name!r}, which row {index} does not have. It has: "
                f"{', '.join(map(str, row)) or 'none'}, and index.",
                row=index,
            )
        if is_missing(known[name]):
            raise OutputError(
                f"The output {template!r} names the field {name!r}, which is missing in row {index}. Give it a value, "
                f"drop the row, or name another field.",
                row=index,
            )
    try:
        path = Path(_Filler().vformat(template, (), known)).expanduser()
        names = [len(os.fsencode(part)) for part in path.parts]
    except Exception as error:  # whatever formatting the row's own values raises
        raise OutputError(f"The output {template!r} cannot be filled in for row {index}: {error}.", row=index) from None
    if max(names, default=0) > LONGEST_NAME:
        raise OutputError(
            f"The output {template!r} makes a name of {max(names)} bytes for row {index}, but {LONGEST_NAME} are the "
            f"most. Name a shorter field, or cut it as in {{title:.50}}.",
            row=index,
        )
    return path


def _fields(template: str) -> list[str]:
    try:
        return [name for _, name, _, _ in string.Formatter().parse(template) if name is not None]
    except ValueError as error:
        raise OutputError(
            f"The output {template!r} is not a template: {error}. Name fields as in 'videos/{{name}}.mp4', and write "
            f"braces that are meant as such twice."
        ) from None


class _Filler(string.Formatter):
    """Fills in a template, and keeps each field from leading out of its folder, whatever it is written from."""

    def format_field(self, value: Any, format_spec: str) -> str:
        """Return one field as text."""
        written = str(super().format_field(value, format_spec))
        cleaned = written.replace("/", "-").replace("\\", "-").replace("\0", "")
        return "-" if cleaned in (".", "..") else cleaned
