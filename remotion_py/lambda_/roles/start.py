"""The start function: gives a render its id, unless its caller has, and starts its main function."""

from __future__ import annotations

import contextlib
import json
import re
from typing import Any

from ...errors import FunctionError
from ...providers.base import ObjectExistsError
from ..context import Context, now_ms
from ..document import ProgressDocument
from ..keys import new_render_id, progress_key

_RENDER_ID = re.compile(r"[a-z0-9-]{1,64}")


async def start(payload: dict[str, Any], context: Context) -> dict[str, Any]:
    """Start a render. The same call with the same `renderId` starts it once, so that a broken call can be repeated.

    Args:
        payload: What `render_media()` sends: serve URL, composition, options, and perhaps `renderId`.
        context: Services and limits of this invocation.

    Returns:
        `{"type": "success", "bucketName", "renderId"}`; the render has been queued then.

    Raises:
        FunctionError: The id is not one of a render.
    """
    render_id = payload.get("renderId") or new_render_id(payload.get("deleteAfter"))
    if not (isinstance(render_id, str) and _RENDER_ID.fullmatch(render_id)):
        raise FunctionError(f"renderId is {render_id!r}, but must consist of small letters, digits and hyphens.")
    bucket: str = payload["bucketName"]
    document = ProgressDocument(now_ms(), context.deadline_ms).to_json() | {"functionLaunched": None}
    with contextlib.suppress(ObjectExistsError):  # its main function may be at work already
        await context.open_store(bucket).put(progress_key(render_id), json.dumps(document).encode(), if_absent=True)
    await context.functions.invoke_event(
        context.function_name, payload | {"type": "launch", "bucketName": bucket, "renderId": render_id}
    )
    return {"type": "success", "bucketName": bucket, "renderId": render_id}
