"""The start function: creates the render id, unless the caller sent one, and starts the main function."""

from __future__ import annotations

import contextlib
import json
import re
from dataclasses import replace
from typing import Any

from ...errors import FunctionError
from ...providers.base import ObjectExistsError
from ..context import Context, now_ms
from ..document import ProgressDocument
from ..keys import new_render_id, progress_key
from ..large_props import passed_on
from ..payload import StartPayload

_RENDER_ID = re.compile(r"[a-z0-9-]{1,64}")


async def start(payload: StartPayload, context: Context) -> dict[str, Any]:
    """Start a render. The same call with the same `renderId` starts it once, so that a broken call can be repeated.

    Args:
        payload: What `render_media()` sends: serve URL, composition, options, and perhaps `renderId`.
        context: Services and limits of this invocation.

    Returns:
        `{"type": "success", "bucketName", "renderId"}`; the render has been queued then.

    Raises:
        FunctionError: The id is not one of a render.
    """
    render_id = payload.render_id or new_render_id(payload.delete_after)
    if not _RENDER_ID.fullmatch(render_id):
        raise FunctionError(f"renderId is {render_id!r}, but must consist of lowercase letters, digits and hyphens.")
    bucket = payload.bucket_name
    document = ProgressDocument(now_ms(), context.deadline_ms).to_json() | {"functionLaunched": None}
    with contextlib.suppress(ObjectExistsError):  # its main function may be at work already
        await context.open_store(bucket).put(progress_key(render_id), json.dumps(document).encode(), if_absent=True)
    await context.functions.invoke_event(
        context.function_name, passed_on(replace(payload, type="launch", render_id=render_id).to_wire())
    )
    return {"type": "success", "bucketName": bucket, "renderId": render_id}
