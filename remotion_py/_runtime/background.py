"""The background event loop of the sync API.

Sync functions submit to it and wait in short slices. So Ctrl-C and the Stop button of a notebook work in any thread
and inside any running loop. No loop of the user is patched.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import os
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

from .tracebacks import short_traceback

T = TypeVar("T")

SLICE_S = 0.1

_lock = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None
_owner = 0


def background_loop() -> asyncio.AbstractEventLoop:
    """Return the loop, starting its daemon thread on first use; a forked child gets one of its own."""
    global _loop, _owner
    with _lock:
        if _loop is None or _owner != os.getpid():
            loop = asyncio.new_event_loop()
            threading.Thread(target=_serve, args=(loop,), name="remotion-py-loop", daemon=True).start()
            _loop, _owner = loop, os.getpid()
        return _loop


def submit(coroutine: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
    """Run a coroutine on the loop."""
    return asyncio.run_coroutine_threadsafe(coroutine, background_loop())


def wait(future: concurrent.futures.Future[T]) -> T:
    """Wait for a result; an interrupt while waiting cancels the work and is raised at once."""
    try:
        while True:
            try:
                return future.result(SLICE_S)
            except TimeoutError:
                if future.done():
                    return future.result()  # it may have arrived just now; a time-out of the work itself is raised
    except BaseException:
        future.cancel()
        raise


@short_traceback
def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on the loop and wait for its result."""
    if threading.current_thread().name == "remotion-py-loop":
        coroutine.close()
        raise RuntimeError(
            "A sync function of remotion_py was called from one of its own callbacks; use AsyncClient there."
        )
    return wait(submit(coroutine))


@short_traceback
async def bridge(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on the loop and wait for its result in another loop."""
    return await asyncio.wrap_future(submit(coroutine))


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    loop.run_forever()
