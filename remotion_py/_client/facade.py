"""Common code of `Client` and `AsyncClient`: their construction, and the display of renders."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Self

from ..display import DisplayMode, Progress, RenderInfo, replace_earlier, resolve_mode
from .engine import Engine
from .provider_choice import make_provider
from .reproduce import CommandWriter, command_of, command_writer, explained_as


class ClientBase:
    """A client of functions on this machine or on AWS; `Client` describes the settings."""

    def __init__(
        self,
        provider: str = "local",
        *,
        capacity: int | None = None,
        store: str | os.PathLike[str] | None = None,
        browser_executable: str | os.PathLike[str] | None = None,
        region: str | None = None,
        profile: str | None = None,
        function_name: str | None = None,
        bucket_name: str | None = None,
    ) -> None:
        made = make_provider(
            provider,
            capacity=capacity,
            store=store,
            browser_executable=browser_executable,
            region=region,
            profile=profile,
            function_name=function_name,
            bucket_name=bucket_name,
        )
        self._engine = Engine(made)
        self._called = "client"

    @classmethod
    def from_engine(cls, engine: Engine, called: str = "client") -> Self:
        """Make a client from an existing engine; `called` is its name in the calls that repeat a render."""
        client = cls.__new__(cls)
        client._engine, client._called = engine, called
        return client

    def _show(
        self,
        progress: Progress,
        method: str,
        serve_url: str | os.PathLike[str],
        composition: str,
        options: Mapping[str, Any],
    ) -> tuple[DisplayMode, RenderInfo, CommandWriter]:
        """Return the display mode, the data to display, and the writer of the call that repeats the render."""
        call = f"{self._called}.{method}"
        info = RenderInfo(composition, command_of(call, serve_url, composition, options), explained_as.get())
        return self._mode(progress), info, command_writer(call, serve_url, composition, options)

    def _mode(self, progress: Progress) -> DisplayMode:
        """Return how to display a render; in a notebook, first end the renders of an earlier run of the cell."""
        mode = resolve_mode(progress)
        if mode == "html":
            replace_earlier()
        return mode

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._engine.describe()}>"
