"""The data of the composition contract: what a page receives, and what it returns (no I/O).

Measured with Remotion 4.0.527 on Chromium 156; the globals and functions are those of its bundles.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from .._data.rates import HIGHEST_FPS, LOWEST_FPS
from .._data.untrusted import Fail, Fields, read_json, shortened, trimmed_stack
from ..errors import PageScriptError, PageTimeoutError
from .flags import BrowserSettings

SITE_VERSION = "11"
"""What a page must answer as `siteVersion`; all of Remotion 4.0 does."""

MOST_SIDE = 10_000_000
"""Chromium refuses to lay out a page that is wider or higher than so many pixels."""
MOST_FRAMES = 2**31 - 1
LONGEST_PROPS = 256 * 1024 * 1024
"""Characters of JSON."""
MOST_COMPOSITIONS = 100_000
LISTED_NAMES = 50
"""As many names of compositions are written out in an error."""
ID_PATTERN = re.compile(r"[a-zA-Z0-9\-\u4E00-\u9FFF]{1,80}")
"""What Remotion allows as the id of a composition, in a length that every file system takes as the name of a folder."""
VIDEO_IMAGE_FORMATS = ("jpeg", "png", "none")
ENCODER_DEFAULTS = (
    "defaultCodec",
    "defaultOutName",
    "defaultVideoImageFormat",
    "defaultPixelFormat",
    "defaultProResProfile",
    "defaultSampleRate",
)
"""What `calculateMetadata` may set, by the page's own names."""

INIT_SCRIPT_CHARACTERS = 1_000_000
"""Playwright's driver takes longer and longer for large scripts: 25 s were not enough for 20 MB of props (measured)."""
_DRIVER = Path(__file__).parent / "driver.js"


@dataclass(frozen=True)
class PageSettings:
    """The settings that a page receives before it loads.

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
        private_network: Whether it may reach private networks.
        keep_logs: Whether what it writes to its console is kept.
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
    private_network: bool = False
    keep_logs: bool = False
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
    """What media tags do in a composition that is displayed.

    Attributes:
        audio: Whether they report what is heard.
        video: Whether they show pictures.
        sample_rate: Samples per second of what the page decodes itself.
    """

    audio: bool = False
    video: bool = True
    sample_rate: int = 48_000


@dataclass(frozen=True)
class Background:
    """Whether what a page does not paint is transparent, by the kind of page.

    Attributes:
        bundle: In a Remotion bundle, whose body is painted black otherwise.
        plain: In a plain page, which is white otherwise, as in every browser.
    """

    bundle: bool = False
    plain: bool = False


@dataclass(frozen=True)
class PageComposition:
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
    def from_page(cls, answer: object, asked: str | None = None) -> PageComposition:
        """Read what the page answers.

        Args:
            answer: One composition, as the page describes it.
            asked: The id that was asked for; None in a list of all.

        Raises:
            PageScriptError: A field is not what it must be, or it is another composition.
        """
        fail = page_fault()
        form = "1 to 80 letters, digits and dashes only"
        composition_id = Fields(answer, "A composition of the page", fail).matching("id", ID_PATTERN, form)
        found = Fields(answer, f"The page's composition {composition_id!r}", fail)
        if asked is not None and composition_id != asked:
            raise fail(
                f"The composition {shortened(asked)!r} was requested, but the page answered with {composition_id!r}."
            )
        return cls(
            id=composition_id,
            width=found.whole("width", 1, MOST_SIDE),
            height=found.whole("height", 1, MOST_SIDE),
            fps=found.number("fps", LOWEST_FPS, HIGHEST_FPS),
            duration_in_frames=found.whole("durationInFrames", 1, MOST_FRAMES),
            resolved_props=_props(found, "serializedResolvedPropsWithCustomSchema", fail),
            default_props=_props(found, "serializedDefaultPropsWithCustomSchema", fail),
            defaults=_encoder_defaults(found),
        )

    def resized(self, width: int, height: int) -> PageComposition:
        """Return it with another size."""
        return replace(self, width=width, height=height)

    def mode(self) -> dict[str, Any]:
        """Return the object by which a page shows this composition (design/page-contract.md 4.1)."""
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


def page_fault(frame: int | None = None) -> Fail:
    """Return what makes the error of an answer of the page that is not as it must be.

    Args:
        frame: The frame that is displayed.
    """

    def fail(sentence: str) -> PageScriptError:
        where = "" if frame is None else f" (at frame {frame})"
        return PageScriptError(f"{sentence.removesuffix('.')}{where}. Fix the page and render again.", frame=frame)

    return fail


def listed_names(names: Sequence[str]) -> str:
    """Return ids of compositions for an error, the first ones where there are many."""
    more = f" and {len(names) - LISTED_NAMES} more" if len(names) > LISTED_NAMES else ""
    return ", ".join(shortened(name, 80) for name in names[:LISTED_NAMES]) + more or "none"


def _props(found: Fields, name: str, fail: Fail) -> str:
    text = found.text(name, longest=LONGEST_PROPS, exact=True)
    value = read_json(text, lambda reason: fail(f"{found.what} has props that cannot be read: {reason}."))
    if not isinstance(value, dict):
        found.refuse(name, "the JSON text of an object")
    return text


def _encoder_defaults(found: Fields) -> dict[str, Any]:
    """Read what `calculateMetadata` may set; whether it fits the codec is checked with the options."""
    defaults: dict[str, Any] = dict.fromkeys(ENCODER_DEFAULTS)
    for name in filter(found.has, ENCODER_DEFAULTS):
        if name == "defaultVideoImageFormat":
            defaults[name] = found.choice(name, VIDEO_IMAGE_FORMATS)
        else:
            defaults[name] = found.whole(name, 1) if name == "defaultSampleRate" else found.text(name)
    return defaults


_HANDLE_BEGINS = 'delayRender() "'
_HANDLE_ENDS = re.compile(r'" was called but not cleared after (\d{1,9})')
_RENDER_PROMISE = re.compile(r"render\(\) of frame \d{1,9}")
"""The handle that `remotion-py.js` keeps open while a page draws."""
TIMEOUT_MARGIN_MS = 2000
"""Remotion, and `remotion-py.js` with it, takes this from the limit of a handle (design/page-contract.md 1.3)."""
_RETRIES = re.compile(r"Retries left: (\d{1,9})")


def _open_handle(stack: str) -> tuple[str, str] | None:
    """Return label and time limit of the handle that a page's text names, in time that grows with its length only."""
    begins = stack.find(_HANDLE_BEGINS)
    ends = _HANDLE_ENDS.search(stack, begins + len(_HANDLE_BEGINS)) if begins >= 0 else None
    return (stack[begins + len(_HANDLE_BEGINS) : ends.start()], ends[1]) if ends else None


def _unreleased(label: str, limit: int, timeout_ms: int | None) -> str:
    """Return what was not released within a limit that is shorter than what was asked for, and the next step."""
    asked = limit + TIMEOUT_MARGIN_MS
    option = "timeout_in_milliseconds" if asked == timeout_ms else "timeoutInMilliseconds"
    within = f"within {limit / 1000:g} s ({option} is {asked}, and the page gets 2 s less)"
    if _RENDER_PROMISE.fullmatch(label):
        return f"the promise that its render() returned did not resolve {within}. Resolve it, or increase {option}."
    return (
        f"its delayRender() handle {label!r} was not released {within}. Call continueRender() for it, or "
        f"increase {option}."
    )


def cancelled(
    stack: str, frame: int | None, hint: str = "", *, threw: bool = False, timeout_ms: int | None = None
) -> PageScriptError | PageTimeoutError:
    """Turn what a page wrote into `remotion_cancelledError` into an error (design/page-contract.md 8.1).

    Args:
        stack: What it wrote.
        frame: The frame that was displayed.
        hint: What else is known.
        threw: A plain page's function threw, and did not cancel by itself.
        timeout_ms: The time that was asked for; another limit is the handle's own.
    """
    handle, retries = _open_handle(stack), _RETRIES.search(stack)
    stack = trimmed_stack(stack)
    first, *rest = stack.split("\n")
    where = f" at frame {frame}" if frame is not None else ""
    if handle:
        label, limit = shortened(handle[0], 200), int(handle[1])
        return PageTimeoutError(
            f"The page was not ready{where}: {_unreleased(label, limit, timeout_ms)}",
            frame=frame,
            handles=[label],
            stack=stack,
            retries_left=int(retries[1]) if retries else 0,
        )
    position = next((line.strip() for line in rest if line.strip().startswith("at ")), "")
    position = f" ({shortened(position)})" if position else ""
    return PageScriptError(
        f"The page {'threw' if threw else 'cancelled its render'}{where}: {first}{position}. "
        f"{hint}Fix the page and render again.",
        frame=frame,
        stack=stack,
    )
