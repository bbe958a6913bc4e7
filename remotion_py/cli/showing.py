"""Progress display of commands: a bar on a terminal, elsewhere a line every 10 %."""

from __future__ import annotations

import os
from collections.abc import Iterable

import click

from ..display import VARIABLE, Progress


def how_to_show(quiet: bool) -> Progress:
    """Return the value of `progress=` for a command."""
    return "none" if quiet else None if os.environ.get(VARIABLE) else "text"


def show_warnings(warnings: Iterable[str]) -> None:
    """Print faults of a page that did not end its render, on standard error."""
    for warning in warnings:
        click.echo(f"Warning: {warning}", err=True)
