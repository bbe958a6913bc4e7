"""Compares JSON with a TypedDict: every field that must be there is there, none is more, and all have their types."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from typing import Any, Literal, NotRequired, Union, get_args, get_origin, get_type_hints


def faults(value: Any, wanted: Any, path: str = "") -> Iterator[str]:
    """Yield a sentence for each place where a value is not of a type; an int is a float too, a bool is no int."""
    origin, arguments = get_origin(wanted), get_args(wanted)
    if wanted is Any:
        return
    if origin is NotRequired:
        yield from faults(value, arguments[0], path)
    elif origin in (Union, types.UnionType):
        if all(any(True for _ in faults(value, one, path)) for one in arguments):
            yield f"{path} is {value!r}, not {wanted}"
    elif origin is Literal:
        if value not in arguments:
            yield f"{path} is {value!r}, not one of {arguments}"
    elif typing.is_typeddict(wanted):
        yield from _fields(value, wanted, path)
    elif origin is list and isinstance(value, list):
        for index, item in enumerate(value):
            yield from faults(item, arguments[0], f"{path}[{index}]")
    elif origin is dict and isinstance(value, dict):
        for name, item in value.items():
            yield from faults(item, arguments[1], f"{path}.{name}")
    elif not _is_plain(value, wanted):
        yield f"{path} is {value!r}, not {wanted}"


def _fields(value: Any, wanted: Any, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path} is {value!r}, not an object"
        return
    hints = get_type_hints(wanted, include_extras=True)
    optional = {name for name, hint in hints.items() if get_origin(hint) is NotRequired or not wanted.__total__}
    yield from (f"{path}.{name} is missing" for name in sorted(hints.keys() - optional - value.keys()))
    yield from (f"{path}.{name} is unknown" for name in sorted(value.keys() - hints.keys()))
    for name in hints.keys() & value.keys():
        yield from faults(value[name], hints[name], f"{path}.{name}")


def _is_plain(value: Any, wanted: Any) -> bool:
    if wanted in (None, type(None)):
        return value is None
    if not isinstance(wanted, type):
        return False
    return type(value) is wanted or (wanted is float and type(value) is int)
