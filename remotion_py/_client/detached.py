"""Having a render made in a process of its own, `_detached`, which outlives the one that orders it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from ..errors import RenderInterruptedError, from_wire
from .request import Order

MODULE = "remotion_py._client.detached_process"
START_TIMEOUT_S = 180

_started: list[subprocess.Popen[bytes]] = []
"""Kept so that those that end before us leave no zombies: each new one looks after the others."""


async def order_elsewhere(order: Order, settings: Mapping[str, Any]) -> str:
    """Start what was ordered in a process of its own, and return its render id.

    Args:
        order: What to render.
        settings: Those of the provider.
    """
    _started[:] = [process for process in _started if process.poll() is None]
    process = subprocess.Popen(  # noqa: ASYNC220  # asyncio's would tie it to the loop, which it outlives
        [sys.executable, "-m", MODULE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=None if os.environ.get("REMOTION_PY_DEBUG") else subprocess.DEVNULL,
        start_new_session=True,
    )
    _started.append(process)
    request = f"{json.dumps(settings)}\n{order.to_json()}\n".encode()
    try:
        return await asyncio.wait_for(asyncio.to_thread(_ask, process, request), START_TIMEOUT_S)
    except TimeoutError:
        process.kill()
        raise RenderInterruptedError(
            f"The process of the detached render did not start the render within {START_TIMEOUT_S} s and was ended. "
            f"The machine may be overloaded; try again later. REMOTION_PY_DEBUG=1 shows what the process says."
        ) from None
    except BaseException:
        process.kill()
        raise


def _ask(process: subprocess.Popen[bytes], request: bytes) -> str:
    assert process.stdin
    assert process.stdout
    line = b""
    with process.stdin, process.stdout, contextlib.suppress(BrokenPipeError):
        process.stdin.write(request)
        process.stdin.flush()
        line = process.stdout.readline()
    if not line:
        raise RenderInterruptedError(
            "The process of the detached render did not start. Set REMOTION_PY_DEBUG=1 to see what it says."
        )
    answer = json.loads(line)
    if "error" in answer:
        raise from_wire(answer["error"])
    return answer["renderId"]
