"""`remotion-py render`: a composition to a video."""

from __future__ import annotations

from typing import Any

import click

from ..client import Client
from ..options import RenderMediaOptions
from .options import given, render_options
from .showing import how_to_show, show_warnings
from .where import with_client


@click.command()
@click.argument("serve_url")
@click.argument("composition")
@click.argument("output", metavar="OUT")
@render_options(RenderMediaOptions)
@with_client
@click.option("-q", "--quiet", is_flag=True, help="Print the path of the video only.")
def render(client: Client, serve_url: str, composition: str, output: str, quiet: bool, **values: Any) -> None:
    """Render COMPOSITION of SERVE_URL (a folder, an http(s) URL, or the name of a site) to the file OUT."""
    options: Any = given(RenderMediaOptions, values) | {"output": output}
    running = client.start_render_media(serve_url, composition, progress=how_to_show(quiet), **options)
    if not quiet:
        click.echo(f"Render {running.render_id}", err=True)
    video = running.wait()
    show_warnings(video.warnings)
    click.echo(str(video.path) if quiet else f"{video} in {video.time_to_finish:.1f} s")
