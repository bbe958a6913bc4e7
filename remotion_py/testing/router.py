"""Routes calls of a test account: invocations to our endpoint, unsupported calls to `stand_ins`, the rest to moto."""

from __future__ import annotations

import asyncio
import concurrent.futures
import io
import json
import os
import re
import secrets
import threading
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import aiohttp
from aiohttp import web

from ..providers.local.endpoint import WORKER, Endpoint
from .calls import Call, find_call
from .stand_ins import Quota, simulated

if TYPE_CHECKING:
    from multidict import CIMultiDict

T = TypeVar("T")

_INVOKE = re.compile(r"/(2015-03-31|2021-11-15)/functions/([^/]+)/(?:response-streaming-)?invocations")
_HOP = {"connection", "transfer-encoding", "content-length", "host", "expect", "content-encoding"}
_XML = "text/xml"
_OF_THIS_MACHINE = (
    "PYTHONPATH",
    "VIRTUAL_ENV",
    "FONTCONFIG_PATH",
    "FONTCONFIG_FILE",
    "PLAYWRIGHT_BROWSERS_PATH",
    "REMOTION_PY_BROWSER",
    "REMOTION_PY_FFMPEG",
    "REMOTION_PY_LOG",
    "XDG_CACHE_HOME",
)
"""What the installed package needs to find its tools."""


class Router:
    """Serves one account on a thread of its own.

    Args:
        moto: Address of moto's server.
        folder: Where sandboxes live.
        region: Region of the account.
        concurrency: Renderer functions that may run at the same time.
        command: What runs in the sandboxes of a function; None runs the installed package.
        environment: Variables that functions get in addition.
        calls: Gets every call.
        denied: IAM actions that are refused.
    """

    def __init__(
        self,
        moto: str,
        *,
        folder: Path,
        region: str,
        concurrency: int,
        command: Callable[[str], Sequence[str]] | None,
        environment: dict[str, str],
        calls: list[Call],
        denied: set[str],
    ) -> None:
        self.throttled = 0
        self.cut_streams = 0
        self.refusals: list[tuple[str, str, str, int]] = []
        self._moto = moto
        self._folder = folder
        self._region = region
        self._concurrency = concurrency
        self._command = command
        self._environment = environment
        self._calls = calls
        self._denied = denied
        self._quota = Quota(concurrency)
        self._url = ""
        self._functions: dict[str, tuple[Endpoint, str]] = {}
        self._starting = asyncio.Lock()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="aws-test-account", daemon=True)
        self._runner: web.AppRunner | None = None
        self._http: aiohttp.ClientSession | None = None

    def start(self) -> str:
        """Listen; returns the address of the account."""
        self._thread.start()
        self._url = self._run(self._start())
        return self._url

    def close(self) -> None:
        """End everything, the sandboxes of all functions included."""
        self._run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def end_functions(self) -> None:
        """End all sandboxes."""
        self._run(self._end_functions())

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        future: concurrent.futures.Future[T] = asyncio.run_coroutine_threadsafe(work, self._loop)
        return future.result()

    async def _start(self) -> str:
        self._http = aiohttp.ClientSession(
            auto_decompress=False, timeout=aiohttp.ClientTimeout(total=None), trust_env=False
        )
        app = web.Application(client_max_size=1 << 30)
        app.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def _close(self) -> None:
        await self._end_functions()
        if self._runner:
            await self._runner.cleanup()
        if self._http:
            await self._http.close()

    async def _end_functions(self) -> None:
        functions, self._functions = self._functions, {}
        await asyncio.gather(*(endpoint.close() for endpoint, _ in functions.values()))

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        call = find_call(request.method, request.path, request.query_string, request.headers, body)
        self._calls.append(call)
        if call.action in self._denied:
            return _denial(call)
        for refusal in self.refusals:
            if refusal[0] == call.action:
                self.refusals.remove(refusal)
                return _refusal(call.action, *refusal[1:])
        if call.action == "lambda:DeleteFunction" and (gone := self._functions.pop(request.path.split("/")[-1], None)):
            await gone[0].close()
        if found := _INVOKE.fullmatch(request.path):
            return await self._invoke(request, found[2], body)
        if call.action == "lambda:GetAccountSettings":
            return web.json_response(self._quota.account_settings())
        if call.action.startswith("servicequotas:"):
            return self._quota.answer(call.action.partition(":")[2], json.loads(body))
        if call.action == "iam:SimulatePrincipalPolicy":
            return web.Response(text=simulated(body.decode(), self._denied), content_type=_XML)
        return await self._forward(request, f"{self._moto}{request.raw_path}", body)

    async def _invoke(self, request: web.Request, name: str, body: bytes) -> web.StreamResponse:
        if self.throttled > 0:
            self.throttled -= 1
            return _refusal("lambda:InvokeFunction", "TooManyRequestsException", "Rate Exceeded.", 429)
        async with self._starting:
            if name not in self._functions:
                configuration = await self._configuration(name)
                if configuration is None:
                    missing = f"Function not found: {name}"
                    return _refusal("lambda:InvokeFunction", "ResourceNotFoundException", missing, 404)
                self._functions[name] = await self._open(name, configuration)
        return await self._forward(request, f"{self._functions[name][1]}{request.raw_path}", body)

    async def _configuration(self, name: str) -> dict[str, Any] | None:
        assert self._http
        # moto distinguishes regions by the scope of the signature.
        scope = f"AWS4-HMAC-SHA256 Credential=testing/20260101/{self._region}/lambda/aws4_request"
        async with self._http.get(
            f"{self._moto}/2015-03-31/functions/{name}", headers={"Authorization": scope}
        ) as answer:
            return json.loads(await answer.read())["Configuration"] if answer.status == 200 else None

    async def _open(self, name: str, configuration: dict[str, Any]) -> tuple[Endpoint, str]:
        root = self._folder / name
        root.mkdir(exist_ok=True)
        endpoint = Endpoint(
            function_name=name,
            token=secrets.token_urlsafe(8),
            root=root,
            failures=root / "failed-events",
            environment=_function_environment(configuration, self._url, self._region) | self._environment,
            capacity=self._concurrency,
            timeout_s=configuration["Timeout"],
            command=self._command(name) if self._command else WORKER,
        )
        return endpoint, await endpoint.start()

    async def _forward(self, request: web.Request, url: str, body: bytes) -> web.StreamResponse:
        assert self._http
        headers = _passed(request.headers)
        data = io.BytesIO(body) if body else body  # which is sent in pieces, so that the loop is not blocked
        async with self._http.request(request.method, yarl_url(url), data=data, headers=headers) as answer:
            response = web.StreamResponse(status=answer.status, headers=_passed(answer.headers))
            if answer.content_length is not None or request.method == "HEAD":
                length = answer.headers.get("Content-Length", "0")
                response.headers["Content-Length"] = length
            await response.prepare(request)
            cut = self.cut_streams > 0 and answer.content_type == "application/vnd.amazon.eventstream"
            self.cut_streams -= cut
            if request.method != "HEAD":
                async for piece in answer.content.iter_any():
                    await response.write(piece[: len(piece) // 2] if cut else piece)
                    if cut:
                        break
            await response.write_eof()
            return response


def yarl_url(url: str) -> Any:
    """Return a URL that is sent as it is written: its escapes are part of the signed key."""
    import yarl

    return yarl.URL(url, encoded=True)


def _passed(headers: Any) -> CIMultiDict[str]:
    from multidict import CIMultiDict

    return CIMultiDict((name, value) for name, value in headers.items() if name.lower() not in _HOP)


def _denial(call: Call) -> web.Response:
    service = call.action.partition(":")[0]
    if service == "s3":
        return _refusal(call.action, "AccessDenied", "Access Denied", 403)
    message = f"User: arn:aws:iam::123456789012:user/tester is not authorized to perform: {call.action}"
    code = "AccessDenied" if service in ("iam", "sts") else "AccessDeniedException"
    return _refusal(call.action, code, message, 403)


def _refusal(action: str, code: str, message: str, status: int) -> web.Response:
    """Refuse a call in the way of its service."""
    service = action.partition(":")[0]
    answer = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    if service == "s3":
        return web.Response(status=status, text=answer, content_type="application/xml")
    if service in ("iam", "sts"):
        return web.Response(status=status, text=f"<ErrorResponse>{answer}</ErrorResponse>", content_type=_XML)
    body = {"__type": code, "Message": message, "message": message, "Type": "User"}
    return web.json_response(body, status=status, headers={"x-amzn-ErrorType": code})


def _function_environment(configuration: Mapping[str, Any], url: str, region: str) -> dict[str, str]:
    """Return what Lambda puts into the environment of a function."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH") if name in os.environ}
    kept |= {name: value for name, value in os.environ.items() if name in _OF_THIS_MACHINE}
    return kept | {
        "AWS_LAMBDA_FUNCTION_NAME": configuration["FunctionName"],
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(configuration["MemorySize"]),
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_SESSION_TOKEN": "testing",
        "AWS_ENDPOINT_URL": url,
        "PYTHONUNBUFFERED": "1",
        **configuration.get("Environment", {}).get("Variables", {}),
    }
