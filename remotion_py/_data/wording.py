"""Short and printable descriptions of values for errors."""

from __future__ import annotations

from typing import Any, cast

_LONGEST = 200


def short_repr(value: Any) -> str:
    """Return a value as Python writes it, cut where it is long; its type where it cannot be written."""
    try:
        written = repr(value)
    except Exception:  # a whole number of thousands of digits, or a class whose own repr fails
        return kind_of(value)
    return written if len(written) <= _LONGEST else f"{written[:_LONGEST]}…"


def kind_of(value: Any) -> str:
    """Return what to call the type of a value in a sentence, with its article."""
    kind = cast("type[Any]", type(value))
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"
