"""The start function: gives a render its id, and starts its main function."""

from __future__ import annotations

import json
from typing import Any

from .context import Context, now_ms
from .document import ProgressDocument
from .keys import new_render_id, progress_key


async def start(payload: dict[str, Any], context: Context) -> dict[str, Any]:
    """Start a render.

    Args:
        payload: What `render_media()` sends: serve URL, composition, options.
        context: The surroundings.

    Returns:
        `{"type": "success", "bucketName", "renderId"}`; the render has been queued then.
    """
    render_id = new_render_id(payload.get("deleteAfter"))
    bucket: str = payload["bucketName"]
    document = ProgressDocument(now_ms(), context.deadline_ms).to_json() | {"functionLaunched": None}
    await context.open_store(bucket).put(progress_key(render_id), json.dumps(document).encode())
    await context.functions.invoke_event(
        context.function_name, payload | {"type": "launch", "bucketName": bucket, "renderId": render_id}
    )
    return {"type": "success", "bucketName": bucket, "renderId": render_id}
