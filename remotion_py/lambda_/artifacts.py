"""Files that a composition emits beside its frames: `<Artifact>` (design/page-contract.md 7)."""

from __future__ import annotations

from .._data.progress_json import StoredArtifactJson
from ..errors import PageScriptError
from ..providers.base import ObjectStore
from .frames import RenderedFrame
from .keys import artifact_key

MOST_ARTIFACTS = 10_000
MOST_BYTES = 2 * 1024**3
"""Of all artifacts of a render; a page that emits without end would fill a disk or a bucket."""


class ArtifactNames:
    """The names of the artifacts of a render: each is emitted once, and none is a folder of another one."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[int, int]] = {}
        self._folders: dict[str, str] = {}
        self._bytes = 0

    def add(self, filename: str, frame: int, size: int, *, again: bool = False) -> None:
        """Note an artifact.

        Args:
            filename: Its name.
            frame: The frame that emitted it.
            size: Bytes.
            again: Whether the same frame may emit it once more, as another attempt at a chunk does.

        Raises:
            PageScriptError: The name is in use, or there are too many artifacts.
        """
        before = self._known.get(filename)
        if before and not (again and before[0] == frame):
            raise PageScriptError(
                f"The page emitted the artifact {filename!r} at frame {before[0]} and again at frame "
                f"{frame}. Render <Artifact> at one frame only, or use the frame in its name.",
                frame=frame,
            )
        parts = filename.split("/")
        folders = ["/".join(parts[:count]) for count in range(1, len(parts))]
        other = self._folders.get(filename) or next((name for name in folders if name in self._known), None)
        if other:
            raise PageScriptError(
                f"The page emitted the artifacts {other!r} and {filename!r}, but one of them is a folder in "
                f"the path of the other (at frame {frame}). Give each artifact a different path.",
                frame=frame,
            )
        self._bytes += size - (before[1] if before else 0)
        self._known[filename] = frame, size
        self._folders.update(dict.fromkeys(folders, filename))
        if len(self._known) > MOST_ARTIFACTS or self._bytes > MOST_BYTES:
            what = (
                f"{MOST_ARTIFACTS:,} artifacts"
                if len(self._known) > MOST_ARTIFACTS
                else f"{MOST_BYTES >> 30} GB of them"
            )
            raise PageScriptError(
                f"The page emitted too many artifacts: a render takes at most {what}, and frame {frame} "
                f"exceeds this. Emit fewer, or put several into one archive.",
                frame=frame,
            )


class ArtifactWriter:
    """Stores the artifacts of one function.

    Args:
        store: Where to.
        render_id: The render that they belong to.
    """

    def __init__(self, store: ObjectStore, render_id: str) -> None:
        self.stored: list[StoredArtifactJson] = []
        self._names = ArtifactNames()
        self._store = store
        self._render_id = render_id

    async def take(self, shown: RenderedFrame) -> None:
        """Store the artifacts of a frame; one that is its picture is left out where there is none.

        Raises:
            PageScriptError: Two of the same name, or too many.
        """
        for emitted in shown.assets.emitted:
            content = shown.picture if emitted.content is None else emitted.content
            if content is None:
                continue
            filename = emitted.filename
            self._names.add(filename, shown.frame, len(content))
            key = artifact_key(self._render_id, filename)
            try:
                await self._store.put(key, content)
            except (FileExistsError, IsADirectoryError, NotADirectoryError):
                raise PageScriptError(
                    f"The page emitted the artifact {filename!r} at frame {shown.frame}, but another "
                    f"artifact uses this path as a folder, or is a file at the path of its folder. Give "
                    f"each artifact a different path.",
                    frame=shown.frame,
                ) from None
            self.stored.append(
                {
                    "filename": filename,
                    "frame": shown.frame,
                    "sizeInBytes": len(content),
                    "s3Key": key,
                    "s3Url": None,
                }
            )
