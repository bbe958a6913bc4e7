"""The roles of a function, with what a provider needs to know about each (no I/O)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

Pool: TypeAlias = Literal["renderers", "mains", "short"]


@dataclass(frozen=True)
class Role:
    """What a function can be asked for.

    Attributes:
        name: The `type` of its payload.
        pool: Whose places a local call takes. One pool for all would deadlock: main functions would hold all places
            and wait for renderers.
        needs_page: It opens a page, so it needs the browser and FFmpeg.
        takes_props: Its payload may name props in the store in place of the props themselves.
        streamed: It answers by a response stream, not by one JSON object.
        invokes_renderers: It has to know how many renderers can run at the same time.
    """

    name: str
    pool: Pool = "short"
    needs_page: bool = True
    takes_props: bool = True
    streamed: bool = False
    invokes_renderers: bool = False


_LISTED = (
    Role("info", needs_page=False, takes_props=False),
    Role("start", needs_page=False, takes_props=False),
    Role("launch", pool="mains", invokes_renderers=True),
    Role("renderer", pool="renderers", streamed=True),
    Role("still", streamed=True),
    Role("compositions"),
    Role("preview"),
    Role("status", needs_page=False, takes_props=False),
    Role("probe", takes_props=False, streamed=True),
)
ROLES = {role.name: role for role in _LISTED}
"""All roles by name."""


def role_of(payload: Mapping[str, Any]) -> Role | None:
    """Return the role that a payload names; None where there is no such role."""
    name = payload.get("type")
    return ROLES.get(name) if isinstance(name, str) else None
