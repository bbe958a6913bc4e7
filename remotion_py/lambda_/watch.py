"""Reports what a chunk waits for, and detects stalls."""

from __future__ import annotations

import asyncio
import logging
import os

from .._data.progress_json import ChunkReport, WaitJson
from .._runtime.stall import StallDetector
from ..errors import FunctionError
from ..page.session import BrowserSession
from .chunk import ChunkFiles, ChunkRender
from .document import MOST_WARNINGS

PATIENT_S = 3.0
"""A shorter wait is not worth a word."""
LONGEST_TEXT = 300
SPARE_S = 300.0
TRIES = 10
"""A frame may take as many times the page's own limit: pages are loaded in several tries, and frames tried again."""
END_PATIENCE_S = 20.0

log = logging.getLogger(__name__)


class ChunkWatch:
    """Looks at a chunk again and again while it is rendered.

    The parts of a frame have limits of their own: the page's handles, FFmpeg, the browser. This one is for what they
    cannot see, so it is far above them, and it begins again with each frame and with each page that is opened.

    Args:
        chunk: The chunk.
        session: The browser session of its pages.
        timeout_ms: How long a handle of the page may stay open, in milliseconds.
    """

    def __init__(self, chunk: ChunkRender, session: BrowserSession, timeout_ms: int) -> None:
        self._chunk = chunk
        self._session = session
        self._limit_s = SPARE_S + TRIES * timeout_ms / 1000
        self._detector = StallDetector()
        self._step = StallDetector()
        self._warnings: dict[str, None] = {}

    def look(self) -> ChunkReport:
        """Return how far the chunk is, as the fields of a message: frames, what it waits for, warnings of its pages.

        Raises:
            FunctionError: The chunk stalls.
        """
        chunk, page = self._chunk, self._session.current_page
        frame, step = chunk.step
        still_s = self._detector.look((chunk.rendered, chunk.encoded, step, id(page)))
        waited_s = self._step.look((frame, step))
        if still_s > self._limit_s:
            where = "" if frame is None else f" at frame {frame}"
            raise FunctionError(
                f"Nothing happened for {still_s:.0f} s{where}, while the render waited for {step}. Find out "
                f"what the page waits for at that frame, or render with a lower concurrency.",
                type="Stalled",
                frame=frame,
            )
        reason = (page.waiting if page and step == "the page" else None) or step
        for text in page.missing if page else ():
            if len(self._warnings) < MOST_WARNINGS:
                self._warnings[missing(text)] = None
        waiting: WaitJson = {"frame": frame, "seconds": int(waited_s), "for": reason[:LONGEST_TEXT]}
        return {
            "rendered": chunk.rendered,
            "encoded": chunk.encoded,
            "reused": chunk.reused,
            "verified": chunk.verified,
            "waiting": waiting if waited_s >= PATIENT_S else None,
            "warnings": list(self._warnings),
            "browserLogs": self._session.logs.drain(),
        }


def missing(text: str) -> str:
    """Return the warning for an entry of `CompositionPage.missing`."""
    return f"The page failed to load {text[:LONGEST_TEXT]}"


async def ended(task: asyncio.Task[ChunkFiles]) -> None:
    """End the work on a chunk, also when it cannot be ended: then this process ends, and with it all that hangs."""
    task.cancel()
    await asyncio.wait({task}, timeout=END_PATIENCE_S)
    if not task.done():
        log.error("the work on a chunk does not end, so this process exits")
        os._exit(1)
    if not task.cancelled():
        task.exception()  # the caller that awaits the task gets it
