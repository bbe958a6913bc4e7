"""The gate for every connection of the untrusted page.

Chromium uses it as SOCKS5 proxy for everything, including loopback, so fetch, workers, iframes and WebSockets all go
through it (measured with Chromium 156). It resolves names itself and connects to the address that it checked, so DNS
rebinding has no effect. The rendered site has no port: its server gets the browser's connections from the gate, so no
other program of the machine can connect to it.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import socket
from typing import Protocol, cast
from urllib.parse import urlsplit
from weakref import WeakSet

from .addresses import own_addresses, reach
from .peers import is_own

KEPT_REFUSED = 100
RESOLVE_TIMEOUT_S = 20
CONNECT_TIMEOUT_S = 10
_VERSION = 5

_METHOD_CHOSEN = b"\x05\x00"
_FAILED = b"\x05\x01\x00\x01" + bytes(6)
_REFUSED = b"\x05\x02\x00\x01" + bytes(6)
_UNREACHABLE = b"\x05\x04\x00\x01" + bytes(6)
_CONNECTED = b"\x05\x00\x00\x01" + bytes(6)

Origin = tuple[str, int]

log = logging.getLogger(__name__)


class Served(Protocol):
    """A server that has no port, but gets its connections handed over."""

    @property
    def origin(self) -> Origin:
        """Host and port of its address."""
        ...

    def connection(self) -> asyncio.Protocol:
        """Return what serves one more connection."""
        ...


def origin_of(url: str) -> Origin:
    """Return the (host, port) that a URL connects to; ("", 0) for one that connects nowhere."""
    try:
        parts = urlsplit(url)
        return (parts.hostname or "").lower(), parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return "", 0


class NetworkGate:
    """A SOCKS5 server on loopback that refuses forbidden addresses, and connections of other users.

    What `allow()` named is always let through, at the addresses that it had then: the origin of the page.
    """

    def __init__(self) -> None:
        self.refused: list[Origin] = []
        """What was refused last."""
        self.port = 0
        self._allowed: dict[Origin, list[str]] = {}
        self._served: Served | None = None
        self._private_network = False
        self._server: asyncio.Server | None = None
        self._transports: WeakSet[asyncio.Transport] = WeakSet()

    async def start(self) -> None:
        """Listen on a free port of 127.0.0.1."""
        self._server = await asyncio.get_running_loop().create_server(self._client, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def allow(self, *origins: Origin, served: Served | None = None, private_network: bool = False) -> None:
        """Let these through, and nothing else of this machine any more. Their names are resolved here, once.

        Args:
            origins: (host, port) pairs.
            served: A server whose connections are handed over.
            private_network: Let private networks through too, this machine's own addresses excepted.
        """
        self.refused.clear()
        self._served = served
        self._private_network = private_network
        self._allowed = {(host.lower(), port): await _resolve(host, port) for host, port in origins}

    async def close(self) -> None:
        """Stop listening and cut all connections."""
        if self._server:
            self._server.close()
        for transport in list(self._transports):
            transport.abort()

    async def permitted(self, host: str, port: int) -> list[str]:
        """Return the addresses of a host that may be connected to; none when it is out of reach."""
        known = self._allowed.get((host.lower(), port))
        if known is not None:
            return known
        addresses = await _resolve(host, port)
        near = ("machine",) if self._private_network else ("machine", "private")
        own = own_addresses()
        return [] if any(reach(address, own) in near for address in addresses) else addresses

    def served(self, host: str, port: int) -> asyncio.Protocol | None:
        """Return what serves a connection to an origin without a port."""
        served = self._served
        return served.connection() if served and served.origin == (host.lower(), port) else None

    def note_refused(self, host: str, port: int) -> None:
        """Remember what was refused, for the page's error."""
        self.refused.append((host, port))
        del self.refused[:-KEPT_REFUSED]

    def _client(self) -> _Client:
        return _Client(self, self._transports)


class _Client(asyncio.Protocol):
    """One connection of the browser, until it is handed over to where it leads."""

    def __init__(self, gate: NetworkGate, transports: WeakSet[asyncio.Transport]) -> None:
        self._gate = gate
        self._transports = transports
        self._received = b""
        self._greeted = False
        self._opening: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        if is_own(transport):
            self._transports.add(self._transport)
        else:
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        if self._opening:
            self._opening.cancel()

    def data_received(self, data: bytes) -> None:
        self._received += data
        if self._opening or self._transport.is_closing():
            return
        if self._received[0] != _VERSION:  # such as HTTP, from a page in another browser
            self._transport.abort()
            return
        self._read()

    def _read(self) -> None:
        if not self._greeted:
            size = 2 + self._received[1] if len(self._received) > 1 else 2
            if len(self._received) < size:
                return
            self._greeted = True
            self._received = self._received[size:]
            self._transport.write(_METHOD_CHOSEN)
        request = parse_request(self._received)
        if request is None:
            return
        host, port, size = request
        self._received = self._received[size:]
        if host is None:
            self._answer_and_close(_REFUSED)
        else:
            self._opening = asyncio.get_running_loop().create_task(self._open(host, port))

    async def _open(self, host: str, port: int) -> None:
        try:
            await self._lead(host, port)
        except Exception:  # whatever it is, the page must not wait for an answer that never comes
            log.exception("the connection to %s:%d could not be opened", host, port)
            if self._transport.get_protocol() is self:
                self._answer_and_close(_FAILED)
            else:
                self._transport.abort()

    async def _lead(self, host: str, port: int) -> None:
        served = self._gate.served(host, port)
        if served:
            self._hand_over(served)
            return
        addresses = await self._gate.permitted(host, port)
        if not addresses:
            self._gate.note_refused(host, port)
            self._answer_and_close(_REFUSED)
            return
        near, far = _End(), _End(waits=True)  # first comes our answer, then the data of the far end
        near.peer, far.peer = far, near
        if not await _connect(far, addresses, port):
            self._answer_and_close(_UNREACHABLE)
        elif self._transport.is_closing():
            far.transport.abort()
        else:
            self._hand_over(near)
            far.transport.resume_reading()

    def _hand_over(self, protocol: asyncio.Protocol) -> None:
        self._transport.write(_CONNECTED)
        self._transport.set_protocol(protocol)
        protocol.connection_made(self._transport)
        if self._received:
            protocol.data_received(self._received)

    def _answer_and_close(self, answer: bytes) -> None:
        self._transport.write(answer)
        self._transport.close()


class _End(asyncio.Protocol):
    """One end of a relayed connection: what arrives there is written to the other one, no faster than that takes it."""

    transport: asyncio.Transport
    peer: _End
    ended = False

    def __init__(self, *, waits: bool = False) -> None:
        self._waits = waits

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        if self._waits:
            self.transport.pause_reading()

    def data_received(self, data: bytes) -> None:
        if not self.peer.transport.is_closing():
            self.peer.transport.write(data)

    def eof_received(self) -> bool:
        self.ended = True
        if self.peer.ended:
            return False  # which closes this end, and then the other
        if not self.peer.transport.is_closing():
            self.peer.transport.write_eof()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self.peer.transport.close()

    def pause_writing(self) -> None:
        self.peer.transport.pause_reading()

    def resume_writing(self) -> None:
        self.peer.transport.resume_reading()


def parse_request(data: bytes) -> tuple[str | None, int, int] | None:
    """Read a SOCKS5 request; None while it is not whole.

    Returns:
        The host (None for a request of another kind than to connect), the port, and how many bytes it took.
    """
    if len(data) < 5:
        return None
    _, command, _, kind, first = data[:5]
    start, length = {1: (4, 4), 4: (4, 16), 3: (5, first)}.get(kind, (4, 0))
    end = start + length
    if len(data) < end + 2:
        return None
    name, port = data[start:end], int.from_bytes(data[end : end + 2], "big")
    if command != 1 or not name:
        return None, port, end + 2
    return _host(name, kind), port, end + 2


def _host(name: bytes, kind: int) -> str:
    if kind != 3:
        return str(ipaddress.ip_address(name))
    try:
        return name.decode("idna")  # as origins are written
    except UnicodeError:
        return name.decode("ascii", "replace")


async def _resolve(host: str, port: int) -> list[str]:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(RESOLVE_TIMEOUT_S):
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, TimeoutError, UnicodeError):  # the last for labels that no name can have
        return []
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


async def _connect(end: _End, addresses: list[str], port: int) -> bool:
    """Connect an end to the first address that answers; it does not read yet."""
    for address in addresses:
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                await asyncio.get_running_loop().create_connection(lambda: end, address, port)
            return True
    return False
