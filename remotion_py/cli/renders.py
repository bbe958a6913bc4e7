"""`remotion-py renders`, `download` and `cancel`: what was rendered, and what is being rendered."""

from __future__ import annotations

import click

from .. import _loop
from ..client import Client
from ..providers.aws.renders import download_media
from ..providers.aws.session import Aws
from .sites import bucket_option
from .where import with_account, with_client


@click.group()
def renders() -> None:
    """List the renders in the store, and remove them."""


@renders.command()
@with_client
@click.option("--limit", type=click.IntRange(1), default=50, help="How many at most.")
@click.option("-q", "--quiet", is_flag=True, help="Print the ids only, on one line, as rm takes them.")
def ls(client: Client, limit: int, quiet: bool) -> None:
    """List the renders in the store, running ones too, the newest first."""
    found = client.renders(limit=limit)
    if quiet:
        click.echo(" ".join(item.render_id for item in found) or "()")
        return
    for item in found:
        click.echo(str(item))


@renders.command()
@with_client
@click.argument("render_ids", nargs=-1, required=True)
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def rm(client: Client, render_ids: tuple[str, ...], yes: bool) -> None:
    """Remove the renders RENDER_IDS with their videos, as far as these are in the store."""
    for render_id in (item for item in render_ids if item != "()"):
        if yes or click.confirm(f"Remove the render {render_id}?"):
            freed = _loop.run(client._engine.remove_render(render_id))  # pyright: ignore[reportPrivateUsage]
            click.echo(f"{render_id} is removed: {freed / 1e6:.1f} MB")


@click.command()
@with_account
@click.argument("render_id")
@click.argument("output", metavar="OUT")
@bucket_option
def download(aws: Aws, render_id: str, output: str, bucket_name: str | None) -> None:
    """Download what the render RENDER_ID made on AWS to the file OUT."""
    found = download_media(aws, render_id, output, bucket_name=bucket_name)
    click.echo(f"{found.path} ({found.size_in_bytes / 1e6:.1f} MB)")


@click.command()
@with_client
@click.argument("render_id")
def cancel(client: Client, render_id: str) -> None:
    """Tell the functions of the render RENDER_ID to end."""
    progress = client.get_render_progress(render_id)
    if progress.ended:
        click.echo(f"{render_id} has ended already: {progress.state}")
        return
    client.cancel_render(render_id)
    click.echo(f"{render_id} is told to end")
