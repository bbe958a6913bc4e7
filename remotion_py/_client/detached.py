"""Starts a render in a separate process (`detached_process`), which outlives its caller."""

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
from .request import RenderRequest

MODULE = "remotion_py._client.detached_process"
START_TIMEOUT_S = 180

_started: list[subprocess.Popen[bytes]] = []
"""Polled before each start, so that ended processes do not remain as zombies."""


async def start_detached(request: RenderRequest, settings: Mapping[str, Any]) -> str:
    """Start a render in a separate process, and return its render id.

    Args:
        request: The request for the render.
        settings: Settings of the provider.
    """
    _started[:] = [process for process in _started if process.poll() is None]
    process = subprocess.Popen(  # noqa: ASYNC220  # a process of asyncio would end with the loop
        [sys.executable, "-m", MODULE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=None if os.environ.get("REMOTION_PY_DEBUG") else subprocess.DEVNULL,
        start_new_session=True,
    )
    _started.append(process)
    lines = f"{json.dumps(settings)}\n{request.to_json()}\n".encode()
    try:
        return await asyncio.wait_for(asyncio.to_thread(_ask, process, lines), START_TIMEOUT_S)
    except TimeoutError:
        process.kill()
        raise RenderInterruptedError(
            f"The process of the detached render did not start the render within {START_TIMEOUT_S} s and "
            f"was killed. The machine may be overloaded: try again later, or set REMOTION_PY_DEBUG=1 to see "
            f"its log."
        ) from None
    except BaseException:
        process.kill()
        raise


def _ask(process: subprocess.Popen[bytes], lines: bytes) -> str:
    assert process.stdin
    assert process.stdout
    line = b""
    with process.stdin, process.stdout, contextlib.suppress(BrokenPipeError):
        process.stdin.write(lines)
        process.stdin.flush()
        line = process.stdout.readline()
    if not line:
        raise RenderInterruptedError(
            "The process of the detached render did not start. Set REMOTION_PY_DEBUG=1 to see its log."
        )
    answer = json.loads(line)
    if "error" in answer:
        raise from_wire(answer["error"])
    return answer["renderId"]
