"""`remotion-py still`: one frame to a picture."""

from __future__ import annotations

from typing import Any

import click

from ..client import Client
from ..options import RenderStillOptions
from .options import given, render_options
from .showing import show_warnings
from .where import with_client


@click.command()
@click.argument("serve_url")
@click.argument("composition")
@click.argument("output", metavar="OUT")
@render_options(RenderStillOptions)
@with_client
@click.option("-q", "--quiet", is_flag=True, help="Print the path of the picture only.")
def still(client: Client, serve_url: str, composition: str, output: str, quiet: bool, **values: Any) -> None:
    """Render one frame of COMPOSITION of SERVE_URL to the picture OUT, whose extension chooses the format."""
    options: Any = given(RenderStillOptions, values) | {"output": output}
    picture = client.render_still(serve_url, composition, **options)
    show_warnings(picture.warnings)
    click.echo(str(picture.path) if quiet else str(picture))
