"""Props that are too large for a payload, in the object store by the hash of their content (design/wire.md 3.7)."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Mapping
from typing import Any

from ..errors import PropsError
from ..providers.base import ObjectStore

INLINE_BYTES = 190_000
"""An event invocation takes 256 KB of payload; the rest is for the other options and for JSON's escapes."""
REUSED_FOR = datetime.timedelta(hours=12)
KINDS = {"inputProps": "input-props", "resolvedProps": "resolved-props"}


def props_key(kind: str, digest: str) -> str:
    """Return where props of a kind are."""
    return f"{kind}/{digest}.json"


async def offloaded(text: str, kind: str, store: ObjectStore, *, owner: str = "") -> dict[str, str]:
    """Return props as a payload carries them: themselves, or where they are now.

    Args:
        text: JSON text.
        kind: "input-props" or "resolved-props".
        store: Takes them when they are large.
        owner: The render that has them for itself, and deletes them; "" for props that renders share.
    """
    data = text.encode()
    if len(data) <= INLINE_BYTES:
        return {"type": "payload", "payload": text}
    digest = hashlib.sha256(owner.encode() + data).hexdigest()
    key = props_key(kind, digest)
    known = await store.head(key)
    # Old objects may be removed at any time, so one that is used again is made new.
    if known is None or datetime.datetime.now(datetime.UTC) - known.modified > REUSED_FOR:
        await store.put(key, data)
    return {"type": "bucket-url", "hash": digest, "bucketName": store.bucket}


async def inlined(payload: Mapping[str, Any], store: ObjectStore) -> dict[str, Any]:
    """Return a payload with its props in it; what was offloaded is kept under `references` to be passed on.

    Raises:
        PropsError: They are not in the store.
    """
    result, references = dict(payload), dict[str, Any]()
    for field, kind in KINDS.items():
        props = payload.get(field)
        if isinstance(props, Mapping) and props.get("type") == "bucket-url":
            key = props_key(kind, str(props["hash"]))
            data = await store.get(key)
            if data is None:
                raise PropsError(
                    f"The props of this render are missing in s3://{store.bucket}/{key}. They were deleted, "
                    f"or the client wrote them to another bucket. Start the render again."
                )
            references[field] = dict(props)
            result[field] = {"type": "payload", "payload": data.decode()}
    return result | {"references": references} if references else result


def passed_on(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return a payload as the next function gets it: what was offloaded travels as a reference again."""
    kept = {key: value for key, value in payload.items() if key not in ("references", "offloadedProps")}
    return kept | payload.get("references", {})
