"""The client of the Lambda Runtime API, with streamed responses.

The managed Python runtime cannot stream (design/aws.md 1), so this client replaces it, on AWS and in a local sandbox.
A streamed response is sent chunked; HTTP trailers carry an error after its first byte.
"""

from __future__ import annotations

import asyncio
import base64
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import h11

from ..errors import to_wire

VERSION = "2018-06-01"
_READ = 256 * 1024

log = logging.getLogger(__name__)

Handler = Callable[["Invocation"], Awaitable[dict[str, Any] | AsyncIterator[bytes]]]


@dataclass(frozen=True)
class Invocation:
    """One call of the function.

    Attributes:
        request_id: Lambda's id of the call.
        payload: The JSON object that was sent.
        deadline_ms: When the sandbox will be ended, in ms since the epoch.
        function_arn: The ARN that was invoked.
        echo: Headers that the answer has to repeat.
    """

    request_id: str
    payload: dict[str, Any]
    deadline_ms: int
    function_arn: str
    echo: list[tuple[str, str]]


class RuntimeClosedError(Exception):
    """The Runtime API went away; the sandbox has to end."""


class RuntimeClient:
    """Speaks the Runtime API.

    Args:
        address: Host and port, as in `AWS_LAMBDA_RUNTIME_API`; a path may follow.
    """

    def __init__(self, address: str) -> None:
        self._authority, _, path = address.partition("/")
        self._prefix = f"{'/' + path if path else ''}/{VERSION}/runtime"
        host, _, port = self._authority.partition(":")
        self._host, self._port = host, int(port or 80)

    async def next(self) -> Invocation:
        """Wait for the next call."""
        async with _Request(self._host, self._port) as request:
            await request.start("GET", f"{self._prefix}/invocation/next", self._authority, [])
            await request.end()
            status, headers, body = await request.response()
        if status != 200:
            raise RuntimeClosedError(f"/next answered {status}")
        found = {name.decode().lower(): value.decode() for name, value in headers}
        echo = [(name, found[name]) for name in ("lambda-runtime-invocation-id",) if name in found]
        return Invocation(
            request_id=found["lambda-runtime-aws-request-id"],
            payload=json.loads(body),
            deadline_ms=int(found["lambda-runtime-deadline-ms"]),
            function_arn=found.get("lambda-runtime-invoked-function-arn", ""),
            echo=echo,
        )

    async def answer(self, invocation: Invocation, result: dict[str, Any]) -> None:
        """Send a whole result."""
        await self._post(f"{self._prefix}/invocation/{invocation.request_id}/response", result, invocation.echo)

    async def fail(self, invocation: Invocation, error: BaseException) -> None:
        """Send an error in place of a result."""
        body = error_body(error)
        headers = [*invocation.echo, ("Lambda-Runtime-Function-Error-Type", body["errorType"])]
        await self._post(f"{self._prefix}/invocation/{invocation.request_id}/error", body, headers)

    async def stream(self, invocation: Invocation, pieces: AsyncIterator[bytes]) -> None:
        """Send a result piece by piece, as it comes; an error on the way is sent as trailers."""
        headers = [
            *invocation.echo,
            ("Content-Type", "application/octet-stream"),
            ("Lambda-Runtime-Function-Response-Mode", "streaming"),
            ("Transfer-Encoding", "chunked"),
            ("Trailer", "Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body"),
        ]
        first = await _first(pieces)
        if isinstance(first, BaseException):
            await self.fail(invocation, first)
            return
        path = f"{self._prefix}/invocation/{invocation.request_id}/response"
        async with _Request(self._host, self._port) as request:
            await request.start("POST", path, self._authority, headers)
            trailers: list[tuple[str, str]] = []
            await request.send(first)
            try:
                async for piece in pieces:
                    await request.send(piece)
            except RuntimeClosedError:
                raise
            except Exception as error:
                log.exception("the streamed response failed")
                body = error_body(error)
                trailers = [
                    ("Lambda-Runtime-Function-Error-Type", body["errorType"]),
                    (
                        "Lambda-Runtime-Function-Error-Body",
                        base64.b64encode(json.dumps(body).encode()).decode(),
                    ),
                ]
            await request.end(trailers)
            await request.response()

    async def _post(self, path: str, body: dict[str, Any], headers: list[tuple[str, str]]) -> None:
        data = json.dumps(body).encode()
        sent = [*headers, ("Content-Type", "application/json"), ("Content-Length", str(len(data)))]
        async with _Request(self._host, self._port) as request:
            await request.start("POST", path, self._authority, sent)
            await request.send(data)
            await request.end()
            await request.response()


async def serve(client: RuntimeClient, handler: Handler) -> None:
    """Take calls one after another, forever.

    Args:
        client: Speaks the Runtime API.
        handler: Answers a call with a JSON object, or with the bytes of a stream.

    Raises:
        RuntimeClosedError: The Runtime API went away.
    """
    while True:
        invocation = await client.next()
        try:
            result = await handler(invocation)
        except Exception as error:
            log.exception("the call failed")
            await client.fail(invocation, error)
            continue
        if isinstance(result, dict):
            await client.answer(invocation, result)
        else:
            await client.stream(invocation, result)


def error_body(error: BaseException) -> dict[str, Any]:
    """Return the JSON object by which Lambda passes on an error; ours travels whole in `remotionPyError`."""
    return {"errorType": type(error).__name__, "errorMessage": str(error), "remotionPyError": to_wire(error)}


async def _first(pieces: AsyncIterator[bytes]) -> bytes | BaseException:
    try:
        return await anext(pieces)
    except StopAsyncIteration:
        return b""
    except Exception as error:
        return error


class _Request:
    """One HTTP request on a connection of its own, so that an aborted one leaves nothing behind."""

    def __init__(self, host: str, port: int) -> None:
        self._address = host, port
        self._http = h11.Connection(h11.CLIENT)

    async def __aenter__(self) -> _Request:
        try:
            self._reader, self._writer = await asyncio.open_connection(*self._address)
        except OSError as error:
            raise RuntimeClosedError(str(error)) from error
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()

    async def start(self, method: str, path: str, host: str, headers: list[tuple[str, str]]) -> None:
        """Send the request line and headers."""
        await self._send(h11.Request(method=method, target=path, headers=[("Host", host), *headers]))

    async def send(self, data: bytes) -> None:
        """Send a part of the body; waits while the other side is behind."""
        if data:
            await self._send(h11.Data(data=data))

    async def end(self, trailers: list[tuple[str, str]] | None = None) -> None:
        """End the request."""
        await self._send(h11.EndOfMessage(headers=trailers or []))

    async def response(self) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        """Read the whole answer."""
        status, headers, body = 0, list[tuple[bytes, bytes]](), bytearray()
        while True:
            event = self._http.next_event()
            if event is h11.NEED_DATA:
                try:
                    self._http.receive_data(await self._reader.read(_READ))
                except OSError as error:
                    raise RuntimeClosedError(str(error)) from error
            elif isinstance(event, h11.Response):
                status, headers = event.status_code, list(event.headers)
            elif isinstance(event, h11.Data):
                body += event.data
            elif isinstance(event, h11.EndOfMessage):
                return status, headers, bytes(body)
            elif isinstance(event, h11.ConnectionClosed):
                raise RuntimeClosedError("the Runtime API closed the connection")

    async def _send(self, event: Any) -> None:
        data = self._http.send(event)
        try:
            self._writer.write(data or b"")
            await self._writer.drain()
        except OSError as error:
            raise RuntimeClosedError(str(error)) from error
