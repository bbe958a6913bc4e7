"""The two ports, `Functions` and `ObjectStore`. All other code uses only these interfaces."""

from __future__ import annotations

import datetime
import os
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

RENDERS = "renders/"
"""All objects of renders lie below this."""
DELETE_AFTER = {"1-day": 1, "3-days": 3, "7-days": 7, "30-days": 30}
"""After how many days a render may be removed; the id of such a render begins with the key (design/wire.md 3.5)."""


SILENT_S = 90.0
"""Seconds without a change of its `progress.json` after which a main function counts as dead: a living one writes it
every 20 s at least, with the time in it."""


@dataclass(frozen=True)
class Links:
    """Where a render can be looked into by the console of its provider.

    Attributes:
        logs: What its functions logged.
        folder: Its folder in the bucket.
        progress: Its `progress.json`.
    """

    logs: str
    folder: str
    progress: str


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
    """What a store knows of an object.

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

    def local_path(self, key: str) -> Path | None:
        """Return the file of an object on this machine; None where the store is elsewhere."""
        ...

    async def put(self, key: str, data: bytes, *, if_absent: bool = False) -> None:
        """Write an object whole, or not at all.

        Raises:
            ObjectExistsError: `if_absent` is set and there is one.
        """
        ...

    async def put_file(self, key: str, path: str | os.PathLike[str], *, if_absent: bool = False) -> None:
        """Move a file into the store, in parts where it is large. The file may be gone afterwards.

        Raises:
            ObjectExistsError: `if_absent` is set and there is one.
        """
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
        """Return what is known of an object; None where there is none."""
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


class Provider(Protocol):
    """Where a client's functions and objects live.

    Attributes:
        name: "local" or "aws".
        region: Where it is.
        capacity: Renderer functions that it runs at the same time; None where the main function finds out.
        poll_s: Seconds between two looks at the progress of a render.
        silent_s: Seconds without a change of the progress after which its main function is presumed dead; None where
            the provider reports deaths.
        on_this_machine: Whether functions see the files of this machine.
        browser_executable: The browser that was asked for.
    """

    name: str
    capacity: int | None
    poll_s: float
    silent_s: float | None
    on_this_machine: bool

    @property
    def region(self) -> str:
        """Where it is."""
        ...

    @property
    def browser_executable(self) -> str | None:
        """The browser that was asked for."""
        ...

    @property
    def function_name(self) -> str:
        """The function."""
        ...

    @property
    def store(self) -> ObjectStore:
        """Where sites, renders and props are."""
        ...

    @property
    def wire_version(self) -> str | None:
        """The version that a function of Remotion expects in its payload; None for ours."""
        ...

    @property
    def alive(self) -> bool:
        """Whether functions can be at work."""
        ...

    @property
    def pid(self) -> int | None:
        """The process on this machine whose end ends the renders; None where there is none."""
        ...

    def detached(self) -> dict[str, Any] | None:
        """Return the settings of another provider for renders that outlive this process; None where they do anyway."""
        ...

    def describe(self) -> str:
        """Return one line for the repr of a client."""
        ...

    async def open(self) -> None:
        """Find what `function_name` and `store` need."""
        ...

    async def publish(self, folder: Path) -> str:
        """Return the serve URL by which functions read a folder, uploading it where they do not see this machine."""
        ...

    def cost(self, document: Mapping[str, Any]) -> float | None:
        """Return what a render has cost so far by its progress document, in USD; None where nothing is charged."""
        ...

    def links(self, render_id: str) -> Links | None:
        """Return where a render can be looked into; None where there is no console."""
        ...

    async def functions(self, *, renderers: int = 0) -> Functions:
        """Return the functions, starting what has to run for them."""
        ...

    async def failure(self, render_id: str) -> str | None:
        """Return how the main function of a render died, or None."""
        ...

    async def remove(self, render_id: str) -> int:
        """Remove a render with its results; returns the bytes that this freed."""
        ...

    async def close(self) -> None:
        """End what runs on this machine."""
        ...
