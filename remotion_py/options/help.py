"""The text of `help()` for functions with options: the options in groups, each with its type, default and text."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from .groups import grouped
from .option import aliases, hints, signature, table

F = TypeVar("F", bound=Callable[..., Any])

WIDTH = 88
_STEP = "    "
_SECTION = re.compile(r"^(?=(?:Returns|Raises|Example):$)", re.MULTILINE)
_OF_CLIENT = re.compile(r"; see `Client\.\w+\(\)`")


def with_options(*options: type) -> Callable[[F], F]:
    """Write the options of a function out, in its signature and in its docstring.

    Args:
        options: One of the classes in `options`, or several, of which the first that has an option describes it.
    """

    def decorate(function: F) -> F:
        own = set(inspect.signature(function).parameters)
        _set_signature(function, signature(function, *options))
        before, *after = _SECTION.split(inspect.getdoc(function) or "")
        listed = textwrap.indent(option_list(*options, leave_out=own), _STEP)
        function.__doc__ = "\n\n".join([before.rstrip(), f"Options:\n{listed}", "".join(after)]).rstrip()
        return function

    return decorate


def like(method: Callable[..., Any]) -> Callable[[F], F]:
    """Describe a function that does the same as a method of `Client`: its own first paragraph, then what that has."""

    def decorate(function: F) -> F:
        summary = _OF_CLIENT.sub("", (inspect.getdoc(function) or "").partition("\n\n")[0])
        rest = (inspect.getdoc(method) or "").partition("\n\n")[2]
        if inspect.iscoroutinefunction(function):
            rest = rest.partition("\n\nExample:")[0]  # which does not await
        function.__doc__ = f"{summary}\n\n{rest}".rstrip()
        own = inspect.signature(function)
        known = inspect.signature(method).parameters.values()
        options = [
            parameter
            for parameter in known
            if parameter.kind is inspect.Parameter.KEYWORD_ONLY and parameter.name not in own.parameters
        ]
        if options:
            kept = [one for one in own.parameters.values() if one.kind is not inspect.Parameter.VAR_KEYWORD]
            _set_signature(function, own.replace(parameters=[*kept, *options]))
        return function

    return decorate


def describe(*options: type) -> None:
    """Write the options of classes in `options` out in their docstrings."""
    for of in options:
        of.__doc__ = f"{inspect.getdoc(of)}\n\n{option_list(of)}"


def option_list(*options: type, leave_out: Iterable[str] = ()) -> str:
    """Return the options of one or more classes as text: by group, each with its type, default and text."""
    found = {name: of for of in reversed(options) for name in table(of) if name not in set(leave_out)}
    return "\n\n".join(
        f"{title}\n" + textwrap.indent("\n".join(_entry(found[name], name) for name in names), _STEP)
        for title, names in grouped(found).items()
    )


def type_text(hint: Any) -> str:
    """Return a type as a reader would write it: `'png' | 'jpeg' | None`, `str | PathLike[str]`."""
    text = hint.__name__ if inspect.isclass(hint) and not hasattr(hint, "__args__") else str(hint)
    text = re.sub(r"typing\.Literal\[([^\]]*)\]", lambda found: found[1].replace(", ", " | "), text)
    return re.sub(r"\b(?:typing|collections\.abc|os)\.", "", re.sub(r"Optional\[(.*)\]$", r"\1 | None", text))


def _entry(of: type, name: str) -> str:
    option = table(of)[name]
    others = [other for other, meant in aliases(of).items() if meant == name]
    first = f"{' or '.join([name, *others])}: {type_text(hints(of)[name])} = {option.default!r}"
    head = textwrap.fill(first, WIDTH, subsequent_indent=_STEP * 2)
    return f"{head}\n{textwrap.fill(option.help, WIDTH, initial_indent=_STEP, subsequent_indent=_STEP)}"


def _set_signature(function: Callable[..., Any], made: inspect.Signature) -> None:
    function.__signature__ = made  # pyright: ignore[reportFunctionMemberAccess]
