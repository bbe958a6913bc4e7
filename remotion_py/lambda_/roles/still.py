"""The still function: renders one frame of a composition to a picture in the store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

from ..._data.stored import OWN
from ...errors import RemotionPyError, to_wire
from ...page.logs import dropped_warning
from ..artifacts import ArtifactWriter
from ..context import Context
from ..destination import destination
from ..frames import show_frame
from ..job import Job
from ..keys import new_render_id
from ..limits import check_limits
from ..payload import StillPayload
from ..plan import resolve_frame
from ..stream import Kind, encode
from ..watch import missing


async def still(payload: StillPayload, context: Context) -> AsyncIterator[bytes]:
    """Render one frame.

    Args:
        payload: What `render_still()` sends: serve URL, composition, frame, options.
        context: Services and limits of this invocation.

    Yields:
        Messages: the render id; then the result, or an error.
    """
    render_id = new_render_id(payload.delete_after)
    yield encode(Kind.RENDER_ID_DETERMINED, {"renderId": render_id})
    try:
        result = await _render(replace(payload, render_id=render_id, codec=None), context)
    except Exception as error:
        retry = isinstance(error, RemotionPyError) and error.retryable
        logs = context.session.logs.drain().get("entries", [])
        message = {"error": str(error), "shouldRetry": retry, "errorInfo": to_wire(error), OWN: {"browserLogs": logs}}
        yield encode(Kind.ERROR_OCCURRED, message)
        return
    yield encode(Kind.STILL_RENDERED, result)


async def whole_still(payload: StillPayload, context: Context) -> dict[str, Any]:
    """Render one frame for a caller who takes no streams: the result, or an error as `type`, `message`, `stack`."""
    render_id = new_render_id(payload.delete_after)
    try:
        return await _render(replace(payload, render_id=render_id, codec=None), context)
    except RemotionPyError as error:
        return {"type": "error", "message": error.message, "stack": error.message, "errorInfo": to_wire(error)}


async def _render(payload: StillPayload, context: Context) -> dict[str, Any]:
    render_id = payload.render_id
    place = destination(payload, payload.image_format or "png")
    output = place.open(context)
    await place.check(output)
    composition = await context.session.ask(
        payload.serve_url,
        payload.page_settings,
        lambda page: page.composition(payload.composition),
        generation=render_id,
    )
    job = Job(payload, payload.forced(composition))
    check_limits(job)
    frame = resolve_frame(payload.frame, job.composition.duration_in_frames)
    shown = await show_frame(context.session, job, frame, captured=True)
    picture = shown.picture
    assert picture
    await place.put(output, picture)
    writer = ArtifactWriter(context.open_store(payload.bucket_name), render_id)
    await writer.take(shown)
    link = await output.presign(place.key)
    width, height = job.dimensions
    page, drained = context.session.current_page, context.session.logs.drain()
    warnings = [missing(text) for text in page.missing] if page else []
    logs, dropped = drained.get("entries", []), drained.get("dropped", 0)
    return {
        "type": "success",
        "renderId": render_id,
        "bucketName": place.bucket,
        "outKey": place.key,
        "url": link,
        "output": link,
        "sizeInBytes": len(picture),
        "width": width,
        "height": height,
        "frame": frame,
        "receivedArtifacts": writer.stored,
        OWN: {"warnings": [*warnings, *([dropped_warning(dropped)] if dropped else [])], "browserLogs": logs},
    }
