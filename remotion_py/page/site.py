"""Where the files of a site come from: a folder, or whatever else can bring them to this machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from . import RUNTIME_JS

RUNTIME_NAME = "remotion-py.js"


class SiteFiles(Protocol):
    """The files of one site. Two that compare equal hold the same files."""

    @property
    def where(self) -> str:
        """The place, in messages."""
        ...

    async def find(self, path: str) -> Path | None:
        """Return the file that is served at a path; None when there is none."""
        ...


@dataclass(frozen=True)
class FolderSite:
    """A site in a folder.

    Attributes:
        folder: The folder, absolute.
    """

    folder: Path

    @property
    def where(self) -> str:
        """The folder."""
        return str(self.folder)

    async def find(self, path: str) -> Path | None:
        """Return the file that is served at a path; None when there is none."""
        wanted = (self.folder / path).resolve()
        if not wanted.is_relative_to(self.folder):
            return None
        if wanted.is_dir():
            wanted /= "index.html"
        if wanted.is_file():
            return wanted
        return RUNTIME_JS if wanted == self.folder / RUNTIME_NAME else None
