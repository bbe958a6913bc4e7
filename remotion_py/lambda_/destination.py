"""The destination of an output: the render's own folder, or a bucket and key of the caller (design/wire.md 3.4)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from ..errors import OptionError, OutputError
from ..providers.base import ObjectExistsError, ObjectStore
from .context import Context
from .keys import output_key, render_prefix
from .payload import RenderPayload

_NAME = re.compile(r"[0-9a-zA-Z\-!_.*'()/:&$@=;+,?]+")


@dataclass(frozen=True)
class Destination:
    """Where the output of a render goes.

    Attributes:
        bucket: The bucket.
        key: Its key there.
        overwrite: Whether an object there may be replaced.
        extra: Storage class and content disposition of the object.
        provider: Endpoint and credentials of another store that speaks S3's protocol; None for the render's own.
    """

    bucket: str
    key: str
    overwrite: bool
    extra: Mapping[str, str] = field(default_factory=dict[str, str])
    provider: Mapping[str, Any] | None = None

    async def check(self, store: ObjectStore) -> None:
        """Refuse before any work what could not be written at its end.

        Raises:
            OutputError: There is an object, which must not be replaced.
        """
        if not self.overwrite and await store.head(self.key) is not None:
            raise self._taken()

    async def put_file(self, store: ObjectStore, path: Any) -> None:
        """Upload the output.

        Raises:
            OutputError: Somebody else wrote an object there in the meantime.
        """
        try:
            await store.put_file(self.key, path, if_absent=not self.overwrite)
        except ObjectExistsError:
            raise self._taken() from None

    async def put(self, store: ObjectStore, data: bytes) -> None:
        """Write the output; see `put_file()`."""
        try:
            await store.put(self.key, data, if_absent=not self.overwrite)
        except ObjectExistsError:
            raise self._taken() from None

    def open(self, context: Context) -> ObjectStore:
        """Open the store that it lies in."""
        return context.open_store(self.bucket, extra=self.extra, provider=self.provider)

    def _taken(self) -> OutputError:
        return OutputError(
            f"The output {self.bucket}/{self.key} exists already. Choose another out_name, or allow overwriting."
        )


def destination(payload: RenderPayload, extension: str) -> Destination:
    """Read where the output of a render goes from its payload.

    Args:
        payload: Of `start` or `still`, with its render id and bucket.
        extension: Of the output, without dot.

    Raises:
        OptionError: A name that cannot be a key, or no bucket and key.
    """
    render_id, bucket, name, overwrite = payload.render_id, payload.bucket_name, payload.out_name, payload.overwrite
    extra = _extra(payload)
    if not name:
        return Destination(bucket, output_key(render_id, extension), overwrite, extra)
    if isinstance(name, str):
        return Destination(bucket, f"{render_prefix(render_id)}{_checked(name)}", overwrite, extra)
    if not (name.get("bucketName") and name.get("key")):
        held = ", ".join(map(str, name))
        raise OptionError(f"out_name contains {held}, but must be a file name, or contain 'bucketName' and 'key'.")
    return Destination(name["bucketName"], _checked(name["key"]), overwrite, extra, name.get("s3OutputProvider"))


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name) or name.startswith("/") or ".." in name.split("/"):
        raise OptionError(
            f"out_name is {name!r}, which cannot be a key. Use letters, digits and - _ . / only, without '..'."
        )
    return name


def _extra(payload: RenderPayload) -> dict[str, str]:
    extra: dict[str, str] = {}
    if payload.storage_class:
        extra["StorageClass"] = payload.storage_class
    behavior = payload.download_behavior
    if behavior.get("type") == "download":
        name = behavior.get("fileName")
        extra["ContentDisposition"] = f"attachment; filename*=UTF-8''{quote(name)}" if name else "attachment"
    return extra
