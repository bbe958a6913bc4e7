"""`remotion-py compositions`: lists the compositions of a site."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import click

from ..client import Client
from ..options.renders import PageOptions
from .help import Command
from .options import given, render_options
from .where import with_client


@click.command(cls=Command, examples=("remotion-py compositions my-site",))
@click.argument("serve_url")
@render_options(PageOptions)
@with_client
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with props.")
@click.option("-q", "--quiet", is_flag=True, help="Print the ids only.")
def compositions(client: Client, serve_url: str, as_json: bool, quiet: bool, **values: Any) -> None:
    """List the compositions of a site.

    SERVE_URL is a folder, an http(s) URL, or the name of a site on AWS.
    """
    options: Any = given(PageOptions, values)
    found = client.get_compositions(serve_url, **options)
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(item) for item in found], indent=2, ensure_ascii=False))
    elif quiet:
        click.echo(" ".join(item.id for item in found))
    else:
        width = max((len(item.id) for item in found), default=0)
        for item in found:
            click.echo(
                f"{item.id:{width}}  {item.width}x{item.height}  {item.fps:g} fps  "
                f"{item.duration_in_frames} frames ({item.duration:.2f} s)"
            )
