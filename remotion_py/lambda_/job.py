"""What is rendered: the part of a payload that renderer functions share (no I/O). Names: reference/lambda.md 4.4."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Any

from ..media.codecs import CODECS, SEQUENCE, exact_fps, fit_size, scaled
from ..media.formats import Format, resolve_format
from ..media.sequence import picture_names
from ..media.tracks import Timeline
from ..media.video import VideoSettings
from ..options.option import input_props
from ..page.contract import ENCODER_DEFAULTS, Background, MediaSettings, PageComposition, PageSettings
from ..page.flags import SMALLEST_SCALE, BrowserSettings
from .large_props import passed_on
from .plan import ChunkPlan, plan_chunk


@dataclass(frozen=True)
class Job:
    """A composition and how to render it.

    Attributes:
        payload: The payload of `start`, which all functions of a render get.
        composition: The composition with resolved props, in its own size.
    """

    payload: dict[str, Any]
    composition: PageComposition

    @classmethod
    def from_renderer(cls, payload: dict[str, Any]) -> Job:
        """Read the payload of a renderer function."""
        composition = PageComposition(
            id=payload["composition"],
            width=payload["width"],
            height=payload["height"],
            fps=payload["fps"],
            duration_in_frames=payload["durationInFrames"],
            resolved_props=payload["resolvedProps"]["payload"],
            default_props="{}",
            defaults=payload.get("compositionDefaults") or dict.fromkeys(ENCODER_DEFAULTS),
        )
        return cls(payload, composition)

    def to_renderer(self, chunk: int, frames: tuple[int, int], attempt: int) -> dict[str, Any]:
        """Return the payload for rendering one chunk."""
        return passed_on(self.payload) | {
            "type": "renderer",
            "chunk": chunk,
            "frameRange": list(frames),
            "attempt": attempt,
            "composition": self.composition.id,
            "width": self.composition.width,
            "height": self.composition.height,
            "fps": self.composition.fps,
            "durationInFrames": self.composition.duration_in_frames,
            "resolvedProps": self.payload.get("offloadedProps")
            or {"type": "payload", "payload": self.composition.resolved_props},
            "compositionDefaults": self.composition.defaults,
        }

    @property
    def serve_url(self) -> str:
        """Where the site is."""
        return self.payload["serveUrl"]

    @property
    def render_id(self) -> str:
        """The id of the render."""
        return self.payload["renderId"]

    @cached_property
    def format(self) -> Format:
        """How it is written."""
        return resolve_format(self.payload, self.composition.defaults)

    @property
    def image_format(self) -> Any:
        """Format of the captured frames."""
        if self.payload.get("codec") is None:
            return self.payload.get("imageFormat") or "png"
        return self.format.image_format

    @property
    def jpeg_quality(self) -> int:
        """Quality of JPEG frames."""
        quality = self.payload.get("jpegQuality")
        return 80 if quality is None else quality

    @property
    def every_nth(self) -> int:
        """Only each n-th frame is captured."""
        return self.payload.get("everyNthFrame") or 1

    @property
    def has_audio(self) -> bool:
        """Whether audio is looked for."""
        return self.payload.get("codec") is not None and self.format.audio_codec is not None

    @property
    def fps(self) -> Fraction:
        """Frames per second of the output."""
        return exact_fps(self.composition.fps) / self.every_nth

    @property
    def timeline(self) -> Timeline:
        """What positions of audio refer to."""
        return Timeline(exact_fps(self.composition.fps), self.format.sample_rate)

    def picture_names(self) -> list[str]:
        """Return the file names of a sequence of pictures."""
        first, last = self.payload["frameRange"]
        frames = range(first, last + 1, self.every_nth)
        return picture_names(frames, self.payload["imageSequencePattern"], self.image_format)

    def plan(self, frames: tuple[int, int]) -> ChunkPlan:
        """Return what rendering one chunk looks at."""
        return plan_chunk(
            frames,
            self.timeline,
            start=self.payload["compositionStart"],
            last_heard=self.payload["lastHeardFrame"],
            every_nth=self.every_nth,
            audio=self.has_audio,
            seamless_aac=self.format.seamless_aac,
        )

    @property
    def scale(self) -> float:
        """Factor on the size of the output."""
        return self.payload.get("scale") or 1

    @property
    def background(self) -> Background:
        """Whether what the page does not paint is transparent: for a plain page only where that is asked for."""
        asked = bool(self.payload.get("transparent"))
        if self.payload.get("codec") in (None, SEQUENCE):
            return Background(bundle=self.image_format != "jpeg", plain=asked)
        return Background(bundle=self.format.transparent, plain=self.format.keeps_alpha)

    @property
    def laid_out(self) -> PageComposition:
        """The composition in the size that the codec can encode."""
        codec = self.payload.get("codec")
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

    def video(self, threads: int) -> VideoSettings:
        """Return how the frames are encoded."""
        return VideoSettings(
            format=self.format,
            fps=self.fps,
            x264_preset=self.payload.get("x264Preset"),
            video_bitrate=self.payload.get("videoBitrate"),
            max_rate=self.payload.get("encodingMaxRate"),
            buffer_size=self.payload.get("encodingBufferSize"),
            gop_size=self.payload.get("gopSize"),
            threads=threads,
            odd=any(side % 2 for side in self.dimensions),
        )

    @property
    def media(self) -> MediaSettings:
        """What media tags do in the page."""
        if self.payload.get("codec") is None:
            return MediaSettings()
        return MediaSettings(self.has_audio, self.format.codec.has_video, self.format.sample_rate)


def forced(composition: PageComposition, payload: Mapping[str, Any]) -> PageComposition:
    """Return a composition with the size, rate and length that a payload forces on it."""
    named = {
        "width": payload.get("forceWidth"),
        "height": payload.get("forceHeight"),
        "fps": payload.get("forceFps"),
        "duration_in_frames": payload.get("forceDurationInFrames"),
    }
    return replace(composition, **{name: value for name, value in named.items() if value is not None})


def page_settings(payload: Mapping[str, Any]) -> PageSettings:
    """Return the settings of a page, from any payload that opens one."""
    chromium: Mapping[str, Any] = payload.get("chromiumOptions") or {}
    return PageSettings(
        input_props=input_props(payload),
        timeout_ms=payload.get("timeoutInMilliseconds") or 30_000,
        env_variables=payload.get("envVariables") or {},
        log_level=payload.get("logLevel") or "info",
        dark_mode=bool(chromium.get("darkMode")),
        copy_assets=bool(payload.get("cacheAssets")),
        keep_logs=bool(payload.get("browserLogs") or payload.get("dumpBrowserLogs")),
        private_network=bool(payload.get("allowPrivateNetwork")),
        browser=BrowserSettings(
            scale=max(SMALLEST_SCALE, payload.get("scale") or 1),
            gl=chromium.get("gl"),
            disable_web_security=bool(chromium.get("disableWebSecurity")),
            ignore_certificate_errors=bool(chromium.get("ignoreCertificateErrors")),
            user_agent=chromium.get("userAgent"),
            timezone=chromium.get("timezone") or "UTC",
        ),
    )
