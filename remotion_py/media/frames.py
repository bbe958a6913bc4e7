"""Single frames of videos for `<OffthreadVideo>`: the frame at a time, and readers that rarely seek.

Rules: design/page-contract.md 6.7, measured on the npm renderer's proxy.
"""

from __future__ import annotations

import asyncio
import bisect
import math
import threading
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

from ..errors import MediaError
from .converting import FrameConverter, PlainConverter
from .looking import VideoFacts, look
from .pictures import MEDIA_TYPE
from .reading import DECODER_THREADS, Decoded, Reader
from .sources import Sources
from .tonemapping import ToneMapper

CACHE_BYTES = 256 * 1024**2
READERS_PER_VIDEO = 4
WORTH_READING_ON = 8
"""Frames that are rather decoded on the way than skipped by a seek."""


class VideoFrames:
    """Answers which picture a video shows at a time.

    Args:
        sources: Where the files come from.
    """

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._videos: dict[tuple[Path, bool, bool], VideoReader] = {}
        self._pictures = PictureCache(CACHE_BYTES)
        self._threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="video-frames")

    async def frame(self, src: str, time: float, alpha: bool, tone_mapped: bool) -> tuple[bytes, str]:
        """Return the picture at a time, and its media type.

        Args:
            src: URL of the video.
            time: Seconds.
            alpha: Keep transparency, where the video has any.
            tone_mapped: Map high dynamic range to what a page can show.

        Raises:
            MediaError: The file cannot be fetched, read or decoded.
        """
        path = await self._sources.file(src)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._frame, path, time, alpha, tone_mapped), MEDIA_TYPE

    def close(self) -> None:
        """Close all files and end the threads."""
        self._threads.shutdown(wait=True, cancel_futures=True)
        for video in self._videos.values():
            video.close()
        self._videos.clear()

    def _frame(self, path: Path, time: float, alpha: bool, tone_mapped: bool) -> bytes:
        key = (path, alpha, tone_mapped)
        video = self._videos.get(key)
        if video is None:
            video = self._videos.setdefault(
                key, VideoReader(path, self._pictures, alpha=alpha, tone_mapped=tone_mapped)
            )
        return video.picture(time)


class PictureCache:
    """Finished pictures, the ones used last.

    Args:
        limit: Bytes that are kept.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0
        self._items: OrderedDict[object, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: object) -> bytes | None:
        """Return a picture that is kept."""
        with self._lock:
            if key in self._items:
                self._items.move_to_end(key)
            return self._items.get(key)

    def put(self, key: object, picture: bytes) -> None:
        """Keep a picture; the ones that were not used for longest go."""
        with self._lock:
            if key not in self._items:
                self._items[key] = picture
                self._size += len(picture)
            while self._size > self._limit and len(self._items) > 1:
                self._size -= len(self._items.popitem(last=False)[1])


class _Place(NamedTuple):
    """A reader, its current frame, and the next one."""

    reader: Reader
    current: Decoded | None
    following: Decoded | None


class VideoReader:
    """One file, read at several places at once.

    Times are those of the file itself, for its sound too: where its first frame comes late, that one is displayed
    until then and its sound begins late, as in a browser.

    Args:
        path: The file.
        pictures: Where finished pictures are kept.
        alpha: Keep transparency, where it has any.
        tone_mapped: Map high dynamic range.
    """

    def __init__(self, path: Path, pictures: PictureCache, *, alpha: bool, tone_mapped: bool) -> None:
        self._path = path
        self._pictures = pictures
        self._wants_alpha = alpha
        self._tone_mapped = tone_mapped
        self._lock = threading.Lock()
        self._places: list[_Place] = []
        self._damaged = False
        self._known: tuple[VideoFacts, FrameConverter] | None = None

    def picture(self, time: float) -> bytes:
        """Return the picture at a time: the last frame that begins by then, the first one before that.

        Args:
            time: Seconds.

        Raises:
            MediaError: The file cannot be read, or has no frame that can be decoded.
        """
        with self._lock:
            if self._known is None:
                facts = look(self._path)
                self._known = facts, self._converter(facts)
            facts, converter = self._known
            # Nearest tick: files with coarse ticks, such as WebM with milliseconds, round the times of their frames.
            place = self._go(facts, math.floor(Fraction(time) / facts.tick + Fraction(1, 2)))
            if place.current is None:
                raise MediaError(
                    f"The video {self._path} has no frame that can be decoded by {time:g} s. Check that the "
                    f"file is complete."
                )
            key = (self._path, self._wants_alpha and facts.alpha, self._tone_mapped, place.current.pts)
            picture = self._pictures.get(key)
            if picture is None:
                picture = converter.picture(place.current.frame)
                self._pictures.put(key, picture)
            return picture

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._close_readers()
            if self._known:
                self._known[1].close()

    def _close_readers(self) -> None:
        for place in self._places:
            place.reader.close()
        self._places.clear()

    def _converter(self, facts: VideoFacts) -> FrameConverter:
        if facts.hdr and self._tone_mapped:
            return ToneMapper(facts, str(self._path))
        return PlainConverter(facts, alpha=self._wants_alpha and facts.alpha)

    def _go(self, facts: VideoFacts, pts: int) -> _Place:
        """Move a reader to a time, if one can get there without seeking; the one used last comes last."""
        fitting = [place for place in self._places if _reaches(facts, place, pts)]
        place = max(fitting, key=lambda one: one.current.pts if one.current else 0, default=None)
        if place:
            self._places.remove(place)
        else:
            full = len(self._places) >= READERS_PER_VIDEO
            reader = self._places.pop(0).reader if full else self._open(facts)
            reader.start(pts)
            place = _Place(reader, reader.read(), reader.read())
        while place.following and (place.following.pts <= pts or place.current is None):
            place = _Place(place.reader, place.following, place.reader.read())
        self._places.append(place)
        if place.reader.damaged and not self._damaged:
            self._damaged = True
            self._close_readers()
            return self._go(facts, pts)
        return place

    def _open(self, facts: VideoFacts) -> Reader:
        mapped = bool(facts.hdr) and self._tone_mapped
        alpha = self._wants_alpha and facts.alpha and not mapped
        return Reader(self._path, facts, alpha=alpha, threads=1 if self._damaged else DECODER_THREADS)


def _reaches(facts: VideoFacts, place: _Place, pts: int) -> bool:
    if place.current is None or pts < place.current.pts:
        return False
    if place.following is None or pts < place.following.pts:
        return True
    step = max(1, place.following.pts - place.current.pts)
    skipped = pts - place.following.pts
    if facts.keys:
        key = facts.keys[bisect.bisect_right(facts.keys, pts) - 1]
        skipped = key - place.following.pts
    return skipped <= WORTH_READING_ON * step
