"""A boto3 Lambda client for the embedded endpoint that ignores the user's AWS configuration.

Otherwise HTTP_PROXY, AWS_PROFILE and AWS_ENDPOINT_URL would break local calls (design/aws.md).
"""

from __future__ import annotations

import os
from typing import Any

from .settings import REGION

CONNECT_TIMEOUT_S = 10


def make_lambda_client(url: str, *, read_timeout_s: float, connections: int) -> Any:
    """Make a client.

    Args:
        url: The endpoint's URL, token included.
        read_timeout_s: Seconds of silence after which a call is given up; above the function's time-out.
        connections: Most calls at the same time.
    """
    import botocore.session
    from boto3.session import Session
    from botocore.config import Config

    blind: dict[str, Any] = {
        "profile": (None, None, None, None),
        "config_file": (None, None, os.devnull, None),
        "credentials_file": (None, None, os.devnull, None),
        "ca_bundle": (None, None, None, None),
    }
    session = Session(botocore_session=botocore.session.Session(session_vars=blind))
    config = Config(
        read_timeout=read_timeout_s,
        connect_timeout=CONNECT_TIMEOUT_S,
        retries={"total_max_attempts": 1},
        max_pool_connections=connections,
        proxies={},
        tcp_keepalive=True,
    )
    return session.client(
        "lambda",
        region_name=REGION,
        endpoint_url=url,
        aws_access_key_id="local",
        aws_secret_access_key="local",
        aws_session_token=None,
        config=config,
    )
