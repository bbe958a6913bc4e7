"""`remotion-py example`: copies an example site, as a starting point for your own page."""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from .. import examples
from ..errors import OutputError

_SITES: dict[str, Path] = {name.replace("_", "-"): getattr(examples, name) for name in examples.__all__}


@click.command()
@click.argument("name", type=click.Choice(list(_SITES)))
@click.argument("folder", type=click.Path(path_type=Path))
def example(name: str, folder: Path) -> None:
    """Copy an example site as a starting point.

    FOLDER must not exist yet.
    """
    if folder.exists():
        raise OutputError(f"The folder {folder} exists already. Choose another folder, or remove this one.")
    shutil.copytree(_SITES[name], folder, ignore=shutil.ignore_patterns(".*"))
    click.echo(f"Edit {folder / 'index.html'}. List its compositions with: remotion-py compositions {folder}")
