"""Checks of single option values: each takes (name, value) and returns the checked value, or raises `OptionError`."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any, cast

from .errors import OptionError

Check = Callable[[str, Any], Any]


def number(low: float, high: float, *, whole: bool, exclusive_low: bool = False) -> Check:
    """Make a check for a number in a span."""
    kind = "a whole number" if whole else "a number"
    span = f"{'above' if exclusive_low else 'from'} {low:,} {'up to' if exclusive_low else 'to'} {high:,}"

    def check(name: str, value: Any) -> Any:
        good = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
        if not good or not (low < value if exclusive_low else low <= value) or value > high:
            raise OptionError(f"{name} is {value!r}, but must be {kind} {span}. Pass such a number.")
        return value

    return check


def choice(*allowed: str) -> Check:
    """Make a check for one of several words."""

    def check(name: str, value: Any) -> Any:
        if value not in allowed:
            raise OptionError(f"{name} is {value!r}, but must be one of: {', '.join(allowed)}.")
        return value

    return check


def frame_range(name: str, value: Any) -> list[int | None]:
    """Normalise to `[first, last]`, where last None means the end of the composition."""
    pair: list[Any] = (
        [value, value] if isinstance(value, int) else list(value) if isinstance(value, (tuple, list)) else []
    )
    first, last = pair if len(pair) == 2 else (None, None)
    if not _frame(first) or not (last is None or _frame(last)):
        raise OptionError(
            f"{name} is {value!r}, but must be one frame number, or (first, last), both counted from 0 and "
            f"both rendered; (first, None) runs to the end."
        )
    if last is not None and last < first:
        raise OptionError(f"{name} is {value!r}: its last frame lies before its first. Swap them.")
    return [first, last]


def _frame(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def strings(name: str, value: Any) -> dict[str, str]:
    """Check a mapping from names to strings."""
    mapping = cast("dict[Any, Any]", value)
    if not isinstance(value, Mapping) or not all(isinstance(item, str) for pair in mapping.items() for item in pair):
        raise OptionError(f"{name} is {value!r}, but must be a mapping from names to strings.")
    return dict(mapping)


def boolean(name: str, value: Any) -> bool:
    """Check a truth value."""
    if not isinstance(value, bool):
        raise OptionError(f"{name} is {value!r}, but must be True or False.")
    return value


def path(name: str, value: Any) -> Any:
    """Check the path of a file or folder."""
    if not isinstance(value, (str, os.PathLike)):
        raise OptionError(f"{name} is {value!r}, but must be a path. Pass a string or a pathlib.Path.")
    return cast(Any, value)


def text(name: str, value: Any) -> str:
    """Check a string."""
    if not isinstance(value, str) or not value:
        raise OptionError(f"{name} is {value!r}, but must be a string that is not empty.")
    return value
