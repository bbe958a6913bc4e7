"""The call that repeats a render, as Python code that can be pasted and run."""

from __future__ import annotations

import datetime
import fractions
import json
import math
import os
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

from .. import examples
from .._data.convert import DATE_PREFIX, MAX_DEPTH
from ..options.option import table
from ..options.renders import RenderMediaOptions, RenderStillOptions

LINE = 80
"""A call with more characters than this has one argument per line."""
INDENT = 4
LONGEST_VALUE = 300
LONGEST_KEPT = 100_000
"""Maximum characters of a value in a stored call; after a restart of the kernel, only the stored call exists."""

CommandWriter: TypeAlias = Callable[[str], str]
"""Writes the call that repeats a render, given its props as JSON."""

called_as: ContextVar[str] = ContextVar("called_as", default="")
"""The call of the magic that runs now; it repeats the render."""
explained_as: ContextVar[Callable[[str], str]] = ContextVar("explained_as", default=str)
"""Rewrites an error of a page that a magic generated, so that it refers to the code of the user."""


def command_of(
    call: str,
    serve_url: str | os.PathLike[str],
    composition: str,
    options: Mapping[str, Any],
    *,
    longest: int = LONGEST_VALUE,
) -> str:
    """Return Python code that repeats a render; values that are secret, long or not plain data are shown as names.

    Args:
        call: The function to call, such as "client.render_media".
        serve_url: The site.
        composition: Id of the composition.
        options: The options that were given; dates in `props` may be Python dates or in the format of the page.
        longest: Maximum characters of a value that is written out.
    """
    hidden = {name for name, value in options.items() if is_secret(name, value)}
    if called_as.get() and not hidden:
        return called_as.get()
    modules: set[str] = set()

    def written(name: str, value: Any) -> _Node:
        writer = _Writer(longest, dates=name == "props")
        try:
            node = writer.node(value)
        except _NotPlainError:
            return name
        modules.update(writer.modules)
        return node

    items: list[tuple[str, _Node]] = [
        ("", _example(serve_url) or written("serve_url", serve_url)),
        ("", repr(composition)),
    ]
    items += [(f"{name}=", name if name in hidden else written(name, value)) for name, value in options.items()]
    imports = "".join(f"import {module}\n" for module in sorted(modules))
    return f"{imports}\n{_laid_out(_Group(f'{call}(', items, ')'))}".lstrip()


def _example(serve_url: str | os.PathLike[str]) -> str | None:
    return next((f"rp.examples.{name}" for name in examples.__all__ if serve_url == getattr(examples, name)), None)


def command_writer(
    call: str, serve_url: str | os.PathLike[str], composition: str, options: Mapping[str, Any]
) -> CommandWriter:
    """Return a writer of the same call with long values; it gets the props as JSON, so their type does not matter."""

    def write(props: str) -> str:
        known = options.get("props") is not None and 0 < len(props) <= LONGEST_KEPT  # larger ones: stored elsewhere
        given = {**options, "props": json.loads(props)} if known else options
        return command_of(call, serve_url, composition, given, longest=LONGEST_KEPT)

    return write


def is_secret(name: str, value: Any) -> bool:
    """Return whether the value of an option may be a secret; secrets are neither displayed nor stored."""
    known = table(RenderStillOptions) | table(RenderMediaOptions)
    return name in known and known[name].hides(value)


def date_of(text: str) -> datetime.date | None:
    """Return the date of a text that a page receives as a `Date`; None for years and formats that Python lacks.

    Args:
        text: "remotion-date:" and a time; midnight in UTC becomes a `date`, all other times a `datetime` in UTC.
    """
    try:
        moment = datetime.datetime.fromisoformat(text.removeprefix(DATE_PREFIX))
    except ValueError:
        return None
    if moment.tzinfo is None and "T" in text:
        return None  # a page reads it in its own time zone
    try:
        moment = moment.astimezone(datetime.UTC) if moment.tzinfo else moment
    except OverflowError:
        return None
    return moment.date() if moment.time() == datetime.time() else moment


class _NotPlainError(Exception):
    """A value that cannot be written as Python code of reasonable length."""


@dataclass(frozen=True)
class _Group:
    opening: str
    items: list[tuple[str, _Node]]
    closing: str

    @property
    def flat(self) -> str:
        inside = ", ".join(f"{prefix}{_flat(item)}" for prefix, item in self.items)
        return f"{self.opening}{inside}{',' if self.opening == '(' and len(self.items) == 1 else ''}{self.closing}"


_Node: TypeAlias = str | _Group
"""The Python code of a value: one piece of text, or a list, dict, tuple or call with several parts."""


class _Writer:
    """Converts plain data to Python code.

    Args:
        longest: Maximum number of characters.
        dates: Whether texts that a page receives as dates are written as Python dates.
    """

    def __init__(self, longest: int, *, dates: bool) -> None:
        self.modules: set[str] = set()
        self._dates = dates
        self._left = longest

    def node(self, value: Any, depth: int = 0) -> _Node:
        if depth > MAX_DEPTH:
            raise _NotPlainError
        if type(value) is dict:
            pairs = [(key, item) for key, item in cast("dict[Any, Any]", value).items()]
            if any(type(key) is not str for key, _ in pairs):
                raise _NotPlainError  # JSON would change the key
            items = [(f"{self._piece(repr(key))}: ", self.node(item, depth + 1)) for key, item in pairs]
            return _Group("{", items, "}")
        if type(value) in (list, tuple):
            opening, closing = "[]" if type(value) is list else "()"
            return _Group(opening, [("", self.node(item, depth + 1)) for item in value], closing)
        return self._piece(self._atom(value))

    def _atom(self, value: Any) -> str:
        if type(value).__module__ == "numpy" and hasattr(value, "item") and not getattr(value, "shape", ()):
            value = value.item()
        if isinstance(value, os.PathLike):
            value = os.fspath(cast("os.PathLike[str]", value))
        if self._dates and type(value) is str and value.startswith(DATE_PREFIX):
            value = date_of(value) or value
        if value is None or type(value) in (bool, str) or (type(value) is float and math.isfinite(value)):
            return repr(value)
        if type(value) is int:
            try:
                return repr(value)
            except ValueError:  # an integer with thousands of digits
                raise _NotPlainError from None
        if type(value) is fractions.Fraction:
            self.modules.add("fractions")
            return f"fractions.{value!r}"
        if type(value) is datetime.date or (type(value) is datetime.datetime and value.tzinfo in (None, datetime.UTC)):
            self.modules.add("datetime")
            return repr(value)
        raise _NotPlainError

    def _piece(self, text: str) -> str:
        self._left -= len(text) + 2
        if self._left < 0:
            raise _NotPlainError
        return text


def _flat(node: _Node) -> str:
    return node if isinstance(node, str) else node.flat


def _laid_out(node: _Node, indent: int = 0, used: int = 0) -> str:
    """Return Python code in lines of at most `LINE` characters, as few as possible.

    Args:
        node: The code of a value.
        indent: Spaces at the beginning of its first line.
        used: Other characters on that line.
    """
    flat = _flat(node)
    if isinstance(node, str) or not node.items or indent + used + len(flat) <= LINE:
        return flat
    inner = indent + INDENT
    if all(isinstance(item, str) and not prefix for prefix, item in node.items):
        lines = _filled([_flat(item) for _, item in node.items], LINE - inner)
    else:
        lines = [f"{prefix}{_laid_out(item, inner, len(prefix) + 1)}," for prefix, item in node.items]
    return "\n".join([node.opening, *(f"{' ' * inner}{line}" for line in lines), f"{' ' * indent}{node.closing}"])


def _filled(items: list[str], width: int) -> list[str]:
    """Join short items into lines of at most `width` characters."""
    lines = [""]
    for item in items:
        longer = f"{lines[-1]} {item},".lstrip()
        if len(longer) > width and lines[-1]:
            lines.append(f"{item},")
        else:
            lines[-1] = longer
    return lines
