"""The names of our resources in an account (no I/O). All have one prefix, which the IAM policies match."""

from __future__ import annotations

import re
import secrets
import string
from dataclasses import dataclass

from ..._version import __version__

PREFIX = "remotion-py-"
"""Every function, bucket, layer and role of ours begins with it."""
ROLE = f"{PREFIX}role"
ROLE_POLICY = f"{PREFIX}policy"
USER_POLICY = f"{PREFIX}user"
SITES = "sites/"
PACKAGES = "packages/"

_ALPHABET = string.ascii_lowercase + string.digits
_FUNCTION = re.compile(rf"{PREFIX}(?P<version>[\w-]+?)-mem(?P<memory>\d+)mb-disk(?P<disk>\d+)mb-(?P<timeout>\d+)sec")


@dataclass(frozen=True)
class FunctionName:
    """What the name of a function says.

    Attributes:
        version: Version of remotion_py, with dashes for dots.
        memory_mb: Its memory in MB.
        disk_mb: Its disk in MB.
        timeout_s: Its time-out in seconds.
    """

    version: str
    memory_mb: int
    disk_mb: int
    timeout_s: int


def function_name(memory_mb: int, disk_mb: int, timeout_s: int, architecture: str = "x86_64") -> str:
    """Return the name of a function of this version and this size."""
    version = __version__.replace(".", "-").replace("+", "-")
    arm = "-arm64" if architecture == "arm64" else ""
    return f"{PREFIX}{version}{arm}-mem{memory_mb}mb-disk{disk_mb}mb-{timeout_s}sec"


def parse_function_name(name: str) -> FunctionName | None:
    """Read a name back; None when it is not one of ours."""
    found = _FUNCTION.fullmatch(name)
    if not found:
        return None
    return FunctionName(found["version"], int(found["memory"]), int(found["disk"]), int(found["timeout"]))


def log_group(function_name: str) -> str:
    """Return the log group of a function; Lambda writes to no other."""
    return f"/aws/lambda/{function_name}"


def new_bucket_name(region: str) -> str:
    """Return a new name for the bucket of a region; names are shared by all AWS accounts, so it ends at random."""
    return f"{bucket_prefix(region)}{random_name()}"


def bucket_prefix(region: str) -> str:
    """Return what the names of our buckets in a region begin with."""
    return f"{PREFIX}{region.replace('-', '')}-"


def random_name() -> str:
    """Return ten random letters and digits."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(10))
