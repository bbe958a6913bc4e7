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
"""A call that is longer has one argument per line."""
INDENT = 4
LONGEST_VALUE = 300
LONGEST_KEPT = 100_000
"""Characters of a value in a call that is stored, which is all that is left after a restart of the kernel."""

CommandWriter: TypeAlias = Callable[[str], str]
"""Writes the call that repeats a render, given its props as JSON."""

called_as: ContextVar[str] = ContextVar("called_as", default="")
"""What a magic was called with, which is what repeats it."""
explained_as: ContextVar[Callable[[str], str]] = ContextVar("explained_as", default=str)
"""Writes the error of a page in the words of its user, where a magic has made the page."""


def command_of(
    call: str,
    serve_url: str | os.PathLike[str],
    composition: str,
    options: Mapping[str, Any],
    *,
    longest: int = LONGEST_VALUE,
) -> str:
    """Return the Python that renders the same again; values that are secret, long or not plain data stay names.

    Args:
        call: What is called, such as "client.render_media".
        serve_url: What was rendered.
        composition: Id of the composition.
        options: The options that were given; dates in `props` may be Python's, or as they are sent to the page.
        longest: Characters of a value that is written out.
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
    """Return what writes the same with long values too, once the props are known as JSON, whatever their type is."""

    def write(props: str) -> str:
        known = options.get("props") is not None and 0 < len(props) <= LONGEST_KEPT  # larger ones are elsewhere
        given = {**options, "props": json.loads(props)} if known else options
        return command_of(call, serve_url, composition, given, longest=LONGEST_KEPT)

    return write


def is_secret(name: str, value: Any) -> bool:
    """Return whether a value of an option may be a secret, which is neither displayed nor stored."""
    known = table(RenderStillOptions) | table(RenderMediaOptions)
    return name in known and known[name].hides(value)


def date_of(text: str) -> datetime.date | None:
    """Return the date of a text that a page receives as a `Date`; None for years and forms that Python does not have.

    Args:
        text: "remotion-date:" and the moment; midnight in UTC is a `date`, all else a `datetime` in UTC.
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
    """A value that has no Python of reasonable length."""


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
"""The Python of a value: of one piece, or a list, dict, tuple or call of several."""


class _Writer:
    """Turns plain data into Python.

    Args:
        longest: Characters at most.
        dates: Whether texts that a page receives as dates are written as dates.
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
            except ValueError:  # thousands of digits
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
    """Return Python in lines that are as long as they may be.

    Args:
        node: What is written.
        indent: Spaces at the beginning of the line on which it begins.
        used: Characters that are on that line besides.
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
    """Return short items, several on a line."""
    lines = [""]
    for item in items:
        longer = f"{lines[-1]} {item},".lstrip()
        if len(longer) > width and lines[-1]:
            lines.append(f"{item},")
        else:
            lines[-1] = longer
    return lines
