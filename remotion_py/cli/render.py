"""`remotion-py render`: a composition to a video."""

from __future__ import annotations

from typing import Any

import click

from ..client import Client
from ..options import RenderMediaOptions
from .bar import progress_display
from .options import given, render_options


@click.command()
@click.argument("serve_url")
@click.argument("composition")
@click.argument("output", metavar="OUT")
@render_options(RenderMediaOptions)
@click.option("--browser-executable", help="The browser to render with.")
@click.option("-q", "--quiet", is_flag=True, help="Print the path of the video only.")
def render(
    serve_url: str, composition: str, output: str, browser_executable: str | None, quiet: bool, **values: Any
) -> None:
    """Render COMPOSITION of SERVE_URL (a folder or an http(s) URL) to the file OUT."""
    options: Any = given(RenderMediaOptions, values) | {"output": output}
    with Client(browser_executable=browser_executable) as client:
        running = client.start_render_media(serve_url, composition, **options)
        if not quiet:
            click.echo(f"Render {running.render_id}", err=True)
        with progress_display(quiet) as show:
            video = running.wait(show)
    click.echo(str(video.path) if quiet else f"{video} in {video.time_to_finish:.1f} s")
