"""Delivers finished objects of a store to the caller, as files and results."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .._data.output import inside
from .._data.stored import Finished, Metadata, StoredArtifact, document_fault, own_warnings
from ..errors import OutputError
from ..lambda_.keys import PROGRESS, artifact_key
from ..media.sequence import picture_names
from ..progress import RenderProgress
from ..providers.base import ObjectStore, Provider
from ..results import Artifact, Frames, Still, Video
from .record import RenderRecord
from .unpacking import unpack

LINK_S = 24 * 3600
"""Seconds for which the link to a result in a bucket is valid, unless the credentials expire earlier."""
OTHERS_PATIENCE_S = 10.0
"""Seconds that an attached client waits until the client that started the render has delivered its output."""
OTHERS_POLL_S = 0.05


class Delivery:
    """Delivers results to their outputs: moves them on this machine, downloads them from a bucket.

    Args:
        provider: The provider that stores the results.
    """

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    @property
    def _store(self) -> ObjectStore:
        return self._provider.store

    async def video(self, output: Path | None, audio: Path | None, overwrite: bool, progress: RenderProgress) -> Video:
        """Deliver the result of `render_media()`."""
        metadata, post = _finished(progress)
        folder = inside(output.parent, metadata.composition_id) if output else None
        elsewhere = post.out_bucket not in ("", self._store.bucket)
        audio_key = post.separate_audio_key
        return Video(
            file=None if elsewhere else await self.deliver(post.out_key, output, overwrite=overwrite),
            url=post.output_file if elsewhere else await self._url(post.out_key),
            audio_path=await self.deliver(audio_key, audio, overwrite=overwrite) if audio_key else None,
            artifacts=await self.artifacts(progress.artifacts, progress.render_id, folder, overwrite=overwrite),
            render_id=progress.render_id,
            cost=progress.cost,
            links=self._provider.links(progress.render_id),
            size=post.output_size,
            width=metadata.width,
            height=metadata.height,
            fps=metadata.fps / metadata.every_nth,
            frames=metadata.frames,
            duration=metadata.frames * metadata.every_nth / metadata.fps,
            time_to_finish=post.time_to_finish / 1000,
            warnings=progress.warnings,
            frames_reused=progress.frames_reused,
            frames_verified=progress.frames_verified,
        )

    async def attached(self, record: RenderRecord, progress: RenderProgress) -> Video | Frames:
        """Deliver the result of a render of another client, which may have delivered it already or may do so soon."""
        _, post = _finished(progress)
        output = Path(record.output) if record.output and record.here else None
        audio = Path(record.audio) if record.audio and record.here else None
        here = self._store.local_path(post.out_key)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(OTHERS_PATIENCE_S):
                while output and here and here.exists() and record.owner and record.owner.alive:
                    await asyncio.sleep(OTHERS_POLL_S)
        if record.kind == "frames":
            if output is None and here is None:
                raise OutputError(
                    f"The pictures of the render {progress.render_id} were requested in {record.output} on "
                    f"{record.host}. Attach on that machine, or download them with download_media() as a "
                    f"zip archive."
                )
            return await self.frames(output, record.overwrite, progress)
        video = await self.video(output, audio, record.overwrite, progress)
        if video.file and video.file.stat().st_size != video.size:
            raise OutputError(
                f"The video of the render {progress.render_id} was downloaded to {output}, but that file "
                f"has changed since then. Render it again: {record.command}"
            )
        return video

    async def frames(self, output: Path | None, overwrite: bool, progress: RenderProgress) -> Frames:
        """Deliver the result of `render_frames()`.

        Raises:
            OutputError: A picture cannot be written, or exists already; the archive stays in the store.
        """
        metadata, post = _finished(progress)
        here = self._store.local_path(post.out_key)
        folder = output or (here.with_suffix("") if here else Path())
        archive = here or folder.with_name(f".{folder.name}-{progress.render_id}.zip")
        if not here:
            await self._store.get_file(post.out_key, archive)
        if archive.exists():
            paths = await asyncio.to_thread(unpack, archive, folder, overwrite=overwrite)
            archive.unlink()
        else:
            paths = _pictures(metadata, folder)
        return Frames(
            folder=folder,
            paths=tuple(paths),
            artifacts=await self.artifacts(
                progress.artifacts, progress.render_id, inside(folder, metadata.composition_id), overwrite=overwrite
            ),
            render_id=progress.render_id,
            width=metadata.width,
            height=metadata.height,
            warnings=progress.warnings,
            frames_reused=progress.frames_reused,
            frames_verified=progress.frames_verified,
        )

    async def still(self, output: Path | None, folder: Path | None, overwrite: bool, result: dict[str, Any]) -> Still:
        """Deliver the result of `render_still()`."""
        elsewhere = result["bucketName"] != self._store.bucket
        return Still(
            file=None if elsewhere else await self.deliver(result["outKey"], output, overwrite=overwrite),
            url=result["url"] if elsewhere else await self._url(result["outKey"]),
            render_id=result["renderId"],
            links=self._provider.links(result["renderId"]),
            size=result["sizeInBytes"],
            width=result["width"],
            height=result["height"],
            frame=result["frame"],
            artifacts=await self.artifacts(
                result.get("receivedArtifacts", []), result["renderId"], folder, overwrite=overwrite
            ),
            warnings=own_warnings(result),
        )

    async def deliver(self, key: str, output: Path | None, *, overwrite: bool = True) -> Path | None:
        """Move or download a finished object to its output; without an output it stays in the store.

        Args:
            key: Key of the object.
            output: The destination.
            overwrite: Whether to replace a file that was created there after the request was checked.

        Raises:
            OutputError: The output cannot be written, or exists; the result stays in the store.
        """
        here = self._store.local_path(key)
        if here and not here.exists():
            return _existing_output(output, key)
        if output is None:
            return here
        kept = here or f"s3://{self._store.bucket}/{key}"
        if not overwrite and output.exists():
            raise OutputError(
                f"The output {output} exists already: it was written while this render ran, and overwrite=False keeps "
                f"it. The result is kept in {kept}; copy it from there."
            )
        try:
            await self._store.get_file(key, output)
        except OSError as error:
            raise OutputError(
                f"The result cannot be written to {output}: {error.strerror or error}. It is kept in {kept}; copy it "
                f"from there."
            ) from error
        if here:
            await self._store.delete(key)
        return output

    async def artifacts(
        self, listed: Sequence[dict[str, Any]], render_id: str, folder: Path | None, *, overwrite: bool
    ) -> tuple[Artifact, ...]:
        """Move or download artifacts to a folder; without a folder, or instead of replacing a file, they stay.

        Raises:
            DocumentError: The description of an artifact is invalid.
            OutputError: The name of an artifact leads out of the folder, or the file cannot be written there.
        """
        fail = document_fault(PROGRESS, render_id)
        stored = [StoredArtifact.read(item, fail) for item in listed]
        # All names are checked before the first file is written.
        targets = {one.filename: inside(folder, one.filename) if folder else None for one in stored}
        found: list[Artifact] = []
        for one in sorted(stored, key=lambda one: (one.frame, one.filename)):
            key, target = artifact_key(render_id, one.filename), targets[one.filename]
            here = self._store.local_path(key)
            waits = here is None or here.exists()
            if waits and target and target.exists() and not overwrite:
                target = None
            if target:
                _make_folder(target.parent)
            file = await self.deliver(key, target)
            found.append(Artifact(file, one.filename, one.frame, one.size, await self._url(key)))
        return tuple(found)

    async def _url(self, key: str) -> str | None:
        if self._store.local_path(key):
            return None
        return await self._store.presign(key, LINK_S)


def _existing_output(output: Path | None, key: str) -> Path:
    """Return the file to which another client downloaded an object.

    Raises:
        OutputError: The file does not exist.
    """
    if output is None or not output.exists():
        where = f", nor at {output}" if output else ""
        raise OutputError(f"The result is not in the store any more ({key}){where}. Render it again.")
    return output


def _finished(progress: RenderProgress) -> tuple[Metadata, Finished]:
    fail = document_fault(PROGRESS, progress.render_id)
    return Metadata.read(progress.render_metadata, fail), Finished.read(progress.post_render_data, fail)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"The folder {folder} for an artifact cannot be created: {error.strerror or error}. Move the "
            f"existing file away, or choose another output."
        ) from error


def _pictures(metadata: Metadata, folder: Path) -> list[Path]:
    """Return the pictures that another client unpacked, by their names: the folder may contain other files too.

    Raises:
        OutputError: Some pictures no longer exist, or their names lead out of the folder.
    """
    frames = range(metadata.first, metadata.last + 1, metadata.every_nth)
    paths = [inside(folder, name) for name in picture_names(frames, metadata.picture_pattern, metadata.image_format)]
    lost = sum(not path.is_file() for path in paths)
    if lost:
        raise OutputError(
            f"The pictures of this render were unpacked to {folder}, but {lost} of {len(paths)} are now "
            f"missing. Render them again."
        )
    return paths
