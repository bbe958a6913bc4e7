"""What is rendered: the part of a payload that renderer functions share (pure). Names: reference/lambda.md 4.4."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..media.codecs import CODECS, exact_fps, fit_size, scaled
from ..media.video import VideoSettings
from ..options import input_props
from ..page.bundle import Composition, PageSettings

_DEFAULTS = (
    "defaultCodec",
    "defaultOutName",
    "defaultVideoImageFormat",
    "defaultPixelFormat",
    "defaultProResProfile",
    "defaultSampleRate",
)


@dataclass(frozen=True)
class Job:
    """A composition and how to render it.

    Attributes:
        payload: The payload of `start`, which all functions of a render get.
        composition: The composition with resolved props, in its own size.
    """

    payload: Mapping[str, Any]
    composition: Composition

    @classmethod
    def from_renderer(cls, payload: Mapping[str, Any]) -> Job:
        """Read the payload of a renderer function."""
        composition = Composition(
            id=payload["composition"],
            width=payload["width"],
            height=payload["height"],
            fps=payload["fps"],
            duration_in_frames=payload["durationInFrames"],
            resolved_props=payload["resolvedProps"]["payload"],
            default_props="{}",
            defaults=payload.get("compositionDefaults") or dict.fromkeys(_DEFAULTS),
        )
        return cls(payload, composition)

    def to_renderer(self, chunk: int, frames: tuple[int, int], attempt: int) -> dict[str, Any]:
        """Return the payload for rendering one chunk."""
        return dict(self.payload) | {
            "type": "renderer",
            "chunk": chunk,
            "frameRange": list(frames),
            "attempt": attempt,
            "composition": self.composition.id,
            "width": self.composition.width,
            "height": self.composition.height,
            "fps": self.composition.fps,
            "durationInFrames": self.composition.duration_in_frames,
            "resolvedProps": {"type": "payload", "payload": self.composition.resolved_props},
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

    @property
    def image_format(self) -> Any:
        """Format of the captured frames."""
        return self.payload.get("imageFormat") or "jpeg"

    @property
    def jpeg_quality(self) -> int:
        """Quality of JPEG frames."""
        quality = self.payload.get("jpegQuality")
        return 80 if quality is None else quality

    @property
    def scale(self) -> float:
        """Factor on the size of the output."""
        return self.payload.get("scale") or 1

    @property
    def transparent(self) -> bool:
        """Whether the page's background is left transparent."""
        return self.image_format == "png"

    @property
    def laid_out(self) -> Composition:
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
            codec=self.payload["codec"],
            fps=exact_fps(self.composition.fps),
            image_format=self.image_format,
            crf=self.payload.get("crf"),
            x264_preset=self.payload.get("x264Preset"),
            threads=threads,
        )


def page_settings(payload: Mapping[str, Any], *, first_frame: int = 0, attempt: int = 1) -> PageSettings:
    """Return what a page is told, from any payload that opens one."""
    return PageSettings(
        input_props=input_props(payload),
        timeout_ms=payload.get("timeoutInMilliseconds") or 30_000,
        env_variables=payload.get("envVariables") or {},
        log_level=payload.get("logLevel") or "info",
        initial_frame=first_frame,
        attempt=attempt,
    )
