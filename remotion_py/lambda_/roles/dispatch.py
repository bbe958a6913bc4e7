"""Runs the role that a payload names."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from ..._version import PROTOCOL, __version__
from ...errors import FunctionError
from ...providers.roles import ROLES, role_of
from ..context import Context
from ..large_props import inlined
from .compositions import compositions
from .main import run_main
from .preview import preview
from .probe import probe
from .renderer import renderer
from .start import start
from .status import info, status
from .still import still, whole_still

_ANSWERS: dict[str, Callable[[dict[str, Any], Context], Awaitable[dict[str, Any]]]] = {
    "info": info,
    "start": start,
    "launch": run_main,
    "compositions": compositions,
    "preview": preview,
    "status": status,
}
_STREAMS: dict[str, Callable[[dict[str, Any], Context], AsyncIterator[bytes]]] = {
    "renderer": renderer,
    "still": still,
    "probe": probe,
}
assert {role.name: role.streamed for role in ROLES.values()} == {
    **dict.fromkeys(_ANSWERS, False),
    **dict.fromkeys(_STREAMS, True),
}


def check_protocol(payload: dict[str, Any]) -> None:
    """Refuse a caller that speaks another protocol than this function; versions alone may differ.

    Raises:
        FunctionError: It names another one.
    """
    spoken = payload.get("protocol", PROTOCOL)
    if spoken != PROTOCOL:
        raise FunctionError(
            f"The caller (remotion_py {payload.get('version')}) speaks protocol {spoken}, but this function "
            f"(remotion_py {__version__}) speaks {PROTOCOL}. Deploy a function of the caller's version by "
            f"'remotion-py functions deploy'.",
            type="ProtocolMismatch",
        )


async def handle(payload: dict[str, Any], context: Context) -> dict[str, Any] | AsyncIterator[bytes]:
    """Run the role that a payload names.

    Returns:
        A JSON object, or the bytes of a streamed response.

    Raises:
        FunctionError: The payload names no role.
    """
    role = role_of(payload)
    check_protocol(payload)
    payload = payload | {"bucketName": payload.get("bucketName") or context.bucket}
    if role is None:
        known = ", ".join(sorted(ROLES))
        raise FunctionError(
            f"The payload's type is {payload.get('type')!r}, but must be one of: {known}.", type="UnknownRole"
        )
    if role.takes_props:
        payload = await inlined(payload, context.open_store(payload["bucketName"]))
    if role.name == "still" and payload.get("streamed") is False:
        return await whole_still(payload, context)
    return _STREAMS[role.name](payload, context) if role.streamed else await _ANSWERS[role.name](payload, context)
