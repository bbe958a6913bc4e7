"""Payload type to role."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from ..errors import FunctionError
from .compositions import compositions
from .context import Context
from .launch import launch
from .renderer import renderer
from .start import start
from .status import info, status
from .still import still

BUFFERED: dict[str, Callable[[dict[str, Any], Context], Awaitable[dict[str, Any]]]] = {
    "info": info,
    "start": start,
    "launch": launch,
    "compositions": compositions,
    "status": status,
}
STREAMED: dict[str, Callable[[dict[str, Any], Context], AsyncIterator[bytes]]] = {
    "renderer": renderer,
    "still": still,
}


async def handle(payload: dict[str, Any], context: Context) -> dict[str, Any] | AsyncIterator[bytes]:
    """Run the role that a payload names.

    Returns:
        A JSON object, or the bytes of a streamed response.

    Raises:
        FunctionError: The payload names no role.
    """
    role = payload.get("type")
    if role in STREAMED:
        return STREAMED[role](payload, context)
    if role in BUFFERED:
        return await BUFFERED[role](payload, context)
    known = ", ".join(sorted([*BUFFERED, *STREAMED]))
    raise FunctionError(f"The payload's type is {role!r}, but must be one of: {known}.", type="UnknownRole")
