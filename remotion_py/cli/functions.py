"""`remotion-py functions`: deploys and lists the functions of an AWS account."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import click

from ..providers.aws.deploy import deploy_function
from ..providers.aws.functions import delete_function, get_functions
from ..providers.aws.package import build_package
from ..providers.aws.session import Aws
from .where import with_account


@click.group()
def functions() -> None:
    """Deploy, list and remove functions on AWS Lambda."""


def say(step: str) -> None:
    """Show what is being done."""
    click.echo(f"{step[0].upper()}{step[1:]} ...", err=True)


@functions.command()
@with_account
@click.option("--memory", default=2048, show_default=True, help="Memory in MB, 1024 to 10240.")
@click.option("--disk", default=2048, show_default=True, help="Size of /tmp in MB, 1536 to 10240.")
@click.option("--timeout", default=900, show_default=True, help="Time limit of one call in seconds, 15 to 900.")
@click.option("--retention-period", default=14, show_default=True, help="Number of days to keep logs.")
@click.option("--custom-role-arn", help="ARN of your own role, with the policy that 'policies role' prints.")
@click.option("--custom-layer-arns", default="", help="ARNs of layer versions to add, separated by commas.")
@click.option("--vpc-subnet-ids", default="", help="Ids of the subnets, separated by commas.")
@click.option("--vpc-security-group-ids", default="", help="Ids of the security groups, separated by commas.")
@click.option("--cjk-fonts", is_flag=True, help="Add Noto Sans for Chinese, Japanese and Korean.")
@click.option("-q", "--quiet", is_flag=True, help="Print the name of the function only.")
def deploy(
    aws: Aws,
    memory: int,
    disk: int,
    timeout: int,
    retention_period: int,
    custom_role_arn: str | None,
    custom_layer_arns: str,
    vpc_subnet_ids: str,
    vpc_security_group_ids: str,
    cjk_fonts: bool,
    quiet: bool,
) -> None:
    """Deploy the function, or update it."""
    deployed = deploy_function(
        aws,
        memory_size_in_mb=memory,
        disk_size_in_mb=disk,
        timeout_in_seconds=timeout,
        log_retention_in_days=retention_period,
        custom_role_arn=custom_role_arn,
        custom_layer_arns=_listed(custom_layer_arns),
        vpc_subnet_ids=_listed(vpc_subnet_ids),
        vpc_security_group_ids=_listed(vpc_security_group_ids),
        cjk_fonts=cjk_fonts,
        on_step=None if quiet else say,
    )
    state = "is up to date" if deployed.already_existed else "is deployed"
    click.echo(deployed.function_name if quiet else f"{deployed.function_name} {state}; bucket {deployed.bucket_name}")


@functions.command()
@with_account
@click.option("--compatible-only", is_flag=True, help="List only functions with a compatible version.")
@click.option("-q", "--quiet", is_flag=True, help="Print the names only.")
def ls(aws: Aws, compatible_only: bool, quiet: bool) -> None:
    """List the functions of the region."""
    found = get_functions(aws, compatible_only=compatible_only)
    if quiet:
        click.echo(" ".join(item.function_name for item in found) or "()")
        return
    for item in found:
        other = "" if item.compatible else "  (another protocol)"
        click.echo(
            f"{item.function_name}  {item.memory_size_in_mb} MB  disk {item.disk_size_in_mb} MB  "
            f"{item.timeout_in_seconds} s{other}"
        )


@functions.command()
@with_account
@click.argument("names", nargs=-1, required=True)
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def rm(aws: Aws, names: tuple[str, ...], yes: bool) -> None:
    """Remove the functions NAMES."""
    _remove(aws, [name for name in names if name != "()"], yes)


@functions.command()
@with_account
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def rmall(aws: Aws, yes: bool) -> None:
    """Remove all functions of the region."""
    _remove(aws, [item.function_name for item in get_functions(aws)], yes)


@functions.command()
@click.option("--output", required=True, type=click.Path(path_type=Path), help="Folder for the zips.")
@click.option("--cjk-fonts", is_flag=True, help="Add Noto Sans for Chinese, Japanese and Korean.")
def package(output: Path, cjk_fonts: bool) -> None:
    """Build the zips of the function without deploying it."""
    built = build_package(cjk_fonts=cjk_fonts, on_step=say)
    output.mkdir(parents=True, exist_ok=True)
    for archive in built.archives:
        shutil.copyfile(archive.path, output / f"{archive.name}.zip")
    click.echo(built.table())


def _remove(aws: Aws, names: list[str], yes: bool) -> None:
    for name in names:
        if yes or click.confirm(f"Remove the function {name}?"):
            delete_function(aws, name)
            click.echo(f"{name} is removed")


def _listed(text: str) -> list[Any]:
    return [part.strip() for part in text.split(",") if part.strip()]
