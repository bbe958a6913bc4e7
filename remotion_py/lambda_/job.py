"""A composition and its settings, shared by the functions of a render (no I/O)."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from ..media.codecs import CODECS, SEQUENCE, exact_fps, fit_size, scaled
from ..media.formats import Format, resolve_format
from ..media.sequence import picture_names
from ..media.tracks import Timeline
from ..media.video import VideoSettings
from ..page.contract import ENCODER_DEFAULTS, Background, MediaSettings, PageComposition
from ..page.flags import SMALLEST_SCALE, drawn
from .large_props import passed_on
from .payload import RendererPayload, RenderPayload, StartPayload
from .plan import ChunkPlan, plan_chunk


@dataclass(frozen=True)
class Job:
    """A composition and how to render it.

    Attributes:
        payload: The payload with the options.
        composition: The composition with resolved props, in its own size.
    """

    payload: RenderPayload
    composition: PageComposition

    @property
    def serve_url(self) -> str:
        """Where the site is."""
        return self.payload.serve_url

    @property
    def render_id(self) -> str:
        """The id of the render."""
        return self.payload.render_id

    @cached_property
    def format(self) -> Format:
        """How it is written."""
        return resolve_format(self.payload, self.composition.defaults)

    @property
    def image_format(self) -> Any:
        """Format of the captured frames."""
        if self.payload.codec is None:
            return self.payload.image_format or "png"
        return self.format.image_format

    @property
    def jpeg_quality(self) -> int:
        """Quality of JPEG frames."""
        return self.payload.jpeg_quality

    @property
    def every_nth(self) -> int:
        """Only each n-th frame is captured."""
        return self.payload.every_nth_frame

    @property
    def has_audio(self) -> bool:
        """Whether audio is looked for."""
        return self.payload.codec is not None and self.format.audio_codec is not None

    @property
    def fps(self) -> Fraction:
        """Frames per second of the output."""
        return exact_fps(self.composition.fps) / self.every_nth

    @property
    def timeline(self) -> Timeline:
        """What positions of audio refer to."""
        return Timeline(exact_fps(self.composition.fps), self.format.sample_rate)

    @property
    def scale(self) -> float:
        """Factor on the size of the output."""
        return self.payload.scale

    @property
    def background(self) -> Background:
        """Whether what the page does not paint is transparent: for a plain page only where that is asked for."""
        asked = self.payload.transparent
        if self.payload.codec in (None, SEQUENCE):
            return Background(bundle=self.image_format != "jpeg", plain=asked)
        return Background(bundle=self.format.transparent, plain=self.format.keeps_alpha)

    @property
    def laid_out(self) -> PageComposition:
        """The composition in the size that the codec can encode."""
        codec = self.payload.codec
        if codec is None:
            return self.composition
        return self.composition.resized(
            *fit_size(CODECS[codec], self.composition.width, self.composition.height, self.scale)
        )

    @property
    def dimensions(self) -> tuple[int, int]:
        """Width and height of the output in pixels."""
        shown = self.laid_out
        return scaled(shown.width, self.scale), scaled(shown.height, self.scale)

    @property
    def drawn_exactly(self) -> bool:
        """Whether the browser draws pictures of exactly these dimensions; see `drawn()`."""
        shown = self.laid_out
        return (drawn(shown.width, self.scale), drawn(shown.height, self.scale)) == self.dimensions

    @property
    def encoder_crops(self) -> bool:
        """Whether the encoder crops pictures that are too large."""
        return self.payload.codec is not None and not self.format.codec.keeps_pictures

    def video(self, threads: int) -> VideoSettings:
        """Return how the frames are encoded."""
        return VideoSettings(
            format=self.format,
            fps=self.fps,
            x264_preset=self.payload.x264_preset,
            video_bitrate=self.payload.video_bitrate,
            max_rate=self.payload.encoding_max_rate,
            buffer_size=self.payload.encoding_buffer_size,
            gop_size=self.payload.gop_size,
            threads=threads,
            crop=None if self.scale < SMALLEST_SCALE or self.drawn_exactly else self.dimensions,
            odd=any(side % 2 for side in self.dimensions),
        )

    @property
    def media(self) -> MediaSettings:
        """What media tags do in the page."""
        if self.payload.codec is None:
            return MediaSettings()
        return MediaSettings(self.has_audio, self.format.codec.has_video, self.format.sample_rate)


@dataclass(frozen=True)
class VideoJob(Job):
    """A job of several frames, whose range and audio are resolved."""

    payload: StartPayload

    @classmethod
    def from_renderer(cls, payload: RendererPayload) -> VideoJob:
        """Return the job of a renderer function."""
        composition = PageComposition(
            id=payload.composition,
            width=payload.width,
            height=payload.height,
            fps=payload.fps,
            duration_in_frames=payload.duration_in_frames,
            resolved_props=payload.resolved_props["payload"],
            default_props="{}",
            defaults=payload.composition_defaults or dict.fromkeys(ENCODER_DEFAULTS),
        )
        return cls(payload, composition)

    def to_renderer(self, chunk: int, frames: tuple[int, int], attempt: int) -> dict[str, Any]:
        """Return the payload for rendering one chunk."""
        composition = self.composition
        return passed_on(self.payload.to_wire()) | {
            "type": "renderer",
            "chunk": chunk,
            "frameRange": list(frames),
            "attempt": attempt,
            "composition": composition.id,
            "width": composition.width,
            "height": composition.height,
            "fps": composition.fps,
            "durationInFrames": composition.duration_in_frames,
            "resolvedProps": self.payload.offloaded_props or {"type": "payload", "payload": composition.resolved_props},
            "compositionDefaults": composition.defaults,
        }

    @property
    def start(self) -> int:
        """The frame at which the audio of the whole composition starts."""
        assert self.payload.composition_start is not None
        return self.payload.composition_start

    @property
    def last_heard(self) -> int:
        """The last frame whose audio is needed."""
        assert self.payload.last_heard_frame is not None
        return self.payload.last_heard_frame

    def picture_names(self) -> list[str]:
        """Return the file names of a sequence of pictures."""
        assert isinstance(self.payload.frame_range, list)
        first, last = self.payload.frame_range
        frames = range(first, last + 1, self.every_nth)
        return picture_names(frames, self.payload.image_sequence_pattern, self.image_format)

    def plan(self, frames: tuple[int, int]) -> ChunkPlan:
        """Return the plan of one chunk."""
        return plan_chunk(
            frames,
            self.timeline,
            start=self.start,
            last_heard=self.last_heard,
            every_nth=self.every_nth,
            audio=self.has_audio,
            seamless_aac=self.format.seamless_aac,
        )
