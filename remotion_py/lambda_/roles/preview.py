"""The preview function: frames of a composition for a panel, from a page that stays open between calls."""

from __future__ import annotations

import base64
from collections import OrderedDict
from dataclasses import replace
from typing import Any

from ...page.contract import PageComposition
from ..context import Context
from ..frames import show_frame
from ..job import Job
from ..limits import check_limits
from ..payload import PreviewPayload
from .compositions import described

MOST_SESSIONS = 8
LONGEST_SIDE = 1920
"""Pixels; larger frames come smaller, as a notebook keeps the picture that it displays."""

_resolved: OrderedDict[str, PageComposition] = OrderedDict()
"""Compositions by session: a sandbox that a session has used before need not resolve its props again."""


async def preview(payload: PreviewPayload, context: Context) -> dict[str, Any]:
    """Render one frame, and leave its page open for the next one of the same session.

    Args:
        payload: Serve URL, composition, frame, options; `session` names what stays the same from call to call.
        context: Services and limits of this invocation.

    Returns:
        `frame` (within the composition), `picture` in base64, and `composition` with its metadata and props.
    """
    session = payload.session
    composition = _resolved.get(session) or await context.session.ask(
        payload.serve_url,
        payload.page_settings,
        lambda page: page.composition(payload.composition),
        generation=session,
    )
    _resolved[session] = composition
    _resolved.move_to_end(session)
    while len(_resolved) > MOST_SESSIONS:
        _resolved.popitem(last=False)
    job = Job(replace(payload, render_id=session, codec=None), payload.forced(composition))
    check_limits(job)
    fitting = LONGEST_SIDE / max(job.composition.width, job.composition.height)
    job = Job(replace(job.payload, scale=min(job.scale, fitting)), job.composition)
    frame = max(0, min(payload.frame, job.composition.duration_in_frames - 1))
    shown = await show_frame(context.session, job, frame, captured=True)
    assert shown.picture
    picture = base64.b64encode(shown.picture).decode()
    return {"frame": frame, "picture": picture, "composition": described(job.composition)}
