"""`remotion-py progress`: shows the progress of a render."""

from __future__ import annotations

import base64
import dataclasses
import json

import click

from ..client import Client
from .showing import show_warnings
from .where import with_client


@click.command()
@with_client
@click.argument("render_id")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
def progress(client: Client, render_id: str, as_json: bool) -> None:
    """Show the progress of a render.

    'remotion-py render' prints RENDER_ID when it starts, and 'remotion-py renders ls' lists it.
    """
    found = client.get_render_progress(render_id)
    click.echo(
        json.dumps(dataclasses.asdict(found), indent=2, default=_text)
        if as_json
        else "\n".join([str(found), *found.waiting])
    )
    show_warnings(found.warnings)
    if found.fatal_error:
        raise found.fatal_error


def _text(picture: bytes) -> str:
    return base64.b64encode(picture).decode()
