"""Combines chunks and their audio to the output files of a render."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from ...media.codecs import SEQUENCE
from ...media.gif import write_gif
from ...media.mxf import write_mxf
from ...media.sequence import write_archive
from ..chunk import ChunkFiles
from ..job import VideoJob
from .audio import AacTrack, AudioTrack
from .concat import write_tracks
from .video import VideoTrack


def output_file(job: VideoJob, folder: Path) -> Path:
    """Return where the finished file goes."""
    return folder / f"out.{job.format.extension}"


def separate_audio_file(job: VideoJob, folder: Path) -> Path | None:
    """Return where a separate audio file goes; None when none is wanted."""
    wanted = job.payload.separate_audio_to
    return folder / f"audio{Path(wanted).suffix}" if wanted else None


def direct_audio_file(job: VideoJob, folder: Path) -> Path | None:
    """Return the finished file that holds nothing but the audio; None when there is none."""
    return separate_audio_file(job, folder) or (None if job.format.codec.has_video else output_file(job, folder))


async def combine(
    job: VideoJob,
    files: Sequence[ChunkFiles],
    audio: AudioTrack | None,
    folder: Path,
    on_progress: Callable[[int], None],
) -> Path:
    """Write the finished files.

    Args:
        job: What is rendered.
        files: Its chunks, in order.
        audio: Its audio; None for silence.
        folder: Where the files go.
        on_progress: Called with the number of frames joined so far.

    Returns:
        The finished file; a separate audio file lies beside it.
    """
    output = output_file(job, folder)
    alone = direct_audio_file(job, folder)
    if alone and isinstance(audio, AacTrack):
        await asyncio.to_thread(write_tracks, alone, None, audio, metadata=job.payload.metadata)
    pictures = [chunk.video for chunk in files if chunk.video]
    if pictures and job.format.codec.name == SEQUENCE:
        await asyncio.to_thread(write_archive, pictures, job.picture_names(), output)
    elif pictures:
        video = await asyncio.to_thread(VideoTrack, pictures, job.fps)
        if job.format.codec.name == "gif":
            joined = folder / "pictures.mov"
            await asyncio.to_thread(write_tracks, joined, video, None, on_progress=on_progress)
            await write_gif(joined, output, job.payload.number_of_gif_loops)
            joined.unlink()
        else:
            written = output.with_suffix(".mov") if output.suffix == ".mxf" else output
            await asyncio.to_thread(
                write_tracks,
                written,
                video,
                None if alone else audio,
                metadata=job.payload.metadata,
                on_progress=on_progress,
            )
            if written != output:
                await write_mxf(written, output, job.fps)
                written.unlink()
    for chunk in files:
        chunk.unlink()
    return output
