"""Separate pools for renderers, main functions and short calls, over shared warm sandboxes.

A single pool would deadlock: main functions would hold all places and wait for renderers.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Generic, Protocol, TypeVar

from ..roles import Pool, role_of


class Reusable(Protocol):
    """What a pool needs to know of a sandbox."""

    pool: Pool | None
    ended: bool


S = TypeVar("S", bound=Reusable)


def pool_of(payload: bytes) -> Pool:
    """Return the pool of a call by the type of its payload; "short" for what names no role."""
    try:
        role = role_of(json.loads(payload))
    except (ValueError, AttributeError):
        return "short"
    return role.pool if role else "short"


class FullError(Exception):
    """The pool has no free place."""


class Pools(Generic[S]):
    """Gives out sandboxes, and takes them back warm.

    Args:
        limits: Places of each pool.
        make: Makes and starts a new sandbox.
    """

    def __init__(self, limits: dict[Pool, int], make: Callable[[], Awaitable[S]]) -> None:
        self._limits = limits
        self._make = make
        self._running = dict.fromkeys(limits, 0)
        self._idle: list[S] = []
        self._waiting: dict[Pool, deque[asyncio.Future[None]]] = {name: deque() for name in limits}

    async def acquire(self, pool: Pool, *, wait: bool) -> S:
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

    def _warm(self, pool: Pool) -> S | None:
        """Prefer the sandbox that ran in this pool last: what it has loaded is most likely of use again."""
        alive = [sandbox for sandbox in self._idle if not sandbox.ended]
        fitting = [sandbox for sandbox in alive if sandbox.pool == pool]
        unused = [sandbox for sandbox in alive if not sandbox.pool]
        chosen = next(iter((fitting or unused or alive)[::-1]), None)
        if chosen is not None:
            self._idle.remove(chosen)
        return chosen

    def _leave(self, pool: Pool | None) -> None:
        if pool is None:
            return
        self._running[pool] -= 1
        while self._waiting[pool]:
            turn = self._waiting[pool].popleft()
            if not turn.done():
                turn.set_result(None)
                return
