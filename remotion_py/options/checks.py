"""Checks of single option values: each takes (name, value) and returns the checked value, or raises `OptionError`."""

from __future__ import annotations

import numbers
import operator
import os
from collections.abc import Callable, Mapping
from typing import Any, cast

from .._data.convert import Converter
from .._data.wording import short_repr
from ..errors import OptionError

Check = Callable[[str, Any], Any]


def number(low: float, high: float, *, whole: bool, exclusive_low: bool = False) -> Check:
    """Make a check for a number in a span; numbers of numpy count, and become Python's."""
    kind = "a whole number" if whole else "a number"
    span = f"{'above' if exclusive_low else 'from'} {low:,} {'up to' if exclusive_low else 'to'} {high:,}"

    def check(name: str, value: Any) -> Any:
        found = _number(value, whole)
        if found is None or not (low < found if exclusive_low else low <= found) or found > high:
            raise OptionError(f"{name} is {short_repr(value)}, but must be {kind} {span}. Pass a number in this range.")
        return found

    return check


def _number(value: Any, whole: bool) -> int | float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, numbers.Integral):
        return operator.index(value)
    if whole or not isinstance(value, numbers.Real):
        return None
    try:
        return float(value)
    except OverflowError:  # a fraction beyond all floats
        return None


def function(name: str, value: Any) -> Any:
    """Check that a value can be called."""
    if not callable(value):
        raise OptionError(f"{name} is {short_repr(value)}, but must be a function. Pass a function with one argument.")
    return value


def choice(*allowed: str) -> Check:
    """Make a check for one of several words."""

    def check(name: str, value: Any) -> Any:
        if not isinstance(value, str) or value not in allowed:
            raise OptionError(f"{name} is {short_repr(value)}, but must be one of: {', '.join(allowed)}.")
        return value

    return check


def frame_range(name: str, value: Any) -> list[int | None]:
    """Normalise to `[first, last]`, where last None means the end of the composition.

    A `range` and a `slice` end before their stop, as everywhere in Python.
    """
    if isinstance(value, (range, slice)):
        value = _half_open(name, cast("range | slice[Any, Any, Any]", value))
    pair: list[Any] = list(cast("list[Any]", value)) if isinstance(value, (tuple, list)) else [value, value]
    first, last = [_frame(part) for part in pair] if len(pair) == 2 else (None, None)
    if first is None or (last is None and pair[1] is not None):
        raise OptionError(
            f"{name} is {short_repr(value)}, but must be one frame number, or (first, last), both counted from 0 and "
            f"both rendered; (first, None) runs to the end."
        )
    if last is not None and last < first:
        raise OptionError(f"{name} is {short_repr(value)}: its last frame is before its first. Swap them.")
    return [first, last]


def _half_open(name: str, value: range | slice[Any, Any, Any]) -> tuple[Any, Any]:
    first, stop = 0 if value.start is None else value.start, value.stop
    step = 1 if value.step is None else value.step
    ends = [end for end in (first, stop, step) if end is not None]
    if not all(isinstance(end, numbers.Integral) for end in ends) or first < 0 or (stop is not None and stop < 0):
        raise OptionError(
            f"{name} is {short_repr(value)}, but frames count from 0. Pass for example {_example(value)}."
        )
    last = None if stop is None else operator.index(stop) - 1
    if step != 1:
        raise OptionError(
            f"{name} is {short_repr(value)}, but a range of frames has no step. For every n-th frame pass "
            f"{name}={(first, last)} and every_nth_frame={step if step > 0 else 'n'}."
        )
    if last is not None and last < first:
        raise OptionError(
            f"{name} is {short_repr(value)}, which contains no frame. Pass for example {_example(value)}."
        )
    return first, last


def _example(value: range | slice[Any, Any, Any]) -> str:
    return f"{type(value).__name__}(0, 10), which is frames 0 to 9"


def _frame(value: Any) -> int | None:
    found = _number(value, whole=True)
    return found if isinstance(found, int) and found >= 0 else None


def strings(name: str, value: Any) -> dict[str, str]:
    """Check a mapping from names to strings."""
    mapping = cast("dict[Any, Any]", value)
    if not isinstance(value, Mapping) or not all(isinstance(item, str) for pair in mapping.items() for item in pair):
        raise OptionError(f"{name} is {short_repr(value)}, but must be a mapping from names to strings.")
    return {_sendable(name, key): _sendable(f"{name}[{key!r}]", item) for key, item in mapping.items()}


def boolean(name: str, value: Any) -> bool:
    """Check a truth value; those of numpy count, and become Python's."""
    if type(value).__name__ in ("bool", "bool_") and type(value).__module__ == "numpy":
        return bool(value)
    if not isinstance(value, bool):
        raise OptionError(f"{name} is {short_repr(value)}, but must be True or False.")
    return value


def path(name: str, value: Any) -> Any:
    """Check the path of a file or folder."""
    if not isinstance(value, (str, os.PathLike)) or not isinstance(os.fspath(cast(Any, value)), str):
        raise OptionError(f"{name} is {short_repr(value)}, but must be a path. Pass a string or a pathlib.Path.")
    if "\0" in os.fspath(cast("str | os.PathLike[str]", value)):
        raise OptionError(f"{name} is {short_repr(value)}, but a path cannot contain a null character. Remove it.")
    return cast(Any, value)


def text(name: str, value: Any) -> str:
    """Check a string."""
    if not isinstance(value, str) or not value:
        raise OptionError(f"{name} is {short_repr(value)}, but must be a string that is not empty.")
    return _sendable(name, value)


def json_object(name: str, value: Any) -> dict[str, Any]:
    """Check a JSON object; dates in it become ISO 8601 texts."""
    if not isinstance(value, Mapping):
        raise OptionError(f"{name} is {short_repr(value)}, but must be a JSON object. Pass a dict.")
    return Converter(name, plain_dates=True).convert(value)


def text_or_object(name: str, value: Any) -> str | dict[str, Any]:
    """Check a string or a JSON object."""
    return json_object(name, value) if isinstance(value, Mapping) else text(name, value)


def timezone(name: str, value: Any) -> str:
    """Check the name of a time zone, such as "Europe/Berlin"."""
    import zoneinfo

    if isinstance(value, zoneinfo.ZoneInfo):
        value = value.key
    zone = text(name, value)
    if zone == "UTC":
        return zone
    try:
        return zoneinfo.ZoneInfo(zone).key
    except (OSError, ValueError, zoneinfo.ZoneInfoNotFoundError):
        known = zoneinfo.available_timezones()
    import difflib

    close = difflib.get_close_matches(zone, known, n=1)
    hint = f" Did you mean {close[0]!r}?" if close else " Pass one such as 'UTC' or 'America/New_York'."
    if not known:
        hint = " This machine has no list of time zones: run pip install tzdata."
    raise OptionError(f"{name} is {short_repr(zone)}, but must be the name of a time zone.{hint}")


def _sendable(name: str, value: str) -> str:
    """Refuse what neither a command line nor JSON can carry."""
    try:
        value.encode()
    except UnicodeEncodeError:
        raise OptionError(
            f"{name} is {short_repr(value)}, but must not contain a lone surrogate (half a character). Remove it."
        ) from None
    if "\0" in value:
        raise OptionError(f"{name} is {short_repr(value)}, but must not contain a null character. Remove it.")
    return value
