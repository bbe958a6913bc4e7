"""A deployed site for a function: reads only the requested files through the S3 API, and caches them by content."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from ...errors import SiteNotFoundError
from ..boto_errors import translated
from ..threads import in_thread
from .names import SITES
from .store import bucket_hints, list_objects

INDEX = "index.html"


def site_url(bucket: str, name: str, region: str) -> str:
    """Return the serve URL of a deployed site."""
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return f"https://{bucket}.s3.{region}.{suffix}/{SITES}{name}/{INDEX}"


def site_prefix(serve_url: str, bucket: str) -> str | None:
    """Return the prefix of a site's keys in a bucket; None for a serve URL that leads elsewhere.

    Args:
        serve_url: The URL of a deployed site (host style or path style), or its name.
        bucket: The bucket that can be read.
    """
    parts = urlsplit(serve_url)
    if parts.scheme not in ("http", "https"):
        return None if "/" in serve_url or serve_url.startswith(".") else f"{SITES}{serve_url}/"
    host, path = parts.hostname or "", unquote(parts.path).lstrip("/")
    if re.fullmatch(r"s3[.-].*amazonaws\.com(\.cn)?", host) and path.startswith(f"{bucket}/"):
        path = path.removeprefix(f"{bucket}/")
    elif not re.fullmatch(rf"{re.escape(bucket)}\.s3[.-].*amazonaws\.com(\.cn)?", host):
        return None
    return path.removesuffix(INDEX).rstrip("/") + "/"


@dataclass(frozen=True)
class BucketSite:
    """The files of a site in a bucket, as they were when it was opened.

    Attributes:
        bucket: The bucket.
        prefix: What the keys of its files begin with.
        etags: By key: the ETag of the content.
    """

    bucket: str
    prefix: str
    etags: Mapping[str, str]
    client: Any = field(compare=False, repr=False)
    cache: Path = field(compare=False, repr=False)
    extras: Mapping[str, Path] = field(compare=False, repr=False)
    under_way: dict[str, asyncio.Task[Path]] = field(
        compare=False, repr=False, default_factory=dict[str, asyncio.Task[Path]]
    )

    @property
    def where(self) -> str:
        """The place, in messages."""
        return f"s3://{self.bucket}/{self.prefix}"

    async def find(self, path: str) -> Path | None:
        """Return a file that holds what is served at a path, fetching it on its first use; None when there is none."""
        key = f"{self.prefix}{path}"
        if not path or path.endswith("/"):
            key += INDEX
        if key not in self.etags:
            return self.extras.get(path)
        if key not in self.under_way:
            self.under_way[key] = asyncio.create_task(in_thread(self._fetch, key))
        try:
            return await asyncio.shield(self.under_way[key])
        except Exception:
            self.under_way.pop(key, None)
            raise

    def _fetch(self, key: str) -> Path:
        # The server gets the media type from the suffix.
        target = self.cache / f"{self.etags[key]}{Path(key).suffix}"
        if not target.exists():
            self.cache.mkdir(parents=True, exist_ok=True)
            with translated(f"read s3://{self.bucket}/{key}", bucket_hints(self.bucket)):
                self.client.download_file(self.bucket, key, str(target))
        return target


async def open_bucket_site(
    client: Any, bucket: str, prefix: str, cache: Path, extras: Mapping[str, Path]
) -> BucketSite:
    """Look up the files of a site.

    Args:
        client: A boto3 S3 client.
        bucket: The bucket.
        prefix: What the keys of the site begin with.
        cache: Folder for its files.
        extras: Files that are served under these names where the site has none of them.

    Raises:
        SiteNotFoundError: There is no page.
    """
    with translated(f"list the site s3://{bucket}/{prefix}", bucket_hints(bucket)):
        listed = await in_thread(list_objects, client, bucket, prefix)
    etags = {item["Key"]: item["ETag"].strip('"') for item in listed}
    if f"{prefix}{INDEX}" not in etags:
        raise SiteNotFoundError(
            f"There is no site at s3://{bucket}/{prefix}. Deploy it with 'remotion-py sites create FOLDER', "
            f"or list the existing ones with 'remotion-py sites ls'."
        )
    return BucketSite(bucket, prefix, etags, client, cache, extras)
