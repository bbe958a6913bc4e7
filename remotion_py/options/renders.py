"""The options of renders: name, type, default, check, wire name and CLI flag.

Names are Remotion's documented names in snake_case. Wire names are the camelCase keys of the payloads of
`renderMediaOnLambda()` and `renderStillOnLambda()`. `option` generates signatures, checks, payloads and CLI flags from
these tables.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Annotated, Literal, get_args

from .._data.stored import PICTURE_PATTERN
from .checks import boolean, choice, frame_range, number, path, strings, text
from .cloud import AssetOptions, CloudOptions, WebhookOptions
from .data import DataOptions
from .encoding import SoundOptions, VideoOptions
from .help import describe
from .logs import LogOptions
from .network import NetworkOptions
from .option import Alias, Option, always
from .pictures import CompositionOptions, TransparencyOptions

FrameRange = int | tuple[int, int | None] | range | slice
LogLevel = Literal["trace", "verbose", "info", "warn", "error"]
Gl = Literal["swangle", "angle", "egl", "swiftshader", "vulkan", "angle-egl"]
StillFormat = Literal["png", "jpeg", "webp", "pdf"]

MIN_TIMEOUT_MS = 7000
"""The timers of the page are 2 s shorter, so lower values leave no time (design/page-contract.md 1.3)."""


class PageOptions(DataOptions, NetworkOptions, LogOptions, total=False):
    """Options of all calls that open a page."""

    timeout_in_milliseconds: Annotated[
        int,
        Option(
            "Time limit of a delayRender() handle of the page, in milliseconds.",
            30_000,
            "timeoutInMilliseconds",
            number(MIN_TIMEOUT_MS, 86_400_000, whole=True),
            "timeout",
        ),
    ]
    env_variables: Annotated[
        Mapping[str, str], Option("Variables for process.env of the page.", {}, "envVariables", strings, "env", always)
    ]
    log_level: Annotated[
        LogLevel,
        Option("Log level of Remotion in the page.", "info", "logLevel", choice(*get_args(LogLevel)), "log"),
    ]
    gl: Annotated[
        Gl | None,
        Option(
            "OpenGL renderer of Chromium; None is fast software compositing. WebGL works with all of them.",
            None,
            "chromiumOptions.gl",
            choice(*get_args(Gl)),
            "gl",
        ),
    ]
    dark_mode: Annotated[
        bool,
        Option("Whether the page prefers dark colours.", False, "chromiumOptions.darkMode", boolean, "dark-mode"),
    ]
    disable_web_security: Annotated[
        bool,
        Option(
            "Let the page read from other origins without CORS.",
            False,
            "chromiumOptions.disableWebSecurity",
            boolean,
            "disable-web-security",
        ),
    ]
    ignore_certificate_errors: Annotated[
        bool,
        Option(
            "Accept invalid TLS certificates.",
            False,
            "chromiumOptions.ignoreCertificateErrors",
            boolean,
            "ignore-certificate-errors",
        ),
    ]
    user_agent: Annotated[
        str | None, Option("User agent string of the browser.", None, "chromiumOptions.userAgent", text, "user-agent")
    ]


class PictureOptions(PageOptions, CompositionOptions, total=False):
    """Options of all calls that capture frames."""

    output: Annotated[
        str | os.PathLike[str] | None,
        Option("Path of the result; None keeps it in the object store.", None, "", path),
    ]
    overwrite: Annotated[
        bool, Option("Replace an existing output.", True, "overwrite", boolean, "overwrite/--no-overwrite")
    ]
    jpeg_quality: Annotated[
        int,
        Option(
            "Quality of JPEG frames, 0 to 100.",
            80,
            "jpegQuality",
            number(0, 100, whole=True),
            "jpeg-quality",
        ),
    ]
    scale: Annotated[
        float,
        Option(
            "Scale factor of the output's size, above 0 up to 16.",
            1.0,
            "scale",
            number(0, 16, whole=False, exclusive_low=True),
            "scale",
        ),
    ]
    max_retries: Annotated[
        int,
        Option(
            "Maximum number of retries of a chunk that failed for a reason outside the page.",
            1,
            "maxRetries",
            number(0, 20, whole=True),
            "max-retries",
        ),
    ]


class SequenceOptions(PictureOptions, AssetOptions, total=False):
    """Options of all calls that render many frames."""

    concurrency: Annotated[
        int | None,
        Option(
            "Number of renderer functions; None is planned from the length and the capacity.",
            None,
            "concurrency",
            number(1, 200, whole=True),
            "concurrency",
        ),
    ]
    frames_per_lambda: Annotated[
        int | None,
        Option(
            "Maximum frames per chunk; cannot be combined with concurrency.",
            None,
            "framesPerLambda",
            number(1, 10_000_000, whole=True),
            "frames-per-lambda",
        ),
    ]
    frame_range: Annotated[
        FrameRange | None,
        Option(
            "One frame, (first, last) with both included, a range or a slice; None is all frames.",
            None,
            "frameRange",
            frame_range,
            "frames",
        ),
    ]
    every_nth_frame: Annotated[
        int,
        Option(
            "Render only every n-th frame and reduce the frame rate accordingly; the audio keeps its speed.",
            1,
            "everyNthFrame",
            number(1, 1000, whole=True),
            "every-nth-frame",
        ),
    ]

    reuse_frames: Annotated[
        bool,
        Option(
            "Use the picture of the frame before for frames in which nothing changes; off captures every frame.",
            True,
            "reuseFrames",
            boolean,
            "reuse-frames/--no-reuse-frames",
        ),
    ]

    frames: Annotated[FrameRange | None, Alias("frame_range")]


class RenderFramesOptions(SequenceOptions, TransparencyOptions, total=False):
    """Options of `render_frames()`."""

    image_format: Annotated[
        Literal["png", "jpeg"],
        Option("Format of the pictures.", "png", "imageFormat", choice("png", "jpeg"), "image-format"),
    ]
    image_sequence_pattern: Annotated[
        str,
        Option(
            "Pattern for the names of the pictures; contains [frame] and [ext].",
            PICTURE_PATTERN,
            "imageSequencePattern",
            text,
            "image-sequence-pattern",
        ),
    ]


class RenderMediaOptions(SequenceOptions, VideoOptions, SoundOptions, CloudOptions, WebhookOptions, total=False):
    """Options of `render_media()`."""

    image_format: Annotated[
        Literal["jpeg", "png", "none"] | None,
        Option(
            "Format of the captured frames; None is jpeg, or png for a pixel format with alpha.",
            None,
            "imageFormat",
            choice("jpeg", "png", "none"),
            "image-format",
        ),
    ]
    metadata: Annotated[
        Mapping[str, str], Option("Tags of the file, such as title or comment.", {}, "metadata", strings, "metadata")
    ]
    composition_start: Annotated[
        int | None,
        Option(
            "First frame of the whole video, if this render is a chunk of it; None if it is not.",
            None,
            "compositionStart",
            number(0, 10_000_000, whole=True),
            "composition-start",
        ),
    ]


class RenderStillOptions(PictureOptions, TransparencyOptions, CloudOptions, total=False):
    """Options of `render_still()`."""

    frame: Annotated[
        int,
        Option(
            "Frame to capture; negative counts from the end.",
            0,
            "frame",
            number(-10_000_000, 10_000_000, whole=True),
            "frame",
        ),
    ]
    image_format: Annotated[
        StillFormat | None,
        Option(
            "Format of the still; None is selected by the extension of the output, or png.",
            None,
            "imageFormat",
            choice(*get_args(StillFormat)),
            "image-format",
        ),
    ]


describe(PageOptions, RenderFramesOptions, RenderMediaOptions, RenderStillOptions)
