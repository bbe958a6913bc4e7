"""`remotion-py frames`: a composition to a folder of pictures."""

from __future__ import annotations

from typing import Any

import click

from ..client import Client
from ..options import RenderFramesOptions
from .options import given, render_options
from .showing import how_to_show, show_warnings


@click.command()
@click.argument("serve_url")
@click.argument("composition")
@click.argument("output", metavar="FOLDER")
@render_options(RenderFramesOptions)
@click.option("--browser-executable", help="The browser to render with.")
@click.option("-q", "--quiet", is_flag=True, help="Print the path of the folder only.")
def frames(
    serve_url: str, composition: str, output: str, browser_executable: str | None, quiet: bool, **values: Any
) -> None:
    """Render COMPOSITION of SERVE_URL (a folder or an http(s) URL) to pictures in FOLDER."""
    options: Any = given(RenderFramesOptions, values) | {"output": output}
    with Client(browser_executable=browser_executable) as client:
        made = client.render_frames(serve_url, composition, progress=how_to_show(quiet), **options)
    show_warnings(made.warnings)
    click.echo(str(made.folder) if quiet else str(made))
