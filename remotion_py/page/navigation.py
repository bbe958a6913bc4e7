"""Explains why a page could not be opened (no I/O)."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from .._data.untrusted import shortened

_CODE = re.compile(r"net::(ERR_[A-Z_]+)")
_WORDS = {
    "ERR_CERT_AUTHORITY_INVALID": "its TLS certificate is not signed by a trusted authority",
    "ERR_CERT_COMMON_NAME_INVALID": "its TLS certificate is for another host",
    "ERR_CERT_DATE_INVALID": "its TLS certificate has expired or is not valid yet",
    "ERR_CONNECTION_CLOSED": "the server closed the connection without an answer",
    "ERR_CONNECTION_RESET": "the server closed the connection without an answer",
    "ERR_EMPTY_RESPONSE": "the server closed the connection without an answer",
    "ERR_INVALID_HTTP_RESPONSE": "the server does not use HTTP",
    "ERR_SSL_PROTOCOL_ERROR": "the server does not use TLS on this port; try an address with http://",
    "ERR_UNSAFE_PORT": "browsers block this port",
    "ERR_TOO_MANY_REDIRECTS": "the server redirects in a loop",
}
_TRUST = "Correct the certificate, or pass ignore_certificate_errors=True if you trust the server."
_CHECK = "Check the address, and that its server runs."


def not_opened(url: str, message: str, *, found: bool, seconds: float) -> str:
    """Return why a page could not be opened, and the next step.

    Args:
        url: Its address.
        message: The error of Playwright.
        found: Whether its host has an address.
        seconds: How long the server had to answer.
    """
    host = shortened(urlsplit(url).netloc, 300)
    code = _CODE.search(message)
    name = code[1] if code else ""
    if not found:
        reason, step = f"there is no host called {host}", "Check the name, and that this machine is online."
    elif name == "ERR_SOCKS_CONNECTION_FAILED":  # by our gate, through which every connection goes
        reason, step = f"no server responds at {host}", _CHECK
    elif "Timeout" in message:
        reason, step = f"the server did not answer within {seconds:.1f} s", _CHECK
    else:
        known = _WORDS.get(name)
        reason = f"{known} ({name})" if known else name or shortened(message.split("\n")[0].rstrip("."), 300)
        step = _TRUST if name.startswith("ERR_CERT_") else _CHECK
    return f"{reason}. {step}"
