"""Renders in the bucket: lists, links, downloads and deletes them."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..._data.output import expanded
from ..._data.stored import Finished, document_fault, parse_document
from ...errors import DocumentError, OptionError, RenderNotFoundError
from ..base import RENDERS
from ..boto_errors import error_code, translated
from .buckets import require_bucket
from .session import Aws
from .sites import delete_objects
from .store import bucket_hints, list_objects

LONGEST_LINK_S = 604_800
"""Seven days; source: AWS, presigned URLs of signature version 4."""


@dataclass(frozen=True)
class RenderEntry:
    """A render in a bucket.

    Attributes:
        render_id: Its id.
        bucket_name: The bucket.
        last_modified: When its newest object was written.
        size_in_bytes: Of all its objects.
    """

    render_id: str
    bucket_name: str
    last_modified: datetime.datetime
    size_in_bytes: int


@dataclass(frozen=True)
class Download:
    """A finished download.

    Attributes:
        path: The file.
        size_in_bytes: Its size.
    """

    path: Path
    size_in_bytes: int


def list_renders(aws: Aws, *, bucket_name: str | None = None) -> list[RenderEntry]:
    """List the renders of a bucket, the newest first.

    Args:
        aws: The account and region.
        bucket_name: The bucket; None for the one of the region.
    """
    bucket = require_bucket(aws, bucket_name)
    with translated("list the renders", bucket_hints(bucket)):
        listed = list_objects(aws.client("s3"), bucket, RENDERS)
    items: dict[str, list[dict[str, Any]]] = {}
    for item in listed:
        items.setdefault(item["Key"].removeprefix(RENDERS).partition("/")[0], []).append(item)
    found = [
        RenderEntry(key, bucket, max(one["LastModified"] for one in ones), sum(one["Size"] for one in ones))
        for key, ones in items.items()
    ]
    return sorted(found, key=lambda entry: entry.last_modified, reverse=True)


def presign_url(aws: Aws, object_key: str, *, bucket_name: str | None = None, expires_in_seconds: int = 3600) -> str:
    """Return a link by which anybody can read an object for a while.

    Args:
        aws: The account and region.
        object_key: Its key, such as the `out_key` of a finished render.
        bucket_name: The bucket; None for the one of the region.
        expires_in_seconds: How long the link is good: 1 to 604800, and no longer than the credentials.

    Raises:
        OptionError: A time that cannot be.
    """
    if not 1 <= expires_in_seconds <= LONGEST_LINK_S:
        raise OptionError(f"expires_in_seconds is {expires_in_seconds}, but must be from 1 to {LONGEST_LINK_S}.")
    bucket = require_bucket(aws, bucket_name)
    return aws.client("s3").generate_presigned_url(
        "get_object", Params={"Bucket": bucket, "Key": object_key}, ExpiresIn=expires_in_seconds
    )


def download_media(
    aws: Aws,
    render_id: str,
    output: str | Path,
    *,
    bucket_name: str | None = None,
    on_progress: Callable[[int, int], Any] | None = None,
) -> Download:
    """Download what a finished render made.

    Args:
        aws: The account and region.
        render_id: Its id.
        output: Where the file goes.
        bucket_name: The bucket; None for the one of the region.
        on_progress: Called with the bytes so far and the bytes of the whole.

    Raises:
        RenderNotFoundError: There is no such render, or it is not finished.
    """
    bucket = require_bucket(aws, bucket_name)
    post = _document(aws, bucket, render_id).get("postRenderData")
    if not post:
        raise RenderNotFoundError(
            f"The render {render_id} is not finished, so there is nothing to download. Run 'remotion-py "
            f"progress {render_id}' to see its progress."
        )
    path, there = expanded(output).absolute(), 0

    def count(size: int) -> None:
        nonlocal there
        there += size
        if on_progress:
            on_progress(there, post["outputSize"])

    path.parent.mkdir(parents=True, exist_ok=True)
    with translated(f"download s3://{post['outBucket']}/{post['outKey']}", bucket_hints(post["outBucket"])):
        aws.client("s3").download_file(post["outBucket"], post["outKey"], str(path), Callback=count)
    return Download(path, path.stat().st_size)


def delete_render(aws: Aws, render_id: str, *, bucket_name: str | None = None) -> int:
    """Delete all that a render left in the bucket, its video included; returns how many bytes that frees.

    Args:
        aws: The account and region.
        render_id: Its id.
        bucket_name: The bucket; None for the one of the region.

    Raises:
        RenderNotFoundError: There is no such render.
    """
    bucket = require_bucket(aws, bucket_name)
    client = aws.client("s3")
    with translated(f"delete the render {render_id}", bucket_hints(bucket)):
        listed = list_objects(client, bucket, f"{RENDERS}{render_id}/")
        if not listed:
            raise _no_render(render_id, bucket)
        freed = sum(item["Size"] for item in listed)
        made = _made(aws, bucket, render_id)
        if made and not made.out_key.startswith(f"{RENDERS}{render_id}/"):
            client.delete_object(Bucket=made.out_bucket or bucket, Key=made.out_key)
            freed += made.output_size
        delete_objects(client, bucket, [item["Key"] for item in listed])
    return freed


def _made(aws: Aws, bucket: str, render_id: str) -> Finished | None:
    """Return what a render made; None where nothing is known of it, as its document is damaged, or missing."""
    try:
        post = _document(aws, bucket, render_id).get("postRenderData")
        return Finished.read(post, document_fault("progress.json", render_id)) if post else None
    except (DocumentError, RenderNotFoundError):
        return None


def _document(aws: Aws, bucket: str, render_id: str) -> dict[str, Any]:
    import botocore.exceptions as boto

    with translated(f"read the progress of {render_id}", bucket_hints(bucket)):
        try:
            found = aws.client("s3").get_object(Bucket=bucket, Key=f"{RENDERS}{render_id}/progress.json")
        except boto.ClientError as error:
            if error_code(error) in ("NoSuchKey", "404"):
                raise _no_render(render_id, bucket) from None
            raise
        return parse_document(found["Body"].read(), render_id)


def _no_render(render_id: str, bucket: str) -> RenderNotFoundError:
    return RenderNotFoundError(
        f"There is no render {render_id!r} in s3://{bucket}. 'remotion-py renders ls' lists the existing ones."
    )
