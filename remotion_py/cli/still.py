"""`remotion-py still`: one frame to a picture."""

from __future__ import annotations

from typing import Any

import click

from ..client import Client
from ..options import RenderStillOptions
from .options import given, render_options


@click.command()
@click.argument("serve_url")
@click.argument("composition")
@click.argument("output", metavar="OUT")
@render_options(RenderStillOptions)
@click.option("--browser-executable", help="The browser to render with.")
@click.option("-q", "--quiet", is_flag=True, help="Print the path of the picture only.")
def still(
    serve_url: str,
    composition: str,
    output: str,
    browser_executable: str | None,
    quiet: bool,
    **values: Any,
) -> None:
    """Render one frame of COMPOSITION of SERVE_URL to the picture OUT, whose extension chooses the format."""
    options: Any = given(RenderStillOptions, values) | {"output": output}
    with Client(browser_executable=browser_executable) as client:
        picture = client.render_still(serve_url, composition, **options)
    click.echo(str(picture.path) if quiet else str(picture))
