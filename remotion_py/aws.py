"""Functions for an AWS account: functions, sites, bucket, renders, quotas, permissions and prices.

    import remotion_py as rp

    rp.aws.deploy_function(memory_size_in_mb=2048)

They use the account and region of the environment, as boto3 does. `Client("aws")` has them as methods and uses its own
account and region.
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar

from ._runtime.tracebacks import short_traceback
from .providers.aws import buckets, deploy, functions, permissions, prices, quotas, renders, session, sites
from .providers.aws.policies import get_role_policy, get_user_policy
from .providers.aws.regions import get_regions
from .providers.aws.session import Aws

__all__ = [
    "delete_function",
    "delete_render",
    "delete_site",
    "deploy_function",
    "deploy_site",
    "download_media",
    "estimate_price",
    "get_aws_client",
    "get_function_info",
    "get_functions",
    "get_or_create_bucket",
    "get_quotas",
    "get_regions",
    "get_role_policy",
    "get_sites",
    "get_user_policy",
    "increase_quota",
    "list_renders",
    "presign_url",
    "simulate_permissions",
]

P = ParamSpec("P")
T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])


def shown_as(call: F, function: Callable[..., Any], *first: str) -> F:
    """Copy the name, docstring and signature of `function` to `call`; `first` replaces its account parameter."""
    functools.update_wrapper(call, function)
    call.__doc__ = _without_account(inspect.getdoc(function) or "")
    del call.__wrapped__  # pyright: ignore[reportFunctionMemberAccess]
    signature = inspect.signature(function)
    own = [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in first]
    kept = [*own, *list(signature.parameters.values())[1:]]
    call.__signature__ = signature.replace(parameters=kept)  # pyright: ignore[reportFunctionMemberAccess]
    return call


def _without_account(text: str) -> str:
    shorter = re.sub(r"(?m)^    aws: .*\n?", "", text)
    return re.sub(r"\n*Args:\n+(?=\n\w|\Z)", "\n", shorter).rstrip()


def _default(function: Callable[Concatenate[Aws, P], T]) -> Callable[P, T]:
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        return function(Aws(), *args, **kwargs)

    return short_traceback(shown_as(call, function))


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


def __dir__() -> list[str]:
    return list(__all__)
