"""Frames of a composition for a panel, without a render. Runs on the background loop."""

from __future__ import annotations

import base64
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import OptionError
from ..options.renders import RenderMediaOptions
from ..props import serialize_props
from ..results import Composition
from .engine import Engine

_OTHERS = {"output", "overwrite", "separate_audio_to", "out_name", "codec", "image_format", "props"}
"""Options that do not affect the appearance of a frame, or that the preview sets itself."""


@dataclass(frozen=True)
class PreviewFrame:
    """A frame, identical to the frame of a render.

    Attributes:
        frame: Its number.
        picture: The frame, JPEG-encoded.
        composition: The composition, with its current size, length and props.
    """

    frame: int
    picture: bytes
    composition: Composition


class Preview:
    """Renders single frames of a composition on a page that stays open.

    Args:
        engine: The engine that renders.
        serve_url: The site.
        composition: Id of the composition.
        options: The options of the render.

    Raises:
        OptionError: The function was deployed by Remotion, and does not support previews.
    """

    def __init__(
        self, engine: Engine, serve_url: str | os.PathLike[str], composition: str, options: Mapping[str, Any]
    ) -> None:
        self._engine = engine
        self._site: str | os.PathLike[str] = serve_url
        self._composition = composition
        self._options = {name: value for name, value in options.items() if name not in _OTHERS}
        self._payload: dict[str, Any] = {}
        self._props = ""

    async def frame(self, number: int, props: Mapping[str, Any] | None) -> PreviewFrame:
        """Render one frame.

        Args:
            number: The frame, from 0; limited to the composition's range.
            props: Input props; the page is reopened when they change.
        """
        written = serialize_props(props, nan=self._options.get("nan", "error"))  # as text: data frames do not compare
        if not self._payload or written != self._props:
            await self._begin(json.loads(written))
            self._props = written
        found = await self._engine.call(self._payload | {"frame": number})
        return PreviewFrame(
            found["frame"], base64.b64decode(found["picture"]), Composition.from_wire(found["composition"])
        )

    async def _begin(self, props: Mapping[str, Any] | None) -> None:
        given = {**self._options, "image_format": "jpeg", "props": props}
        payload = await self._engine.payload("preview", self._site, RenderMediaOptions, given)
        if self._engine.provider.wire_version:
            raise OptionError(
                f"The function {self._engine.provider.function_name} is Remotion's, which has no previews. "
                f"Deploy a function of remotion_py with 'remotion-py functions deploy', or use a local "
                f"client for the preview."
            )
        self._site = payload["serveUrl"]  # so that a folder is uploaded only once
        self._payload = payload | {"composition": self._composition, "session": secrets.token_hex(8)}
