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
class _Answer(Generic[P]):
    """A role that answers by one JSON object, and its payload."""

    payload: type[P]
    run: Callable[[P, Context], Awaitable[dict[str, Any]]]


@dataclass(frozen=True)
class _Stream(Generic[P]):
    """A role that answers by a stream, and its payload."""

    payload: type[P]
    run: Callable[[P, Context], AsyncIterator[bytes]]


_ANSWERS: dict[str, _Answer[Any]] = {
    "info": _Answer(Payload, info),
    "start": _Answer(StartPayload, start),
    "launch": _Answer(StartPayload, run_main),
    "compositions": _Answer(PagePayload, compositions),
    "preview": _Answer(PreviewPayload, preview),
    "status": _Answer(StatusPayload, status),
}
_STREAMS: dict[str, _Stream[Any]] = {
    "renderer": _Stream(RendererPayload, renderer),
    "still": _Stream(StillPayload, still),
    "probe": _Stream(ProbePayload, probe),
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
    if role.streamed:
        stream = _STREAMS[role.name]
        found = stream.payload.from_wire(payload)
        if isinstance(found, StillPayload) and not found.streamed:
            return await whole_still(found, context)
        return stream.run(found, context)
    answer = _ANSWERS[role.name]
    return await answer.run(answer.payload.from_wire(payload), context)
