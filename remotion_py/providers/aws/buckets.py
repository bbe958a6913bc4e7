"""The bucket of a region: private, encrypted, with lifecycle rules that delete old renders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...errors import BucketError
from ..base import DELETE_AFTER
from ..boto_errors import Hints, translated
from .names import bucket_prefix, new_bucket_name
from .session import Aws
from .store import S3Store, bucket_hints


@dataclass(frozen=True)
class Bucket:
    """A bucket for sites and renders.

    Attributes:
        bucket_name: Its name.
        already_existed: Whether it was there before.
    """

    bucket_name: str
    already_existed: bool


def get_or_create_bucket(aws: Aws, *, bucket_name: str | None = None) -> Bucket:
    """Return the bucket of the region, making one where there is none.

    A new bucket is closed to the public, encrypted by S3, and lets renders expire that were started with
    `delete_after`. Calling again sets what is missing and leaves other lifecycle rules alone.

    Args:
        aws: The account and region.
        bucket_name: Name of the bucket; None for the one whose name begins with `remotion-py-REGION`.

    Raises:
        BucketError: The name is taken by somebody else, or there are several buckets to choose from.
        AwsError: AWS refused.
    """
    found = bucket_name or find_bucket(aws)
    existed = bool(found) and _exists(aws, found)
    name = found or new_bucket_name(aws.region)
    if not existed:
        _create(aws, name)
    _secure(aws, name)
    _expire(aws, name)
    return Bucket(name, existed)


def find_bucket(aws: Aws) -> str | None:
    """Return the name of the region's bucket; None where there is none.

    Raises:
        BucketError: There are several.
    """
    prefix = bucket_prefix(aws.region)
    with translated("list the buckets"):
        listed = aws.client("s3").list_buckets().get("Buckets", [])
    names = [item["Name"] for item in listed if item["Name"].startswith(prefix)]
    if len(names) > 1:
        raise BucketError(
            f"There are {len(names)} buckets of remotion_py in {aws.region}: {', '.join(names)}. Pass one as "
            f"bucket_name."
        )
    return names[0] if names else None


def require_bucket(aws: Aws, bucket_name: str | None) -> str:
    """Return the bucket to work with.

    Raises:
        BucketError: There is none.
    """
    name = bucket_name or find_bucket(aws)
    if name is None:
        raise BucketError(
            f"There is no bucket of remotion_py in {aws.region}. Create one with get_or_create_bucket() or "
            f"by deploying a function, or pass your own as bucket_name."
        )
    return name


def check_region(aws: Aws, bucket_name: str) -> None:
    """Refuse a bucket that lies in another region than the functions.

    Raises:
        BucketError: It does, or there is no such bucket.
    """
    if not _exists(aws, bucket_name):
        kind, sentence = bucket_hints(bucket_name)["NoSuchBucket"]
        raise kind(sentence)


def open_store(aws: Aws, bucket_name: str) -> S3Store:
    """Return the object store of a bucket."""
    return S3Store(aws.client("s3"), bucket_name)


def _exists(aws: Aws, name: str) -> bool:
    import botocore.exceptions as boto

    with translated(f"look for the bucket {name}", bucket_hints(name)):
        try:
            answer = aws.client("s3").head_bucket(Bucket=name)
        except boto.ClientError as error:
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
            if status == 404:
                return False
            if status == 403:
                raise BucketError(
                    f"The bucket {name} belongs to another account, or you have no permission to list it. "
                    f"Choose another name, or allow s3:ListBucket on it ('remotion-py policies user').",
                    code="403",
                ) from error
            raise
    region = answer["ResponseMetadata"]["HTTPHeaders"].get("x-amz-bucket-region", aws.region)
    if region != aws.region:
        raise BucketError(
            f"The bucket {name} is in {region}, but a function and its bucket must share a region. Pass a "
            f"bucket in {aws.region}, or region={region!r}."
        )
    return True


def _create(aws: Aws, name: str) -> None:
    place: dict[str, Any] = {}
    if aws.region != "us-east-1":
        place = {"CreateBucketConfiguration": {"LocationConstraint": aws.region}}
    taken = (
        BucketError,
        f"The name {name} is in use; all AWS accounts share the names of buckets. Choose another name.",
    )
    hints: Hints = {**bucket_hints(name), "BucketAlreadyExists": taken}
    with translated(f"create the bucket {name}", hints):
        client = aws.client("s3")
        try:
            client.create_bucket(Bucket=name, **place)
        except client.exceptions.BucketAlreadyOwnedByYou:
            return


def _secure(aws: Aws, name: str) -> None:
    client = aws.client("s3")
    with translated(f"block public access to the bucket {name}", bucket_hints(name)):
        client.put_public_access_block(
            Bucket=name,
            PublicAccessBlockConfiguration={
                "BlockPublicAcls": True,
                "IgnorePublicAcls": True,
                "BlockPublicPolicy": True,
                "RestrictPublicBuckets": True,
            },
        )
        client.put_bucket_ownership_controls(
            Bucket=name, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
        )
        default = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
        client.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [default]})


def _expire(aws: Aws, name: str) -> None:
    """Add our rules to those that are there."""
    client = aws.client("s3")
    ours: list[dict[str, Any]] = [
        {
            "ID": f"delete-after-{key}",
            "Status": "Enabled",
            "Filter": {"Prefix": f"renders/{key}-"},
            "Expiration": {"Days": days},
        }
        for key, days in DELETE_AFTER.items()
    ]
    ours.append(
        {
            "ID": "abort-uploads",
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
        }
    )
    with translated(f"set the lifecycle rules of the bucket {name}", bucket_hints(name)):
        try:
            rules = client.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
        except client.exceptions.ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchLifecycleConfiguration":
                raise
            rules = []
        others = [rule for rule in rules if rule.get("ID") not in {item["ID"] for item in ours}]
        client.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": [*others, *ours]})
