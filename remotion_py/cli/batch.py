"""`remotion-py batch`: one render for each row of a file."""

from __future__ import annotations

import json
from typing import Any

import click

from ..client import Client
from ..options import RenderMediaOptions
from .options import given, render_options
from .showing import how_to_show
from .where import with_client


@click.command()
@click.argument("rows")
@click.argument("serve_url")
@click.argument("composition")
@click.option("--output", required=True, help="Template of the outputs, such as 'videos/{name}.mp4'.")
@click.option("--manifest", help="File in which each row's end is noted; by default beside the outputs.")
@click.option("--parallel", type=int, help="Rows at the same time; by default one per renderer, or 4 on AWS.")
@render_options(RenderMediaOptions)
@with_client
@click.option("--json", "as_json", is_flag=True, help="Print one JSON line for each row.")
@click.option("-q", "--quiet", is_flag=True, help="Show no progress.")
def batch(
    client: Client,
    rows: str,
    serve_url: str,
    composition: str,
    output: str,
    manifest: str | None,
    parallel: int | None,
    as_json: bool,
    quiet: bool,
    **values: Any,
) -> None:
    """Render COMPOSITION of SERVE_URL for each row of ROWS, a .jsonl or .csv file; the same call again goes on.

    Exits with 1 when a row has failed.
    """
    options: Any = given(RenderMediaOptions, values)
    result = client.render_batch(
        rows,
        serve_url,
        composition,
        output,
        props=options.pop("props", None),
        manifest=manifest,
        parallel=parallel,
        progress=how_to_show(quiet),
        **options,
    )
    for entry in result:
        if as_json:
            click.echo(json.dumps(vars(entry), ensure_ascii=False))
        elif entry.error:
            click.echo(f"row {entry.index}: {entry.error}", err=True)
    if not as_json:
        click.echo(str(result))
    if result.failed:
        raise SystemExit(1)
