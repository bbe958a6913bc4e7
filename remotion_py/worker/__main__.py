"""The composition root of a function: `python -m remotion_py.worker`, the same on this machine and on AWS.

It reads the environment, selects the providers, and serves the Lambda Runtime API with the roles of `lambda_.roles`.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import sys
import tempfile
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NoReturn

from ..lambda_.roles.dispatch import handle
from ..lambda_.runtime import Invocation, RuntimeClient, RuntimeClosedError, serve
from ..providers.local.heartbeat import beat
from ..providers.local.processes import MARKER
from .services import open_services

log = logging.getLogger(__name__)


async def run() -> None:
    """Serve calls until the Runtime API is gone."""
    services = open_services()

    async def handler(invocation: Invocation) -> dict[str, Any] | AsyncIterator[bytes]:
        _log_call(invocation)
        temp = tempfile.TemporaryDirectory(prefix="call-")
        try:
            result = await handle(invocation.payload, await services.context(invocation, Path(temp.name)))
        except BaseException:
            await asyncio.to_thread(temp.cleanup)
            raise
        if isinstance(result, dict):
            await asyncio.to_thread(temp.cleanup)
            return result
        return _then_clean(result, temp)

    client = RuntimeClient(os.environ["AWS_LAMBDA_RUNTIME_API"])
    # All roles that take time need the browser, so it is launched while the first call is on its way.
    warming = asyncio.create_task(services.session.warm() if services.warm else asyncio.sleep(0))
    beating = asyncio.create_task(beat(Path(os.environ["TMPDIR"])) if MARKER in os.environ else asyncio.sleep(0))
    try:
        await serve(client, handler)
    except RuntimeClosedError as closed:
        log.info("the Runtime API has ended: %s", closed)
    finally:
        for task in (warming, beating):
            task.cancel()
        await asyncio.gather(warming, beating, return_exceptions=True)
        await services.close()


async def _then_clean(pieces: AsyncIterator[bytes], temp: tempfile.TemporaryDirectory[str]) -> AsyncIterator[bytes]:
    try:
        async for piece in pieces:
            yield piece
    finally:
        await asyncio.to_thread(temp.cleanup)


def _log_call(invocation: Invocation) -> None:
    # Props stay out of the log: they may be large, and they may be secret.
    shown = {key: invocation.payload.get(key) for key in ("type", "renderId", "chunk", "attempt", "composition")}
    log.info("call %s: %s", invocation.request_id, shown)


def _end_with_endpoint() -> None:
    """End the sandbox when the endpoint has died, whose pipe closes then; in a thread, as the loop may be busy."""

    def watch() -> None:
        while sys.stdin.buffer.read(4096):
            continue
        _end_sandbox()

    threading.Thread(target=watch, name="remotion-py-endpoint-watch", daemon=True).start()


_ending = threading.Lock()


def _end_sandbox() -> NoReturn:
    """Kill what came from this worker, remove its folder, and end; a second caller waits for the first."""
    from ..providers.local.processes import end_whole

    with _ending:
        folder = Path(os.environ["TMPDIR"])
        end_whole(os.environ[MARKER], folder, set())
        if folder.name.startswith("sandbox-") and not any(folder.parent.glob("sandbox-*")):
            shutil.rmtree(folder.parent, ignore_errors=True)
        os._exit(1)


def main() -> None:
    """Run the function."""
    logging.basicConfig(level=os.environ.get("REMOTION_PY_LOG", "INFO"), stream=sys.stderr)
    sandboxed = MARKER in os.environ
    if sandboxed:
        _end_with_endpoint()
    asyncio.run(run())
    if sandboxed:
        _end_sandbox()


if __name__ == "__main__":
    main()
