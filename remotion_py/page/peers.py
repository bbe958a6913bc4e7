"""Identifies the user at the other end of a connection from this machine.

Loopback is open to every user of a machine. On Linux the kernel knows the owner of a socket, so connections of other
users are refused before a byte is read from them.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from pathlib import Path

_TABLE = Path("/proc/net/tcp")
_TRIES = 3
"""The table is read in pieces while it changes, so that a row may be missed once."""


def is_own(transport: asyncio.BaseTransport) -> bool:
    """Return whether a connection over IPv4 loopback comes from a process of this user; True where it is not known."""
    peer, own = transport.get_extra_info("peername"), transport.get_extra_info("sockname")
    if peer is None:  # it has gone already
        return False
    if not _TABLE.exists():
        return True
    return any(owner_of(peer, own) == os.geteuid() for _ in range(_TRIES))


def owner_of(local: tuple[str, int], remote: tuple[str, int]) -> int | None:
    """Return the id of the user who owns an end of a connection over IPv4; None if there is no such connection.

    Args:
        local: Address and port of that end.
        remote: Address and port of the other end.
    """
    wanted = [_written(*local), _written(*remote)]
    for line in _TABLE.read_text().splitlines()[1:]:
        fields = line.split()
        if fields[1:3] == wanted:
            return int(fields[7])
    return None


def _written(host: str, port: int) -> str:
    return f"{int.from_bytes(socket.inet_aton(host), sys.byteorder):08X}:{port:04X}"
