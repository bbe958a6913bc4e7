"""The process of the embedded Lambda endpoint: `python -m remotion_py.providers.local`.

A pipe connects it to the client that started it. When the pipe closes, or the client is no longer its parent, it ends
every sandbox and exits.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

import platformdirs

from .endpoint import Endpoint
from .heartbeat import beat
from .processes import adopt_orphans
from .settings import FUNCTION_NAME, REGION, EndpointReady, EndpointSettings

PARENT_POLL_S = 0.5
_KEPT = (
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "TZ",
    "USER",
    "LD_LIBRARY_PATH",
    "PYTHONPATH",
    "VIRTUAL_ENV",
    "FONTCONFIG_PATH",
    "FONTCONFIG_FILE",
    "PLAYWRIGHT_BROWSERS_PATH",
    "REMOTION_PY_BROWSER",
    "REMOTION_PY_BROWSER_FLAGS",
    "REMOTION_PY_FFMPEG",
    "REMOTION_PY_LOG",
    "REMOTION_PY_MAX_ASSET_BYTES",
    "REMOTION_PY_STALL_SECONDS",
    "XDG_CACHE_HOME",
)


def worker_environment(settings: EndpointSettings) -> dict[str, str]:
    """Return the environment of workers: what they need, without credentials and proxies."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    own = {
        "AWS_LAMBDA_FUNCTION_NAME": FUNCTION_NAME,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "0",
        "AWS_REGION": REGION,
        "PYTHONUNBUFFERED": "1",
        "REMOTION_PY_PROVIDER": "local",
        "REMOTION_PY_STORE": settings.store,
        "REMOTION_PY_CACHE": os.environ.get("REMOTION_PY_CACHE") or platformdirs.user_cache_dir("remotion-py"),
        "REMOTION_PY_CAPACITY": str(settings.capacity),
        "REMOTION_PY_TIMEOUT": str(settings.timeout_s),
    }
    if settings.browser:
        own["REMOTION_PY_BROWSER"] = settings.browser
    return kept | own


async def run() -> None:
    """Serve until the client is gone."""
    parent = os.getppid()
    adopt_orphans()
    loop = asyncio.get_running_loop()
    pipe = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(pipe), sys.stdin)
    line = await pipe.readline()
    if not line:
        return
    settings = EndpointSettings.from_line(line)
    over = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, over.set)
    root = Path(tempfile.mkdtemp(prefix="remotion-py-"))
    failures = root / "failed-events"
    environment = worker_environment(settings)
    endpoint = Endpoint(
        function_name=FUNCTION_NAME,
        token=settings.token,
        root=root,
        failures=failures,
        environment=environment,
        capacity=settings.capacity,
        timeout_s=settings.timeout_s,
    )
    beating = asyncio.create_task(beat(root))
    try:
        environment["REMOTION_PY_ENDPOINT"] = await endpoint.start()
        ready = EndpointReady(environment["REMOTION_PY_ENDPOINT"], str(root), str(failures))
        sys.stdout.buffer.write(ready.to_line())
        sys.stdout.buffer.flush()
        await endpoint.warm(settings.warm)
        await _client_gone(pipe, parent, over)
    finally:
        beating.cancel()
        await endpoint.close()
        shutil.rmtree(root, ignore_errors=True)


async def _client_gone(pipe: asyncio.StreamReader, parent: int, over: asyncio.Event) -> None:
    async def orphaned() -> None:
        # A child that the client forked may hold the pipe open after the client's death.
        while os.getppid() == parent:
            await asyncio.sleep(PARENT_POLL_S)

    signs = [asyncio.ensure_future(sign) for sign in (pipe.read(), orphaned(), over.wait())]
    await asyncio.wait(signs, return_when=asyncio.FIRST_COMPLETED)
    for sign in signs:
        sign.cancel()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(run())
