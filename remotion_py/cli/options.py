"""CLI options, made from the tables of `remotion_py.options` so that nothing is listed twice."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeVar, get_args, get_type_hints

import click

from ..errors import OptionError
from ..option import choices, table
from ..props import parse_props

F = TypeVar("F", bound=Callable[..., Any])


def render_options(options: type) -> Callable[[F], F]:
    """Add the CLI options of one of the option classes to a command."""

    def decorate(command: F) -> F:
        for name, option in reversed(table(options).items()):
            if option.flag:
                flag = "/".join(part if part.startswith("--") else f"--{part}" for part in option.flag.split("/"))
                shown: dict[str, Any] = {"show_default": True} if option.default is not None else {}
                command = click.option(
                    flag, name, type=_type(options, name), default=option.default, help=option.help, **shown
                )(command)
        return command

    return decorate


def given(options: type, values: dict[str, Any]) -> dict[str, Any]:
    """Turn what click parsed into the options of the SDK."""
    known = table(options)
    picked = {name: value for name, value in values.items() if name in known and value is not None}
    if "props" in picked:
        picked["props"] = parse_props(picked["props"])
    if "frame_range" in picked:
        picked["frame_range"] = parse_frames(picked["frame_range"])
    return picked


def parse_frames(text: str) -> tuple[int, int | None]:
    """Read Remotion's `--frames`: `5` is one frame, `0-9` a range, `10-` runs to the end.

    Raises:
        OptionError: It is none of these.
    """
    first, dash, last = text.strip().partition("-")
    if not first.isdigit() or (last and not last.isdigit()):
        raise OptionError(f"--frames is {text!r}, but must be one frame (5), a range (0-9), or an open range (10-).")
    if not dash:
        return int(first), int(first)
    return int(first), int(last) if last else None


def _type(options: type, name: str) -> Any:
    if name in ("props", "frame_range"):
        return str
    listed = choices(options, name)
    if listed:
        return click.Choice(listed)
    hint = get_type_hints(options)[name]
    kinds = [kind for kind in (get_args(hint) or (hint,)) if inspect.isclass(kind) and kind is not type(None)]
    return kinds[0]
