"""The output of a row: a template that is filled in with the row's fields."""

from __future__ import annotations

import os
import re
import string
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .._data.convert import is_missing
from .._data.output import LONGEST_NAME, expanded
from ..errors import OutputError

_UNSAFE = re.compile(r'[/\\:?*"<>|\x01-\x1f\x7f]')
"""Separates folders, or is refused in names by Windows and by drives that are shared with it."""
_RESERVED = re.compile(r"(con|prn|aux|nul|com[1-9]|lpt[1-9])(\.|$)", re.IGNORECASE)
"""Names of devices there, whatever their extension."""


@dataclass(frozen=True)
class Output:
    """Where the result of a row goes.

    Attributes:
        path: Its file.
        asked: The name by the fields, where it is not safe and was changed; otherwise None.
    """

    path: Path
    asked: str | None = None


def output_of(template: str, row: Mapping[str, Any], index: int) -> Output:
    """Return the output of a row. What its fields hold cannot lead out of the folder that the template names.

    Characters that some systems refuse in names are replaced by `-`, and blanks around a name are left out.

    Args:
        template: Names fields of the row, and `{index}`.
        row: The row.
        index: Its place among the rows.

    Raises:
        OutputError: The template is not one, names a field that the row does not have, makes no file name, or begins
            with a user who has no home folder.
    """
    template = _at_home(template)
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
                f"The output {template!r} names the field {name!r}, but row {index} has no value for it. "
                f"Add a value, drop the row, or use another field.",
                row=index,
            )
    try:
        asked = string.Formatter().vformat(template, (), known)
        filled = _safe_parts(template, _Filler().vformat(template, (), known))
        path = Path(filled)
        names = [len(os.fsencode(part)) for part in path.parts]
    except Exception as error:  # whatever formatting the row's own values raises
        raise OutputError(f"The output {template!r} cannot be filled in for row {index}: {error}.", row=index) from None
    _check_parts(template, filled, index)
    if max(names, default=0) > LONGEST_NAME:
        raise OutputError(
            f"The output {template!r} makes a name of {max(names)} bytes for row {index}, but the maximum "
            f"is {LONGEST_NAME}. Use a shorter field, or cut it as in {{title:.50}}.",
            row=index,
        )
    return Output(path, asked if asked != filled else None)


def _safe_parts(template: str, filled: str) -> str:
    """Return a path whose parts with fields are names that every system takes; the others are the template's own."""
    parts = zip(_marked(template).split("/"), filled.split("/"), strict=True)
    return "/".join(_safe(part) if "\0" in written else part for written, part in parts)


def _safe(name: str) -> str:
    """Return a name without blanks at its ends, and not of a device; "", "." and ".." as they are."""
    if name in ("", ".", ".."):
        return name
    stem, extension = Path(name).stem.strip(), Path(name).suffix.rstrip(". ")
    stem = stem if extension else stem.rstrip(". ")
    safe = f"{stem or '-'}{extension}"
    return f"_{safe}" if _RESERVED.match(safe) else safe


def _marked(template: str) -> str:
    """Return a template with a mark in place of each field."""
    return "".join(text + ("\0" if name is not None else "") for text, name, _, _ in _pieces(template))


def _at_home(template: str) -> str:
    """Return a template with its own leading `~` written out, before a field could be taken for one."""
    if not template.startswith("~"):
        return template
    first, slash, _ = _pieces(template)[0][0].partition("/")
    if not slash:  # a field belongs to the name of the user, which is refused when it is filled in
        return template
    return str(expanded(first)).replace("{", "{{").replace("}", "}}") + template[len(first) :]


def _check_parts(template: str, filled: str, index: int) -> None:
    """Refuse fields that make a part of the path into one with a meaning of its own.

    An empty first part makes the path an absolute one, and an empty part before a `..` lets that lead further up.
    Fields hold no `/`, so the parts are those of the template. A leading `~` would be written out later.

    Raises:
        OutputError: A part with a field is empty, `.` or `..`; or the path begins with `~`.
    """
    for written, part in zip(_marked(template).split("/"), filled.split("/"), strict=True):
        if "\0" in written and part in ("", ".", ".."):
            raise OutputError(
                f"The output {template!r} has the part {part!r} for row {index}, so the path would lead to "
                f"another folder. Give the field a value, or add text to the part as in 'videos-{{folder}}'.",
                row=index,
            )

    first = str(Path(filled)).split("/")[0]
    if first.startswith("~"):
        raise OutputError(
            f"The output {template!r} begins with {first!r} for row {index}, which means the home folder of "
            f"a user. Start it with a folder, as in 'videos/{{name}}.mp4'.",
            row=index,
        )


def _fields(template: str) -> list[str]:
    return [name for _, name, _, _ in _pieces(template) if name is not None]


def _pieces(template: str) -> list[tuple[str, str | None, str | None, str | None]]:
    try:
        return list(string.Formatter().parse(template))
    except ValueError as error:
        raise OutputError(
            f"The output {template!r} is not a valid template: {error}. Write fields as in "
            f"'videos/{{name}}.mp4', and double all other braces."
        ) from None


class _Filler(string.Formatter):
    """Fills in a template, and keeps each field from leading out of its folder, whatever it is written from."""

    def format_field(self, value: Any, format_spec: str) -> str:
        """Return one field as text."""
        written = str(super().format_field(value, format_spec))
        cleaned = _UNSAFE.sub("-", written.replace("\0", ""))
        return "-" if cleaned in (".", "..") else cleaned
