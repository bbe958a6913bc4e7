"""`remotion-py still`: renders one frame to a picture."""

from __future__ import annotations

from typing import Any

import click

from ..client import Client
from ..options.renders import RenderStillOptions
from .help import Command
from .options import given, render_options
from .outputs import with_output
from .showing import show_warnings
from .where import with_client


@click.command(
    cls=Command,
    examples=(
        "remotion-py still my-site my-video poster.png --frame 30",
        "remotion-py still my-site my-video -o last.jpg --frame -1 --scale 2",
    ),
)
@click.argument("serve_url")
@click.argument("composition")
@with_output("OUT", "Path of the picture; its extension selects the format.")
@render_options(RenderStillOptions)
@with_client
@click.option("-q", "--quiet", is_flag=True, help="Print the path of the picture only.")
def still(client: Client, serve_url: str, composition: str, output: str, quiet: bool, **values: Any) -> None:
    """Render one frame to a picture.

    SERVE_URL is a folder, an http(s) URL, or the name of a site on AWS; COMPOSITION is one of the ids that
    'remotion-py compositions' lists; OUT is the path of the picture.
    """
    options: Any = given(RenderStillOptions, values) | {"output": output}
    picture = client.render_still(serve_url, composition, **options)
    show_warnings(picture.warnings)
    click.echo(str(picture.path) if quiet else str(picture))
