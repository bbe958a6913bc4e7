"""The Runtime API for the workers of all sandboxes. It uses h11, because it needs the trailers of requests.

The token in its path identifies a sandbox, which can receive and answer only its own calls.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
from collections.abc import Callable
from typing import Any

import h11

from .sandbox import End, Sandbox, SandboxCall

_READ = 256 * 1024
_JSON = ("Content-Type", "application/json")

Trailers = dict[str, str]


class RuntimeApi:
    """Serves the Runtime API on a free port of 127.0.0.1.

    Args:
        find: Returns the living sandbox of a token, or None.
        function_arn: The ARN of the invoked function, as workers see it.
    """

    def __init__(self, find: Callable[[str], Sandbox | None], function_arn: str) -> None:
        self._find = find
        self._function_arn = function_arn
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> str:
        """Listen; returns host and port."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def close(self) -> None:
        """Stop listening and cut all connections."""
        if self._server:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        try:
            with contextlib.suppress(OSError, h11.ProtocolError, asyncio.CancelledError):
                connection = _Connection(reader, writer)
                await self._serve(connection, await connection.request())
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _serve(self, connection: _Connection, request: h11.Request) -> None:
        parts = request.target.decode().strip("/").split("/")
        sandbox = self._find(parts[0])
        route = (request.method.decode(), *parts[1:4])
        if sandbox is None or len(parts) < 5 or route[1:3] != ("2018-06-01", "runtime"):
            await connection.respond(404, {"errorMessage": "no such path"})
        elif route[0] == "GET" and parts[3:] == ["invocation", "next"]:
            await self._next(connection, sandbox)
        elif route[0] == "POST" and parts[3:] == ["init", "error"]:
            await connection.body()
            await connection.respond(202, {"status": "OK"})
            sandbox.kill()
        elif route[0] == "POST" and len(parts) == 6 and parts[3] == "invocation":
            await self._answer(connection, request, sandbox, request_id=parts[4], kind=parts[5])
        else:
            await connection.respond(404, {"errorMessage": "no such path"})

    async def _next(self, connection: _Connection, sandbox: Sandbox) -> None:
        waiting = asyncio.ensure_future(sandbox.next())
        gone = asyncio.ensure_future(connection.closed())
        await asyncio.wait({waiting, gone}, return_when=asyncio.FIRST_COMPLETED)
        gone.cancel()
        if not waiting.done():
            waiting.cancel()
            return
        invocation = waiting.result()
        headers = [
            _JSON,
            ("Lambda-Runtime-Aws-Request-Id", invocation.request_id),
            ("Lambda-Runtime-Deadline-Ms", str(int(invocation.deadline * 1000))),
            ("Lambda-Runtime-Invoked-Function-Arn", self._function_arn),
        ]
        await connection.send(200, headers, invocation.payload)

    async def _answer(
        self, connection: _Connection, request: h11.Request, sandbox: Sandbox, request_id: str, kind: str
    ) -> None:
        invocation = sandbox.current
        if invocation is None or invocation.request_id != request_id:
            await connection.respond(410, {"errorMessage": "this call has ended"})
            return
        headers = {name.decode().lower(): value.decode() for name, value in request.headers}
        if kind == "error":
            body = await connection.body()
            error_type = headers.get("lambda-runtime-function-error-type", "Unhandled")
            end = End("Unhandled", body or json.dumps({"errorType": error_type}).encode())
        else:
            end = await self._take_response(connection, invocation)
        await sandbox.finish(invocation, end)
        await connection.respond(202, {"status": "OK"})

    async def _take_response(self, connection: _Connection, invocation: SandboxCall) -> End:
        async for piece in connection.pieces():
            await invocation.put(piece)
        trailers = connection.trailers
        error_type = trailers.get("lambda-runtime-function-error-type")
        if error_type is None:
            return End()
        return End(error_type, base64.b64decode(trailers.get("lambda-runtime-function-error-body", "")))


class _Connection:
    """One request on one connection, read by h11."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.trailers: Trailers = {}
        self._reader = reader
        self._writer = writer
        self._http = h11.Connection(h11.SERVER)

    async def request(self) -> h11.Request:
        """Read the request line and headers."""
        event = await self._next_event()
        if not isinstance(event, h11.Request):
            raise h11.RemoteProtocolError("no request")
        return event

    async def pieces(self):
        """Yield the body piece by piece; trailers are known afterwards."""
        while True:
            event = await self._next_event()
            if isinstance(event, h11.Data):
                yield bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                self.trailers = {name.decode().lower(): value.decode() for name, value in event.headers}
                return
            else:
                raise h11.RemoteProtocolError("the request ended early")

    async def body(self) -> bytes:
        """Read the whole body."""
        return b"".join([piece async for piece in self.pieces()])

    async def closed(self) -> None:
        """Wait until the other side has closed the connection."""
        while await self._reader.read(_READ):
            continue

    async def respond(self, status: int, body: dict[str, Any]) -> None:
        """Answer with a JSON object."""
        await self.send(status, [_JSON], json.dumps(body).encode())

    async def send(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        """Answer, and ask for the connection to be closed."""
        length = ("Content-Length", str(len(body)))
        head = h11.Response(status_code=status, headers=[*headers, length, ("Connection", "close")])
        for event in (head, h11.Data(data=body), h11.EndOfMessage()):
            self._writer.write(self._http.send(event) or b"")
        await self._writer.drain()

    async def _next_event(self) -> Any:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            if self._http.they_are_waiting_for_100_continue:
                go_on = h11.InformationalResponse(status_code=100, headers=[])
                self._writer.write(self._http.send(go_on) or b"")
            self._http.receive_data(await self._reader.read(_READ))
        return event
