"""The compositions function: lists the compositions of a site."""

from __future__ import annotations

import json
from typing import Any

from ..._data.stored import OWN
from ..._data.untrusted import whole_characters
from ...page.contract import PageComposition
from ..context import Context
from ..keys import new_render_id
from ..payload import PagePayload


async def compositions(payload: PagePayload, context: Context) -> dict[str, Any]:
    """List the compositions of a site with their metadata.

    Args:
        payload: What `get_compositions()` sends: serve URL and input props.
        context: Services and limits of this invocation.

    Returns:
        `{"type": "success", "compositions": [...]}`, each with id, width, height, fps, durationInFrames, props.
    """
    found = await context.session.ask(
        payload.serve_url,
        payload.page_settings,
        lambda page: page.compositions(),
        generation=new_render_id(),
    )
    return {
        "type": "success",
        "compositions": [described(item) for item in found],
        OWN: {"browserLogs": context.session.logs.drain().get("entries", [])},
    }


def described(composition: PageComposition) -> dict[str, Any]:
    """Return a composition with its metadata as callers get it."""
    return {
        "id": composition.id,
        "width": composition.width,
        "height": composition.height,
        "fps": composition.fps,
        "durationInFrames": composition.duration_in_frames,
        "props": _props(composition.resolved_props),
        "defaultProps": _props(composition.default_props),
        **composition.defaults,
    }


def _props(text: str) -> Any:
    """Return props; half characters in their texts, which no file or terminal takes, become U+FFFD."""
    props = json.loads(text)
    written = json.dumps(props, ensure_ascii=False)
    whole = whole_characters(written)
    return props if whole == written else json.loads(whole)
