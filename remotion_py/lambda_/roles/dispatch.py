"""Runs the role that a payload names."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from ..._version import PROTOCOL, __version__
from ...errors import FunctionError
from ...providers.roles import ROLES, role_of
from ..context import Context
from ..large_props import inlined
from ..payload import (
    PagePayload,
    Payload,
    PreviewPayload,
    ProbePayload,
    RendererPayload,
    StartPayload,
    StatusPayload,
    StillPayload,
)
from .compositions import compositions
from .main import run_main
from .preview import preview
from .probe import probe
from .renderer import renderer
from .start import start
from .status import info, status
from .still import still, whole_still

P = TypeVar("P", bound=Payload)


@dataclass(frozen=True)
class _Handler(Generic[P]):
    """What runs a role: its payload, and a function that returns an awaitable, or a stream where the role streams."""

    payload: type[P]
    run: Callable[[P, Context], Awaitable[dict[str, Any]] | AsyncIterator[bytes]]


_HANDLERS: dict[str, _Handler[Any]] = {
    "info": _Handler(Payload, info),
    "start": _Handler(StartPayload, start),
    "launch": _Handler(StartPayload, run_main),
    "renderer": _Handler(RendererPayload, renderer),
    "still": _Handler(StillPayload, still),
    "compositions": _Handler(PagePayload, compositions),
    "preview": _Handler(PreviewPayload, preview),
    "status": _Handler(StatusPayload, status),
    "probe": _Handler(ProbePayload, probe),
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
            f"(remotion_py {__version__}) speaks {PROTOCOL}. Deploy a function of the caller's version with "
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
    handler = _HANDLERS[role.name]
    found = handler.payload.from_wire(payload)
    if isinstance(found, StillPayload) and not found.streamed:
        return await whole_still(found, context)
    answer = handler.run(found, context)
    return answer if isinstance(answer, AsyncIterator) else await answer
