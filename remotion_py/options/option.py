"""The definition of an option, and the checks, payloads and signatures that are generated from tables of options."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from ..errors import OptionError
from ..props import serialize_props
from .checks import Check
from .groups import grouped
from .suggestions import nearest


@dataclass(frozen=True)
class Option:
    """One entry of a table of options.

    Args:
        help: One line for docs and `--help`.
        default: Value when it is not given.
        wire: Key in the payload, `group.key` inside an object; "" keeps it on the client.
        check: Called with (name, value); returns the checked value or raises `OptionError`.
        flag: CLI flag without dashes; "" means no flag.
        secret: Returns whether a value may hold a secret, which is neither displayed nor stored; None for never.
        environment: Whether the command line reads it from `REMOTION_PY_NAME` where its flag is not given.
    """

    help: str
    default: Any = None
    wire: str = ""
    check: Check | None = None
    flag: str = ""
    secret: Callable[[Any], bool] | None = None
    environment: bool = False

    def hides(self, value: Any) -> bool:
        """Whether a value may hold a secret."""
        empty = value is None or (isinstance(value, (str, Mapping)) and not value)
        return self.secret is not None and not empty and self.secret(value)


@dataclass(frozen=True)
class Alias:
    """Another name of an option, which Python programs may use.

    Args:
        of: The option.
    """

    of: str


def always(value: Any) -> bool:
    """Take every value of an option for a secret."""
    del value
    return True


def table(options: type) -> dict[str, Option]:
    """List the options of one of the classes in `options`, by name."""
    return {name: found for name, found in _annotations(options).items() if isinstance(found, Option)}


def aliases(options: type) -> dict[str, str]:
    """List the other names of the options of one of the classes in `options`, each with the option that it is."""
    return {name: found.of for name, found in _annotations(options).items() if isinstance(found, Alias)}


@functools.cache
def hints(options: type) -> MappingProxyType[str, Any]:
    """List the types of the options of one of the classes in `options`, by name."""
    return MappingProxyType(get_type_hints(options))


@functools.cache
def _annotations(options: type) -> dict[str, Any]:
    annotated = get_type_hints(options, include_extras=True)
    return {name: get_args(hint)[1] for name, hint in annotated.items()}


def choices(options: type, name: str) -> list[str]:
    """List the values that a `Literal` option takes; empty for other options."""
    for hint in (hints(options)[name], *get_args(hints(options)[name])):
        if get_origin(hint) is Literal:
            return list(get_args(hint))
    return []


def check_options(options: type, given: Mapping[str, Any]) -> dict[str, Any]:
    """Check the given options, fill in defaults, and return them all by name.

    Raises:
        OptionError: An unknown name (with the nearest known one), a wrong value, or two that exclude each other.
    """
    known = table(options)
    given = _with_own_names(options, given)
    for name in given:
        if name not in known:
            hint = nearest(name, known) or f" Known: {', '.join(sorted(known))}."
            raise OptionError(f"There is no option {name!r}.{hint}")
    values = {name: given.get(name, option.default) for name, option in known.items()}
    for name, option in known.items():
        if option.check and values[name] is not None:
            values[name] = _checked(name, option, option.check, values[name])
        elif values[name] is None and option.default is not None:
            raise OptionError(f"{name} is None, but needs a value. Remove it to use its default, {option.default!r}.")
    if values.get("concurrency") and values.get("frames_per_lambda"):
        raise OptionError("concurrency and frames_per_lambda are both given, but exclude each other. Pass one of them.")
    return values


def _checked(name: str, option: Option, check: Check, value: Any) -> Any:
    try:
        return check(name, value)
    except OptionError as error:
        if not option.hides(value):
            raise
        must = str(error).rpartition(", but ")[2]
        raise OptionError(f"{name} is not displayed, as it may hold a secret, but {must}") from None


def _with_own_names(options: type, given: Mapping[str, Any]) -> dict[str, Any]:
    others = aliases(options)
    for name in others.keys() & given.keys():
        if others[name] in given:
            raise OptionError(f"{name} and {others[name]} are both given, but are the same option. Pass one of them.")
    return {others.get(name, name): value for name, value in given.items()}


def wire_options(options: type, values: Mapping[str, Any]) -> dict[str, Any]:
    """Turn checked options into the part of a payload that carries them, input props included."""
    wire: dict[str, Any] = {}
    for name, option in table(options).items():
        if option.wire:
            group, _, key = option.wire.rpartition(".")
            (wire.setdefault(group, {}) if group else wire)[key] = values[name]
    props = serialize_props(values.get("props"), nan=values.get("nan", "error"))
    return wire | {"inputProps": {"type": "payload", "payload": props}}


def signature(function: Callable[..., Any], *options: type) -> inspect.Signature:
    """Write out the `**options` of a function as keyword arguments, for `help()` and notebooks."""
    own = inspect.signature(function)
    known = {name: of for of in reversed(options) for name in table(of) if name not in own.parameters}
    written = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=table(known[name])[name].default,
            annotation=hints(known[name])[name],
        )
        for names in grouped(known).values()
        for name in names
    ]
    kept = [parameter for parameter in own.parameters.values() if parameter.kind is not inspect.Parameter.VAR_KEYWORD]
    return own.replace(parameters=[*kept, *written])
