"""The data that the processes of the local provider exchange (no I/O)."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Self

FUNCTION_NAME = "remotion-py-local"
BUCKET = "local"
REGION = "local"


@dataclass(frozen=True)
class EndpointSettings:
    """The settings of an endpoint; a client sends them to its standard input, since they hold a secret.

    Attributes:
        token: The secret part of the endpoint's URL.
        store: Folder of the object store.
        capacity: Renderer functions that run at the same time.
        timeout_s: How long one call may take.
        browser: Path of the browser; None finds one.
        warm: Sandboxes to start ahead of need.
    """

    token: str
    store: str
    capacity: int
    timeout_s: float
    browser: str | None
    warm: int

    def to_line(self) -> bytes:
        """Return it as one line."""
        return json.dumps(asdict(self)).encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> Self:
        """Read it back."""
        return cls(**json.loads(line))


@dataclass(frozen=True)
class EndpointReady:
    """What the endpoint answers through its standard output.

    Attributes:
        url: For boto3's `endpoint_url`.
        root: Folder of the sandboxes.
        failures: Folder of the records of failed event invocations.
    """

    url: str
    root: str
    failures: str

    def to_line(self) -> bytes:
        """Return it as one line."""
        return json.dumps(asdict(self)).encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> Self:
        """Read it back."""
        return cls(**json.loads(line))
