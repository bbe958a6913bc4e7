"""The two ports: `Functions` and `ObjectStore`. Everything else is written against them."""

from __future__ import annotations

import datetime
import os
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any, Protocol


class Functions(Protocol):
    """Invokes functions by name and JSON payload, in the three ways that Lambda has."""

    async def invoke(self, name: str, payload: dict[str, Any]) -> Any:
        """Call a function and wait for its JSON result.

        Raises:
            ThrottledError: The provider has no capacity.
            FunctionError: The function failed; an error that it reported is raised as the class it was.
        """
        ...

    async def invoke_event(self, name: str, payload: dict[str, Any]) -> None:
        """Start a function and return at once; the provider queues it where it has to."""
        ...

    def stream(self, name: str, payload: dict[str, Any]) -> AsyncGenerator[bytes]:
        """Call a function and yield the bytes of its response as they come.

        Raises:
            ThrottledError: The provider has no capacity.
            FunctionError: The function failed, or the stream ended without its closing event.
        """
        ...


@dataclass(frozen=True)
class ObjectInfo:
    """What a store tells of an object.

    Attributes:
        key: Its key.
        size: Its size in bytes.
        modified: When it was written, with time zone.
    """

    key: str
    size: int
    modified: datetime.datetime


class ObjectExistsError(Exception):
    """A conditional put met an object that is there already."""


class ObjectStore(Protocol):
    """Keeps objects by key, in one bucket."""

    bucket: str

    async def put(self, key: str, data: bytes, *, if_absent: bool = False) -> None:
        """Write an object whole, or not at all.

        Raises:
            ObjectExistsError: `if_absent` is set and there is one.
        """
        ...

    async def put_file(self, key: str, path: str | os.PathLike[str]) -> None:
        """Move a file into the store, in parts where it is large. The file may be gone afterwards."""
        ...

    async def get(self, key: str) -> bytes | None:
        """Read an object; None where there is none."""
        ...

    async def get_file(self, key: str, path: str | os.PathLike[str]) -> None:
        """Copy an object to a file; the file appears whole or not at all.

        Raises:
            FileNotFoundError: There is no such object.
        """
        ...

    async def head(self, key: str) -> ObjectInfo | None:
        """Tell about an object; None where there is none."""
        ...

    async def list(self, prefix: str) -> list[ObjectInfo]:
        """List the objects whose keys begin with a prefix, in the order of their keys."""
        ...

    async def delete(self, key: str) -> None:
        """Delete an object; nothing happens where there is none."""
        ...

    async def presign(self, key: str, expires_in_seconds: int = 3600) -> str:
        """Return a URL by which the object can be read for a while."""
        ...
