"""Joins chunks to one file without a seam: copies packets to the exact frame grid and encodes nothing again."""

from __future__ import annotations

import heapq
import math
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from ..._runtime.tracebacks import short_traceback
from ...errors import ConcatError
from ...media.codecs import exact_fps
from .audio import AacTrack, AudioTrack, encode_waves
from .video import VideoTrack

EXTENSIONS = ("mp4", "m4v", "mov", "mkv", "webm", "ts", "m4a", "m4b", "3gp", "aac")
_MUXERS = {"m4v": "mp4", "m4a": "ipod", "m4b": "ipod", "mkv": "matroska", "ts": "mpegts", "aac": "adts"}
_EXACT = ("mp4", "m4v", "mov", "m4a", "m4b", "3gp")
"""Containers whose time base can hold the exact frame grid; WebM and Matroska count milliseconds."""
_CODEC_OF_WAVES = {"mov": "pcm-16", "mkv": "pcm-16", "webm": "opus"}
_TIMESCALE_LIMIT = 2**31 - 1


@short_traceback
def concat_chunks(
    chunks: Sequence[str | os.PathLike[str]],
    output: str | os.PathLike[str],
    *,
    fps: float | Fraction,
    audio: Sequence[str | os.PathLike[str]] | None = None,
    metadata: Mapping[str, str] | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> int:
    """Join chunks of video, and their audio, into one file without encoding anything again.

    Args:
        chunks: Video files in their order, encoded with the same settings, each opening with a key frame.
        output: The file to write; its extension chooses the container. It is only there once it is whole.
        fps: Frames per second of the result; a float is taken as the ratio it means (29.97 is 2997/100).
        audio: The AAC of each chunk with its padding, as `render_media(..., separate_audio_to=...,
            composition_start=..., for_seamless_aac_concatenation=True)` writes it; or a WAV of each chunk, from which
            one track is encoded as the output takes it; None where the chunks hold no audio; `[]` leaves out what
            they hold.
        metadata: Tags of the file.
        on_progress: Called with the number of frames joined so far, after each chunk.

    Returns:
        The number of frames in the result.

    Raises:
        ConcatError: No chunks, a chunk without video, one that opens without a key frame, settings that differ,
            audio whose length does not fit, or chunks with audio of their own where `audio` is not given.
        OptionError: No video can have such a frame rate.
    """
    if not chunks:
        raise ConcatError("There are no chunks to join. Pass at least one file.")
    if audio and len(audio) != len(chunks):
        raise ConcatError(
            f"There are {len(chunks)} chunks of video, but {len(audio)} of audio. Pass one for each, in the same order."
        )
    rate = exact_fps(fps)
    target = Path(output)
    check_container(target)
    video = VideoTrack([Path(path) for path in chunks], rate)
    if audio is None and video.with_audio:
        raise ConcatError(
            f"The chunk {video.with_audio[0]} contains audio, which cannot be joined without a seam. Render "
            f"each chunk with separate_audio_to and pass those files as audio=[...], or pass audio=[] to "
            f"remove the sound."
        )
    sounds = [Path(path) for path in audio or ()]
    with tempfile.TemporaryDirectory(prefix="remotion-py-join-") as folder:
        sound: AudioTrack | None = None
        if sounds and sounds[0].suffix.lower() == ".wav":
            codec = _CODEC_OF_WAVES.get(target.suffix.lower()[1:], "aac")
            sound = encode_waves(sounds, video.lengths, rate, codec, Path(folder))
        elif sounds:
            sound = AacTrack(sounds, video.lengths, rate)
        write_tracks(target, video, sound, metadata=metadata, on_progress=on_progress)
    return sum(video.lengths)


def check_container(target: Path) -> None:
    """Refuse an output that we cannot write.

    Raises:
        ConcatError: Its extension names no container that we know.
    """
    if target.suffix.lower()[1:] not in EXTENSIONS:
        listed = ", ".join(f".{item}" for item in EXTENSIONS)
        raise ConcatError(f"The output {target.name!r} must end in one of: {listed}. Rename it.")


def write_tracks(
    target: Path,
    video: VideoTrack | None,
    audio: AudioTrack | None,
    *,
    metadata: Mapping[str, str] | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> None:
    """Write one file of a video and an audio track.

    Args:
        target: The file; it is only there once it is whole.
        video: Its video, or None.
        audio: Its audio, or None.
        metadata: Tags of the file.
        on_progress: Called with the number of frames written so far, after each chunk.
    """
    import av

    extension = target.suffix.lower()[1:]
    partial = target.with_name(f".{target.stem}.partial{target.suffix}")
    try:
        with av.open(str(partial), "w", format=_MUXERS.get(extension), options=_options(extension, video)) as joined:
            joined.metadata.update(metadata or {})
            sources: list[Iterator[Any]] = []
            if video:
                sources.append(video.packets(video.add_to(joined, tagged=extension in _EXACT), on_progress))
            if audio:
                end = Fraction(sum(video.lengths)) / video.fps if video and extension in _EXACT else None
                sources.append(audio.packets(audio.add_to(joined), end))
            for packet in heapq.merge(*sources, key=_when):
                joined.mux(packet)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def _options(extension: str, video: VideoTrack | None) -> dict[str, str]:
    options = {"fflags": "+bitexact"}
    if extension in _EXACT:
        options["movflags"] = "+faststart"
        if video:
            # An edit list counts in this; a frame is a whole number of it.
            scale = math.lcm(video.ticks, 1000)
            options["movie_timescale"] = str(scale if scale <= _TIMESCALE_LIMIT else video.ticks)
    return options


def _when(packet: Any) -> Fraction:
    return packet.dts * packet.time_base
