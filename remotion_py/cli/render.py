"""`remotion-py render`: renders a composition to a video."""

from __future__ import annotations

from typing import Any

import click

from ..client import Client
from ..options.renders import RenderMediaOptions
from .help import Command
from .options import given, render_options
from .outputs import with_output
from .showing import how_to_show, show_warnings
from .where import with_client


@click.command(
    cls=Command,
    examples=(
        "remotion-py render my-site my-video video.mp4",
        "remotion-py render my-site my-video -o clip.webm --frames 0-59 --scale 0.5",
        "remotion-py render my-site my-video video.mp4 --props props.json --crf 18",
        "remotion-py render https://example.com/bundle my-video video.mp4 --concurrency 4",
    ),
)
@click.argument("serve_url")
@click.argument("composition")
@with_output("OUT", "Path of the video; its extension selects the codec.")
@render_options(RenderMediaOptions)
@with_client
@click.option("-q", "--quiet", is_flag=True, help="Print the path of the video only.")
def render(client: Client, serve_url: str, composition: str, output: str, quiet: bool, **values: Any) -> None:
    """Render a composition to a video.

    SERVE_URL is a folder, an http(s) URL, or the name of a site on AWS; COMPOSITION is one of the ids that
    'remotion-py compositions' lists; OUT is the path of the video.
    """
    options: Any = given(RenderMediaOptions, values) | {"output": output}
    running = client.start_render_media(serve_url, composition, progress=how_to_show(quiet), **options)
    if not quiet:
        click.echo(f"Render {running.render_id}", err=True)
    video = running.wait()
    show_warnings(video.warnings)
    click.echo(str(video.path) if quiet else f"{video} in {video.time_to_finish:.1f} s")
