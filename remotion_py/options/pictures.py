"""Options of pictures: size, frame rate and length of the composition, and transparency."""

from __future__ import annotations

from typing import Annotated, TypedDict

from .._data.rates import HIGHEST_FPS, LOWEST_FPS
from .checks import boolean, number
from .option import Alias, Option

_SIZE = number(1, 16_384, whole=True)


class CompositionOptions(TypedDict, total=False):
    """Options that replace values of the composition."""

    force_width: Annotated[
        int | None,
        Option("Width in pixels; None is the composition's.", None, "forceWidth", _SIZE, "width"),
    ]
    force_height: Annotated[
        int | None,
        Option("Height in pixels; None is the composition's.", None, "forceHeight", _SIZE, "height"),
    ]
    force_fps: Annotated[
        float | None,
        Option(
            "Frames per second; None is the composition's.",
            None,
            "forceFps",
            number(LOWEST_FPS, HIGHEST_FPS, whole=False),
            "fps",
        ),
    ]
    force_duration_in_frames: Annotated[
        int | None,
        Option(
            "Length in frames (seconds times frames per second); None is the composition's.",
            None,
            "forceDurationInFrames",
            number(1, 100_000_000, whole=True),
            "duration",
        ),
    ]

    fps: Annotated[float | None, Alias("force_fps")]
    width: Annotated[int | None, Alias("force_width")]
    height: Annotated[int | None, Alias("force_height")]


class TransparencyOptions(TypedDict, total=False):
    """Options of pictures with transparency."""

    transparent: Annotated[
        bool,
        Option(
            "Keep unpainted areas of a plain page transparent instead of white. PNGs of a Remotion bundle always do.",
            False,
            "transparent",
            boolean,
            "transparent",
        ),
    ]
