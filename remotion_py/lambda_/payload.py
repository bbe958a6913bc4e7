"""The payloads of functions (no I/O). The keys are Remotion's; unknown keys are passed on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from .._data.stored import PICTURE_PATTERN
from .._data.wire import from_wire, to_wire
from ..errors import FunctionError
from ..media.formats import FormatOptions
from ..page.contract import PageComposition, PageSettings
from ..page.flags import SMALLEST_SCALE, BrowserSettings

P = TypeVar("P", bound="Payload")

_NO_PROPS = {"type": "payload", "payload": "{}"}


@dataclass(frozen=True, kw_only=True)
class Payload:
    """What every payload has.

    Attributes:
        type: The name of the role.
        bucket_name: The bucket of the render.
        others: Keys that this version does not know.
    """

    type: str = ""
    bucket_name: str = ""
    others: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @classmethod
    def from_wire(cls: type[P], payload: Mapping[str, Any]) -> P:
        """Read a payload.

        Raises:
            FunctionError: A key is missing, or its value has the wrong type; the message names it.
        """
        return from_wire(cls, payload, "The payload", _bad_payload)

    def to_wire(self) -> dict[str, Any]:
        """Return the payload as functions get it."""
        return to_wire(self)


def _bad_payload(message: str) -> FunctionError:
    return FunctionError(message, type="BadPayload")


@dataclass(frozen=True, kw_only=True)
class StatusPayload(Payload):
    """Asks for the progress of a render."""

    render_id: str


@dataclass(frozen=True, kw_only=True)
class ProbePayload(Payload):
    """Asks for one of the checks of `remotion-py doctor --aws`."""

    check: str = ""


@dataclass(frozen=True, kw_only=True)
class PagePayload(Payload):
    """What every payload has that opens a page.

    Attributes:
        serve_url: The site.
        input_props: `payload` holds them as JSON text.
        references: By key: the props in the store that were put into this payload.
    """

    serve_url: str
    input_props: dict[str, Any] = field(default_factory=_NO_PROPS.copy)
    references: dict[str, Any] = field(default_factory=dict[str, Any])
    timeout_in_milliseconds: int = 30_000
    env_variables: dict[str, Any] = field(default_factory=dict[str, Any])
    log_level: str = "info"
    chromium_options: dict[str, Any] = field(default_factory=dict[str, Any])
    cache_assets: bool = False
    browser_logs: bool = False
    dump_browser_logs: bool = False
    allow_private_network: bool = False
    scale: float = 1

    @property
    def page_settings(self) -> PageSettings:
        """The settings of the page."""
        chromium, props = self.chromium_options, self.input_props["payload"]
        return PageSettings(
            input_props=props if isinstance(props, str) else json.dumps(props),
            timeout_ms=self.timeout_in_milliseconds,
            env_variables=self.env_variables,
            log_level=self.log_level,
            dark_mode=bool(chromium.get("darkMode")),
            copy_assets=self.cache_assets,
            keep_logs=self.browser_logs or self.dump_browser_logs,
            private_network=self.allow_private_network,
            browser=BrowserSettings(
                scale=max(SMALLEST_SCALE, self.scale),
                gl=chromium.get("gl"),
                disable_web_security=bool(chromium.get("disableWebSecurity")),
                ignore_certificate_errors=bool(chromium.get("ignoreCertificateErrors")),
                user_agent=chromium.get("userAgent"),
                timezone=chromium.get("timezone") or "UTC",
            ),
        )


@dataclass(frozen=True, kw_only=True)
class RenderPayload(PagePayload, FormatOptions):
    """What the payloads of stills and videos have. Options are those of the client, by their names on the wire.

    Attributes:
        composition: The id of the composition.
        render_id: The id of the render.
    """

    composition: str
    render_id: str = ""
    jpeg_quality: int = 80
    transparent: bool = False
    force_width: int | None = None
    force_height: int | None = None
    force_fps: float | None = None
    force_duration_in_frames: int | None = None
    out_name: str | dict[str, Any] | None = None
    overwrite: bool = True
    storage_class: str | None = None
    download_behavior: dict[str, Any] = field(default_factory=dict[str, Any])
    delete_after: str | None = None

    def forced(self, composition: PageComposition) -> PageComposition:
        """Return a composition with the size, rate and length that are forced on it."""
        named = {
            "width": self.force_width,
            "height": self.force_height,
            "fps": self.force_fps,
            "duration_in_frames": self.force_duration_in_frames,
        }
        return replace(composition, **{name: value for name, value in named.items() if value is not None})


@dataclass(frozen=True, kw_only=True)
class StillPayload(RenderPayload):
    """Asks for one frame; `streamed` is False for callers that take no streams."""

    frame: int = 0
    streamed: bool = True


@dataclass(frozen=True, kw_only=True)
class PreviewPayload(RenderPayload):
    """Asks for one frame of a panel; `session` is the same for calls that share a page."""

    session: str
    frame: int = 0


@dataclass(frozen=True, kw_only=True)
class StartPayload(RenderPayload):
    """Starts a render: the payload of the start function and of the main function.

    Attributes:
        offloaded_props: The resolved props in the store, where they are too large for a payload.
        last_heard_frame: The last frame whose audio is needed; set by the main function.
    """

    frame_range: int | list[Any] | None = None
    composition_start: int | None = None
    last_heard_frame: int | None = None
    concurrency: int | None = None
    frames_per_lambda: int | None = None
    max_retries: int = 1
    renderer_function_name: str | None = None
    webhook: dict[str, Any] = field(default_factory=dict[str, Any])
    metadata: dict[str, Any] = field(default_factory=dict[str, Any])
    image_sequence_pattern: str = PICTURE_PATTERN
    thumbnails: bool = False
    reuse_frames: bool = True
    offloaded_props: dict[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class RendererPayload(StartPayload):
    """Asks for one chunk.

    Attributes:
        chunk: Its number, from 0.
        attempt: The number of the attempt, from 1.
        width, height, fps, duration_in_frames: Of the composition.
        resolved_props: The composition's props, as `input_props`.
        composition_defaults: What its `calculateMetadata` set, such as `defaultCodec`.
    """

    chunk: int
    attempt: int
    width: int
    height: int
    fps: float
    duration_in_frames: int
    resolved_props: dict[str, Any]
    composition_defaults: dict[str, Any] | None = None
