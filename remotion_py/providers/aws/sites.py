"""Sites in the bucket: uploads the changed files of a Remotion project, a bundle or a plain folder."""

from __future__ import annotations

import datetime
import hashlib
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..._data.output import expanded
from ...errors import AwsError, OptionError, SiteNotFoundError
from ..boto_errors import translated
from .buckets import find_bucket, get_or_create_bucket, require_bucket
from .names import SITES
from .package import OnStep, no_step
from .session import Aws
from .site_files import site_url
from .store import PART_BYTES, bucket_hints, content_type, list_objects

UPLOADS_AT_ONCE = 8
INDEX = "index.html"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_PROJECT_CONFIG = ("remotion.config.ts", "remotion.config.js", "remotion.config.mjs")
_ENTRIES = ("src/index.ts", "src/index.tsx", "src/index.js", "src/index.jsx", "remotion/index.ts", "index.ts")


@dataclass(frozen=True)
class DeployedSite:
    """What `deploy_site()` returns.

    Attributes:
        serve_url: What `render_media()` takes.
        site_name: Its name, which `render_media()` takes too.
        bucket_name: The bucket that it lies in.
        uploaded: How many files were uploaded.
        deleted: How many stale files were removed.
        unchanged: How many files were there already.
    """

    serve_url: str
    site_name: str
    bucket_name: str
    uploaded: int
    deleted: int
    unchanged: int


@dataclass(frozen=True)
class Site:
    """A deployed site.

    Attributes:
        site_name: Its name.
        bucket_name: The bucket that it lies in.
        serve_url: What `render_media()` takes.
        size_in_bytes: Of all its files.
        last_modified: When its newest file was written.
    """

    site_name: str
    bucket_name: str
    serve_url: str
    size_in_bytes: int
    last_modified: datetime.datetime


def deploy_site(
    aws: Aws,
    folder: str | Path,
    *,
    site_name: str | None = None,
    bucket_name: str | None = None,
    entry_point: str | None = None,
    privacy: str = "private",
    on_step: OnStep | None = None,
) -> DeployedSite:
    """Upload a site to the bucket. Only what has changed travels, the page itself last; stale files go.

    Args:
        aws: The account and region.
        folder: A built bundle or a plain page (with an `index.html`), or a Remotion project, which is bundled by its
            own `npx remotion bundle`.
        site_name: Its name; None for the folder's.
        bucket_name: The bucket; None for the one of the region, made where it is missing.
        entry_point: Of a project, below `folder`; None looks where Remotion's templates put it.
        privacy: "private": functions read it by their role. "public": everybody reads it by its URL.
        on_step: Called with what is being done.

    Raises:
        SiteNotFoundError: There is nothing that can be deployed.
        AwsError: AWS refused, or the bundler failed.
    """
    if privacy not in ("private", "public"):
        raise OptionError(f"privacy is {privacy!r}, but must be 'private' or 'public'.")
    step = on_step or no_step
    root = expanded(folder, SiteNotFoundError).resolve()
    name = site_name or _slug(root.name)
    if not _NAME.fullmatch(name):
        raise OptionError(f"site_name is {name!r}, but may contain only letters, digits, dots, dashes and underscores.")
    with tempfile.TemporaryDirectory(prefix="remotion-py-bundle-") as temp:
        built = _built(root, entry_point, Path(temp), step)
        bucket = get_or_create_bucket(aws, bucket_name=bucket_name).bucket_name
        if privacy == "public":
            _publish(aws, bucket, name)
        counts = _upload(aws, built, bucket, f"{SITES}{name}/", step)
    return DeployedSite(site_url(bucket, name, aws.region), name, bucket, *counts)


def deploy_folder(aws: Aws, folder: Path, bucket: str) -> str:
    """Deploy a folder under a name of its content, unless it is there; returns its serve URL.

    A render keeps the files that it began with, whatever becomes of the folder in the meantime.
    """
    digest = hashlib.sha256()
    for name, path in _files(folder):
        digest.update(f"{name}\0{_etag(path)}\0".encode())
    name = f"{_slug(folder.name)}-{digest.hexdigest()[:10]}"
    client = aws.client("s3")
    with translated(f"look for the site {name}", bucket_hints(bucket)):
        there = list_objects(client, bucket, f"{SITES}{name}/{INDEX}")
    if not there:
        _upload(aws, folder, bucket, f"{SITES}{name}/", no_step)
    return site_url(bucket, name, aws.region)


def get_sites(aws: Aws, *, bucket_name: str | None = None) -> list[Site]:
    """List the deployed sites of a bucket.

    Args:
        aws: The account and region.
        bucket_name: The bucket; None for the one of the region.
    """
    bucket = bucket_name or find_bucket(aws)
    if bucket is None:
        return []
    with translated("list the sites", bucket_hints(bucket)):
        listed = list_objects(aws.client("s3"), bucket, SITES)
    files: dict[str, list[dict[str, Any]]] = {}
    for item in listed:
        files.setdefault(item["Key"].removeprefix(SITES).partition("/")[0], []).append(item)
    return [
        Site(
            site_name=name,
            bucket_name=bucket,
            serve_url=site_url(bucket, name, aws.region),
            size_in_bytes=sum(item["Size"] for item in items),
            last_modified=max(item["LastModified"] for item in items),
        )
        for name, items in files.items()
    ]


def delete_site(aws: Aws, site_name: str, *, bucket_name: str | None = None) -> int:
    """Delete a site; returns how many bytes that frees.

    Args:
        aws: The account and region.
        site_name: Its name.
        bucket_name: The bucket; None for the one of the region.

    Raises:
        SiteNotFoundError: There is none of this name.
    """
    bucket = require_bucket(aws, bucket_name)
    client = aws.client("s3")
    with translated(f"delete the site {site_name}", bucket_hints(bucket)):
        listed = list_objects(client, bucket, f"{SITES}{site_name}/")
        if not listed:
            raise SiteNotFoundError(
                f"There is no site {site_name!r} in s3://{bucket}. 'remotion-py sites ls' lists the existing ones."
            )
        delete_objects(client, bucket, [item["Key"] for item in listed])
    return sum(item["Size"] for item in listed)


def delete_objects(client: Any, bucket: str, keys: list[str]) -> None:
    """Delete objects, a thousand at a time.

    Raises:
        AwsError: Some could not be deleted.
    """
    for start in range(0, len(keys), 1000):
        batch = [{"Key": key} for key in keys[start : start + 1000]]
        failed = client.delete_objects(Bucket=bucket, Delete={"Objects": batch, "Quiet": True}).get("Errors", [])
        if failed:
            first = failed[0]
            raise AwsError(f"s3://{bucket}/{first['Key']} could not be deleted: {first.get('Message')}.")


def _built(root: Path, entry_point: str | None, temp: Path, step: OnStep) -> Path:
    """Return the folder to upload, bundling a project first."""
    if not root.exists():
        raise SiteNotFoundError(f"There is no folder {root}. Pass the folder of a bundle, a page or a project.")
    project = entry_point is not None or any((root / name).exists() for name in _PROJECT_CONFIG)
    if (root / INDEX).is_file() and not project:
        return root
    entry = entry_point or next((name for name in _ENTRIES if (root / name).is_file()), None)
    if entry is None or not (root / "package.json").is_file():
        raise SiteNotFoundError(
            f"The folder {root} has neither an index.html nor a Remotion project (package.json and an entry "
            f"point such as src/index.ts). Pass the folder of a bundle or a page, or pass the entry point "
            f"as entry_point."
        )
    npx = shutil.which("npx")
    if npx is None:
        raise SiteNotFoundError(
            f"{root} is a Remotion project, but npx, which bundles it, is not installed. Install Node.js, "
            f"or run 'npx remotion bundle' on another machine and deploy its output folder."
        )
    step("bundling the project")
    target = temp / "bundle"
    command = [npx, "--no-install", "remotion", "bundle", entry, "--out-dir", str(target), "--public-path", "./"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if done.returncode or not (target / INDEX).is_file():
        said = (done.stderr or done.stdout).strip()[-1500:]
        raise SiteNotFoundError(
            f"'npx remotion bundle {entry}' failed in {root}. Run 'npm install' and this command there to "
            f"find the cause. Its output: {said}"
        )
    return target


def _upload(aws: Aws, folder: Path, bucket: str, prefix: str, step: OnStep) -> tuple[int, int, int]:
    """Make the objects below a prefix those of a folder; returns how many were uploaded, deleted and left."""
    from boto3.s3.transfer import TransferConfig

    client = aws.client("s3")
    with translated(f"list the deployed files below {prefix}", bucket_hints(bucket)):
        there = {item["Key"]: item["ETag"].strip('"') for item in list_objects(client, bucket, prefix)}
    wanted = {f"{prefix}{name}": path for name, path in _files(folder)}
    changed = [key for key, path in wanted.items() if there.get(key) != _etag(path)]
    stale = sorted(there.keys() - wanted.keys())
    config = TransferConfig(multipart_threshold=PART_BYTES, multipart_chunksize=PART_BYTES)

    def put(key: str) -> None:
        client.upload_file(str(wanted[key]), bucket, key, ExtraArgs={"ContentType": content_type(key)}, Config=config)

    index = f"{prefix}{INDEX}"
    first = [key for key in changed if key != index]
    with translated(f"upload the site {prefix}", bucket_hints(bucket)):
        if changed:
            step(f"uploading {len(changed)} of {len(wanted)} files")
        with ThreadPoolExecutor(UPLOADS_AT_ONCE) as pool:
            list(pool.map(put, first))
        if index in changed:
            put(index)
        delete_objects(client, bucket, stale)
    return len(changed), len(stale), len(wanted) - len(changed)


def _files(folder: Path) -> Iterable[tuple[str, Path]]:
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") or part == "node_modules" for part in path.relative_to(folder).parts)
        if path.is_file() and not hidden:
            yield path.relative_to(folder).as_posix(), path


def _etag(path: Path) -> str:
    """Return the ETag that S3 gives to a file that `_upload` has uploaded: of its MD5, or of those of its parts."""
    with path.open("rb") as file:
        if path.stat().st_size < PART_BYTES:
            return hashlib.md5(file.read(), usedforsecurity=False).hexdigest()
        parts = [hashlib.md5(part, usedforsecurity=False).digest() for part in iter(lambda: file.read(PART_BYTES), b"")]
    return f"{hashlib.md5(b''.join(parts), usedforsecurity=False).hexdigest()}-{len(parts)}"


def _slug(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip("-.") or "site"


def _publish(aws: Aws, bucket: str, name: str) -> None:
    """Let everybody read the files of one site, and no other object."""
    import json

    client = aws.client("s3")
    sid = f"PublicSite{re.sub(r'[^A-Za-z0-9]', '', name)}"
    with translated(f"make the site {name} public", bucket_hints(bucket)):
        client.put_public_access_block(
            Bucket=bucket,
            PublicAccessBlockConfiguration={
                "BlockPublicAcls": True,
                "IgnorePublicAcls": True,
                "BlockPublicPolicy": False,
                "RestrictPublicBuckets": False,
            },
        )
        try:
            document: dict[str, Any] = json.loads(client.get_bucket_policy(Bucket=bucket)["Policy"])
        except client.exceptions.ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchBucketPolicy":
                raise
            document = {"Version": "2012-10-17", "Statement": []}
        statement = {
            "Sid": sid,
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": f"arn:{aws.partition}:s3:::{bucket}/{SITES}{name}/*",
        }
        document["Statement"] = [item for item in document["Statement"] if item.get("Sid") != sid] + [statement]
        client.put_bucket_policy(Bucket=bucket, Policy=json.dumps(document))
