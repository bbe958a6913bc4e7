"""The AWS functions at module level: on the account and region of the environment, as boto3 finds them."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar

from .providers.aws import buckets, deploy, functions, permissions, prices, quotas, renders, session, sites
from .providers.aws.session import Aws

P = ParamSpec("P")
T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])


def shown_as(call: F, function: Callable[..., Any], *first: str) -> F:
    """Give a function the name, docstring and signature of another, with other parameters in place of its account."""
    functools.update_wrapper(call, function)
    del call.__wrapped__  # pyright: ignore[reportFunctionMemberAccess]
    signature = inspect.signature(function)
    own = [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in first]
    kept = [*own, *list(signature.parameters.values())[1:]]
    call.__signature__ = signature.replace(parameters=kept)  # pyright: ignore[reportFunctionMemberAccess]
    return call


def _default(function: Callable[Concatenate[Aws, P], T]) -> Callable[P, T]:
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        return function(Aws(), *args, **kwargs)

    return shown_as(call, function)


deploy_function = _default(deploy.deploy_function)
get_functions = _default(functions.get_functions)
get_function_info = _default(functions.get_function_info)
delete_function = _default(functions.delete_function)
deploy_site = _default(sites.deploy_site)
get_sites = _default(sites.get_sites)
delete_site = _default(sites.delete_site)
get_or_create_bucket = _default(buckets.get_or_create_bucket)
get_quotas = _default(quotas.get_quotas)
increase_quota = _default(quotas.increase_quota)
simulate_permissions = _default(permissions.simulate_permissions)
estimate_price = _default(prices.estimate_price)
presign_url = _default(renders.presign_url)
download_media = _default(renders.download_media)
delete_render = _default(renders.delete_render)
list_renders = _default(renders.list_renders)
get_aws_client = _default(session.get_aws_client)
