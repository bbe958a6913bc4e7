"""Checks external data - from a page or a stored document - by type, range and format, before its use (no I/O)."""

from __future__ import annotations

import json
import marshal
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NoReturn, cast

from ..errors import RemotionPyError

LONGEST_MESSAGE = 1_000
"""Characters that are kept of a message; a page can write any number."""
LONGEST_STACK = 16_000
"""Characters that are kept of a stack. Its end is kept too: positions follow a message that may be long."""
LONGEST_VALUE = 60
LARGEST = 2**53
"""Whole numbers up to this one are exact in a page."""

_COLOURS = re.compile(r"\x1b\[[0-9;]{0,20}m")
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")

Fail = Callable[[str], RemotionPyError]
"""Makes an error of a sentence that says what is wrong with a value."""


def printable(text: str) -> str:
    """Return a text that any terminal and file takes: half characters and control characters become U+FFFD."""
    if text.isascii() and text.isprintable():
        return text
    return _UNPRINTABLE.sub("\ufffd", _COLOURS.sub("", whole_characters(text)))


def whole_characters(text: str) -> str:
    """Return a text that UTF-8 can carry: half characters, which JavaScript has, become U+FFFD."""
    return text if text.isascii() else text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def shortened(value: object, longest: int = LONGEST_MESSAGE) -> str:
    """Return a text of a page as messages show it: printable, and cut after `longest` characters."""
    text = value if isinstance(value, str) else str(value)
    return printable(text) if len(text) <= longest else printable(text[:longest]) + "..."


def trimmed_stack(value: object) -> str:
    """Return the stack of a page's error, with a message and a length that stay readable."""
    text = value if isinstance(value, str) else str(value)
    if len(text) > LONGEST_STACK:
        text = f"{text[: LONGEST_STACK // 2]}...\n{text[-LONGEST_STACK // 2 :]}"
    first, newline, rest = printable(text).partition("\n")
    return shortened(first) + newline + rest


def load_json(text: str | bytes) -> Any:
    """Parse JSON, and refuse deep nesting on every version of Python alike.

    Raises:
        RecursionError: It is nested more than about 1,000 levels deep on Python 3.11, 2,000 on newer ones.
        ValueError: It is not JSON.
    """
    value = json.loads(text)
    try:
        # Python 3.12 and newer parse 10,000 levels, which code that walks the value does not survive. Marshal has a
        # limit of its own, and is the fastest way to look.
        marshal.dumps(value)
    except ValueError:
        raise RecursionError("nested too deeply") from None
    return value


def read_json(text: str | bytes, fail: Fail) -> Any:
    """Parse JSON that others wrote.

    Raises:
        RemotionPyError: It is not JSON, or nested too deeply.
    """
    try:
        return load_json(text)
    except RecursionError:
        raise fail("it is nested too deeply") from None
    except ValueError as error:
        raise fail(f"it is not valid JSON ({shortened(error, 200)})") from None


class Fields:
    """The fields of an object that others wrote; each is read by what it has to be.

    Args:
        found: The object, whatever it is.
        what: What it is, as the subject of an error, such as "The composition 'x'".
        fail: Makes the error of a sentence.
    """

    def __init__(self, found: object, what: str, fail: Fail) -> None:
        self.what = what
        self._fail = fail
        if not isinstance(found, Mapping):
            raise fail(f"{what} is {described(found)}, but must be an object.")
        self._found = cast("Mapping[str, Any]", found)

    def has(self, name: str) -> bool:
        """Return whether a field is there and not null."""
        return self._found.get(name) is not None

    def text(
        self,
        name: str,
        *,
        longest: int = 1_000,
        default: str | None = None,
        empty: bool = False,
        exact: bool = False,
    ) -> str:
        """Return a text, printable.

        Args:
            name: Of the field.
            longest: The most characters that it may have.
            default: The value of a field that is missing or null; None for a required field.
            empty: Whether the text may be empty.
            exact: Keep control characters, as content may hold them; half characters become U+FFFD all the same.
        """
        value = self._found.get(name)
        if value is None and default is not None:
            return default
        if not isinstance(value, str) or len(value) > longest or not (value or empty):
            self.refuse(name, f"a string of {0 if empty else 1} to {longest:,} characters")
        return whole_characters(value) if exact else printable(value)

    def whole(self, name: str, low: int = -LARGEST, high: int = LARGEST, *, default: int | None = None) -> int:
        """Return a whole number from `low` to `high`; `default` as for `text()`."""
        value = self._found.get(name)
        if value is None and default is not None:
            return default
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            self.refuse(name, f"a whole number from {low:,} to {high:,}")
        return value

    def number(
        self, name: str, low: float, high: float, *, above: bool = False, default: float | None = None
    ) -> int | float:
        """Return a number from `low` to `high`, or above `low`; `default` as for `text()`."""
        value = self._found.get(name)
        if value is None and default is not None:
            return default
        good = isinstance(value, (int, float)) and not isinstance(value, bool) and low <= value <= high
        if not good or (above and value == low):
            self.refuse(name, f"a number {f'above {low:,} up to' if above else f'from {low:,} to'} {high:,}")
        return cast("int | float", value)

    def flag(self, name: str, *, default: bool | None = None) -> bool:
        """Return a truth value; `default` as for `text()`."""
        value = self._found.get(name)
        if value is None and default is not None:
            return default
        if not isinstance(value, bool):
            self.refuse(name, "true or false")
        return value

    def choice(self, name: str, allowed: Collection[str]) -> str:
        """Return one of several words."""
        value = self._found.get(name)
        if not isinstance(value, str) or value not in allowed:
            self.refuse(name, f"one of: {', '.join(allowed)}")
        return value

    def matching(self, name: str, pattern: re.Pattern[str], expected: str) -> str:
        """Return a text of a form; `expected` describes it."""
        value = self._found.get(name)
        if not isinstance(value, str) or not pattern.fullmatch(value):
            self.refuse(name, expected)
        return value

    def items(self, name: str, *, most: int = 1_000_000, default: Sequence[Any] | None = None) -> Sequence[Any]:
        """Return a list of at most `most` items of any type; `default` as for `text()`."""
        value = self._found.get(name)
        if value is None and default is not None:
            return default
        if not isinstance(value, list) or len(cast("list[Any]", value)) > most:
            self.refuse(name, f"a list of at most {most:,} items")
        return cast("list[Any]", value)

    def objects(self, name: str, what: str, *, most: int = 1_000_000, optional: bool = False) -> list[Fields]:
        """Return a list of objects; `what` names one of them."""
        listed = self.items(name, most=most, default=() if optional else None)
        return [Fields(item, what, self._fail) for item in listed]

    def wholes(
        self, name: str, low: int, high: int, *, most: int = 1_000_000, default: Sequence[int] | None = None
    ) -> Sequence[int]:
        """Return a list of at most `most` whole numbers from `low` to `high`; `default` as for `text()`."""
        for value in self.items(name, most=most, default=default):
            if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
                self.refuse(name, f"a list of whole numbers from {low:,} to {high:,}")
        return self.items(name, most=most, default=default)

    @property
    def names(self) -> list[str]:
        """The names of all its fields."""
        return [str(name) for name in self._found]

    def inner(self, name: str, what: str) -> Fields:
        """Return an object; `what` names it."""
        return Fields(self._found.get(name), what, self._fail)

    def refuse(self, name: str, expected: str) -> NoReturn:
        """Raise the error of a field that is not what it must be."""
        value = self._found.get(name)
        is_what = f"has {name} {described(value)}" if name in self._found else f"has no {name}"
        raise self._fail(f"{self.what} {is_what}, but must have {expected}.")


def described(value: object) -> str:
    """Return a value that was refused in few words, whatever its size."""
    if value is None:
        return "null (NaN and infinity also arrive as null)"
    if isinstance(value, str):
        return repr(shortened(value, LONGEST_VALUE))
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) and abs(value) > LARGEST:
        return "a whole number above 2**53"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, (list, tuple)):
        return f"a list of {len(cast('list[Any]', value))}"
    return type(value).__name__
