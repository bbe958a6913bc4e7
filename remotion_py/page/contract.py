"""The data of the composition contract: what a page is told, and what it answers (pure).

Measured with Remotion 4.0.527 on Chromium 156; the globals and functions are those of its bundles.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..errors import PageScriptError, PageTimeoutError
from .flags import BrowserSettings

SITE_VERSION = "11"
"""What a page must answer as `siteVersion`; all of Remotion 4.0 does."""

INIT_SCRIPT_CHARACTERS = 1_000_000
"""Playwright's driver takes longer and longer for large scripts: 25 s were not enough for 20 MB of props (measured)."""
_DRIVER = Path(__file__).parent / "driver.js"


@dataclass(frozen=True)
class PageSettings:
    """What a page is told before it loads.

    Attributes:
        input_props: JSON text of the input props.
        timeout_ms: Time that a delayRender handle may stay open.
        env_variables: What the page sees in `process.env`.
        log_level: Remotion's log level in the page.
        initial_frame: The first frame that this page will show.
        attempt: Number of this try, from 1.
        proxy_port: Where `/proxy` is, as `PORT/TOKEN`.
        dark_mode: Whether it prefers dark colours.
        copy_assets: Whether remote assets are served from copies on this machine.
        browser: What its browser is launched with.
    """

    input_props: str = "{}"
    timeout_ms: int = 30_000
    env_variables: Mapping[str, str] = field(default_factory=dict[str, str])
    log_level: str = "info"
    initial_frame: int = 0
    attempt: int = 1
    proxy_port: str = ""
    dark_mode: bool = False
    copy_assets: bool = False
    browser: BrowserSettings = field(default_factory=BrowserSettings)

    @property
    def large(self) -> bool:
        """Whether the input props are too large for the init script."""
        return len(self.input_props) > INIT_SCRIPT_CHARACTERS

    def props_script(self) -> str:
        """Return a script that sets the input props alone, where they are too large for the init script."""
        return f"window.remotion_inputProps = {json.dumps(self.input_props)};"

    def script(self) -> str:
        """Return the init script that carries these settings."""
        settings = {
            "inputProps": "" if self.large else self.input_props,
            "timeout": self.timeout_ms,
            "envVariables": dict(self.env_variables),
            "logLevel": self.log_level,
            "initialFrame": self.initial_frame,
            "attempt": self.attempt,
            "proxyPort": self.proxy_port,
        }
        return _DRIVER.read_text(encoding="utf-8").replace("__SETTINGS__", json.dumps(settings))


@dataclass(frozen=True)
class MediaSettings:
    """What media tags do in a composition that is shown.

    Attributes:
        audio: Whether they tell what is heard.
        video: Whether they show pictures.
        sample_rate: Samples per second of what the page decodes itself.
    """

    audio: bool = False
    video: bool = True
    sample_rate: int = 48_000


@dataclass(frozen=True)
class Composition:
    """A composition with its resolved props and metadata.

    Attributes:
        id: Its id.
        width: Width in pixels.
        height: Height in pixels.
        fps: Frames per second.
        duration_in_frames: Length in frames.
        resolved_props: JSON text of the props that the component gets.
        default_props: JSON text of its default props.
        defaults: Encoder defaults from `calculateMetadata`, by the page's own names; None where it set none.
    """

    id: str
    width: int
    height: int
    fps: float
    duration_in_frames: int
    resolved_props: str
    default_props: str
    defaults: dict[str, Any] = field(default_factory=dict[str, Any])

    @classmethod
    def from_page(cls, found: Mapping[str, Any]) -> Composition:
        """Read what the page answers."""
        return cls(
            id=found["id"],
            width=found["width"],
            height=found["height"],
            fps=found["fps"],
            duration_in_frames=found["durationInFrames"],
            resolved_props=found["serializedResolvedPropsWithCustomSchema"],
            default_props=found["serializedDefaultPropsWithCustomSchema"],
            defaults={key: value for key, value in found.items() if key.startswith("default")},
        )

    def resized(self, width: int, height: int) -> Composition:
        """Return it with another size."""
        return replace(self, width=width, height=height)

    def mode(self) -> dict[str, Any]:
        """Return the object by which a page shows this composition (page contract 4.1)."""
        return {
            "type": "composition",
            "compositionName": self.id,
            "serializedResolvedPropsWithSchema": self.resolved_props,
            "compositionDurationInFrames": self.duration_in_frames,
            "compositionFps": self.fps,
            "compositionHeight": self.height,
            "compositionWidth": self.width,
            **{f"compositionD{key[1:]}": value for key, value in self.defaults.items()},
        }


def cancelled(
    stack: str, frame: int | None, hint: str = "", *, threw: bool = False
) -> PageScriptError | PageTimeoutError:
    """Turn what a page wrote into `remotion_cancelledError` into an error (page contract 8.1).

    Args:
        stack: What it wrote.
        frame: The frame that was shown.
        hint: What else is known.
        threw: A plain page's function threw, and did not cancel by itself.
    """
    first, *rest = stack.split("\n")
    where = f" at frame {frame}" if frame is not None else ""
    handle = re.search(r'delayRender\(\) "(.*?)" was called but not cleared after (\d+)', stack, re.DOTALL)
    if handle:
        label = handle[1]
        retries = re.search(r"Retries left: (\d+)", stack)
        return PageTimeoutError(
            f"The page was not ready{where}: its delayRender() handle {label!r} was not released within "
            f"{handle[2]} ms. Call continueRender() for it, or raise the timeout.",
            frame=frame,
            handles=[label],
            stack=stack,
            retries_left=int(retries[1]) if retries else 0,
        )
    position = next((line.strip() for line in rest if line.strip().startswith("at ")), "")
    position = f" ({position})" if position else ""
    return PageScriptError(
        f"The page {'threw' if threw else 'cancelled its render'}{where}: {first}{position}. "
        f"{hint}Mend the page and render again.",
        frame=frame,
        stack=stack,
    )
