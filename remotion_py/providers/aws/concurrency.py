"""The number of renderer functions that the account can run in parallel."""

from __future__ import annotations

import logging
import time

from ...errors import AwsError
from ..boto_errors import translated
from ..threads import in_thread
from .session import Aws

MOST = 200
KEPT_S = 300.0
RESERVE = 2
"""Places left free: for the main function itself, and for short calls beside it."""

log = logging.getLogger(__name__)


class Concurrency:
    """Reads the account's limit, now and then.

    Args:
        aws: The account and region.
    """

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._known: int | None = None
        self._read_at = 0.0

    async def renderers(self) -> int:
        """Return how many renderer functions may be invoked at once: the unreserved limit, less a few.

        Where the limit cannot be read it is taken for the usual 1,000; a throttled call is tried again anyhow.
        """
        if self._known is None or time.monotonic() - self._read_at > KEPT_S:
            try:
                self._known = await in_thread(account_concurrency, self._aws)
            except AwsError as error:
                log.warning("the concurrency of the account is unknown: %s", error)
                self._known = 1000
            self._read_at = time.monotonic()
        return max(1, min(MOST, self._known - RESERVE))


def account_concurrency(aws: Aws) -> int:
    """Return how many functions without a reservation may run at the same time in the region.

    Raises:
        AwsError: It cannot be read.
    """
    with translated("read the concurrency of the account"):
        limits = aws.client("lambda").get_account_settings()["AccountLimit"]
    return limits["UnreservedConcurrentExecutions"]
