"""The status and info functions: the progress of a render, and the version of this function."""

from __future__ import annotations

from typing import Any

from ..._data.stored import parse_document
from ..._version import __version__
from ...errors import RenderNotFoundError
from ...progress import from_document, to_wire
from ..context import Context, now_ms
from ..keys import progress_key
from ..payload import Payload, StatusPayload


async def info(payload: Payload, context: Context) -> dict[str, Any]:
    """Return the version of this function."""
    del payload, context
    return {"type": "success", "version": __version__}


async def status(payload: StatusPayload, context: Context) -> dict[str, Any]:
    """Return the progress of a render, in the form of Remotion's `getRenderProgress()`.

    Args:
        payload: `bucketName` and `renderId`.
        context: Services and limits of this invocation.

    Raises:
        RenderNotFoundError: There is no such render.
    """
    render_id = payload.render_id
    store = context.open_store(payload.bucket_name)
    data = await store.get(progress_key(render_id))
    if data is None:
        raise RenderNotFoundError(f"The bucket {store.bucket!r} contains no render {render_id!r}. Check the id.")
    document = parse_document(data, render_id)
    return to_wire(from_document(document, render_id, store.bucket), document, now_ms())
