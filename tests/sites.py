"""The bundled test projects."""

from __future__ import annotations

from pathlib import Path

from . import oracle
from .media import media_folder

PROJECTS = Path(__file__).parent / "projects"


def media_site() -> Path:
    """The compositions about sounds, videos and what surrounds them."""
    return oracle.bundle(PROJECTS / "media", media_folder())
