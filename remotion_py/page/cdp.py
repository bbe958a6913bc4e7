"""The DevTools protocol to one browser, over the socket that it inherited: commands, answers, events, sessions.

There is one connection to a browser, and no port. Our sessions share it with those of Playwright, whose messages are
passed on unchanged (`relay`): our commands have numbers that Playwright does not reach, and events name their session.
Events and answers keep their order, so an exception that a page threw before an answer arrives before it.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from collections.abc import Callable
from typing import Any, cast

from ..errors import BrowserCrashedError

Params = dict[str, Any]
Listener = Callable[[Params], None]

FIRST_NUMBER = 1 << 30
"""Of our commands; Playwright counts from 1. Numbers of the protocol have 32 bits."""
_END = b"\0"


class ProtocolError(Exception):
    """The browser refused a command."""


class Connection(asyncio.Protocol):
    """The connection to one browser; the protocol of a stream on which messages end with a zero byte."""

    def __init__(self) -> None:
        self.foreign: Callable[[bytes], None] = lambda _: None
        """Gets each message that is not for one of our sessions."""
        self.closed = asyncio.Event()
        self._transport: asyncio.WriteTransport | None = None
        self._pieces: list[bytes] = []
        self._numbers = itertools.count(FIRST_NUMBER)
        self._waiting: dict[int, asyncio.Future[Params]] = {}
        self._sessions: dict[str, CdpSession | None] = {}
        self._browser_session = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to write."""
        self._transport = cast(asyncio.WriteTransport, transport)

    def data_received(self, data: bytes) -> None:
        """Cut what arrives into messages."""
        head, *more = data.split(_END)
        self._pieces.append(head)
        for piece in more:
            message = b"".join(self._pieces)
            self._pieces = [piece]
            self._take(message)

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail what waits for an answer."""
        del exc
        self.closed.set()
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(_gone("the DevTools connection was closed"))

    async def open(self) -> None:
        """Attach to the browser itself, in a session that is ours alone."""
        answer = await self.send("Target.attachToBrowserTarget")
        self._browser_session = answer["sessionId"]
        self._sessions[self._browser_session] = None

    async def attach(self, target_id: str) -> CdpSession:
        """Attach to a target, such as a page, in a session of its own."""
        answer = await self.send("Target.attachToTarget", {"targetId": target_id, "flatten": True})
        cdp = CdpSession(self, answer["sessionId"])
        self._sessions[answer["sessionId"]] = cdp
        return cdp

    async def detach(self, session: str) -> None:
        """End a session."""
        if self._sessions.pop(session, None) and not self.closed.is_set():
            await self.send("Target.detachFromTarget", {"sessionId": session})

    async def send(self, method: str, params: Params | None = None, session: str | None = None) -> Params:
        """Send a command and return its result.

        Args:
            method: Name of the command.
            params: What it takes.
            session: The session that it is for; None is the browser's.

        Raises:
            ProtocolError: The browser refused it.
            BrowserCrashedError: The browser, or what the session is of, has gone.
        """
        if self.closed.is_set():
            raise _gone("the DevTools connection is closed")
        number = next(self._numbers)
        future: asyncio.Future[Params] = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        message: Params = {"id": number, "method": method, "params": params or {}}
        if session or self._browser_session:
            message["sessionId"] = session or self._browser_session
        self.write(json.dumps(message).encode())
        try:
            return await future
        finally:
            del self._waiting[number]

    def write(self, message: bytes) -> None:
        """Write a message as it is."""
        if self._transport and not self.closed.is_set():
            self._transport.write(message + _END)

    def close(self) -> None:
        """Hang up, at which the browser ends by itself."""
        if self._transport:
            self._transport.close()

    def _take(self, text: bytes) -> None:
        message: Params = json.loads(text)
        number, session = message.get("id"), message.get("sessionId", "")
        if number is not None and number >= FIRST_NUMBER:
            self._answer(number, message)
        elif session not in self._sessions:
            self.foreign(text)
        elif session == self._browser_session:
            self._on_browser_event(message)
        elif cdp := self._sessions[session]:
            cdp.emit(message["method"], message.get("params", {}))

    def _answer(self, number: int, message: Params) -> None:
        future = self._waiting.get(number)
        if future is None or future.done():
            return
        if "error" not in message:
            future.set_result(message["result"])
        elif _means_gone(message["error"]["message"]):
            future.set_exception(_gone(message["error"]["message"]))
        else:
            future.set_exception(ProtocolError(message["error"]["message"]))

    def _on_browser_event(self, message: Params) -> None:
        if message["method"] == "Target.attachedToTarget":
            # Its events before `attach()` gets its answer belong to this session.
            self._sessions.setdefault(message["params"]["sessionId"], None)
        elif message["method"] == "Target.detachedFromTarget":
            cdp = self._sessions.pop(message["params"]["sessionId"], None)
            if cdp:
                cdp.emit("Inspector.targetCrashed", {})


class CdpSession:
    """A DevTools session of one page. Use `Connection.attach()`."""

    def __init__(self, connection: Connection, session: str) -> None:
        self._connection = connection
        self._session = session
        self._listeners: dict[str, list[Listener]] = {}

    async def send(self, method: str, params: Params | None = None) -> Params:
        """Send a command and return its result."""
        return await self._connection.send(method, params, self._session)

    def on(self, event: str, listener: Listener) -> None:
        """Call `listener` with the parameters of each event of this name."""
        self._listeners.setdefault(event, []).append(listener)

    def emit(self, event: str, params: Params) -> None:
        """Call the listeners of an event."""
        for listener in self._listeners.get(event, []):
            listener(params)

    async def close(self) -> None:
        """End the session; gives up after a second on a browser that hangs."""
        with contextlib.suppress(ProtocolError, BrowserCrashedError, TimeoutError):
            await asyncio.wait_for(self._connection.detach(self._session), 1)


def _means_gone(text: str) -> bool:
    return any(sign in text for sign in ("closed", "crashed", "Session with given id not found", "detached"))


def _gone(reason: str) -> BrowserCrashedError:
    return BrowserCrashedError(
        f"The browser ended during the render ({reason}). This is often a lack of memory: render with a "
        f"lower concurrency, or run 'remotion-py doctor'."
    )
