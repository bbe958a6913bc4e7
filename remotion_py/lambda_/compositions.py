"""The compositions function: what a site has to render."""

from __future__ import annotations

import json
from typing import Any

from ..page.contract import Composition
from .context import Context
from .job import page_settings
from .keys import new_render_id


async def compositions(payload: dict[str, Any], context: Context) -> dict[str, Any]:
    """List the compositions of a site with their metadata.

    Args:
        payload: What `get_compositions()` sends: serve URL and input props.
        context: The surroundings.

    Returns:
        `{"type": "success", "compositions": [...]}`, each with id, width, height, fps, durationInFrames, props.
    """
    found = await context.stage.ask(
        payload["serveUrl"],
        page_settings(payload),
        lambda page: page.compositions(),
        generation=new_render_id(),
    )
    return {
        "type": "success",
        "compositions": [described(item) for item in found],
    }


def described(composition: Composition) -> dict[str, Any]:
    """Return a composition with its metadata as callers get it."""
    return {
        "id": composition.id,
        "width": composition.width,
        "height": composition.height,
        "fps": composition.fps,
        "durationInFrames": composition.duration_in_frames,
        "props": json.loads(composition.resolved_props),
        "defaultProps": json.loads(composition.default_props),
        **composition.defaults,
    }
