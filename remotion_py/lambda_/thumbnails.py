"""Small pictures of the newest frame of a chunk, for the display of clients."""

from __future__ import annotations

import asyncio
import base64
import logging
import time

from .._data.progress_json import ThumbnailJson
from ..media.resize import thumbnail
from .chunk import ChunkRender
from .job import VideoJob

INTERVAL_S = 1.0
WIDTH = 160

log = logging.getLogger(__name__)


class Thumbnails:
    """Makes a small picture of a chunk's newest frame, at most one a second, where the caller asked for them.

    Args:
        job: What is rendered.
        chunk: What renders it.
    """

    def __init__(self, job: VideoJob, chunk: ChunkRender) -> None:
        self._wanted = job.payload.thumbnails
        self._chunk = chunk
        self._made = 0.0
        self._frame: int | None = None

    async def next(self) -> ThumbnailJson | None:
        """Return the frame and its picture in base64; None while there is nothing new, or it is too early."""
        newest = self._chunk.newest
        early = time.monotonic() - self._made < INTERVAL_S
        if not self._wanted or early or newest is None or newest[0] == self._frame:
            return None
        self._made = time.monotonic()
        self._frame, picture = newest
        try:
            small = await asyncio.to_thread(thumbnail, picture, WIDTH)
        except Exception as error:  # a render does not fail because a picture cannot be made small
            log.warning("frame %d has no thumbnail: %s", self._frame, error)
            return None
        return {"frame": self._frame, "picture": base64.b64encode(small).decode()}
