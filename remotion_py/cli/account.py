"""`remotion-py policies`, `quotas` and `regions`: what an AWS account allows."""

from __future__ import annotations

import click

from ..errors import PermissionDeniedError
from ..providers.aws.permissions import Permission, simulate_permissions
from ..providers.aws.policies import get_role_policy, get_user_policy
from ..providers.aws.quotas import get_quotas, increase_quota
from ..providers.aws.regions import get_regions
from ..providers.aws.session import Aws
from .where import with_account

_partition = click.option("--partition", type=click.Choice(["aws", "aws-cn"]), default="aws", show_default=True)


@click.group()
def policies() -> None:
    """Print and check IAM policies."""


@policies.command()
@_partition
def user(partition: str) -> None:
    """Print the policy of a user who deploys and renders."""
    click.echo(get_user_policy(partition))


@policies.command()
@_partition
def role(partition: str) -> None:
    """Print the policy of the function's role."""
    click.echo(get_role_policy(partition))


@policies.command()
@with_account
def validate(aws: Aws) -> None:
    """Check with IAM which actions of remotion-py you may use."""

    def show(item: Permission) -> None:
        click.echo(f"{'yes' if item.allowed else 'NO '}  {item.action}  ({item.statement})")

    denied = [item.action for item in simulate_permissions(aws, on_permission=show) if not item.allowed]
    if denied:
        raise PermissionDeniedError(
            f"{len(denied)} of these actions are denied. Attach the policy that 'remotion-py policies user' prints.",
            action=denied[0],
        )


@click.group(invoke_without_command=True)
@with_account
def quotas(aws: Aws) -> None:
    """Show how many functions may run at the same time."""
    if click.get_current_context().invoked_subcommand:
        return
    found = get_quotas(aws)
    click.echo(f"Concurrent executions in {aws.region}: {found.quota} (AWS's default: {found.default})")
    click.echo(f"Without reservations: {found.concurrency}")
    if found.requested is not None:
        click.echo(f"Requested: {found.requested}")


@quotas.command()
@with_account
@click.argument("concurrency", type=int, required=False)
@click.option("-f", "--force", is_flag=True, help="Request more even if the quota is above AWS's default.")
def increase(aws: Aws, concurrency: int | None, force: bool) -> None:
    """Request a higher quota from AWS.

    CONCURRENCY is the number of executions at the same time; by default the next multiple of 5000.
    """
    click.echo(f"Requested a quota of {increase_quota(aws, concurrency, force=force)}. AWS answers by email.")


@click.command()
@click.option("--default-only", is_flag=True, help="List only regions that are enabled by default.")
def regions(default_only: bool) -> None:
    """List the regions in which functions can be deployed."""
    click.echo(" ".join(get_regions(enabled_by_default_only=default_only)))
