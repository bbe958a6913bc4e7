"""`remotion-py renders`, `download` and `cancel`: lists, removes, downloads and cancels renders."""

from __future__ import annotations

from typing import get_args

import click

from .._runtime import background
from ..client import Client
from ..progress import State
from ..providers.aws.renders import download_media
from ..providers.aws.session import Aws
from .sites import bucket_option
from .where import with_account, with_client


def _positive(context: click.Context, option: click.Parameter, value: int) -> int:
    del context, option
    if value < 1:
        raise click.BadParameter(f"{value} is not 1 or more.")
    return value


@click.group()
def renders() -> None:
    """List the renders in the store, and remove them."""


@renders.command()
@with_client
@click.option("--limit", type=int, default=50, callback=_positive, help="Maximum number of renders, 1 or more.")
@click.option("--folder", help="Only renders whose output is in this folder.")
@click.option("--state", type=click.Choice(get_args(State)), help="Only renders in this state.")
@click.option("--composition", help="Only renders of this composition.")
@click.option("-q", "--quiet", is_flag=True, help="Print the ids only, on one line, for use with rm.")
def ls(
    client: Client, limit: int, folder: str | None, state: State | None, composition: str | None, quiet: bool
) -> None:
    """List the renders in the store, the newest first."""
    found = client.renders(limit=limit, folder=folder, state=state, composition=composition)
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
    """Remove renders from the store.

    This also removes their videos from the store, but not outputs elsewhere.
    """
    for render_id in (item for item in render_ids if item != "()"):
        if yes or click.confirm(f"Remove the render {render_id}?"):
            freed = background.run(client._engine.remove_render(render_id))  # pyright: ignore[reportPrivateUsage]
            click.echo(f"{render_id} is removed: {freed / 1e6:.1f} MB")


@click.command()
@with_account
@click.argument("render_id")
@click.argument("output", metavar="OUT")
@bucket_option
def download(aws: Aws, render_id: str, output: str, bucket_name: str | None) -> None:
    """Download the output of a render on AWS to the file OUT."""
    found = download_media(aws, render_id, output, bucket_name=bucket_name)
    click.echo(f"{found.path} ({found.size_in_bytes / 1e6:.1f} MB)")


@click.command()
@with_client
@click.argument("render_id")
def cancel(client: Client, render_id: str) -> None:
    """Cancel the render RENDER_ID."""
    progress = client.get_render_progress(render_id)
    if progress.ended:
        click.echo(f"{render_id} has already ended: {progress.state}")
        return
    client.cancel_render(render_id)
    click.echo(f"{render_id} is being cancelled")
