"""`remotion-py frames`: renders a composition to a folder of pictures."""

from __future__ import annotations

from typing import Any

import click

from ..client import Client
from ..options.renders import RenderFramesOptions
from .help import Command
from .options import given, render_options
from .outputs import with_output
from .showing import how_to_show, show_warnings


@click.command(
    cls=Command,
    examples=("remotion-py frames my-site my-video pictures --frames 0-29 --image-format jpeg",),
)
@click.argument("serve_url")
@click.argument("composition")
@with_output("FOLDER", "Folder of the pictures.")
@render_options(RenderFramesOptions)
@click.option("--browser-executable", help="Path of the Chromium to render with.")
@click.option("-q", "--quiet", is_flag=True, help="Print the path of the folder only.")
def frames(
    serve_url: str, composition: str, output: str, browser_executable: str | None, quiet: bool, **values: Any
) -> None:
    """Render a composition to a folder of pictures.

    SERVE_URL is a folder or an http(s) URL; COMPOSITION is one of the ids that 'remotion-py compositions' lists.
    """
    options: Any = given(RenderFramesOptions, values) | {"output": output}
    with Client(browser_executable=browser_executable) as client:
        made = client.render_frames(serve_url, composition, progress=how_to_show(quiet), **options)
    show_warnings(made.warnings)
    click.echo(str(made.folder) if quiet else str(made))
