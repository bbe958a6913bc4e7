"""CLI options, generated from the tables of `remotion_py.options.renders`."""

from __future__ import annotations

import inspect
import os
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

import click

from .._data.output import expanded
from .._data.textfile import read_text
from ..errors import OptionError
from ..options.option import choices, table
from ..props import parse_props
from .environment import process_variables, read_env_file
from .words import METAVARS, shell_words

F = TypeVar("F", bound=Callable[..., Any])

_ENV_FILE, _SECRET_FILE = "env_file", "webhook_secret_file"
_FROM_FILES = {
    "env_variables": (
        click.option(
            "--env-file", _ENV_FILE, metavar="FILE", help="File of NAME=VALUE lines for process.env, such as .env."
        ),
    ),
    "webhook_secret": (
        click.option(
            "--webhook-secret-file", _SECRET_FILE, metavar="FILE", help="File that contains the secret of the webhook."
        ),
    ),
}
"""Other users see a command line, so what may be secret can come from a file, or from the environment."""


def render_options(options: type) -> Callable[[F], F]:
    """Add the CLI options of one of the option classes to a command."""

    def decorate(command: F) -> F:
        for name, option in reversed(table(options).items()):
            if option.flag:
                flag = "/".join(part if part.startswith("--") else f"--{part}" for part in option.flag.split("/"))
                command = click.option(
                    flag, name, help=shell_words(name, option.help), **_click(options, name, option.default)
                )(command)
            for extra in _FROM_FILES.get(name, ()):
                command = extra(command)
        return command

    return decorate


def given(options: type, values: dict[str, Any], environment: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Turn what click parsed into the options of the SDK.

    Args:
        options: One of the option classes.
        values: What click parsed, by name.
        environment: Variables of which the page gets some; None is the process's.
    """
    known = table(options)
    picked = {name: value for name, value in values.items() if name in known and value is not None}
    if values.get(_SECRET_FILE) is not None and not picked.get("webhook_secret"):
        picked["webhook_secret"] = read_text(expanded(values[_SECRET_FILE], OptionError), OptionError).strip()
    if "props" in picked:
        picked["props"] = parse_props(picked["props"])
    if "frame_range" in picked:
        picked["frame_range"] = parse_frames(picked["frame_range"])
    for name, value in picked.items():
        if _type(options, name) is dict:
            picked[name] = parse_pairs(known[name].flag, value)
    if "env_variables" in known:
        from_file = read_env_file(values[_ENV_FILE]) if values.get(_ENV_FILE) else {}
        variables = (
            process_variables(os.environ if environment is None else environment)
            | from_file
            | picked.pop("env_variables", {})
        )
        picked |= {"env_variables": variables} if variables else {}
    return picked


def parse_frames(text: str) -> tuple[int, int | None]:
    """Read Remotion's `--frames`: `5` is one frame, `0-9` a range, `10-` runs to the end.

    Raises:
        OptionError: It is none of these.
    """
    found = re.fullmatch(r"(\d{1,9})(-(\d{1,9})?)?", text.strip())
    if not found:
        raise OptionError(f"--frames is {text!r}, but must be one frame (5), a range (0-9), or an open range (10-).")
    first, dash, last = found.groups()
    if not dash:
        return int(first), int(first)
    return int(first), int(last) if last else None


def parse_pairs(flag: str, pairs: tuple[str, ...]) -> dict[str, str]:
    """Read options of the form KEY=VALUE, given as often as needed.

    Raises:
        OptionError: One has no "=".
    """
    for pair in pairs:
        if "=" not in pair:
            raise OptionError(f"--{flag} has a value without '='. Pass KEY=VALUE, such as title=Hello.")
    return dict(pair.split("=", 1) for pair in pairs)


def _click(options: type, name: str, default: Any) -> dict[str, Any]:
    kind = _type(options, name)
    if kind is dict:
        return {"multiple": True, "metavar": "KEY=VALUE"}
    shown: dict[str, Any] = {"default": default, "show_default": default is not None}
    shown |= {"metavar": METAVARS[name]} if name in METAVARS else {}
    if table(options)[name].environment:
        shown |= {"envvar": f"REMOTION_PY_{name.upper()}", "show_envvar": True}
    return shown | ({"is_flag": True} if kind is bool else {"type": kind})


def _type(options: type, name: str) -> Any:
    if name in ("props", "frame_range"):
        return str
    listed = choices(options, name)
    if listed:
        return click.Choice(listed)
    hint = get_type_hints(options)[name]
    if get_origin(hint) is Mapping:
        return dict
    kinds = [kind for kind in (get_args(hint) or (hint,)) if inspect.isclass(kind) and kind is not type(None)]
    return kinds[0]
