"""Encoding of `application/vnd.amazon.eventstream` (no I/O). Layout: design/aws.md 1."""

from __future__ import annotations

import json
import struct
import zlib
from typing import Any

CONTENT_TYPE = "application/vnd.amazon.eventstream"


def frame(event: str, content_type: str, payload: bytes) -> bytes:
    """Return one frame: total length, header length, their CRC, headers, payload, CRC of all before."""
    headers = b"".join(
        _header(name, value)
        for name, value in (
            (":event-type", event),
            (":content-type", content_type),
            (":message-type", "event"),
        )
    )
    prelude = struct.pack(">II", 16 + len(headers) + len(payload), len(headers))
    head = prelude + struct.pack(">I", zlib.crc32(prelude)) + headers
    return b"".join((head, payload, struct.pack(">I", zlib.crc32(payload, zlib.crc32(head)))))


def payload_chunk(data: bytes) -> bytes:
    """Return a frame with a part of a streamed response."""
    return frame("PayloadChunk", "application/octet-stream", data)


def invoke_complete(error_code: str | None = None, error_details: str | None = None) -> bytes:
    """Return the frame that ends a streamed response."""
    body: dict[str, Any] = {}
    if error_code:
        body = {"ErrorCode": error_code, "ErrorDetails": error_details or ""}
    return frame("InvokeComplete", "application/json", json.dumps(body).encode())


def _header(name: str, value: str) -> bytes:
    encoded_name, encoded_value = name.encode(), value.encode()
    return bytes([len(encoded_name)]) + encoded_name + b"\x07" + struct.pack(">H", len(encoded_value)) + encoded_value
