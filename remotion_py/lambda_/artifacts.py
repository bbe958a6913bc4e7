"""Files that a composition emits beside its frames: `<Artifact>` (page contract 7)."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from ..errors import PageScriptError
from ..providers.base import ObjectStore
from .frames import Shown
from .keys import artifact_key

_NAME = re.compile(r"[0-9a-zA-Z\-!_.*'()/:&$@=;+,?]+")


@dataclass(frozen=True)
class Artifact:
    """A file that a frame emitted.

    Attributes:
        filename: Its name, perhaps with folders.
        frame: The frame.
        content: Its bytes.
    """

    filename: str
    frame: int
    content: bytes


def find_artifacts(shown: Shown) -> list[Artifact]:
    """Return the artifacts of a frame; a thumbnail is the picture of its frame, and is left out where there is none.

    Raises:
        PageScriptError: A file name that cannot be.
    """
    found: list[Artifact] = []
    for asset in shown.assets:
        if asset["type"] != "artifact":
            continue
        name: str = asset["filename"]
        if not _NAME.fullmatch(name) or name.startswith("/") or ".." in PurePosixPath(name).parts:
            raise PageScriptError(
                f"The page emitted an artifact named {name!r} at frame {shown.frame}, which cannot be a file name. Use "
                f"letters, digits and - _ . / only, without '..'.",
                frame=shown.frame,
            )
        content = _content(asset, shown.picture)
        if content is not None:
            found.append(Artifact(name, shown.frame, content))
    return found


def _content(asset: Mapping[str, Any], picture: bytes | None) -> bytes | None:
    kind = asset["contentType"]
    if kind == "thumbnail":
        return picture
    if kind == "binary":
        # The page turned bytes into text by UTF-8 and that into base64 as if it were Latin-1.
        return base64.b64decode(asset["content"]).decode("latin-1").encode()
    return str(asset["content"]).encode()


class ArtifactShelf:
    """Stores the artifacts of one function.

    Args:
        store: Where to.
        render_id: The render that they belong to.
    """

    def __init__(self, store: ObjectStore, render_id: str) -> None:
        self.stored: list[dict[str, Any]] = []
        self._store = store
        self._render_id = render_id

    async def take(self, shown: Shown) -> None:
        """Store the artifacts of a frame.

        Raises:
            PageScriptError: Two of the same name.
        """
        for artifact in find_artifacts(shown):
            check_unique(self.stored, artifact.filename, artifact.frame)
            key = artifact_key(self._render_id, artifact.filename)
            await self._store.put(key, artifact.content)
            self.stored.append(
                {
                    "filename": artifact.filename,
                    "frame": artifact.frame,
                    "sizeInBytes": len(artifact.content),
                    "s3Key": key,
                    "s3Url": None,
                }
            )


def check_unique(known: list[dict[str, Any]], filename: str, frame: int) -> None:
    """Refuse a second artifact of the same name.

    Raises:
        PageScriptError: There is one already.
    """
    for item in known:
        if item["filename"] == filename and item["frame"] != frame:
            raise PageScriptError(
                f"The page emitted the artifact {filename!r} at frame {item['frame']} and again at frame {frame}. "
                f"Render <Artifact> at one frame only, or name it by the frame.",
                frame=frame,
            )
