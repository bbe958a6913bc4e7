"""The relay through which Playwright shares our connection to the browser.

Playwright's driver is another process, and connects to a browser by WebSocket only. It gets a port on loopback for one
connection: the client must belong to the same user and know a random token, and the port closes after the driver has
connected. The token is in memory and on the driver's standard input, and in no URL.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets

from aiohttp import WSMsgType, web

from .cdp import Connection
from .peers import is_own

_HEADER = "X-Remotion-Py-Token"


class Relay:
    """Lets one client use a connection to a browser beside us.

    Args:
        connection: The connection.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._token = secrets.token_urlsafe(32)
        self._taken = False
        self._runner: web.AppRunner | None = None
        self._site: web.TCPSite | None = None
        self._messages: asyncio.Queue[bytes] = asyncio.Queue()
        self.url = ""

    @property
    def headers(self) -> dict[str, str]:
        """What a client has to send."""
        return {_HEADER: self._token}

    async def start(self) -> None:
        """Listen on a free port of 127.0.0.1 until the client has come."""
        app = web.Application()
        app.router.add_get("/", self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        self._site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await self._site.start()
        self.url = f"ws://127.0.0.1:{self._runner.addresses[0][1]}/"

    async def close(self) -> None:
        """Hang up on the client."""
        self._connection.foreign = lambda _: None
        if self._runner:
            await self._runner.cleanup()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        sent = request.headers.get(_HEADER, "").encode(errors="replace")
        welcome = request.transport is not None and is_own(request.transport)
        if self._taken or not (welcome and secrets.compare_digest(sent, self._token.encode())):
            return web.Response(status=403)
        self._taken = True
        socket = web.WebSocketResponse(max_msg_size=0, compress=False)
        await socket.prepare(request)
        assert self._site
        await self._site.stop()
        self._connection.foreign = self._messages.put_nowait
        tasks = [asyncio.ensure_future(work) for work in (self._pump(socket), self._connection.closed.wait())]
        try:
            reading = asyncio.ensure_future(self._read(socket))
            tasks.append(reading)
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            with contextlib.suppress(Exception):
                await asyncio.wait_for(socket.close(), 1)
        return socket

    async def _pump(self, socket: web.WebSocketResponse) -> None:
        while True:
            await socket.send_str((await self._messages.get()).decode())

    async def _read(self, socket: web.WebSocketResponse) -> None:
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                self._connection.write(message.data.encode())
