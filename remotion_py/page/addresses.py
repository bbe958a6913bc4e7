"""The scope of an IP address: this machine, private networks, or the public internet (no I/O except in `own`).

A page is untrusted code, so its connections are allowed or refused by address: a name can point to any address.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Collection
from typing import Literal

Reach = Literal["machine", "private", "public"]
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

METADATA_NETWORKS = tuple(
    ipaddress.ip_network(text)
    for text in ("fd00:ec2::/32", "fd20:ce::254/128", "100.100.100.200/32", "168.63.129.16/32", "192.0.0.192/32")
)
"""Where clouds answer with credentials (AWS, Google, Alibaba, Azure, Oracle), beyond the link-local ones."""

_THIS_NETWORK = ipaddress.IPv4Network("0.0.0.0/8")
_EMBEDDING = tuple(
    ipaddress.IPv6Network(text) for text in ("64:ff9b::/96", "64:ff9b:1::/48", "::/96", "::ffff:0:0:0/96")
)
"""IPv6 addresses whose last four bytes are an IPv4 address: NAT64, its local form, the old compatible form, SIIT."""
_PRIVATE = tuple(ipaddress.ip_network(text) for text in ("64:ff9b:1::/48", "2001::/32", "fec0::/10", "192.0.0.0/24"))
"""What Python takes for global in some versions: local NAT64, Teredo, site-local, protocol assignments."""


def reach(address: str, own: Collection[str] = ()) -> Reach:
    """Return how far an address reaches; of an address that means several, the nearest.

    Args:
        address: An IPv4 or IPv6 address; one that embeds another counts as that one too.
        own: Addresses of this machine's network interfaces.
    """
    found = ipaddress.ip_address(address.split("%")[0])
    meant = _meant(found)
    mine = {_meant(ipaddress.ip_address(item))[0] for item in own}
    if any(_is_near(ip) or ip in mine for ip in meant):
        return "machine"
    if any(not ip.is_global or any(ip.version == net.version and ip in net for net in _PRIVATE) for ip in meant):
        return "private"
    return "public"


def own_addresses() -> list[str]:
    """List the addresses of this machine's network interfaces, as they are now."""
    import psutil

    families = (socket.AF_INET, socket.AF_INET6)
    found = (entry for entries in psutil.net_if_addrs().values() for entry in entries if entry.family in families)
    return [entry.address.split("%")[0] for entry in found]


def _meant(found: _Address) -> list[_Address]:
    if isinstance(found, ipaddress.IPv4Address):
        return [found]
    if found.ipv4_mapped:
        return [found.ipv4_mapped]
    inner: list[_Address] = [found]
    if any(found in net for net in _EMBEDDING):
        inner.append(ipaddress.IPv4Address(found.packed[-4:]))
    return inner + [ip for ip in (found.sixtofour, *(found.teredo or ())) if ip is not None]


def _is_near(ip: _Address) -> bool:
    return (
        ip.is_loopback
        or ip.is_link_local
        or ip.is_unspecified
        or ip.is_multicast
        or (ip.version == 4 and ip in _THIS_NETWORK)
        or any(ip.version == net.version and ip in net for net in METADATA_NETWORKS)
    )
