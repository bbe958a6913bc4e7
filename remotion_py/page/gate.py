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

METADATA_NETWORKS = tuple(
    ipaddress.ip_network(text)
    for text in ("fd00:ec2::/32", "fd20:ce::254/128", "100.100.100.200/32", "168.63.129.16/32")
)
"""Where clouds answer with credentials (AWS, Google, Alibaba, Azure), beyond the link-local ones."""

_EMBEDDING = tuple(ipaddress.IPv6Network(text) for text in ("64:ff9b::/96", "::/96"))
"""IPv6 addresses whose last four bytes are an IPv4 address: NAT64, and the old compatible form."""

_REFUSED = b"\x05\x02\x00\x01" + bytes(6)
_UNREACHABLE = b"\x05\x04\x00\x01" + bytes(6)
_CONNECTED = b"\x05\x00\x00\x01" + bytes(6)
_PIECE = 256 * 1024


def is_forbidden(address: str) -> bool:
    """Tell whether a page may never connect to this IP address: loopback, link-local, unspecified or metadata."""
    found = ipaddress.ip_address(address.split("%")[0])
    inner = [found]
    if isinstance(found, ipaddress.IPv6Address):
        embedded = [ipaddress.IPv4Address(found.packed[-4:])] if any(found in net for net in _EMBEDDING) else []
        inner += [ip for ip in (found.ipv4_mapped, found.sixtofour, *embedded) if ip is not None]
    return any(
        ip.is_loopback
        or ip.is_link_local
        or ip.is_unspecified
        or ip.is_multicast
        or any(ip.version == net.version and ip in net for net in METADATA_NETWORKS)
        for ip in inner
    )


def origin_of(url: str) -> tuple[str, int]:
    """Return the (host, port) that a URL connects to; ("", 0), which nothing connects to, for one that is not valid."""
    try:
        parts = urlsplit(url)
        return (parts.hostname or "").lower(), parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return "", 0


class Gate:
    """A SOCKS5 server on loopback that refuses forbidden addresses.

    What `allow()` named is always let through, at the addresses that it had then: the bundle and its proxy.
    """

    def __init__(self) -> None:
        self._allowed: dict[tuple[str, int], list[str]] = {}
        self.refused: list[tuple[str, int]] = []
        self.port = 0
        self._server: asyncio.Server | None = None
        self._links: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen on a free port of 127.0.0.1."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def allow(self, *origins: tuple[str, int]) -> None:
        """Let these (host, port) pairs through, and no others any more. Their names are resolved here, once."""
        self.refused.clear()
        self._allowed = {(host.lower(), port): await _resolve(host, port) for host, port in origins}

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
        addresses = await self.permitted(host, port)
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

    async def permitted(self, host: str, port: int) -> list[str]:
        """Return the addresses of a host that may be connected to; none when it is out of reach."""
        known = self._allowed.get((host.lower(), port))
        if known is not None:
            return known
        addresses = await _resolve(host, port)
        return [] if any(is_forbidden(address) for address in addresses) else addresses


async def _resolve(host: str, port: int) -> list[str]:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):  # a name that cannot be one, such as with a part of more than 63 characters
        return []
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


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
