"""The embedded Lambda endpoint, which the boto3 client of the local provider calls.

It answers `Invoke` and `InvokeWithResponseStream` as AWS does (design/aws.md 1 and 7), for one function.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from aiohttp import web

from ..roles import Pool
from .eventstream import CONTENT_TYPE, invoke_complete, payload_chunk
from .pools import FullError, Pools, pool_of
from .runtime_api import RuntimeApi
from .sandbox import End, Sandbox, SandboxCall
from .settings import REGION

ACCOUNT = "000000000000"
WORKER = (sys.executable, "-m", "remotion_py.worker")
MAX_PAYLOAD = 64 * 1024 * 1024
"""AWS takes 6 MB; here nothing is gained by refusing larger props."""
ABANDONED_S = 60.0
"""How long a call runs on whose caller has hung up, in seconds. A function that is cancelled ends long before."""

log = logging.getLogger(__name__)


class Endpoint:
    """Serves one function from sandboxes on this machine.

    Args:
        function_name: Name of the function.
        token: First part of every path; who does not know it gets 404.
        root: Folder for the sandboxes.
        failures: Folder in which each failed event invocation leaves a record, as on AWS an on-failure destination, but
            of its payload with the id of the render alone.
        environment: Environment of the workers.
        capacity: Renderer functions that run at the same time.
        timeout_s: How long one call may take.
        command: The worker that runs in a sandbox.
    """

    def __init__(
        self,
        *,
        function_name: str,
        token: str,
        root: Path,
        failures: Path,
        environment: Mapping[str, str],
        capacity: int,
        timeout_s: float,
        command: Sequence[str] = WORKER,
    ) -> None:
        self._function_name = function_name
        self._token = token
        self._root = root
        self._failures = failures
        self._environment = environment
        self._timeout_s = timeout_s
        self._command = command
        self._sandboxes: dict[str, Sandbox] = {}
        limits: dict[Pool, int] = {"renderers": capacity, "mains": max(2, capacity), "short": max(4, capacity)}
        self._pools: Pools[Sandbox] = Pools(limits, self._make)
        arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function_name}"
        self._runtime = RuntimeApi(self._sandboxes.get, arn)
        self._runtime_address = ""
        self._runner: web.AppRunner | None = None
        self._events: set[asyncio.Task[None]] = set()

    async def start(self) -> str:
        """Listen; returns the URL for boto3's `endpoint_url`."""
        self._runtime_address = await self._runtime.start()
        app = web.Application(client_max_size=MAX_PAYLOAD)
        base = f"/{self._token}"
        app.router.add_post(base + "/2015-03-31/functions/{name}/invocations", self._invoke)
        app.router.add_post(base + "/2021-11-15/functions/{name}/response-streaming-invocations", self._stream)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}/{self._token}"

    async def warm(self, count: int) -> None:
        """Start sandboxes ahead of need."""
        for _ in range(count):
            self._pools.add(await self._make())

    async def close(self) -> None:
        """End all sandboxes whole, and stop listening."""
        for event in self._events:
            event.cancel()
        await asyncio.gather(*(sandbox.close() for sandbox in list(self._sandboxes.values())))
        if self._runner:
            await self._runner.cleanup()
        await self._runtime.close()

    async def _make(self) -> Sandbox:
        sandbox = Sandbox(self._root, self._runtime_address, self._environment, self._exited, self._command)
        await sandbox.start()
        self._sandboxes[sandbox.token] = sandbox
        return sandbox

    def _exited(self, sandbox: Sandbox) -> None:
        self._sandboxes.pop(sandbox.token, None)
        self._pools.forget(sandbox)

    def _refusal(self, request: web.Request) -> web.Response | None:
        name = request.match_info["name"].rpartition(":")[2]
        if name == self._function_name:
            return None
        return _error(404, "ResourceNotFoundException", f"Function not found: {name}")

    async def _invoke(self, request: web.Request) -> web.StreamResponse:
        if refusal := self._refusal(request):
            return refusal
        payload = await request.read() or b"{}"
        invocation = SandboxCall(payload)
        kind = request.headers.get("X-Amz-Invocation-Type", "RequestResponse")
        if kind == "DryRun":
            return web.Response(status=204)
        if kind == "Event":
            task = asyncio.create_task(self._event(invocation))
            self._events.add(task)
            task.add_done_callback(self._events.discard)
            return web.Response(status=202, headers=_request_id(invocation))
        try:
            sandbox = await self._begin(invocation, wait=False)
        except FullError:
            return _throttled()
        except OSError as error:
            return _error(500, "ServiceException", f"No sandbox could be started: {error}")
        body, end = await self._drain(invocation, sandbox)
        headers = _request_id(invocation) | {"X-Amz-Executed-Version": "$LATEST"}
        if end.error_type:
            headers["X-Amz-Function-Error"] = "Unhandled"
            body = end.error_body
        return web.Response(body=body, headers=headers, content_type="application/json")

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        if refusal := self._refusal(request):
            return refusal
        invocation = SandboxCall(await request.read() or b"{}")
        try:
            sandbox = await self._begin(invocation, wait=False)
        except FullError:
            return _throttled()
        except OSError as error:
            return _error(500, "ServiceException", f"No sandbox could be started: {error}")
        response = web.StreamResponse(headers=_request_id(invocation) | {"Content-Type": CONTENT_TYPE})
        response.enable_chunked_encoding()
        try:
            await response.prepare(request)
            while isinstance(item := await invocation.output.get(), bytes):
                await response.write(payload_chunk(item))
            await response.write(invoke_complete(item.error_type, item.error_body.decode(errors="replace")))
            await response.write_eof()
        except (ConnectionError, asyncio.CancelledError) as gone:
            # As on AWS the function runs on, for a while; its place is taken until it ends.
            invocation.abandon()
            self._release_later(invocation, sandbox)
            if isinstance(gone, asyncio.CancelledError):
                raise
            return response
        self._release(sandbox)
        return response

    async def _event(self, invocation: SandboxCall) -> None:
        try:
            _, end = await self._drain(invocation, await self._begin(invocation, wait=True))
        except OSError as error:
            end = End("Sandbox.NotStarted", str(error).encode())
        if end.error_type:
            log.warning("the event invocation %s failed: %s", invocation.request_id, end.error_type)
            record = {
                "requestContext": {"requestId": invocation.request_id, "condition": "RetriesExhausted"},
                "requestPayload": _identity(invocation.payload),
                "responseContext": {"functionError": end.error_type},
                "responsePayload": end.error_body.decode(errors="replace"),
            }
            self._failures.mkdir(parents=True, exist_ok=True)
            target = self._failures / f"{invocation.request_id}.json"
            partial = target.with_suffix(".partial")
            partial.write_text(json.dumps(record))
            partial.replace(target)

    async def _begin(self, invocation: SandboxCall, *, wait: bool) -> Sandbox:
        sandbox = await self._pools.acquire(pool_of(invocation.payload), wait=wait)
        invocation.deadline = time.time() + self._timeout_s
        sandbox.give(invocation)
        return sandbox

    async def _drain(self, invocation: SandboxCall, sandbox: Sandbox) -> tuple[bytes, End]:
        pieces: list[bytes] = []
        try:
            while isinstance(item := await invocation.output.get(), bytes):
                pieces.append(item)
        except asyncio.CancelledError:
            invocation.abandon()
            self._release_later(invocation, sandbox)
            raise
        self._release(sandbox)
        return b"".join(pieces), item

    def _release(self, sandbox: Sandbox) -> None:
        self._pools.release(sandbox)

    def _release_later(self, invocation: SandboxCall, sandbox: Sandbox) -> None:
        async def wait() -> None:
            deadline = time.monotonic() + ABANDONED_S
            while not invocation.ended:
                if time.monotonic() > deadline:
                    sandbox.kill()
                await asyncio.sleep(0.05)
            self._release(sandbox)

        task = asyncio.create_task(wait())
        self._events.add(task)
        task.add_done_callback(self._events.discard)


def _identity(payload: bytes) -> dict[str, str]:
    """Return what a record may keep of a payload, which holds secrets: the id of its render, "" without one."""
    try:
        return {"renderId": str(json.loads(payload)["renderId"])}
    except (ValueError, TypeError, KeyError):
        return {"renderId": ""}


def _request_id(invocation: SandboxCall) -> dict[str, str]:
    return {"x-amzn-RequestId": invocation.request_id}


def _throttled() -> web.Response:
    return _error(429, "TooManyRequestsException", "Rate Exceeded.")


def _error(status: int, kind: str, message: str) -> web.Response:
    return web.json_response({"Message": message, "Type": "User"}, status=status, headers={"x-amzn-ErrorType": kind})
