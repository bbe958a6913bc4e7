"""Every option of a render, once: its name, type, default, check, wire name and CLI flag.

Names are Remotion's documented ones in snake_case; wire names are the camelCase keys of the payload of
`renderMediaOnLambda()` and `renderStillOnLambda()`. Signatures, checks, payloads and CLI flags are made from these
tables.
"""

from __future__ import annotations

import inspect
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypedDict, cast, get_args, get_origin, get_type_hints

from .errors import OptionError
from .props import serialize_props

FrameRange = int | tuple[int, int | None]
LogLevel = Literal["trace", "verbose", "info", "warn", "error"]
X264Preset = Literal[
    "ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow", "placebo"
]

MIN_TIMEOUT_MS = 7000
"""Below this the page's own timers, 2 s shorter, leave no room (page contract 1.3)."""


@dataclass(frozen=True)
class Option:
    """What the tables below say of one option.

    Args:
        help: One line for docs and `--help`.
        default: Value when it is not given.
        wire: Key in the payload; "" keeps it on the client.
        check: Called with (name, value); returns the checked value or raises `OptionError`.
        flag: CLI flag without dashes; "" means no flag.
    """

    help: str
    default: Any = None
    wire: str = ""
    check: Callable[[str, Any], Any] | None = None
    flag: str = ""


def _number(low: float, high: float, *, whole: bool, exclusive_low: bool = False) -> Callable[[str, Any], Any]:
    kind = "a whole number" if whole else "a number"
    span = f"{'above' if exclusive_low else 'from'} {low:g} {'up to' if exclusive_low else 'to'} {high:g}"

    def check(name: str, value: Any) -> Any:
        good = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
        if not good or not (low < value if exclusive_low else low <= value) or value > high:
            raise OptionError(f"{name} is {value!r}, but must be {kind} {span}. Pass such a number.")
        return value

    return check


def _choice(*allowed: str) -> Callable[[str, Any], Any]:
    def check(name: str, value: Any) -> Any:
        if value not in allowed:
            raise OptionError(f"{name} is {value!r}, but must be one of: {', '.join(allowed)}.")
        return value

    return check


def _frame_range(name: str, value: Any) -> list[int | None]:
    """Normalise to `[first, last]`, where last None means the end of the composition."""
    pair: list[Any] = (
        [value, value] if isinstance(value, int) else list(value) if isinstance(value, (tuple, list)) else []
    )
    first, last = pair if len(pair) == 2 else (None, None)
    if not _frame(first) or not (last is None or _frame(last)):
        raise OptionError(
            f"{name} is {value!r}, but must be one frame number, or (first, last), both counted from 0 and "
            f"both rendered; (first, None) runs to the end."
        )
    if last is not None and last < first:
        raise OptionError(f"{name} is {value!r}: its last frame lies before its first. Swap them.")
    return [first, last]


def _frame(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _env_variables(name: str, value: Any) -> dict[str, str]:
    mapping = cast("dict[Any, Any]", value)
    if not isinstance(value, Mapping) or not all(isinstance(item, str) for pair in mapping.items() for item in pair):
        raise OptionError(f"{name} is {value!r}, but must be a mapping from names to strings.")
    return dict(mapping)


def _boolean(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise OptionError(f"{name} is {value!r}, but must be True or False.")
    return value


class PageOptions(TypedDict, total=False):
    """Options of everything that opens a page."""

    props: Annotated[Mapping[str, Any] | None, Option("Input props, a JSON object.", flag="props")]
    timeout_in_milliseconds: Annotated[
        int,
        Option(
            "How long a delayRender() handle of the page may stay open, in ms.",
            30_000,
            "timeoutInMilliseconds",
            _number(MIN_TIMEOUT_MS, 86_400_000, whole=True),
            "timeout",
        ),
    ]
    env_variables: Annotated[
        Mapping[str, str], Option("What the page sees in process.env.", {}, "envVariables", _env_variables)
    ]
    log_level: Annotated[
        LogLevel,
        Option("How much Remotion logs in the page.", "info", "logLevel", _choice(*get_args(LogLevel)), "log"),
    ]


class PictureOptions(PageOptions, total=False):
    """Options of everything that captures frames."""

    output: Annotated[
        str | os.PathLike[str] | None,
        Option("Where the result is written; None leaves it in the object store."),
    ]
    overwrite: Annotated[
        bool, Option("Replace an existing output.", True, "overwrite", _boolean, "overwrite/--no-overwrite")
    ]
    jpeg_quality: Annotated[
        int,
        Option(
            "Quality of JPEG frames, 0 to 100.",
            80,
            "jpegQuality",
            _number(0, 100, whole=True),
            "jpeg-quality",
        ),
    ]
    scale: Annotated[
        float,
        Option(
            "Factor on the size of the output, above 0 up to 16.",
            1.0,
            "scale",
            _number(0, 16, whole=False, exclusive_low=True),
            "scale",
        ),
    ]
    max_retries: Annotated[
        int,
        Option(
            "How often a chunk that failed for a reason outside the page is tried again.",
            1,
            "maxRetries",
            _number(0, 20, whole=True),
            "max-retries",
        ),
    ]


class RenderMediaOptions(PictureOptions, total=False):
    """Options of `render_media()`."""

    codec: Annotated[Literal["h264"], Option("Codec of the video.", "h264", "codec", _choice("h264"), "codec")]
    image_format: Annotated[
        Literal["jpeg", "png"],
        Option("Format of the captured frames.", "jpeg", "imageFormat", _choice("jpeg", "png"), "image-format"),
    ]
    concurrency: Annotated[
        int | None,
        Option(
            "Number of renderer functions that share the frames; None plans by length and capacity.",
            None,
            "concurrency",
            _number(1, 200, whole=True),
            "concurrency",
        ),
    ]
    frames_per_lambda: Annotated[
        int | None,
        Option(
            "Most frames in a chunk; excludes concurrency.",
            None,
            "framesPerLambda",
            _number(1, 10_000_000, whole=True),
            "frames-per-lambda",
        ),
    ]
    frame_range: Annotated[
        FrameRange | None,
        Option(
            "One frame, or (first, last), both rendered; None for all.",
            None,
            "frameRange",
            _frame_range,
            "frames",
        ),
    ]
    crf: Annotated[
        int | None,
        Option(
            "Constant rate factor of x264, 1 (best) to 51; None means 18.",
            None,
            "crf",
            _number(1, 51, whole=True),
            "crf",
        ),
    ]
    x264_preset: Annotated[
        X264Preset | None,
        Option(
            "Preset of x264; None means medium.",
            None,
            "x264Preset",
            _choice(*get_args(X264Preset)),
            "x264-preset",
        ),
    ]


class RenderStillOptions(PictureOptions, total=False):
    """Options of `render_still()`."""

    frame: Annotated[
        int,
        Option(
            "Frame to capture; negative counts from the end.",
            0,
            "frame",
            _number(-10_000_000, 10_000_000, whole=True),
            "frame",
        ),
    ]
    image_format: Annotated[
        Literal["png", "jpeg"],
        Option("Format of the still.", "png", "imageFormat", _choice("png", "jpeg"), "image-format"),
    ]


def table(options: type) -> dict[str, Option]:
    """List the options of one of the classes above, by name."""
    return {name: get_args(hint)[1] for name, hint in get_type_hints(options, include_extras=True).items()}


def choices(options: type, name: str) -> list[str]:
    """List the values that a `Literal` option takes; empty for other options."""
    for hint in (get_type_hints(options)[name], *get_args(get_type_hints(options)[name])):
        if get_origin(hint) is Literal:
            return list(get_args(hint))
    return []


def check_options(options: type, given: Mapping[str, Any]) -> dict[str, Any]:
    """Check the given options, fill in defaults, and return them all by name.

    Raises:
        OptionError: An unknown name (with the nearest known one), a wrong value, or two that exclude each other.
    """
    known = table(options)
    for name in given:
        if name not in known:
            raise OptionError(f"There is no option {name!r}.{_nearest(name, known)} Known: {', '.join(sorted(known))}.")
    values = {name: given.get(name, option.default) for name, option in known.items()}
    for name, option in known.items():
        if option.check and values[name] is not None:
            values[name] = option.check(name, values[name])
        elif values[name] is None and option.default is not None:
            raise OptionError(f"{name} is None, but needs a value. Leave it out for its default, {option.default!r}.")
    if values.get("concurrency") and values.get("frames_per_lambda"):
        raise OptionError("concurrency and frames_per_lambda are both given, but exclude each other. Pass one of them.")
    return values


def _nearest(name: str, known: Mapping[str, Option]) -> str:
    import difflib

    close = difflib.get_close_matches(name, known, n=1)
    return f" Did you mean {close[0]!r}?" if close else ""


def wire_options(options: type, values: Mapping[str, Any]) -> dict[str, Any]:
    """Turn checked options into the part of a payload that carries them, input props included."""
    wire = {option.wire: values[name] for name, option in table(options).items() if option.wire}
    return wire | {"inputProps": {"type": "payload", "payload": serialize_props(values.get("props"))}}


def input_props(payload: Mapping[str, Any]) -> str:
    """Read the input props of a payload as JSON text."""
    props = payload.get("inputProps") or {"type": "payload", "payload": "{}"}
    text = props["payload"]
    return text if isinstance(text, str) else json.dumps(text)


def signature(function: Callable[..., Any], options: type) -> inspect.Signature:
    """Write out the `**options` of a function as keyword arguments, for `help()` and notebooks."""
    own = inspect.signature(function)
    hints = get_type_hints(options)
    written = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=option.default, annotation=hints[name])
        for name, option in table(options).items()
    ]
    kept = [parameter for parameter in own.parameters.values() if parameter.kind is not inspect.Parameter.VAR_KEYWORD]
    return own.replace(parameters=[*kept, *written])
