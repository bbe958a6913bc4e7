"""Computes which part of which media file is heard at which time (no I/O). Rules: design/page-contract.md 6.2 and 6.4.

A page reports for each frame which media it plays. Runs of frames with the same asset are **segments**; the part of a
segment in a **window** of the output is a **layer**. All positions are whole samples of one output timeline that
begins with the render, so a window contains the same samples for any borders.
"""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any
from urllib.parse import urlsplit

from .._data.untrusted import Fields

LONGEST_SRC = 256 * 1024 * 1024
"""Characters of the address of a media file, which a data URL holds itself."""
LONGEST_INLINE = 128 * 1024 * 1024
"""Characters of base64 of what is heard in one frame: more than 100 s at the highest sample rate."""
LONGEST_ID = 10_000
MOST_MEDIA_FRAMES = 1_000_000_000
SLOWEST, FASTEST = 0.01, 1_000
LOUDEST = 1_000_000
MOST_STREAMS = 1_000
LOWEST_TONE, HIGHEST_TONE = 0.01, 2
LONGEST_HOST, LONGEST_LABEL = 253, 63
"""Characters of a host's name and of its parts, by the rules of DNS."""
VOLUME_STEPS = 97
"""The npm renderer rounds changing volumes to this many steps; the ear does not mind, and its samples are ours."""


@dataclass(frozen=True)
class AudioAsset:
    """A media tag that is heard at one frame.

    Attributes:
        id: The same in all frames of one tag.
        src: Absolute URL of the file.
        media_frame: The tag's own frame counter.
        start_frame: How much of `media_frame` is a start offset.
        volume: At this frame, 0 or more.
        playback_rate: Speed, above 0; the pitch stays.
        tone: Factor on the pitch, above 0 up to 2.
        stream_index: Which of the file's audio streams.
    """

    id: str
    src: str
    media_frame: float
    start_frame: float = 0
    volume: float = 1.0
    playback_rate: float = 1.0
    tone: float = 1.0
    stream_index: int = 0

    @classmethod
    def from_page(cls, found: Fields) -> AudioAsset:
        """Read an asset of type "audio" or "video" as `remotion_collectAssets()` returns it.

        Raises:
            RemotionPyError: A field is not what it must be; the class is that of `found`.
        """
        return cls(
            id=found.text("id", longest=LONGEST_ID, exact=True),
            src=_address(found),
            media_frame=found.number("mediaFrame", -MOST_MEDIA_FRAMES, MOST_MEDIA_FRAMES),
            start_frame=found.number("audioStartFrame", -MOST_MEDIA_FRAMES, MOST_MEDIA_FRAMES, default=0),
            volume=found.number("volume", 0, LOUDEST),
            # NaN arrives as null, which is not the same as no speed at all.
            playback_rate=found.number("playbackRate", SLOWEST, FASTEST) if "playbackRate" in found.names else 1.0,
            tone=_tone(found),
            stream_index=found.whole("audioStreamIndex", 0, MOST_STREAMS, default=0),
        )


@dataclass(frozen=True)
class InlineAudio:
    """Samples that the page itself has decoded for one frame.

    Attributes:
        id: The same in all frames of one tag.
        samples: Interleaved stereo, 16 bits, at the sample rate of the render.
        tone: Factor on the pitch that is left to do.
    """

    id: str
    samples: bytes
    tone: float = 1.0

    @classmethod
    def from_page(cls, found: Fields) -> InlineAudio:
        """Read an asset of type "inline-audio", whose samples travel as base64; see `AudioAsset.from_page()`."""
        try:
            samples = base64.b64decode(
                found.text("audio", longest=LONGEST_INLINE, empty=True, exact=True), validate=True
            )
        except (binascii.Error, ValueError):
            found.refuse("audio", "its samples in base64")
        if len(samples) % 4:
            found.refuse("audio", "complete 16-bit samples of two channels")
        return cls(found.text("id", longest=LONGEST_ID, exact=True), samples, _tone(found))


def _tone(found: Fields) -> float:
    return found.number("toneFrequency", LOWEST_TONE, HIGHEST_TONE, default=1.0)


def _address(found: Fields) -> str:
    src = found.text("src", longest=LONGEST_SRC, exact=True)
    try:
        parts = urlsplit(src)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        found.refuse("src", "a valid URL")
    if len(host) > LONGEST_HOST or any(len(label) > LONGEST_LABEL for label in host.split(".")):
        found.refuse("src", f"the URL of a host whose name has parts of at most {LONGEST_LABEL} characters")
    return src


@dataclass(frozen=True)
class Timeline:
    """The output that all positions refer to.

    Attributes:
        fps: Frames per second.
        sample_rate: Samples per second.
    """

    fps: Fraction
    sample_rate: int

    def sample(self, index: int) -> int:
        """Return the sample at which a frame begins."""
        return math.floor(Fraction(index * self.sample_rate) / self.fps + Fraction(1, 2))

    def frames_of(self, begin: int, end: int) -> tuple[int, int]:
        """Return the first and the last frame that the samples from `begin` up to `end` touch."""
        per_frame = self.sample_rate / self.fps
        return math.floor(begin / per_frame), math.ceil(end / per_frame) - 1

    def seconds(self, index: float) -> Fraction:
        """Return when a frame begins."""
        return Fraction(index) / self.fps


@dataclass(frozen=True)
class Segment:
    """A run of frames in which one asset is heard.

    Attributes:
        asset: The asset at the first frame of the run.
        start: Index of that frame on the timeline.
        volumes: One for each frame.
        head: Index at which the asset really began, when the run was cut off at its left.
        endless: Whether it is still heard at the last frame that was looked at.
        varies: Whether its volume is known to change.
    """

    asset: AudioAsset
    start: int
    volumes: tuple[float, ...]
    head: int
    endless: bool = False
    varies: bool = False

    @property
    def head_frame(self) -> float:
        """The asset's own frame counter at its head."""
        return self.asset.media_frame - (self.start - self.head)

    def begun(self, head: int, volume: float) -> Segment:
        """Return it with a head that was found before its first frame, where it had this volume."""
        return replace(self, head=head, varies=self.varies or volume != self.volumes[0])


def find_segments(frames: Sequence[Sequence[AudioAsset]], first: int, *, ends: bool = False) -> list[Segment]:
    """Join the assets of successive frames to segments.

    Args:
        frames: The assets of each frame.
        first: Index of the first of these frames on the timeline.
        ends: Whether nothing is heard after the last of these frames.
    """
    running: dict[str, tuple[AudioAsset, int, list[float]]] = {}
    found: list[Segment] = []

    def end(key: str, *, endless: bool = False) -> None:
        asset, start, volumes = running.pop(key)
        varies = len(set(volumes)) > 1
        found.append(Segment(asset, start, tuple(volumes), start, endless, varies))

    for index, assets in enumerate(frames, first):
        heard: dict[str, AudioAsset] = {}
        for asset in assets:
            heard.setdefault(asset.id, asset)
        for key in [key for key in running if key not in heard]:
            end(key)
        for key, asset in heard.items():
            running.setdefault(key, (asset, index, []))[2].append(asset.volume)
    for key in list(running):
        end(key, endless=not ends)
    return sorted(found, key=lambda segment: (segment.start, segment.asset.id))


@dataclass(frozen=True)
class Seam:
    """What a chunk took for granted at its left border, and what the next one may check it by.

    Attributes:
        first: Index of the first frame that the chunk looked at.
        cut: The heads that it found for assets that were running there already, by id.
        segments: (id, head, start, stop) of all its segments.
        whole: Whether its audio depends on more than any chunk can know.
    """

    first: int
    cut: Mapping[str, int]
    segments: Sequence[Sequence[Any]]
    whole: bool = False

    @classmethod
    def of(cls, segments: Sequence[Segment], first: int, cut: Mapping[str, int], *, whole: bool) -> Seam:
        """Describe the segments of a chunk."""
        listed = [(one.asset.id, one.head, one.start, one.start + len(one.volumes)) for one in segments]
        return cls(first, dict(cut), listed, whole)

    def follows(self, before: Seam | None) -> bool:
        """Return whether this chunk's audio continues exactly where that of the chunk before, if any, ends."""
        if self.whole or before is None:
            return not self.whole
        known = {one[0]: one[1] for one in before.segments if one[2] <= self.first < one[3]}
        return all(known.get(key) == head for key, head in self.cut.items())


@dataclass(frozen=True)
class SourceFacts:
    """What has to be known of a media file.

    Attributes:
        channels: Of the audio stream; 0 when there is none.
        duration: Where its sound is cut, in seconds; None when it ends with its last packet.
        codec: FFmpeg's name of its audio codec.
        stamped: Whether its time stamps say when it is heard; those of MP3 begin with what its encoder put first.
    """

    channels: int
    duration: float | None = None
    codec: str = ""
    stamped: bool = True


@dataclass(frozen=True)
class Volume:
    """A volume over time: a constant, or one value per frame.

    Attributes:
        values: One for each frame, or a single one.
        begin: Time of the first value, in seconds of the source after its change of tempo.
        fps: Values per second.
    """

    values: Sequence[float]
    begin: Fraction = Fraction(0)
    fps: Fraction = Fraction(1)


@dataclass(frozen=True)
class Layer:
    """What a segment gives to a window. Samples of the source count from its time zero, after its change of tempo.

    Attributes:
        asset: What is heard.
        head: Sample of the source at which the segment begins.
        begin: First sample of the source in the window.
        end: Sample of the source after the last one in the window.
        tail: Sample of the source at which filters may stop: the end of the segment, or enough after the window.
        delay: Samples of the window before it begins.
        volume: Its volume.
        codec: FFmpeg's name of the source's codec.
        stamped: Whether the source's time stamps say when it is heard.
    """

    asset: AudioAsset
    head: int
    begin: int
    end: int
    tail: int
    delay: int
    volume: Volume
    codec: str = ""
    stamped: bool = True


def layer(segment: Segment, facts: SourceFacts, timeline: Timeline, window: tuple[int, int]) -> Layer | None:
    """Cut out of a segment what is heard in a window of output samples; None when nothing is.

    Args:
        segment: The segment, with its true head.
        facts: What is known of its file.
        timeline: The output.
        window: First sample, and the one after the last.
    """
    asset, rate = segment.asset, Fraction(segment.asset.playback_rate).limit_denominator(10**6)
    start_frame = Fraction(asset.start_frame)
    frames_in = Fraction(segment.head_frame) - start_frame
    if not facts.channels:
        return None
    if facts.duration is not None and (start_frame + frames_in * rate) / timeline.fps >= Fraction(facts.duration):
        return None
    begins = start_frame / timeline.fps / rate + frames_in / timeline.fps
    placed = _milliseconds(Fraction(segment.head) / timeline.fps) * timeline.sample_rate // 1000
    head = _sample_of(begins, timeline)
    end = math.inf
    if not segment.endless:
        end = _sample_of(begins + timeline.seconds(segment.start - segment.head + len(segment.volumes)), timeline)
    if facts.duration is not None:
        end = min(end, _sample_of(Fraction(facts.duration) / rate, timeline))
    heard = max(placed, window[0]), min(placed + end - head, window[1])
    if heard[0] >= heard[1]:
        return None
    local = begins + timeline.seconds(segment.start - segment.head)
    volume = Volume((segment.volumes[0],))
    if segment.varies:
        rounded = tuple(_round(math.floor(value * VOLUME_STEPS + 0.5) / VOLUME_STEPS, 3) for value in segment.volumes)
        volume = Volume(rounded, local, timeline.fps)
    last = head + int(heard[1]) - placed
    return Layer(
        asset=asset,
        head=head,
        begin=head + heard[0] - placed,
        end=last,
        tail=int(min(end, last + timeline.sample_rate)),
        delay=heard[0] - window[0],
        volume=volume,
        codec=facts.codec,
        stamped=facts.stamped,
    )


def _milliseconds(seconds: Fraction) -> int:
    return math.floor(seconds * 1000 + Fraction(1, 2))


def _sample_of(seconds: Fraction, timeline: Timeline) -> int:
    """Return the sample at a time that FFmpeg takes in whole microseconds, without what is left."""
    micro = math.floor(seconds * 1_000_000 + Fraction(1, 10_000_000))
    return math.floor(Fraction(micro * timeline.sample_rate, 1_000_000) + Fraction(1, 2))


def _round(value: float, digits: int) -> float:
    return math.floor(value * 10**digits + 0.5) / 10**digits


def inline_position(index: int, timeline: Timeline) -> int:
    """Return the sample at which the inline audio of a frame is written (design/page-contract.md 6.6)."""
    return math.floor(Fraction(index * timeline.sample_rate) / timeline.fps + Fraction(1, 100_000))
