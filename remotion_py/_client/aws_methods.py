"""Methods of clients for AWS accounts, sync and async: the functions of `providers.aws` on the client's account."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Concatenate, ParamSpec, TypeVar

from .._runtime import background
from .._runtime.tracebacks import short_tracebacks
from ..aws import shown_as
from ..errors import OptionError
from ..providers.aws.buckets import get_or_create_bucket
from ..providers.aws.deploy import deploy_function
from ..providers.aws.functions import delete_function, get_function_info, get_functions
from ..providers.aws.permissions import simulate_permissions
from ..providers.aws.prices import estimate_price
from ..providers.aws.provider import AwsProvider
from ..providers.aws.quotas import get_quotas, increase_quota
from ..providers.aws.renders import delete_render, download_media, list_renders, presign_url
from ..providers.aws.session import Aws, get_aws_client
from ..providers.aws.sites import delete_site, deploy_site, get_sites
from ..providers.threads import in_thread
from .engine import Engine

P = ParamSpec("P")
T = TypeVar("T")


def _account(client: Any) -> Aws:
    engine: Engine = client._engine
    provider = engine.provider
    if not isinstance(provider, AwsProvider):
        raise OptionError("This function needs an AWS account, but the client is local. Use Client('aws', region=...).")
    return provider.aws


def _waiting(function: Callable[Concatenate[Aws, P], T]) -> Callable[Concatenate[Any, P], T]:
    def method(self: Any, *args: P.args, **kwargs: P.kwargs) -> T:
        return function(_account(self), *args, **kwargs)

    return shown_as(method, function, "self")


def _awaitable(function: Callable[Concatenate[Aws, P], T]) -> Callable[Concatenate[Any, P], Awaitable[T]]:
    async def method(self: Any, *args: P.args, **kwargs: P.kwargs) -> T:
        return await background.bridge(in_thread(function, _account(self), *args, **kwargs))

    return shown_as(method, function, "self")


@short_tracebacks
class AwsMethods:
    """The part of `Client` that needs an AWS account. Each method is documented at its function."""

    deploy_function = _waiting(deploy_function)
    get_functions = _waiting(get_functions)
    get_function_info = _waiting(get_function_info)
    delete_function = _waiting(delete_function)
    deploy_site = _waiting(deploy_site)
    get_sites = _waiting(get_sites)
    delete_site = _waiting(delete_site)
    get_or_create_bucket = _waiting(get_or_create_bucket)
    get_quotas = _waiting(get_quotas)
    increase_quota = _waiting(increase_quota)
    simulate_permissions = _waiting(simulate_permissions)
    estimate_price = _waiting(estimate_price)
    presign_url = _waiting(presign_url)
    download_media = _waiting(download_media)
    delete_render = _waiting(delete_render)
    list_renders = _waiting(list_renders)
    get_aws_client = _waiting(get_aws_client)


@short_tracebacks
class AsyncAwsMethods:
    """The part of `AsyncClient` that needs an AWS account; the awaitable versions of `AwsMethods`."""

    deploy_function = _awaitable(deploy_function)
    get_functions = _awaitable(get_functions)
    get_function_info = _awaitable(get_function_info)
    delete_function = _awaitable(delete_function)
    deploy_site = _awaitable(deploy_site)
    get_sites = _awaitable(get_sites)
    delete_site = _awaitable(delete_site)
    get_or_create_bucket = _awaitable(get_or_create_bucket)
    get_quotas = _awaitable(get_quotas)
    increase_quota = _awaitable(increase_quota)
    simulate_permissions = _awaitable(simulate_permissions)
    estimate_price = _awaitable(estimate_price)
    presign_url = _awaitable(presign_url)
    download_media = _awaitable(download_media)
    delete_render = _awaitable(delete_render)
    list_renders = _awaitable(list_renders)
    get_aws_client = _awaitable(get_aws_client)
