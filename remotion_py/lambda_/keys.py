"""Object keys of a render (no I/O). Layout: design/wire.md 3.4."""

from __future__ import annotations

import secrets
import string

from ..providers.base import RENDERS

PROGRESS = "progress.json"
_ALPHABET = string.ascii_lowercase + string.digits


def new_render_id(delete_after: str | None = None) -> str:
    """Return a random id of ten letters and digits, after what the bucket's rules go by when it may be removed."""
    name = "".join(secrets.choice(_ALPHABET) for _ in range(10))
    return f"{delete_after}-{name}" if delete_after else name


def render_prefix(render_id: str) -> str:
    """Everything of a render lies below this."""
    return f"{RENDERS}{render_id}/"


def progress_key(render_id: str) -> str:
    """Where the progress of a render is."""
    return f"{render_prefix(render_id)}{PROGRESS}"


def launched_key(render_id: str) -> str:
    """An object here means that a main function has taken the render on."""
    return f"{render_prefix(render_id)}launched.json"


def record_key(render_id: str) -> str:
    """Where the client that started a render keeps what another one needs to take it up."""
    return f"{render_prefix(render_id)}record.json"


def cancel_key(render_id: str) -> str:
    """An object here means that the render is to end."""
    return f"{render_prefix(render_id)}cancel.json"


def chunk_key(render_id: str, chunk: int, attempt: int, name: str) -> str:
    """Where a chunk waits that is too large for its stream; `name` is that of its file."""
    return f"{render_prefix(render_id)}chunks/{chunk}/attempt-{attempt}/{name}"


def separate_audio_key(render_id: str, extension: str) -> str:
    """Where the separate audio file of a render is."""
    return f"{render_prefix(render_id)}audio.{extension}"


def artifact_key(render_id: str, filename: str) -> str:
    """Where an artifact of a render is."""
    return f"{render_prefix(render_id)}artifacts/{filename}"


def output_key(render_id: str, extension: str) -> str:
    """Where the finished file of a render is."""
    return f"{render_prefix(render_id)}out.{extension}"
