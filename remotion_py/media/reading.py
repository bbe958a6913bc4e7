"""Reads the frames of one video file in order, from any time.

A frame must be the same for every start of reading. So reading starts at a key frame that decodes without damage and
is displayed by the wanted time. Frames that are displayed before that key frame are dropped, because they may refer to
frames that were not decoded. If there is no such key frame, reading starts at the beginning of the file.
"""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .decoding import decoded_frames, in_order, packets_of
from .looking import ALPHA_DECODERS, VideoFacts
from .opening import open_media, unreadable

DECODER_THREADS = 2
_FIRST_STEP_S = 1
"""How far reading goes back at first where key frames are not listed; each further step is twice as long."""


@dataclass
class Decoded:
    """A decoded frame.

    Attributes:
        pts: When it is displayed, in ticks of its stream.
        frame: The frame as PyAV gives it.
    """

    pts: int
    frame: Any


class Reader:
    """Frames of a video, in order.

    Args:
        path: The file.
        facts: What is known of it.
        alpha: Whether the alpha plane is wanted.
        threads: Of the decoder. With more than one, it makes other pictures of damaged packets in each run.

    Attributes:
        damaged: Whether it has met damage.

    Raises:
        MediaError: The file cannot be read.
    """

    def __init__(self, path: Path, facts: VideoFacts, *, alpha: bool, threads: int) -> None:
        self.damaged = False
        self._path = path
        self._facts = facts
        self._alpha = alpha
        self._threads = threads
        self._frames: Iterator[Any] = iter(())
        self._open()

    def start(self, pts: int) -> None:
        """Go to where decoding must begin so that the frame at `pts` is met."""
        for place in self._places(pts):
            if self._begin(place, pts):
                return
        self.close()
        self._open()
        self._frames = in_order(self._decoded(packets_of(self._container, self._stream)))

    def read(self) -> Decoded | None:
        """Return the next frame, or None after the last."""
        frame = next(self._frames, None)
        return None if frame is None else Decoded(frame.pts, frame)

    def close(self) -> None:
        """Close the file."""
        self._frames = iter(())
        self._container.close()

    def _open(self) -> None:
        with unreadable(self._path, "video"):
            self._container: Any = open_media(self._path)
            self._stream: Any = self._container.streams.video[0]
        self._stream.codec_context.thread_type = "AUTO"
        self._stream.codec_context.thread_count = self._threads

    def _places(self, pts: int) -> Iterator[int]:
        """Yield time stamps to seek to, the nearest first; the beginning of the file is none of them."""
        keys = self._facts.keys
        if keys:
            at = bisect.bisect_right(keys, pts) - 1
            steps = itertools.accumulate((2**step for step in itertools.count()), initial=0)
            yield from (keys[at - step] for step in itertools.takewhile(lambda step: step < at, steps))
            return
        begin = self._stream.start_time or 0
        back = round(_FIRST_STEP_S / self._facts.tick)
        place = pts
        while place > begin:
            yield place
            place = pts - back
            back *= 2

    def _begin(self, place: int, pts: int) -> bool:
        """Seek, and return whether the frame at `pts` decodes from there as it does from the beginning."""
        from av.error import FFmpegError

        try:
            self._container.seek(place, stream=self._stream, backward=True)
        except FFmpegError:
            return False
        packets = itertools.dropwhile(lambda packet: not packet.is_keyframe, packets_of(self._container, self._stream))
        key = next(packets, None)
        if key is None or (key.pts is not None and key.pts > pts):
            return False
        frames = self._decoded(itertools.chain([key], packets))
        if key.pts is not None and not key.is_discard:
            frames = itertools.dropwhile(lambda frame: frame.pts < key.pts, frames)
        first = next(frames, None)
        if first is None or first.is_corrupt or first.pts > pts:
            return False
        self._frames = in_order(itertools.chain([first], frames))
        return key.pts is None or key.is_discard or first.pts == key.pts

    def _decoded(self, packets: Iterable[Any]) -> Iterator[Any]:
        def damage() -> None:
            self.damaged = True

        return decoded_frames(packets, self._decoder(), damage)

    def _decoder(self) -> Any:
        import av

        name = ALPHA_DECODERS.get(self._facts.codec) if self._alpha else None
        if name is None:
            return self._stream.codec_context  # which a seek has flushed
        context: Any = av.CodecContext.create(name, "r")
        context.thread_count = self._threads
        return context
