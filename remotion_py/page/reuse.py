"""Decides which frames of a page need a picture of their own (no I/O). Facts: design/capture.md, "Unchanged frames"."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

TRUST = 3
"""A page's first frames without damage are captured anyway, until so many pictures in a row were the same."""
CAREFUL_TRUST = 30
"""The same for pages with WebGL or inner pages."""
VERIFY_EVERY = 30
"""One of so many frames without damage is captured anyway, for as long as the page lives."""
LONGEST_PAUSE = 64
"""Frames."""


class Source(Enum):
    """Where the picture of a frame is from."""

    CAPTURED = "captured"
    """The page was drawn."""
    VERIFIED = "verified"
    """The page was drawn, though it had no damage: the picture is the same as that of the frame before."""
    REUSED = "reused"
    """The page had no damage, so it is the picture of the frame before."""


@dataclass(frozen=True)
class Capture:
    """The picture of a frame.

    Attributes:
        picture: Encoded.
        source: Where it is from.
    """

    picture: bytes
    source: Source = Source.CAPTURED


class ReuseMismatchError(Exception):
    """A page changed without damage, so its pictures cannot be reused. Never leaves a chunk."""


class FrameReuse:
    """Follows the pictures of one page, and finds out which frames look like the frame before.

    A page is watched from the second of two equal pictures on. In a page that is watched, damage is asked for before a
    picture is taken. It is watched no longer after two frames in a row with damage; and where damage is reported
    although the pictures are equal, it is watched again only after a pause, which doubles each time.

    Attributes:
        watched: Whether to ask for damage before the picture of a frame is taken.
    """

    def __init__(self) -> None:
        self._trust = TRUST
        self._frame: int | None = None
        self._picture: bytes | None = None
        self.watched = False
        self._damaged = 0
        self._equal = 0
        self._unverified = 0
        self._pause, self._paused = 1, 0

    def begin(self, frame: int, *, careful: bool, surfaces: bool) -> None:
        """A frame is displayed. Only the picture of an earlier frame can be reused.

        Args:
            frame: Its number.
            careful: Whether damage may not report all that changes; see `Answer`.
            surfaces: Whether videos or transferred canvases are in sight, which change without damage.
        """
        if surfaces or (self._frame is not None and frame <= self._frame):
            self._picture, self.watched = None, False
        self._trust = CAREFUL_TRUST if careful else TRUST
        self._frame = frame

    def without_damage(self) -> Capture | None:
        """The page has no damage since the last picture: return that picture, or None if it has to be verified."""
        assert self._picture is not None
        self._damaged, self._pause = 0, 1
        if self._equal < self._trust or self._unverified >= VERIFY_EVERY - 1:
            return None
        self._unverified += 1
        return Capture(self._picture, Source.REUSED)

    def captured(self, picture: bytes, *, damaged: bool | None) -> Capture:
        """A picture was taken.

        Args:
            picture: The picture.
            damaged: Whether the page had damage before; None where that was not asked.

        Raises:
            ReuseMismatchError: It had none, and yet the picture is another one.
        """
        equal = picture == self._picture
        if damaged is False:
            if not equal:
                raise ReuseMismatchError(f"Frame {self._frame} has no damage, but is another picture.")
            self._equal += 1
            self._unverified = 0
            return Capture(picture, Source.VERIFIED)
        self._picture = picture
        if damaged:
            self._damaged += 1
            if equal:
                self.watched = False
                self._pause = min(LONGEST_PAUSE, self._pause * 2)
                self._paused = self._pause
            elif self._damaged >= 2:
                self.watched = False
        elif self._paused:
            self._paused -= 1
        elif equal:
            self.watched, self._damaged = True, 0
        return Capture(picture)
