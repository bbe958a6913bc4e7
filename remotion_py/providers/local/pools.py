"""Who may run when: separate pools for renderers, mains and short calls, over shared warm sandboxes.

One pool for all would deadlock: mains would hold all places and wait for renderers (DESIGN 3).
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Generic, Protocol, TypeVar


class Reusable(Protocol):
    """What a pool needs to know of a sandbox."""

    pool: str
    ended: bool


S = TypeVar("S", bound=Reusable)

RENDERERS, MAINS, SHORT = "renderers", "mains", "short"
_POOLS = {"renderer": RENDERERS, "launch": MAINS}


def pool_of(payload: bytes) -> str:
    """Return the pool of a call by the type of its payload."""
    try:
        return _POOLS.get(json.loads(payload).get("type"), SHORT)
    except (ValueError, AttributeError):
        return SHORT


class FullError(Exception):
    """The pool has no free place."""


class Pools(Generic[S]):
    """Gives out sandboxes, and takes them back warm.

    Args:
        limits: Places of each pool.
        make: Makes and starts a new sandbox.
    """

    def __init__(self, limits: dict[str, int], make: Callable[[], Awaitable[S]]) -> None:
        self._limits = limits
        self._make = make
        self._running = dict.fromkeys(limits, 0)
        self._idle: list[S] = []
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {name: deque() for name in limits}

    async def acquire(self, pool: str, *, wait: bool) -> S:
        """Take a place and a sandbox.

        Args:
            pool: Name of the pool.
            wait: Queue for a place; otherwise refuse at once when all are taken.

        Raises:
            FullError: All places are taken.
        """
        while self._running[pool] >= self._limits[pool]:
            if not wait:
                raise FullError(pool)
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting[pool].append(turn)
            await turn
        self._running[pool] += 1
        try:
            sandbox = self._warm(pool) or await self._make()
        except BaseException:
            self._leave(pool)
            raise
        sandbox.pool = pool
        return sandbox

    def release(self, sandbox: S) -> None:
        """Give a place back, and the sandbox for the next call unless it has ended."""
        if not sandbox.ended:
            self._idle.append(sandbox)
        self._leave(sandbox.pool)

    def forget(self, sandbox: S) -> None:
        """Drop an idle sandbox that has ended."""
        if sandbox in self._idle:
            self._idle.remove(sandbox)

    def add(self, sandbox: S) -> None:
        """Add a sandbox that was started ahead of need."""
        self._idle.append(sandbox)

    def _warm(self, pool: str) -> S | None:
        """Prefer the sandbox that ran in this pool last: what it has loaded is most likely of use again."""
        alive = [sandbox for sandbox in self._idle if not sandbox.ended]
        fitting = [sandbox for sandbox in alive if sandbox.pool == pool]
        unused = [sandbox for sandbox in alive if not sandbox.pool]
        chosen = next(iter((fitting or unused or alive)[::-1]), None)
        if chosen is not None:
            self._idle.remove(chosen)
        return chosen

    def _leave(self, pool: str) -> None:
        self._running[pool] -= 1
        while self._waiting[pool]:
            turn = self._waiting[pool].popleft()
            if not turn.done():
                turn.set_result(None)
                return
