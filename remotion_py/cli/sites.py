"""`remotion-py sites`: the sites in an AWS bucket."""

from __future__ import annotations

import click

from ..providers.aws.session import Aws
from ..providers.aws.sites import delete_site, deploy_site, get_sites
from .functions import say
from .where import with_account

bucket_option = click.option(
    "--force-bucket-name", "bucket_name", help="Name of the bucket; by default the one in the region."
)


@click.group()
def sites() -> None:
    """Upload, list and remove sites in the bucket."""


@sites.command()
@with_account
@click.argument("folder")
@bucket_option
@click.option("--site-name", help="Name of the site; by default the name of the folder.")
@click.option("--entry-point", help="Entry point of a Remotion project, relative to FOLDER.")
@click.option("--privacy", type=click.Choice(["private", "public"]), default="private", show_default=True)
@click.option("-q", "--quiet", is_flag=True, help="Print the serve URL only.")
def create(
    aws: Aws,
    folder: str,
    bucket_name: str | None,
    site_name: str | None,
    entry_point: str | None,
    privacy: str,
    quiet: bool,
) -> None:
    """Upload a site to the bucket.

    FOLDER is a built bundle, a plain page, or a Remotion project, which is bundled first.
    """
    deployed = deploy_site(
        aws,
        folder,
        site_name=site_name,
        bucket_name=bucket_name,
        entry_point=entry_point,
        privacy=privacy,
        on_step=None if quiet else say,
    )
    if quiet:
        click.echo(deployed.serve_url)
        return
    click.echo(f"{deployed.uploaded} files uploaded, {deployed.deleted} removed, {deployed.unchanged} unchanged")
    click.echo(f"Serve URL: {deployed.serve_url} (or just {deployed.site_name})")


@sites.command()
@with_account
@bucket_option
@click.option("-q", "--quiet", is_flag=True, help="Print the names only.")
def ls(aws: Aws, bucket_name: str | None, quiet: bool) -> None:
    """List the sites."""
    found = get_sites(aws, bucket_name=bucket_name)
    if quiet:
        click.echo(" ".join(item.site_name for item in found) or "()")
        return
    for item in found:
        click.echo(f"{item.site_name}  {item.size_in_bytes / 1e6:.1f} MB  {item.last_modified:%Y-%m-%d %H:%M}")


@sites.command()
@with_account
@click.argument("names", nargs=-1, required=True)
@bucket_option
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def rm(aws: Aws, names: tuple[str, ...], bucket_name: str | None, yes: bool) -> None:
    """Remove the sites NAMES."""
    _remove(aws, [name for name in names if name != "()"], bucket_name, yes)


@sites.command()
@with_account
@bucket_option
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def rmall(aws: Aws, bucket_name: str | None, yes: bool) -> None:
    """Remove all sites."""
    _remove(aws, [item.site_name for item in get_sites(aws, bucket_name=bucket_name)], bucket_name, yes)


def _remove(aws: Aws, names: list[str], bucket_name: str | None, yes: bool) -> None:
    for name in names:
        if yes or click.confirm(f"Remove the site {name}?"):
            click.echo(f"{name} is removed: {delete_site(aws, name, bucket_name=bucket_name) / 1e6:.1f} MB")
