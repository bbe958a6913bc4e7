"""Deploys the function: its role, log group, layers and code. Every step can be repeated."""

from __future__ import annotations

import base64
import contextlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from ..._version import PROTOCOL, __version__
from ...errors import AwsError, OptionError
from ..boto_errors import error_code, translated
from .buckets import get_or_create_bucket
from .functions import FunctionInfo, describe_function
from .names import PACKAGES, PREFIX, ROLE, ROLE_POLICY, function_name, log_group
from .package import ZIP_LIMIT, Archive, OnStep, build_package, no_step
from .policies import get_role_policy
from .registries import PYTHON
from .session import Aws
from .store import bucket_hints

MIN_DISK_MB = 1536
"""590 MB are unpacked; the rest is for chunks and the video."""
RETENTION_DAYS = (
    1,
    3,
    5,
    7,
    14,
    30,
    60,
    90,
    120,
    150,
    180,
    365,
    400,
    545,
    731,
    1096,
    1827,
    2192,
    2557,
    2922,
    3288,
    3653,
)
"""What CloudWatch Logs takes; source: AWS, PutRetentionPolicy."""
ROLE_PATIENCE_S = 60.0
ACTIVE_PATIENCE_S = 300.0
MOST_LAYERS = 5
_LAYER_HINT = {
    "CodeStorageExceededException": (
        AwsError,
        "The account's storage for functions and layers (75 GB) is full. Delete old functions and layer versions.",
    )
}

T = TypeVar("T")


@dataclass(frozen=True)
class DeployedFunction:
    """What `deploy_function()` returns.

    Attributes:
        function_name: Name of the function, for `Client("aws", function_name=...)`.
        bucket_name: The bucket that its renders go to.
        already_existed: Whether there was one of this name, which was updated.
    """

    function_name: str
    bucket_name: str
    already_existed: bool


def deploy_function(
    aws: Aws,
    *,
    memory_size_in_mb: int = 2048,
    disk_size_in_mb: int = 2048,
    timeout_in_seconds: int = 900,
    log_retention_in_days: int = 14,
    architecture: str = "x86_64",
    cjk_fonts: bool = False,
    custom_role_arn: str | None = None,
    custom_layer_arns: Sequence[str] = (),
    vpc_subnet_ids: Sequence[str] = (),
    vpc_security_group_ids: Sequence[str] = (),
    bucket_name: str | None = None,
    on_step: OnStep | None = None,
) -> DeployedFunction:
    """Deploy the function, with its role, log group, layers and bucket; or update a deployed one.

    Its name has version and size, so another size is another function beside it. What was done by an earlier call,
    also one that failed half-way, is found and kept.

    Args:
        aws: The account and region.
        memory_size_in_mb: Memory in MB, 1024 to 10240; CPU grows with it. New accounts are often limited to 3008.
        disk_size_in_mb: `/tmp` in MB, 1536 to 10240.
        timeout_in_seconds: How long one call may take, 15 to 900.
        log_retention_in_days: Days that logs are kept.
        architecture: "x86_64".
        cjk_fonts: Add a layer with Noto Sans for Chinese, Japanese and Korean.
        custom_role_arn: ARN of a role with the policy of `get_role_policy()`; None makes one.
        custom_layer_arns: Layer versions to add, such as fonts below `/opt/fonts`; one, or none with `cjk_fonts`.
        vpc_subnet_ids: Subnets to run in; they need a way to S3 and Lambda.
        vpc_security_group_ids: Security groups, together with subnets.
        bucket_name: The bucket; None for the one of the region, made where it is missing.
        on_step: Called with what is being done.

    Raises:
        OptionError: A value that cannot be.
        PackageError: The package cannot be built, or is too large.
        AwsError: AWS refused.
    """
    step = on_step or no_step
    _check(memory_size_in_mb, disk_size_in_mb, timeout_in_seconds, log_retention_in_days)
    if bool(vpc_subnet_ids) != bool(vpc_security_group_ids):
        raise OptionError("Only one of vpc_subnet_ids and vpc_security_group_ids is given. Pass both, or none.")
    step("building the package")
    package = build_package(architecture=architecture, cjk_fonts=cjk_fonts, on_step=on_step)
    if len(package.layers) + len(custom_layer_arns) > MOST_LAYERS:
        raise OptionError(
            f"{len(custom_layer_arns)} custom layers are given, but a function takes {MOST_LAYERS} layers, "
            f"and the package needs {len(package.layers)} of them. Combine your layers into "
            f"{MOST_LAYERS - len(package.layers)}."
        )
    step("preparing the bucket")
    bucket = get_or_create_bucket(aws, bucket_name=bucket_name).bucket_name
    role = custom_role_arn or _ensure_role(aws)
    name = function_name(memory_size_in_mb, disk_size_in_mb, timeout_in_seconds, architecture)
    _ensure_log_group(aws, name, log_retention_in_days)
    layers = [_ensure_layer(aws, layer, bucket, architecture, step) for layer in package.layers]
    settings: dict[str, Any] = {
        "FunctionName": name,
        "Runtime": f"python{PYTHON}",
        "Handler": "remotion_py.worker",
        "Role": role,
        "Timeout": timeout_in_seconds,
        "MemorySize": memory_size_in_mb,
        "EphemeralStorage": {"Size": disk_size_in_mb},
        "Layers": [*layers, *custom_layer_arns],
        "Environment": {"Variables": environment(bucket, timeout_in_seconds)},
        "Description": f"Renders videos with remotion_py {__version__}.",
    }
    if vpc_subnet_ids:
        settings["VpcConfig"] = {"SubnetIds": list(vpc_subnet_ids), "SecurityGroupIds": list(vpc_security_group_ids)}
    existing = describe_function(aws, name)
    if existing is None:
        step(f"creating the function {name}")
        _create(aws, settings, package.function, architecture)
    else:
        _update(aws, settings, package.function, existing, step)
    with translated(f"set the invocation settings of {name}"):
        # A second attempt of a main function would render everything again.
        aws.client("lambda").put_function_event_invoke_config(
            FunctionName=name, MaximumRetryAttempts=0, MaximumEventAgeInSeconds=3600
        )
    return DeployedFunction(name, bucket, existing is not None)


def environment(bucket: str, timeout_s: int) -> dict[str, str]:
    """Return the environment of a deployed function."""
    return {
        "AWS_LAMBDA_EXEC_WRAPPER": "/var/task/bootstrap",
        "REMOTION_PY_PROVIDER": "aws",
        "REMOTION_PY_PROTOCOL": str(PROTOCOL),
        "REMOTION_PY_BUCKET": bucket,
        "REMOTION_PY_TIMEOUT": str(timeout_s),
        "REMOTION_PY_BROWSER_FLAGS": "--no-zygote",
    }


def _check(memory: int, disk: int, timeout: int, retention: int) -> None:
    for name, value, low, high in (
        ("memory_size_in_mb", memory, 1024, 10240),
        ("disk_size_in_mb", disk, MIN_DISK_MB, 10240),
        ("timeout_in_seconds", timeout, 15, 900),
    ):
        if not low <= value <= high:
            raise OptionError(f"{name} is {value}, but must be from {low} to {high}. Choose a value in this range.")
    if retention not in RETENTION_DAYS:
        raise OptionError(
            f"log_retention_in_days is {retention}, but CloudWatch takes one of: {', '.join(map(str, RETENTION_DAYS))}."
        )


def _ensure_role(aws: Aws) -> str:
    iam = aws.client("iam")
    service = "lambda.amazonaws.com"
    trust = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}],
    }
    with translated(f"create the role {ROLE}"):
        try:
            arn: str = iam.get_role(RoleName=ROLE)["Role"]["Arn"]
        except iam.exceptions.NoSuchEntityException:
            made = iam.create_role(
                RoleName=ROLE,
                AssumeRolePolicyDocument=json.dumps(trust),
                Description="The functions of remotion_py run with this role.",
            )
            arn = made["Role"]["Arn"]
        iam.put_role_policy(RoleName=ROLE, PolicyName=ROLE_POLICY, PolicyDocument=get_role_policy(aws.partition))
    return arn


def _ensure_log_group(aws: Aws, name: str, days: int) -> None:
    logs = aws.client("logs")
    group = log_group(name)
    with translated(f"create the log group {group}"):
        with contextlib.suppress(logs.exceptions.ResourceAlreadyExistsException):
            logs.create_log_group(logGroupName=group)
        logs.put_retention_policy(logGroupName=group, retentionInDays=days)


def _ensure_layer(aws: Aws, layer: Archive, bucket: str, architecture: str, step: OnStep) -> str:
    """Return the ARN of a layer version with this content, publishing it where there is none."""
    client = aws.client("lambda")
    name = f"{PREFIX}{layer.name}-{layer.sha256[:12]}"
    with translated(f"publish the layer {name}", _LAYER_HINT):
        versions = client.list_layer_versions(LayerName=name)["LayerVersions"]
        if versions:
            return versions[0]["LayerVersionArn"]
        step(f"uploading the layer {layer.name} ({layer.zipped / 1e6:.0f} MB)")
        key = f"{PACKAGES}{layer.path.name}"
        _upload(aws, layer, bucket, key)
        published = client.publish_layer_version(
            LayerName=name,
            Description=f"{layer.name} of remotion_py {__version__}",
            Content={"S3Bucket": bucket, "S3Key": key},
            CompatibleArchitectures=[architecture],
            CompatibleRuntimes=[f"python{PYTHON}"],
        )
    with translated(f"remove s3://{bucket}/{key}", bucket_hints(bucket)):
        aws.client("s3").delete_object(Bucket=bucket, Key=key)
    return published["LayerVersionArn"]


def _upload(aws: Aws, archive: Archive, bucket: str, key: str) -> None:
    """Upload a zip, unless an earlier call has."""
    client = aws.client("s3")
    with translated(f"upload {archive.path.name}", bucket_hints(bucket)):
        try:
            there = client.head_object(Bucket=bucket, Key=key)["ContentLength"]
        except client.exceptions.ClientError as error:
            if error_code(error) not in ("404", "NoSuchKey"):
                raise
            there = -1
        if there != archive.zipped:
            client.upload_file(str(archive.path), bucket, key)


def _create(aws: Aws, settings: dict[str, Any], code: Archive, architecture: str) -> None:
    client = aws.client("lambda")
    data = _code(code)
    tags = {"remotion-py": __version__}

    def create() -> Any:
        return client.create_function(
            **settings, Code={"ZipFile": data}, Architectures=[architecture], PackageType="Zip", Tags=tags
        )

    with translated(f"create the function {settings['FunctionName']}", _LAYER_HINT):
        _retried(create, lambda error: error_code(error) == "InvalidParameterValueException" and "role" in str(error))
    _wait(aws, "function_active_v2", settings["FunctionName"])


def _update(aws: Aws, settings: dict[str, Any], code: Archive, existing: FunctionInfo, step: OnStep) -> None:
    client = aws.client("lambda")
    name = existing.function_name
    data = _code(code)
    with translated(f"update the function {name}", _LAYER_HINT):
        if existing.code_sha256 != base64.b64encode(bytes.fromhex(code.sha256)).decode():
            step(f"updating the code of {name}")
            client.update_function_code(FunctionName=name, ZipFile=data)
            _wait(aws, "function_updated_v2", name)
        step(f"updating the settings of {name}")
        _retried(lambda: client.update_function_configuration(**settings), _busy)
    _wait(aws, "function_updated_v2", name)


def _busy(error: Any) -> bool:
    return error_code(error) == "ResourceConflictException" or "role" in str(error)


def _code(code: Archive) -> bytes:
    if code.zipped > ZIP_LIMIT:
        raise AwsError(
            f"The function's own zip has {code.zipped} bytes, but the limit for direct uploads is {ZIP_LIMIT}. "
            f"Please report this as a bug."
        )
    return code.path.read_bytes()


def _retried(call: Callable[[], T], passes: Callable[[Any], bool]) -> T:
    """Call again for a minute while an error passes by itself, as of a role that was made a moment ago."""
    import botocore.exceptions as boto

    deadline, pause = time.monotonic() + ROLE_PATIENCE_S, 1.0
    while True:
        try:
            return call()
        except boto.ClientError as error:
            if not passes(error) or time.monotonic() + pause > deadline:
                raise
            time.sleep(pause)
            pause = min(pause * 1.5, 8.0)


def _wait(aws: Aws, waiter: str, name: str) -> None:
    import botocore.exceptions as boto

    try:
        aws.client("lambda").get_waiter(waiter).wait(
            FunctionName=name, WaiterConfig={"Delay": 1, "MaxAttempts": int(ACTIVE_PATIENCE_S)}
        )
    except boto.WaiterError as error:
        raise AwsError(
            f"The function {name} did not become ready: {error}. Check it in the AWS console, then deploy again."
        ) from error
