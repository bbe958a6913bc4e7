"""An object store in an S3 bucket, with boto3."""

from __future__ import annotations

import mimetypes
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...errors import BucketError
from ..base import ObjectExistsError, ObjectInfo
from ..boto_errors import Hints, error_code, translated
from ..threads import in_thread

PART_BYTES = 16 * 1024 * 1024
PARTS_AT_ONCE = 8
_ABSENT = ("404", "NoSuchKey", "NotFound")
_TAKEN = ("PreconditionFailed", "ConditionalRequestConflict", "412", "409")

mimetypes.add_type("video/x-matroska", ".mkv")
mimetypes.add_type("video/mp2t", ".ts")


class S3Store:
    """Keeps the objects of a bucket in S3, or in a store that speaks its protocol.

    Args:
        client: A boto3 S3 client.
        bucket: Name of the bucket.
        extra: Arguments that every written object gets, such as `StorageClass` or `ACL`.
    """

    def __init__(self, client: Any, bucket: str, extra: Mapping[str, Any] | None = None) -> None:
        self.bucket = bucket
        self._client = client
        self._extra = dict(extra or {})

    def local_path(self, key: str) -> Path | None:
        """Return None: the objects are elsewhere."""
        del key

    async def put(self, key: str, data: bytes, *, if_absent: bool = False) -> None:
        """Write an object whole, or not at all."""
        await in_thread(self._put, key, data, if_absent)

    async def put_file(self, key: str, path: str | os.PathLike[str], *, if_absent: bool = False) -> None:
        """Upload a file, in parts where it is large."""
        await in_thread(self._put_file, key, Path(path), if_absent)

    async def get(self, key: str) -> bytes | None:
        """Read an object; None where there is none."""
        return await in_thread(self._get, key)

    async def get_file(self, key: str, path: str | os.PathLike[str]) -> None:
        """Copy an object to a file; the file appears whole or not at all."""
        await in_thread(self._get_file, key, path)

    async def head(self, key: str) -> ObjectInfo | None:
        """Return what is known of an object; None where there is none."""
        return await in_thread(self._head, key)

    async def list(self, prefix: str) -> list[ObjectInfo]:
        """List the objects whose keys begin with a prefix, in the order of their keys."""
        with translated(f"list {self._name(prefix)}", self._hints()):
            found = await in_thread(list_objects, self._client, self.bucket, prefix)
        return [ObjectInfo(item["Key"], item["Size"], item["LastModified"]) for item in found]

    async def delete(self, key: str) -> None:
        """Delete an object; nothing happens where there is none."""
        with translated(f"delete {self._name(key)}", self._hints()):
            await in_thread(self._client.delete_object, Bucket=self.bucket, Key=key)

    async def presign(self, key: str, expires_in_seconds: int = 3600) -> str:
        """Return a URL by which the object can be read for a while."""
        with translated(f"sign a link to {self._name(key)}"):
            return self._client.generate_presigned_url(
                "get_object", Params={"Bucket": self.bucket, "Key": key}, ExpiresIn=expires_in_seconds
            )

    def _put(self, key: str, body: Any, if_absent: bool) -> None:
        import botocore.exceptions as boto

        arguments = {"Bucket": self.bucket, "Key": key, "Body": body, "ContentType": content_type(key)} | self._extra
        if if_absent:
            arguments["IfNoneMatch"] = "*"
        with translated(f"write {self._name(key)}", self._hints()):
            try:
                self._client.put_object(**arguments)
            except boto.ClientError as error:
                if if_absent and error_code(error) in _TAKEN:
                    raise ObjectExistsError(f"{self.bucket}/{key} exists already") from None
                raise

    def _put_file(self, key: str, path: Path, if_absent: bool) -> None:
        from boto3.s3.transfer import TransferConfig

        if if_absent:
            # boto3's transfers know no condition; one PUT carries up to 5 GB, more than a function's disk has to give.
            with path.open("rb") as body:
                self._put(key, body, if_absent=True)
            return
        config = TransferConfig(
            multipart_threshold=2 * PART_BYTES, multipart_chunksize=PART_BYTES, max_concurrency=PARTS_AT_ONCE
        )
        extra = {"ContentType": content_type(key)} | self._extra
        with translated(f"write {self._name(key)}", self._hints()):
            self._client.upload_file(os.fspath(path), self.bucket, key, ExtraArgs=extra, Config=config)

    def _get(self, key: str) -> bytes | None:
        import botocore.exceptions as boto

        with translated(f"read {self._name(key)}", self._hints()):
            try:
                return self._client.get_object(Bucket=self.bucket, Key=key)["Body"].read()
            except boto.ClientError as error:
                if error_code(error) in _ABSENT:
                    return None
                raise

    def _get_file(self, key: str, path: str | os.PathLike[str]) -> None:
        import botocore.exceptions as boto

        with translated(f"read {self._name(key)}", self._hints()):
            try:
                self._client.download_file(self.bucket, key, os.fspath(path))
            except boto.ClientError as error:
                if error_code(error) in _ABSENT:
                    raise FileNotFoundError(f"There is no object {self._name(key)}.") from None
                raise

    def _head(self, key: str) -> ObjectInfo | None:
        import botocore.exceptions as boto

        with translated(f"look for {self._name(key)}", self._hints()):
            try:
                found = self._client.head_object(Bucket=self.bucket, Key=key)
            except boto.ClientError as error:
                if error_code(error) in _ABSENT:
                    return None
                raise
        return ObjectInfo(key, found["ContentLength"], found["LastModified"])

    def _name(self, key: str) -> str:
        return f"s3://{self.bucket}/{key}"

    def _hints(self) -> Hints:
        return bucket_hints(self.bucket)


def bucket_hints(bucket: str) -> Hints:
    """Return what to do about errors that concern a bucket as a whole."""
    elsewhere = (
        BucketError,
        f"The bucket {bucket} is in another region, but a function and its bucket must be in the same "
        f"region. Pass the bucket_name of a bucket in the client's region, or the region of the bucket.",
    )
    missing = (
        BucketError,
        f"There is no bucket {bucket} in this account. Create one with get_or_create_bucket(), or pass your "
        f"own as bucket_name.",
    )
    return {
        "NoSuchBucket": missing,
        "PermanentRedirect": elsewhere,
        "AuthorizationHeaderMalformed": elsewhere,
        "IllegalLocationConstraintException": elsewhere,
        "301": elsewhere,
    }


def list_objects(client: Any, bucket: str, prefix: str) -> list[dict[str, Any]]:
    """Return what S3 lists below a prefix, all pages, in the order of the keys."""
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return [item for page in pages for item in page.get("Contents", [])]


def content_type(key: str) -> str:
    """Return the media type by an object's name."""
    return mimetypes.guess_type(key)[0] or "application/octet-stream"
