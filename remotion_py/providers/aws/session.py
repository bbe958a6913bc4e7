"""boto3 clients of one account and region."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from ...errors import AwsError
from ..boto_errors import translated

CONNECT_TIMEOUT_S = 10


class Aws:
    """An account as boto3's own chain finds it (environment, profiles, SSO, roles), in one region.

    Args:
        region: Region; None for the one of the environment or of the profile.
        profile: Name of a profile; None for the default chain.

    Raises:
        AwsError: No region is known, or there is no such profile.
    """

    def __init__(self, region: str | None = None, profile: str | None = None) -> None:
        import botocore.exceptions as boto
        from boto3.session import Session

        try:
            self._session = Session(region_name=region, profile_name=profile)
        except boto.ProfileNotFound as error:
            raise AwsError(f"{error}. Check the name, or run 'aws configure list-profiles'.") from error
        if not self._session.region_name:
            raise AwsError(
                "No AWS region is configured. Pass region='eu-central-1' or another one, or set "
                "AWS_REGION; 'remotion-py regions' lists them."
            )
        self.region: str = self._session.region_name
        self._clients: dict[tuple[str, str], Any] = {}
        self._account: str | None = None
        self._lock = threading.Lock()

    def client(self, service: str, *, region: str | None = None) -> Any:
        """Return the boto3 client of a service; one for all callers.

        Args:
            service: Its name in boto3, such as "s3".
            region: Another region than that of this account object.
        """
        from botocore.config import Config

        region = region or self.region
        with self._lock:
            if (service, region) not in self._clients:
                config = Config(
                    connect_timeout=CONNECT_TIMEOUT_S,
                    retries={"mode": "standard", "total_max_attempts": 4},
                    signature_version="s3v4" if service == "s3" else None,
                    s3={"us_east_1_regional_endpoint": "regional"},
                )
                self._clients[service, region] = self._session.client(service, region_name=region, config=config)
            return self._clients[service, region]

    def lambda_client(self, *, read_timeout_s: float, connections: int) -> Any:
        """Make a Lambda client for invocations: one attempt each, since a second one would render twice.

        Args:
            read_timeout_s: Seconds of silence after which a call is given up; above the function's time-out.
            connections: Most calls at the same time.
        """
        from botocore.config import Config

        config = Config(
            read_timeout=read_timeout_s,
            connect_timeout=CONNECT_TIMEOUT_S,
            retries={"total_max_attempts": 1},
            max_pool_connections=connections,
            tcp_keepalive=True,
        )
        return self._session.client("lambda", region_name=self.region, config=config)

    def other_store(self, provider: Mapping[str, Any]) -> Any:
        """Make an S3 client of a store of somebody else.

        Args:
            provider: `endpoint`, `accessKeyId`, `secretAccessKey`, perhaps `region` and `forcePathStyle`.
        """
        from botocore.config import Config

        return self._session.client(
            "s3",
            endpoint_url=provider["endpoint"],
            aws_access_key_id=provider.get("accessKeyId"),
            aws_secret_access_key=provider.get("secretAccessKey"),
            region_name=provider.get("region") or self.region,
            config=Config(
                signature_version="s3v4",
                connect_timeout=CONNECT_TIMEOUT_S,
                s3={"addressing_style": "path" if provider.get("forcePathStyle") else "auto"},
            ),
        )

    @property
    def account(self) -> str:
        """The number of the account."""
        if self._account is None:
            with translated("look up the account"):
                self._account = self.client("sts").get_caller_identity()["Account"]
        assert self._account
        return self._account

    @property
    def partition(self) -> str:
        """ "aws", or "aws-cn" in China."""
        return self._session.get_partition_for_region(self.region)


def get_aws_client(aws: Aws, service: str) -> Any:
    """Return the boto3 client that remotion_py itself uses, for what it does not do.

    Args:
        aws: The account and region.
        service: Its name in boto3, such as "s3" or "logs".
    """
    return aws.client(service)
