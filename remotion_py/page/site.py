"""The source of a site's files: a folder, or another source that downloads them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from . import RUNTIME_JS

RUNTIME_NAME = "remotion-py.js"
_OPEN_DOTS = ("..", ".well-known")
"""Parts of a path that begin with a dot and hide nothing: whether ".." leads out is looked at on its own."""


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
        folder: The folder, absolute and without symbolic links.
    """

    folder: Path

    @property
    def where(self) -> str:
        """The folder."""
        return str(self.folder)

    async def find(self, path: str) -> Path | None:
        """Return the file that is served at a path; None when there is none."""
        try:
            wanted = (self.folder / path).resolve()
            if not wanted.is_relative_to(self.folder) or self._hidden(path) or self._hidden(wanted):
                return None
            if wanted.is_dir():
                wanted /= "index.html"
            if wanted.is_file():
                return wanted
        except (OSError, ValueError):  # a name that no file can have
            return None
        return RUNTIME_JS if wanted == self.folder / RUNTIME_NAME else None

    def why_not(self, path: str) -> str:
        """Return a sentence on why nothing is served at a path where something lies; empty when nothing does."""
        if self._hidden(path):
            return "Files whose names begin with a dot are not served."
        try:
            steps = [self.folder.joinpath(*Path(path).parts[: end + 1]) for end in range(len(Path(path).parts))]
            link = next((step for step in steps if step.is_symlink()), None)
            if link and not link.resolve().is_relative_to(self.folder):
                name = link.relative_to(self.folder)
                return f"The symbolic link {name} leads out of the site: copy the files into the site's folder."
        except (OSError, ValueError):
            return ""
        return ""

    def _hidden(self, path: str | Path) -> bool:
        relative = Path(path).relative_to(self.folder) if isinstance(path, Path) else Path(path)
        return any(part.startswith(".") and part not in _OPEN_DOTS for part in relative.parts)


def explain_missing(site: SiteFiles | None, path: str) -> str:
    """Return a sentence on why a site serves nothing at a path; empty where no more is known."""
    return site.why_not(path) if isinstance(site, FolderSite) else ""
