"""The result of `renders()`, and the selection of renders."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, get_args

from .._runtime.notebooks import notebook
from ..errors import OptionError
from ..progress import State
from .record import ListedRender

T = TypeVar("T")
MOST_LINES = 10
"""Maximum number of renders in the repr of a listing."""


class Renders(list[ListedRender]):
    """Renders in the store: a list, which notebooks display as a table."""

    def _repr_html_(self) -> str:
        return notebook("listing").table(self)

    def __repr__(self) -> str:
        if not self:
            return "<Renders: none>"
        counts = Counter(item.state for item in self)
        lines = [f"  {item}" for item in self[:MOST_LINES]]
        if len(self) > MOST_LINES:
            lines.append(f"  and {len(self) - MOST_LINES} more")
        listed = ", ".join(f"{count} {state}" for state, count in counts.items())
        return "\n".join([f"<Renders: {listed}", *lines]) + ">"


@dataclass(frozen=True)
class Filter:
    """Selects the renders to list.

    Attributes:
        folder: Only renders with an output in this folder or its subfolders; None for all.
        state: Only renders in this state; None for all.
        composition: Only renders of this composition; None for all.
    """

    folder: str | os.PathLike[str] | None = None
    state: State | None = None
    composition: str | None = None

    def __post_init__(self) -> None:
        if self.state is not None and self.state not in get_args(State):
            raise OptionError(f"state is {self.state!r}, but must be one of: {', '.join(get_args(State))}.")

    def takes(self, item: ListedRender) -> bool:
        """Whether the filter selects a render."""
        if self.folder is not None:
            folder = Path(self.folder).expanduser().resolve()
            if item.output is None or not item.output.resolve().is_relative_to(folder):
                return False
        return self.state in (None, item.state) and self.composition in (None, item.composition)

    async def first(
        self, limit: int, stored: Sequence[T], read: Callable[[T], Awaitable[ListedRender | None]]
    ) -> Renders:
        """Read stored renders until `limit` of them are selected; reads no more than needed.

        Args:
            limit: Maximum number of renders.
            stored: The progress document of each render, in the order of the list.
            read: Reads one render; returns None if it was deleted.
        """
        renders = Renders()
        at = 0
        while at < len(stored) and len(renders) < limit:
            found = await asyncio.gather(*map(read, stored[at : at + limit]))
            renders += (item for item in found if item and self.takes(item))
            at += limit
        return Renders(renders[: max(limit, 0)])
