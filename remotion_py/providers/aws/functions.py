"""Finds, describes and deletes deployed functions."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from ..._version import PROTOCOL
from ...errors import FunctionNotFoundError
from ..boto_errors import translated
from ..functions import function_error
from .names import PREFIX
from .session import Aws


@dataclass(frozen=True)
class FunctionInfo:
    """A deployed function.

    Attributes:
        function_name: Its name.
        version: Version of remotion_py in it; None when it was not asked.
        protocol: Which calls it understands; None for a function that is not ours.
        memory_size_in_mb: Memory in MB.
        disk_size_in_mb: `/tmp` in MB.
        timeout_in_seconds: Time-out in seconds.
        bucket_name: The bucket that its renders go to; None for a function that is not ours.
        code_sha256: Hash of its code, as Lambda reports it.
    """

    function_name: str
    version: str | None
    protocol: int | None
    memory_size_in_mb: int
    disk_size_in_mb: int
    timeout_in_seconds: int
    bucket_name: str | None
    code_sha256: str

    @property
    def compatible(self) -> bool:
        """Whether this version of remotion_py can talk to it."""
        return self.protocol == PROTOCOL


def get_functions(aws: Aws, *, compatible_only: bool = False) -> list[FunctionInfo]:
    """List the functions of remotion_py in the region. No function is invoked.

    Args:
        aws: The account and region.
        compatible_only: Leave out those that this version cannot talk to.
    """
    with translated("list the functions"):
        pages = aws.client("lambda").get_paginator("list_functions").paginate()
        listed = [item for page in pages for item in page["Functions"] if item["FunctionName"].startswith(PREFIX)]
    found = [_from_wire(item) for item in listed]
    return [item for item in found if item.compatible or not compatible_only]


def get_function_info(aws: Aws, function_name: str) -> FunctionInfo:
    """Describe a function, and ask it for its version.

    Args:
        aws: The account and region.
        function_name: Its name.

    Raises:
        FunctionNotFoundError: There is none.
    """
    found = describe_function(aws, function_name)
    if found is None:
        raise missing(function_name, aws.region)
    with translated(f"invoke {function_name}"):
        answer = aws.client("lambda").invoke(FunctionName=function_name, Payload=b'{"type":"info"}')
        body = answer["Payload"].read()
    if answer.get("FunctionError"):
        raise function_error(function_name, answer["FunctionError"], body)
    return FunctionInfo(**(found.__dict__ | {"version": json.loads(body)["version"]}))


def delete_function(aws: Aws, function_name: str) -> None:
    """Delete a function. Its bucket, role, layers and logs stay.

    Args:
        aws: The account and region.
        function_name: Its name.

    Raises:
        FunctionNotFoundError: There is none.
    """
    client = aws.client("lambda")
    with translated(f"delete the function {function_name}"):
        try:
            client.delete_function(FunctionName=function_name)
        except client.exceptions.ResourceNotFoundException:
            raise missing(function_name, aws.region) from None


def describe_function(aws: Aws, function_name: str) -> FunctionInfo | None:
    """Return what Lambda knows of a function; None where there is none."""
    client = aws.client("lambda")
    with translated(f"look for the function {function_name}"):
        try:
            return _from_wire(client.get_function(FunctionName=function_name)["Configuration"])
        except client.exceptions.ResourceNotFoundException:
            return None


def find_function(aws: Aws) -> FunctionInfo:
    """Return the one function of the region that this version can talk to.

    Raises:
        FunctionNotFoundError: There is none, or several.
    """
    found = get_functions(aws)
    fitting = [item for item in found if item.compatible]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        names = ", ".join(item.function_name for item in fitting)
        raise FunctionNotFoundError(
            f"There are {len(fitting)} functions of remotion_py in {aws.region}: {names}. Pass one as function_name."
        )
    others = f"  There are functions with other protocol versions: {', '.join(i.function_name for i in found)}."
    raise FunctionNotFoundError(
        f"There is no function of remotion_py in {aws.region} that this version can "
        f"invoke.{others if found else ''} Deploy one: 'remotion-py functions deploy', or deploy_function()."
    )


def missing(function_name: str, region: str) -> FunctionNotFoundError:
    """Return the error about a function that is not there."""
    return FunctionNotFoundError(
        f"There is no function {function_name} in {region}. Check the region, list the functions with "
        f"'remotion-py functions ls', or deploy one with 'remotion-py functions deploy'."
    )


def _from_wire(wire: dict[str, Any]) -> FunctionInfo:
    variables: dict[str, str] = wire.get("Environment", {}).get("Variables", {})
    protocol = variables.get("REMOTION_PY_PROTOCOL", "")
    return FunctionInfo(
        function_name=wire["FunctionName"],
        version=None,
        protocol=int(protocol) if protocol.isdigit() else None,
        memory_size_in_mb=wire["MemorySize"],
        disk_size_in_mb=wire.get("EphemeralStorage", {}).get("Size", 512),
        timeout_in_seconds=wire["Timeout"],
        bucket_name=variables.get("REMOTION_PY_BUCKET"),
        code_sha256=wire.get("CodeSha256", ""),
    )
