"""The composition root of a function: `python -m remotion_py.worker`, the same on this machine and on AWS.

Reads the environment, picks the providers, and serves the Lambda Runtime API with the roles of `lambda_.handler`.
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
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from .errors import OptionError
from .lambda_.context import Context
from .lambda_.handler import handle
from .lambda_.plan import MAX_CHUNKS
from .lambda_.runtime import Invocation, RuntimeClient, RuntimeClosedError, serve
from .media.frames import VideoFrames
from .media.sources import Sources
from .page.stage import Stage
from .providers.base import Functions, ObjectStore
from .providers.functions import BotoFunctions

READ_MARGIN_S = 30.0
LOCAL_CANCEL_POLL_S = 0.2

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Surroundings:
    """What stays the same for all calls of a sandbox."""

    functions: Functions
    stage: Stage
    sources: Sources
    frames: VideoFrames
    store_root: Path
    capacity: int

    def context(self, invocation: Invocation, temp: Path) -> Context:
        """Return what the role of one call works with."""
        return Context(
            functions=self.functions,
            open_store=self.open_store,
            stage=self.stage,
            sources=self.sources,
            function_name=os.environ["AWS_LAMBDA_FUNCTION_NAME"],
            region=os.environ["AWS_REGION"],
            memory_mb=int(os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]),
            deadline_ms=invocation.deadline_ms,
            capacity=self.capacity,
            encoder_threads=_encoder_threads(invocation.payload, self.capacity),
            cancel_poll_s=LOCAL_CANCEL_POLL_S,
            temp=temp,
        )

    def open_store(self, bucket: str) -> ObjectStore:
        """Open the store of a bucket."""
        from .providers.local.folder import FolderStore

        return FolderStore(self.store_root, bucket)


def surroundings() -> Surroundings:
    """Build what a sandbox works with from its environment.

    Raises:
        OptionError: `REMOTION_PY_PROVIDER` names no provider.
    """
    provider = os.environ.get("REMOTION_PY_PROVIDER")
    if provider != "local":
        raise OptionError(f"REMOTION_PY_PROVIDER is {provider!r}, but must be 'local'.")
    from .providers.local.lambda_client import make_lambda_client

    capacity = int(os.environ["REMOTION_PY_CAPACITY"])
    connections = max(capacity, MAX_CHUNKS)

    def make_client() -> Any:
        patience = float(os.environ["REMOTION_PY_TIMEOUT"]) + READ_MARGIN_S
        return make_lambda_client(os.environ["REMOTION_PY_ENDPOINT"], read_timeout_s=patience, connections=connections)

    stage = Stage(os.environ.get("REMOTION_PY_BROWSER"))
    sources = Sources(Path(os.environ["REMOTION_PY_CACHE"]) / "assets", stage)
    frames = VideoFrames(sources)
    stage.video_frame = frames.frame
    return Surroundings(
        functions=BotoFunctions(make_client),
        stage=stage,
        sources=sources,
        frames=frames,
        store_root=Path(os.environ["REMOTION_PY_STORE"]),
        capacity=capacity,
    )


def _encoder_threads(payload: dict[str, Any], capacity: int) -> int:
    """One thread for each encoder when as many chunks are in flight as there are cores; all cores for a lone one."""
    alone = payload.get("type") == "launch" or capacity < (os.cpu_count() or 1)
    return 0 if alone else 1


async def run() -> None:
    """Serve calls until the Runtime API is gone."""
    around = surroundings()

    async def handler(invocation: Invocation) -> dict[str, Any] | AsyncIterator[bytes]:
        _log_call(invocation)
        temp = tempfile.TemporaryDirectory(prefix="call-")
        try:
            result = await handle(invocation.payload, around.context(invocation, Path(temp.name)))
        except BaseException:
            temp.cleanup()
            raise
        if isinstance(result, dict):
            temp.cleanup()
            return result
        return _then_clean(result, temp)

    client = RuntimeClient(os.environ["AWS_LAMBDA_RUNTIME_API"])
    # All roles that take time need the browser, so it is launched while the first call is on its way.
    warming = asyncio.create_task(around.stage.warm())
    try:
        await serve(client, handler)
    except RuntimeClosedError as closed:
        log.info("the Runtime API is gone: %s", closed)
    finally:
        warming.cancel()
        await asyncio.gather(warming, return_exceptions=True)
        await around.stage.close()
        await around.sources.close()
        around.frames.close()


async def _then_clean(pieces: AsyncIterator[bytes], temp: tempfile.TemporaryDirectory[str]) -> AsyncIterator[bytes]:
    try:
        async for piece in pieces:
            yield piece
    finally:
        temp.cleanup()


def _log_call(invocation: Invocation) -> None:
    # Props stay out of the log: they may be large, and they may be secret.
    shown = {key: invocation.payload.get(key) for key in ("type", "renderId", "chunk", "attempt", "composition")}
    log.info("call %s: %s", invocation.request_id, shown)


def _end_with_endpoint() -> None:
    """End the sandbox when the endpoint has died, which its pipe tells; in a thread, as the loop may be busy."""

    def watch() -> None:
        while sys.stdin.buffer.read(4096):
            continue
        _end_sandbox()

    threading.Thread(target=watch, name="remotion-py-endpoint-watch", daemon=True).start()


_ending = threading.Lock()


def _end_sandbox() -> NoReturn:
    """Kill what came from this worker, remove its folder, and end; whoever comes second waits for the first."""
    from .providers.local.processes import MARKER, end_whole

    with _ending:
        folder = Path(os.environ["TMPDIR"])
        end_whole(os.environ[MARKER], folder, set())
        if not any(folder.parent.glob("sandbox-*")):
            shutil.rmtree(folder.parent, ignore_errors=True)
        os._exit(1)


def main() -> None:
    """Run the function."""
    logging.basicConfig(level=os.environ.get("REMOTION_PY_LOG", "INFO"), stream=sys.stderr)
    local = os.environ.get("REMOTION_PY_PROVIDER") == "local"
    if local:
        _end_with_endpoint()
    asyncio.run(run())
    if local:
        _end_sandbox()


if __name__ == "__main__":
    main()
