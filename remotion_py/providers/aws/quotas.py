"""Reads the concurrency quota of the account, and requests a higher one."""

from __future__ import annotations

from dataclasses import dataclass

from ...errors import AwsError, OptionError
from ..boto_errors import translated
from .concurrency import account_concurrency
from .session import Aws

SERVICE = "lambda"
CONCURRENCY_CODE = "L-B99A9384"
"""The quota "Concurrent executions"; source: AWS, Lambda quotas."""
STEP = 5000
_OPEN = ("PENDING", "CASE_OPENED")


@dataclass(frozen=True)
class Quotas:
    """The concurrency of an account in a region.

    Attributes:
        concurrency: Functions that may run at the same time now, without those reserved.
        quota: The applied quota.
        default: AWS's default quota; new accounts often have less.
        requested: What an open request asks for; None where there is none.
    """

    concurrency: int
    quota: int
    default: int
    requested: int | None


def get_quotas(aws: Aws) -> Quotas:
    """Read how many functions may run at the same time.

    Args:
        aws: The account and region.
    """
    client = aws.client("service-quotas")
    named = {"ServiceCode": SERVICE, "QuotaCode": CONCURRENCY_CODE}
    with translated("read the quotas"):
        quota = client.get_service_quota(**named)["Quota"]["Value"]
        default = client.get_aws_default_service_quota(**named)["Quota"]["Value"]
        history = client.list_requested_service_quota_change_history_by_quota(**named)["RequestedQuotas"]
    asked = [int(item["DesiredValue"]) for item in history if item["Status"] in _OPEN]
    return Quotas(account_concurrency(aws), int(quota), int(default), max(asked, default=None))


def increase_quota(aws: Aws, concurrency: int | None = None, *, force: bool = False) -> int:
    """Ask AWS for a larger concurrency quota; returns what was asked for. AWS answers by mail, within hours or days.

    Args:
        aws: The account and region.
        concurrency: What to ask for; None for the next multiple of 5000.
        force: Ask although the quota is above AWS's default already.

    Raises:
        OptionError: It is not an increase, or one that `force` has to confirm.
        AwsError: A request is open already, or AWS refused.
    """
    known = get_quotas(aws)
    wanted = concurrency or known.quota // STEP * STEP + STEP
    if wanted <= known.quota:
        raise OptionError(
            f"The quota is already {known.quota}, so {wanted} is not an increase. Request a higher value."
        )
    if known.requested is not None:
        raise AwsError(
            f"A request for {known.requested} is already open. Wait for AWS's answer before the next request."
        )
    if known.quota > known.default and not force:
        raise OptionError(
            f"The quota, {known.quota}, is already above AWS's default of {known.default}. Set force to "
            f"request {wanted} anyway."
        )
    with translated("request a higher quota"):
        aws.client("service-quotas").request_service_quota_increase(
            ServiceCode=SERVICE, QuotaCode=CONCURRENCY_CODE, DesiredValue=float(wanted)
        )
    return wanted
