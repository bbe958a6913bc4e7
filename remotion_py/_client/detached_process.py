"""The process of a detached render: `python -m remotion_py._client.detached_process`.

It reads the request from its standard input, writes the render's id to its standard output, renders on its own
functions, and ends with the render.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import Mapping
from typing import Any

from ..errors import RemotionPyError, to_wire
from ..providers.local.provider import LocalProvider
from .engine import Engine
from .request import RenderRequest


async def render(settings: Mapping[str, Any], request: RenderRequest) -> None:
    """Render a request on functions of this process; the progress of the render reports a failure."""
    engine = Engine(LocalProvider(**settings))
    try:
        try:
            task = await engine.start(request)
        except RemotionPyError as error:
            _answer({"error": to_wire(error)})
            return
        _answer({"renderId": task.render_id})
        with contextlib.suppress(RemotionPyError):
            await task.result()
    finally:
        await engine.close()


def _answer(answer: Mapping[str, Any]) -> None:
    with contextlib.suppress(OSError):
        sys.stdout.write(f"{json.dumps(answer)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    asked = sys.stdin.readline(), sys.stdin.readline()
    if asked[1]:
        asyncio.run(render(json.loads(asked[0]), RenderRequest.from_json(asked[1])))
