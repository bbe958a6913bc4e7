"""Single frames of videos for `<OffthreadVideo>`: which frame belongs to a time, and readers that need not seek for it.

Rules: page contract 6.7, measured on the npm renderer's proxy.
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

from .pictures import MEDIA_TYPE
from .reading import AvReader, Decoded, Reader, ToneMappingReader, VideoFacts, all_stamps, look
from .sources import Sources

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
        self._videos: dict[tuple[Path, bool, bool], Video] = {}
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
            MediaError: The file cannot be had, read or decoded.
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
            video = self._videos.setdefault(key, Video(path, self._pictures, alpha=alpha, tone_mapped=tone_mapped))
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
    """A reader, the frame that it stands at, and the one after it."""

    reader: Reader
    current: Decoded | None
    following: Decoded | None


class Video:
    """One file, read at several places at once.

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
        self._facts: VideoFacts | None = None
        self._tick = Fraction(1)
        self._stamps: list[int] = []

    def picture(self, time: float) -> bytes:
        """Return the picture at a time: the last frame that begins by then, the first one before that."""
        with self._lock:
            if self._facts is None:
                self._facts, self._tick = look(self._path)
            # Nearest tick: files with coarse ticks, such as WebM with milliseconds, round the times of their frames.
            place = self._go(math.floor(Fraction(time) / self._tick + Fraction(1, 2)))
            assert place.current
            key = (self._path, self._alpha, self._tone_mapped, place.current.pts)
            picture = self._pictures.get(key)
            if picture is None:
                picture = place.reader.picture(place.current)
                self._pictures.put(key, picture)
            return picture

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            for place in self._places:
                place.reader.close()
            self._places.clear()

    @property
    def _alpha(self) -> bool:
        assert self._facts
        return self._wants_alpha and self._facts.alpha

    def _go(self, pts: int) -> _Place:
        """Bring a reader to a time, if one can get there without seeking; the one used last comes last."""
        fitting = [place for place in self._places if self._reaches(place, pts)]
        place = max(fitting, key=lambda one: one.current.pts if one.current else 0, default=None)
        if place:
            self._places.remove(place)
        else:
            full = len(self._places) >= READERS_PER_VIDEO
            reader = self._places.pop(0).reader if full else self._open()
            reader.start(pts)
            place = _Place(reader, reader.read(), reader.read())
        while place.following and (place.following.pts <= pts or place.current is None):
            place = _Place(place.reader, place.following, place.reader.read())
        self._places.append(place)
        return place

    def _reaches(self, place: _Place, pts: int) -> bool:
        assert self._facts
        if place.current is None or pts < place.current.pts:
            return False
        if place.following is None or pts < place.following.pts:
            return True
        step = max(1, place.following.pts - place.current.pts)
        skipped = pts - place.following.pts
        if self._facts.keys:
            key = self._facts.keys[bisect.bisect_right(self._facts.keys, pts) - 1]
            skipped = key - place.following.pts
        return skipped <= WORTH_READING_ON * step

    def _open(self) -> Reader:
        assert self._facts
        if self._facts.hdr and self._tone_mapped:
            self._stamps = self._stamps or all_stamps(self._path)
            return ToneMappingReader(self._path, self._facts, self._stamps, float(self._tick))
        return AvReader(self._path, self._facts, alpha=self._alpha)
