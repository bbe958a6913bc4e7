from __future__ import annotations

import contextlib
import json
import random

import pytest
from botocore.eventstream import EventStreamBuffer
from hypothesis import given
from hypothesis import strategies as st

from remotion_py.lambda_.stream import BINARY, Decoder, FramingError, Kind, Message, Piece, encode, header
from remotion_py.providers.local.eventstream import invoke_complete, payload_chunk


def decode(pieces: list[bytes]) -> tuple[list[Message], bytes, Decoder]:
    decoder, messages, binary = Decoder(), [], bytearray()
    for piece in pieces:
        for item in decoder.feed(piece):
            if isinstance(item, Piece):
                binary += item.data
            else:
                messages.append(item)
    return messages, bytes(binary), decoder


def test_the_framing_equals_remotions() -> None:
    assert encode(Kind.FRAMES_RENDERED, {"rendered": 3, "encoded": 2}) == (
        b'remotion_buffer:1:26:0:{"rendered":3,"encoded":2}'
    )
    assert header(Kind.VIDEO_CHUNK_RENDERED, 10) == b"remotion_buffer:4:10:0:"


@pytest.mark.parametrize("seed", range(20))
def test_messages_can_be_split_anywhere(seed: int) -> None:
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
def test_invalid_messages_are_refused(wire: bytes) -> None:
    with pytest.raises(FramingError):
        list(Decoder().feed(wire))


@pytest.mark.parametrize(
    "wire",
    [
        b"remotion_buffer:1:0:0:",
        b"remotion_buffer:1:3:0:{x}",
        b'remotion_buffer:1:2:0:"\xff',
        b"remotion_buffer:1:-1:0:x",
        b"remotion_buffer: 1:2:0:{}",
        b"remotion_buffer:1:99999999999:0:{",
        b"remotion_buffer:1:200000:0:" + b"[" * 200_000,
    ],
)
def test_a_damaged_message_is_a_framing_error(wire: bytes) -> None:
    with pytest.raises(FramingError):
        list(Decoder().feed(wire))


@given(
    st.lists(
        st.one_of(
            st.binary(max_size=80),
            st.sampled_from([b"remotion_buffer:", b"1:", b"4:", b"10:", b"0:", b"{}", b"3:", b"-1:", b"null"]),
        )
    )
)
def test_any_bytes_are_messages_or_a_framing_error(pieces: list[bytes]) -> None:
    decoder = Decoder()
    with contextlib.suppress(FramingError):
        for piece in pieces:
            for item in decoder.feed(piece):
                assert isinstance(item, Message | Piece)


@given(st.lists(st.tuples(st.sampled_from(list(Kind)), st.binary(max_size=300))), st.data())
def test_messages_are_restored_from_any_split(sent: list[tuple[Kind, bytes]], data: st.DataObject) -> None:
    wire = b"".join(
        header(kind, len(body)) + body if kind in BINARY else encode(kind, body.hex()) for kind, body in sent
    )
    found = list[tuple[Kind, bytes]]()
    decoder, left = Decoder(), wire
    while left:
        cut = data.draw(st.integers(1, len(left)))
        for item in decoder.feed(left[:cut]):
            if isinstance(item, Message):
                found.append((item.kind, bytes.fromhex(item.body)))
            elif item.first:
                found.append((item.kind, item.data))
            else:
                found[-1] = item.kind, found[-1][1] + item.data
        left = left[cut:]
    assert decoder.complete
    assert found == sent


@given(st.lists(st.binary(max_size=5000)), st.one_of(st.none(), st.text()), st.text())
def test_the_event_stream_is_read_by_botocore(pieces: list[bytes], code: str | None, details: str) -> None:
    buffer = EventStreamBuffer()
    buffer.add_data(b"".join(map(payload_chunk, pieces)) + invoke_complete(code, details))
    *chunks, end = list(buffer)
    assert [chunk.payload for chunk in chunks] == pieces
    assert {chunk.headers[":event-type"] for chunk in chunks} <= {"PayloadChunk"}
    assert end.headers[":event-type"] == "InvokeComplete"
    assert json.loads(end.payload) == ({"ErrorCode": code, "ErrorDetails": details} if code else {})
