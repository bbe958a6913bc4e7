"""The gate through which every connection of the untrusted page goes.

Chromium is told to use it as SOCKS5 proxy for everything, loopback included, so fetch, workers, iframes and
WebSockets all pass here (measured with Chromium 156). It resolves names itself and connects to the very address
that it checked, so a name that changes its address between check and use gains nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
from urllib.parse import urlsplit

METADATA_ADDRESSES = frozenset({"169.254.169.254", "fd00:ec2::254", "100.100.100.200"})
"""Where clouds answer with credentials; most are link-local anyway."""

_REFUSED = b"\x05\x02\x00\x01" + bytes(6)
_UNREACHABLE = b"\x05\x04\x00\x01" + bytes(6)
_CONNECTED = b"\x05\x00\x00\x01" + bytes(6)
_PIECE = 256 * 1024


def is_forbidden(address: str) -> bool:
    """Tell whether a page may never connect to this IP address: loopback, link-local, unspecified or metadata."""
    ip = ipaddress.ip_address(address.split("%")[0])
    mapped = getattr(ip, "ipv4_mapped", None) or getattr(ip, "sixtofour", None)
    ip = mapped or ip
    return ip.is_loopback or ip.is_link_local or ip.is_unspecified or ip.is_multicast or str(ip) in METADATA_ADDRESSES


def origin_of(url: str) -> tuple[str, int]:
    """Return the (host, port) that a URL connects to."""
    parts = urlsplit(url)
    return (parts.hostname or "").lower(), parts.port or (443 if parts.scheme == "https" else 80)


class Gate:
    """A SOCKS5 server on loopback that refuses forbidden addresses.

    `allowed` holds the (host, port) pairs that are always let through: the bundle and its proxy.
    """

    def __init__(self) -> None:
        self.allowed: set[tuple[str, int]] = set()
        self.refused: list[tuple[str, int]] = []
        self.port = 0
        self._server: asyncio.Server | None = None
        self._links: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen on a free port of 127.0.0.1."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop listening and cut all connections."""
        if self._server:
            self._server.close()
        for link in list(self._links):
            link.cancel()
        await asyncio.gather(*self._links, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._links.add(task)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await self._serve(reader, writer)
        finally:
            self._links.discard(task)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        methods = (await reader.readexactly(2))[1]
        await reader.readexactly(methods)
        writer.write(b"\x05\x00")
        _, command, _, kind = await reader.readexactly(4)
        host = await _read_host(reader, kind)
        port = int.from_bytes(await reader.readexactly(2), "big")
        if command != 1 or host is None:
            writer.write(_REFUSED)
            return
        addresses = await self._permitted(host, port)
        if not addresses:
            self.refused.append((host, port))
            writer.write(_REFUSED)
            return
        remote = await _connect(addresses, port)
        if remote is None:
            writer.write(_UNREACHABLE)
            return
        writer.write(_CONNECTED)
        remote_reader, remote_writer = remote
        try:
            await asyncio.gather(_relay(reader, remote_writer), _relay(remote_reader, writer))
        finally:
            remote_writer.close()

    async def _permitted(self, host: str, port: int) -> list[str]:
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError:
            return []
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        if (host.lower(), port) in self.allowed:
            return addresses
        return [] if any(is_forbidden(address) for address in addresses) else addresses


async def _read_host(reader: asyncio.StreamReader, kind: int) -> str | None:
    if kind == 1:
        return str(ipaddress.IPv4Address(await reader.readexactly(4)))
    if kind == 4:
        return str(ipaddress.IPv6Address(await reader.readexactly(16)))
    if kind == 3:
        length = (await reader.readexactly(1))[0]
        return (await reader.readexactly(length)).decode("idna")
    return None


async def _connect(addresses: list[str], port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
    for address in addresses:
        with contextlib.suppress(OSError, TimeoutError):
            return await asyncio.wait_for(asyncio.open_connection(address, port), 10)
    return None


async def _relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while piece := await reader.read(_PIECE):
            writer.write(piece)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
