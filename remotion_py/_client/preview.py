"""A composition that is looked at, frame by frame, before it is rendered; runs on the background loop."""

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
"""Options of a render that tell nothing of what its frames look like, or that the preview has its own of."""


@dataclass(frozen=True)
class PreviewFrame:
    """A frame as it will be rendered.

    Attributes:
        frame: Its number.
        picture: It as JPEG.
        composition: What it is of, with the size, length and props that it has now.
    """

    frame: int
    picture: bytes
    composition: Composition


class Preview:
    """Shows any frame of a composition on a page that stays open.

    Args:
        engine: What renders.
        serve_url: The site.
        composition: Id of the composition.
        options: Of the render.

    Raises:
        OptionError: The function is Remotion's, which has no previews.
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
            number: Which one; one outside the composition is taken for its first or last.
            props: Input props; others than last time open the page afresh.
        """
        written = serialize_props(props, nan=self._options.get("nan", "error"))  # frames and arrays do not compare
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
                f"The function {self._engine.provider.function_name} is Remotion's, which shows no previews. Deploy "
                f"one of remotion_py by 'remotion-py functions deploy', or look at it on this machine."
            )
        self._site = payload["serveUrl"]  # a folder is brought to a bucket once
        self._payload = payload | {"composition": self._composition, "session": secrets.token_hex(8)}
