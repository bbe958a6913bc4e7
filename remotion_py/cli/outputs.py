"""The output of a command: its last argument, or `-o`/`--output`."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import click


def with_output(metavar: str, what: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command an output, which is its last argument or an option, as `output`.

    Args:
        metavar: How the usage writes the argument, such as "OUT".
        what: The help of the option.
    """

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(command)
        def run(*args: Any, out: str | None, output: str | None, **values: Any) -> None:
            if out is None and output is None:
                raise click.UsageError(f"Missing output: pass {metavar}, or --output {metavar}.")
            if out is not None and output is not None:
                raise click.UsageError(f"{metavar} and --output are both given, but mean the same. Pass one of them.")
            command(*args, output=output or out, **values)

        option = click.option("-o", "--output", metavar=metavar, help=f"{what} Same as the argument.")
        return click.argument("out", metavar=f"[{metavar}]", required=False)(option(run))

    return decorate
