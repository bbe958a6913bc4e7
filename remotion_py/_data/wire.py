"""Converts dataclasses to and from JSON objects with camelCase keys. Checks the types of fields; keeps unknown keys."""

from __future__ import annotations

import dataclasses
import re
import types
import typing
from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar, cast

from .untrusted import Fail, described

T = TypeVar("T")

OTHERS = "others"
"""The field that keeps the keys that no other field has."""
_WORDS: dict[type, str] = {
    str: "a text",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    dict: "an object",
    list: "a list",
}


def camel(name: str) -> str:
    """Return the key of a field: `serve_url` is `serveUrl`."""
    return re.sub(r"_([a-z0-9])", lambda found: found[1].upper(), name)


def from_wire(cls: type[T], found: Mapping[str, Any], what: str, fail: Fail) -> T:
    """Read a dataclass. A field that is missing or null has its default.

    Args:
        cls: The dataclass, whose fields are texts, numbers, truth values, dicts or lists.
        found: The JSON object.
        what: What it is, as the subject of an error, such as "The payload".
        fail: Makes the error of a sentence.
    """
    left, values = dict(found), dict[str, Any]()
    for key, (name, allowed, required) in _fields(cls).items():
        value = left.pop(key, None)
        if value is None:
            if required:
                raise fail(f"{what} has no {key}.")
            continue
        if isinstance(value, float) and float not in allowed and value.is_integer():
            value = int(value)
        if not _fits(value, allowed):
            expected = " or ".join(_WORDS[kind] for kind in allowed)
            found_value = "of another type" if dict in allowed else described(value)  # objects may hold secrets
            raise fail(f"{what} has {key} {found_value}, but must have {expected}.")
        values[name] = value
    return cls(**values, **{OTHERS: left})


def to_wire(value: Any) -> dict[str, Any]:
    """Return what `from_wire()` reads."""
    own = {key: getattr(value, name) for key, (name, _, _) in _fields(cast("type[Any]", type(value))).items()}
    return {**getattr(value, OTHERS), **own}


@cache
def _fields(cls: type[Any]) -> dict[str, tuple[str, tuple[type, ...], bool]]:
    """Return by key: the name of a field, the types that it may have, and whether it is required."""
    hints = typing.get_type_hints(cls)
    return {
        camel(field.name): (
            field.name,
            tuple(_types(hints[field.name])),
            field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING,
        )
        for field in dataclasses.fields(cls)
        if field.name != OTHERS
    }


def _types(hint: Any) -> list[type]:
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return [kind for part in typing.get_args(hint) for kind in _types(part) if kind is not types.NoneType]
    return [typing.get_origin(hint) or hint]


def _fits(value: Any, allowed: tuple[type, ...]) -> bool:
    if isinstance(value, bool):
        return bool in allowed
    if isinstance(value, int) and float in allowed:
        return True
    return isinstance(value, allowed)
