"""The probe function: the checks of `remotion-py doctor --aws`: streams, errors, exits."""

from __future__ import annotations

import asyncio
import os
import platform
import shutil
import time
from collections.abc import AsyncIterator
from typing import Any

from ...errors import OptionError, PageScriptError
from ..context import Context
from ..payload import ProbePayload
from ..stream import Kind, encode

PIECES = 5
PAUSE_S = 0.4
MID_STREAM = "an error after the first piece, as requested"
EXIT_CODE = 3


async def probe(payload: ProbePayload, context: Context) -> AsyncIterator[bytes]:
    """Do one check.

    Args:
        payload: `check`: "stream", "raise", "exit", "sleep" or "facts".
        context: Services and limits of this invocation.

    Yields:
        Messages, some time apart.
    """
    check = payload.check
    if check == "facts":
        yield encode(Kind.STILL_RENDERED, await _facts(context))
        return
    yield encode(Kind.LAMBDA_INVOKED, {"attempt": 1})
    if check == "stream":
        for number in range(PIECES):
            await asyncio.sleep(PAUSE_S)
            yield encode(Kind.FRAMES_RENDERED, {"rendered": number + 1, "encoded": number + 1})
    elif check == "raise":
        raise PageScriptError(MID_STREAM)
    elif check == "exit":
        await asyncio.sleep(PAUSE_S)
        os._exit(EXIT_CODE)
    elif check == "sleep":
        await asyncio.sleep(context.seconds_left + 10)
    else:
        raise OptionError(f"The check is {check!r}, but must be one of: stream, raise, exit, sleep, facts.")


async def _facts(context: Context) -> dict[str, Any]:
    started = time.monotonic()
    await context.session.warm()
    return {
        "python": platform.python_version(),
        "system": await asyncio.to_thread(platform.platform),  # which asks a program
        "cores": os.cpu_count(),
        "memoryMb": context.memory_mb,
        "diskFreeMb": shutil.disk_usage(context.temp).free // 2**20,
        "browser": context.session.browser_facts,
        "browserSeconds": round(time.monotonic() - started, 3),
    }
