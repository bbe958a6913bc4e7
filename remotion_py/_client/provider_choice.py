"""Selects the provider of a client from the arguments of `Client()`."""

from __future__ import annotations

import os
from collections.abc import Mapping

from ..errors import OptionError
from ..providers.base import Provider


def make_provider(
    provider: str,
    *,
    capacity: int | None = None,
    store: str | os.PathLike[str] | None = None,
    browser_executable: str | os.PathLike[str] | None = None,
    region: str | None = None,
    profile: str | None = None,
    function_name: str | None = None,
    bucket_name: str | None = None,
) -> Provider:
    """Make a provider by its name.

    Raises:
        OptionError: An unknown name, an invalid value, or an argument of another provider.
    """
    local = {"capacity": capacity, "store": store, "browser_executable": browser_executable}
    aws = {"region": region, "profile": profile, "function_name": function_name, "bucket_name": bucket_name}
    if provider == "local":
        _refuse(aws, provider, "aws")
        from ..providers.local.provider import LocalProvider

        return LocalProvider(capacity=capacity, store=store, browser_executable=browser_executable)
    if provider == "aws":
        _refuse(local, provider, "local")
        from ..providers.aws.provider import AwsProvider

        return AwsProvider(region=region, profile=profile, function_name=function_name, bucket_name=bucket_name)
    raise OptionError(f"provider is {provider!r}, but must be 'local' or 'aws'.")


def _refuse(values: Mapping[str, object], provider: str, other: str) -> None:
    given = [name for name, value in values.items() if value is not None]
    if given:
        raise OptionError(
            f"{given[0]} belongs to the provider {other!r}, but the provider is {provider!r}. Remove it, or "
            f"use Client({other!r}, ...)."
        )
