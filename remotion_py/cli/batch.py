"""`remotion-py batch`: one render for each row of a file."""

from __future__ import annotations

import json
from typing import Any

import click

from ..client import Client
from ..options.renders import RenderMediaOptions
from .help import Command
from .options import given, render_options
from .showing import how_to_show
from .where import with_client


@click.command(
    cls=Command,
    examples=(
        "remotion-py batch rows.csv my-site my-video -o 'videos/{name}.mp4'",
        "remotion-py batch rows.jsonl my-site my-video -o 'videos/{index:03d}.mp4' --parallel 2 --json",
    ),
)
@click.argument("rows")
@click.argument("serve_url")
@click.argument("composition")
@click.option("-o", "--output", required=True, help="Template of the outputs, such as 'videos/{name}.mp4'.")
@click.option("--manifest", help="File that records each row's result; by default beside the outputs.")
@click.option("--parallel", type=int, help="Number of rows in parallel; by default one per renderer, or 4 on AWS.")
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
    """Render a composition once for each row of a file.

    ROWS is a .jsonl or .csv file; the fields of a row are the props of COMPOSITION of SERVE_URL.

    Run the same command again to resume. Exits with 1 if a row has failed.
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
    for warning in result.warnings:
        click.echo(warning, err=True)
    if not as_json:
        click.echo(str(result))
    if result.failed:
        raise SystemExit(1)
