"""The results of renders: `Video`, `Still`, `Frames` and their `Artifact`s; and `Composition`."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ._data.saved_file import SavedFile, copy_pictures
from ._runtime.notebooks import notebook
from ._runtime.tracebacks import short_tracebacks
from .display import Displayable
from .errors import OutputError
from .media.gif import convert_to_gif
from .options.checks import number
from .providers.base import Links

GIF_FPS = 50
"""The highest frame rate of a GIF: viewers play faster GIFs too slowly."""


def readable_size(count: int) -> str:
    """Format a number of bytes, such as "1.2 MB"."""
    return f"{count / 1e6:.1f} MB" if count >= 100_000 else f"{count / 1e3:.1f} kB"


@dataclass(frozen=True)
class Artifact(SavedFile):
    """A file that a composition emitted with `<Artifact>`. It is path-like: use it as the path of the file.

    Attributes:
        file: The file; None if it stays in a bucket.
        filename: The name that the composition gave it.
        frame: The frame that emitted it.
        size: Size in bytes.
        url: A link to the file in its bucket, valid for 24 hours; None on this machine.
    """

    file: Path | None
    filename: str
    frame: int
    size: int
    url: str | None = field(compare=False, repr=False, default=None)

    @property
    def path(self) -> Path:
        """The file.

        Raises:
            OutputError: The file is only in a bucket; `url` is a link to it.
        """
        return _required(self.file, f"The artifact {self.filename}")


@short_tracebacks
@dataclass(frozen=True)
class Video(SavedFile, Displayable):
    """A finished video or audio file. It is path-like: use it as the path of the file.

    Attributes:
        file: The file; None if it stays in a bucket.
        render_id: The id of its render.
        size: Size in bytes.
        width: Width in pixels.
        height: Height in pixels.
        fps: Frames per second.
        frames: Number of frames.
        duration: Duration in seconds.
        time_to_finish: Seconds that the render took.
        frames_reused: Frames that look like the frame before and were not captured (`reuse_frames`).
        frames_verified: Frames that were captured only to check that they look like the frame before.
        audio_path: The separate audio file; None if none was requested.
        artifacts: The files that the composition emitted.
        url: A link to the file in its bucket, valid for 24 hours; None on this machine.
        cost: Cost of its functions in US dollars, from the price table; None on this machine.
        links: Links to its logs and its folder in the AWS console; None on this machine.
        warnings: Errors of the page that did not stop the render, such as files that its server does not have.
    """

    file: Path | None
    render_id: str
    size: int
    width: int
    height: int
    fps: float
    frames: int
    duration: float
    time_to_finish: float = field(compare=False, default=0.0)
    audio_path: Path | None = None
    artifacts: tuple[Artifact, ...] = ()
    url: str | None = field(compare=False, repr=False, default=None)
    cost: float | None = field(compare=False, default=None)
    links: Links | None = field(compare=False, repr=False, default=None)
    warnings: tuple[str, ...] = field(compare=False, repr=False, default=())
    frames_reused: int = field(compare=False, repr=False, default=0)
    frames_verified: int = field(compare=False, repr=False, default=0)

    @property
    def path(self) -> Path:
        """The file.

        Raises:
            OutputError: The file is only in a bucket; `url` is a link to it.
        """
        return _required(self.file, f"The video of the render {self.render_id}")

    def to_gif(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        fps: float | None = None,
        width: int | None = None,
        overwrite: bool = True,
    ) -> Path:
        """Convert the video to a GIF with one palette for all frames. `codec="gif"` renders a GIF from the frames.

        Args:
            path: Path of the GIF; None for a file next to the video, with the same name.
            fps: Frames per second, from 1 to 50, because viewers play faster GIFs too slowly; None for the frame rate
                of the video, at most 50.
            width: Width in pixels; the height keeps the aspect ratio. None for the width of the video.
            overwrite: Whether an existing file is replaced.

        Returns:
            The path of the GIF.

        Raises:
            OutputError: The video is only in a bucket, or the GIF cannot be written.
            OptionError: `fps` or `width` is out of range.

        Example:
            >>> video.to_gif("race.gif", fps=15, width=480)
        """
        rate = min(self.fps, GIF_FPS) if fps is None else number(1, GIF_FPS, whole=False)("fps", fps)
        size = width if width is None else number(1, 16_384, whole=True)("width", width)
        return convert_to_gif(
            self.path, path or self.path.with_suffix(".gif"), fps=rate, width=size, overwrite=overwrite
        )

    def __str__(self) -> str:
        facts = f"{self.width}x{self.height}, {self.duration:.2f} s, {readable_size(self.size)}"
        return f"{self.file or self.url} ({facts})"


@dataclass(frozen=True)
class Still(SavedFile, Displayable):
    """A finished picture. It is path-like: use it as the path of the file.

    Attributes:
        file: The file; None if it stays in a bucket.
        render_id: The id of its render.
        size: Size in bytes.
        width: Width in pixels.
        height: Height in pixels.
        frame: The frame that it shows.
        artifacts: The files that the composition emitted.
        url: A link to the file in its bucket, valid for 24 hours; None on this machine.
        links: Links to the logs of its function and its folder in the AWS console; None on this machine.
        warnings: Errors of the page that did not stop the render, such as files that its server does not have.
    """

    file: Path | None
    render_id: str
    size: int
    width: int
    height: int
    frame: int
    artifacts: tuple[Artifact, ...] = ()
    url: str | None = field(compare=False, repr=False, default=None)
    links: Links | None = field(compare=False, repr=False, default=None)
    warnings: tuple[str, ...] = field(compare=False, repr=False, default=())

    @property
    def path(self) -> Path:
        """The file.

        Raises:
            OutputError: The file is only in a bucket; `url` is a link to it.
        """
        return _required(self.file, f"The picture of the render {self.render_id}")

    def __str__(self) -> str:
        return f"{self.file or self.url} ({self.width}x{self.height}, frame {self.frame})"


@dataclass(frozen=True)
class Composition:
    """A composition of a site.

    Attributes:
        id: Its id.
        width: Width in pixels.
        height: Height in pixels.
        fps: Frames per second.
        duration_in_frames: Its length in frames.
        props: Resolved props: default props, input props and the result of `calculateMetadata` together.
        default_props: Its default props.
    """

    id: str
    width: int
    height: int
    fps: float
    duration_in_frames: int
    props: dict[str, Any] = field(repr=False)
    default_props: dict[str, Any] = field(repr=False)

    @classmethod
    def from_wire(cls, wire: dict[str, Any]) -> Composition:
        """Read a composition from the answer of the compositions function."""
        return cls(
            id=wire["id"],
            width=wire["width"],
            height=wire["height"],
            fps=wire["fps"],
            duration_in_frames=wire["durationInFrames"],
            props=wire["props"],
            default_props=wire["defaultProps"],
        )

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.duration_in_frames / self.fps

    def _repr_html_(self) -> str:
        return notebook("listing").compositions([self])


@short_tracebacks
@dataclass(frozen=True)
class Frames(Displayable):
    """A finished sequence of pictures. It is path-like: use it as the path of the folder.

    Attributes:
        folder: The folder of the pictures.
        paths: The pictures, in order.
        render_id: The id of their render.
        width: Width in pixels.
        height: Height in pixels.
        artifacts: The files that the composition emitted.
        warnings: Errors of the page that did not stop the render, such as files that its server does not have.
        frames_reused: Frames that look like the frame before and were not captured (`reuse_frames`).
        frames_verified: Frames that were captured only to check that they look like the frame before.
    """

    folder: Path
    paths: tuple[Path, ...]
    render_id: str
    width: int
    height: int
    artifacts: tuple[Artifact, ...] = ()
    warnings: tuple[str, ...] = field(compare=False, repr=False, default=())
    frames_reused: int = field(compare=False, repr=False, default=0)
    frames_verified: int = field(compare=False, repr=False, default=0)

    def __fspath__(self) -> str:
        return os.fspath(self.folder)

    def save(self, folder: str | os.PathLike[str], *, overwrite: bool = True) -> Path:
        """Copy the pictures.

        Args:
            folder: The destination folder; created if it does not exist.
            overwrite: Whether the folder may already contain files; files with the same names are replaced.

        Returns:
            The path of the folder.

        Raises:
            OutputError: The folder cannot be written, or it contains files and `overwrite` is False.

        Example:
            >>> frames.save("pictures")
        """
        return copy_pictures(self.paths, folder, overwrite=overwrite)

    def __str__(self) -> str:
        return f"{self.folder} ({len(self.paths)} pictures, {self.width}x{self.height})"


def _required(file: Path | None, what: str) -> Path:
    if file is None:
        raise OutputError(f"{what} is only in its bucket. Pass output= to the render to download it, or open its url.")
    return file
