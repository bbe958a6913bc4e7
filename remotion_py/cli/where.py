"""The options that select where functions run."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import Any

import click

from ..client import Client
from ..providers.aws.session import Aws

_ACCOUNT = (
    click.option(
        "--region", help="AWS region; by default REMOTION_AWS_REGION, AWS_REGION, or the region of the profile."
    ),
    click.option("--profile", help="Profile of the AWS configuration."),
)
_FUNCTION = (
    click.option("--provider", type=click.Choice(["local", "aws"]), default="local", help="Where functions run."),
    *_ACCOUNT,
    click.option("--function-name", help="AWS: name of the function; by default the one in the region."),
    click.option(
        "--force-bucket-name", "bucket_name", help="AWS: name of the bucket; by default the bucket of the function."
    ),
    click.option("--browser-executable", help="Local: path of the Chromium to render with."),
)


def with_client(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command options that choose a provider, and a client as its first argument."""

    @functools.wraps(command)
    def run(
        provider: str,
        region: str | None,
        profile: str | None,
        function_name: str | None,
        bucket_name: str | None,
        browser_executable: str | None,
        **values: Any,
    ) -> None:
        client = Client(
            provider,
            region=_region(region) if provider == "aws" else region,
            profile=profile,
            function_name=function_name,
            bucket_name=bucket_name,
            browser_executable=browser_executable,
        )
        with client:
            command(client, **values)

    return _decorated(run, _FUNCTION)


def with_account(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command options that choose an AWS account, and that as its first argument."""

    @functools.wraps(command)
    def run(region: str | None, profile: str | None, **values: Any) -> None:
        command(Aws(_region(region), profile), **values)

    return _decorated(run, _ACCOUNT)


def _region(region: str | None) -> str | None:
    return region or os.environ.get("REMOTION_AWS_REGION")


def _decorated(command: Callable[..., Any], options: tuple[Any, ...]) -> Callable[..., Any]:
    for option in reversed(options):
        command = option(command)
    return command
