"""Message framing between a renderer function and the main function (no I/O). Wire: design/wire.md 4.6.

A message is `remotion_buffer:` + type id + `:` + body length + `:` + status + `:` + body. Messages follow one another
on the stream and may be split or merged anywhere.
"""

from __future__ import annotations

import enum
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .._data.untrusted import load_json

MAGIC = b"remotion_buffer:"
_LONGEST_HEADER = 64
LONGEST_BODY = 64 * 1024 * 1024
"""Of a message that is held in memory, in bytes: a small picture, an error with its page's console."""


class Kind(enum.IntEnum):
    """Type ids of messages. The last is ours: where a file is that was too large to be sent."""

    FRAMES_RENDERED = 1
    ERROR_OCCURRED = 2
    RENDER_ID_DETERMINED = 3
    VIDEO_CHUNK_RENDERED = 4
    AUDIO_CHUNK_RENDERED = 5
    STILL_RENDERED = 6
    CHUNK_COMPLETE = 7
    LAMBDA_INVOKED = 8
    ARTIFACT_EMITTED = 9
    CHUNK_STORED = 10


BINARY = frozenset({Kind.VIDEO_CHUNK_RENDERED, Kind.AUDIO_CHUNK_RENDERED})


class FramingError(Exception):
    """The stream does not hold messages."""


@dataclass(frozen=True)
class Message:
    """A whole message with a JSON body."""

    kind: Kind
    body: Any


@dataclass(frozen=True)
class Piece:
    """A part of a binary message, handed on as it arrives.

    Attributes:
        kind: What the message is.
        data: Some of its bytes.
        first: Whether it is the message's first piece.
        last: Whether it is the message's last piece.
    """

    kind: Kind
    data: bytes
    first: bool
    last: bool


def header(kind: Kind, length: int, *, failed: bool = False) -> bytes:
    """Return the header of a body of `length` bytes."""
    return b"%s%d:%d:%d:" % (MAGIC, kind, length, failed)


def encode(kind: Kind, body: Any) -> bytes:
    """Return a whole message with a JSON body."""
    data = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    return header(kind, len(data)) + data


class Decoder:
    """Takes the bytes of a stream as they come and hands out messages; binary bodies are never held in memory."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._kind: Kind | None = None
        self._left = 0
        self._first = False

    @property
    def complete(self) -> bool:
        """Whether the stream could end here: no message is half read."""
        return not self._buffer and self._kind is None

    def feed(self, data: bytes) -> Iterator[Message | Piece]:
        """Take more bytes.

        Yields:
            JSON messages when whole, and pieces of binary ones.

        Raises:
            FramingError: The bytes are not messages.
        """
        self._buffer += data
        while self._buffer or (self._kind is not None and self._left == 0):
            if self._kind is None and not self._read_header():
                return
            assert self._kind is not None
            if self._kind in BINARY:
                yield self._take_piece()
            elif len(self._buffer) < self._left:
                return
            else:
                body = bytes(self._buffer[: self._left])
                del self._buffer[: self._left]
                kind, self._kind = self._kind, None
                yield Message(kind, _parsed(body))

    def _take_piece(self) -> Piece:
        assert self._kind is not None
        data = bytes(self._buffer[: self._left])
        del self._buffer[: self._left]
        self._left -= len(data)
        piece = Piece(self._kind, data, self._first, self._left == 0)
        self._first = False
        if piece.last:
            self._kind = None
        return piece

    def _read_header(self) -> bool:
        start = bytes(self._buffer[:_LONGEST_HEADER])
        if not start.startswith(MAGIC[: len(start)]):
            raise FramingError(f"The stream must begin with a message, but begins with {start[:32]!r}.")
        fields = start[len(MAGIC) :].split(b":", 3)
        if len(fields) < 4:
            if len(start) == _LONGEST_HEADER:
                raise FramingError(f"A message header has no end: {start!r}.")
            return False
        try:
            kind, length, _ = Kind(_number(fields[0])), _number(fields[1]), _number(fields[2])
        except ValueError:
            raise FramingError(f"A message header is not valid: {start!r}.") from None
        if length > LONGEST_BODY and kind not in BINARY:
            raise FramingError(f"A message header announces {length} bytes, but the maximum is {LONGEST_BODY}.")
        self._kind, self._left = kind, length
        self._first = True
        del self._buffer[: len(MAGIC) + sum(len(field) + 1 for field in fields[:3])]
        return True


def _number(field: bytes) -> int:
    if not field.isdigit():
        raise ValueError(field)
    return int(field)


def _parsed(body: bytes) -> Any:
    try:
        return load_json(body)
    except (ValueError, RecursionError) as error:
        raise FramingError(f"The body of a message is not valid JSON: {error}.") from None
