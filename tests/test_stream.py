from __future__ import annotations

import random

import pytest

from remotion_py.lambda_.stream import Decoder, FramingError, Kind, Message, Piece, encode, header


def decode(pieces: list[bytes]) -> tuple[list[Message], bytes, Decoder]:
    decoder, messages, binary = Decoder(), [], bytearray()
    for piece in pieces:
        for item in decoder.feed(piece):
            if isinstance(item, Piece):
                binary += item.data
            else:
                messages.append(item)
    return messages, bytes(binary), decoder


def test_the_wire_is_remotions() -> None:
    assert encode(Kind.FRAMES_RENDERED, {"rendered": 3, "encoded": 2}) == (
        b'remotion_buffer:1:26:0:{"rendered":3,"encoded":2}'
    )
    assert header(Kind.VIDEO_CHUNK_RENDERED, 10) == b"remotion_buffer:4:10:0:"


@pytest.mark.parametrize("seed", range(20))
def test_messages_survive_any_split(seed: int) -> None:
    choose = random.Random(seed)
    body = choose.randbytes(5000) + b"remotion_buffer:1:2:0:{}" + choose.randbytes(100)
    wire = (
        encode(Kind.LAMBDA_INVOKED, {"attempt": 1})
        + encode(Kind.FRAMES_RENDERED, {"text": "häß:lich 世界 remotion_buffer:"})
        + header(Kind.VIDEO_CHUNK_RENDERED, len(body))
        + body
        + encode(Kind.CHUNK_COMPLETE, {"start": 1, "rendered": 2})
    )
    cuts = sorted(choose.sample(range(len(wire)), choose.randrange(1, 200)))
    pieces = [wire[start:end] for start, end in zip([0, *cuts], [*cuts, len(wire)], strict=True)]
    messages, binary, decoder = decode(pieces)
    assert [message.kind for message in messages] == [Kind.LAMBDA_INVOKED, Kind.FRAMES_RENDERED, Kind.CHUNK_COMPLETE]
    assert messages[1].body == {"text": "häß:lich 世界 remotion_buffer:"}
    assert binary == body
    assert decoder.complete


def test_one_byte_at_a_time() -> None:
    wire = encode(Kind.LAMBDA_INVOKED, {"attempt": 1}) + header(Kind.VIDEO_CHUNK_RENDERED, 3) + b"abc"
    messages, binary, decoder = decode([bytes([byte]) for byte in wire])
    assert len(messages) == 1
    assert binary == b"abc"
    assert decoder.complete


def test_an_empty_binary_message_has_one_piece() -> None:
    pieces = list(Decoder().feed(header(Kind.VIDEO_CHUNK_RENDERED, 0)))
    assert pieces == [Piece(Kind.VIDEO_CHUNK_RENDERED, b"", first=True, last=True)]


def test_a_stream_that_ends_inside_a_message_is_not_complete() -> None:
    *_, decoder = decode([header(Kind.VIDEO_CHUNK_RENDERED, 10) + b"abc"])
    assert not decoder.complete
    *_, decoder = decode([b"remotion_buf"])
    assert not decoder.complete


@pytest.mark.parametrize("wire", [b"<html>", b"remotion_buffer:99:1:0:x", b"remotion_buffer:" + b"1" * 100])
def test_what_is_no_message_is_refused(wire: bytes) -> None:
    with pytest.raises(FramingError):
        list(Decoder().feed(wire))
