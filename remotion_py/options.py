"""Every option of a render, once: its name, type, default, check, wire name and CLI flag.

Names are Remotion's documented ones in snake_case; wire names are the camelCase keys of the payload of
`renderMediaOnLambda()` and `renderStillOnLambda()`. Signatures, checks, payloads and CLI flags are made from these
tables by `option`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Annotated, Literal, get_args

from ._rates import HIGHEST_FPS, LOWEST_FPS
from .checks import boolean, choice, frame_range, number, path, strings, text
from .cloud_options import AssetOptions, CloudOptions, WebhookOptions
from .data_options import DataOptions
from .network_options import NetworkOptions
from .option import Option, always
from .picture_options import TransparencyOptions

FrameRange = int | tuple[int, int | None] | range | slice
LogLevel = Literal["trace", "verbose", "info", "warn", "error"]
X264Preset = Literal[
    "ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow", "placebo"
]

Gl = Literal["swangle", "angle", "egl", "swiftshader", "vulkan", "angle-egl"]
CodecName = Literal["h264", "h264-mkv", "h264-ts", "h265", "vp8", "vp9", "av1", "prores", "gif", "mp3", "aac", "wav"]
CODEC_NAMES: tuple[str, ...] = get_args(CodecName)
AudioCodecName = Literal["aac", "mp3", "opus", "pcm-16"]
PixelFormat = Literal[
    "yuv420p", "yuva420p", "yuv422p", "yuv444p", "yuv420p10le", "yuv422p10le", "yuv444p10le", "yuva444p10le"
]
ColorSpace = Literal["default", "bt601", "bt709", "bt2020-ncl"]
ProResProfile = Literal["proxy", "light", "standard", "hq", "4444", "4444-xq"]
StillFormat = Literal["png", "jpeg", "webp", "pdf"]

MIN_TIMEOUT_MS = 7000
"""Below this the page's own timers, 2 s shorter, leave no room (page contract 1.3)."""


class PageOptions(DataOptions, NetworkOptions, total=False):
    """Options of everything that opens a page."""

    timeout_in_milliseconds: Annotated[
        int,
        Option(
            "How long a delayRender() handle of the page may stay open, in ms.",
            30_000,
            "timeoutInMilliseconds",
            number(MIN_TIMEOUT_MS, 86_400_000, whole=True),
            "timeout",
        ),
    ]
    env_variables: Annotated[
        Mapping[str, str], Option("What the page sees in process.env.", {}, "envVariables", strings, "env", always)
    ]
    log_level: Annotated[
        LogLevel,
        Option("How much Remotion logs in the page.", "info", "logLevel", choice(*get_args(LogLevel)), "log"),
    ]
    gl: Annotated[
        Gl | None,
        Option(
            "Renderer of Chromium's graphics; None composites in software, which is fast. WebGL works with any.",
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
            "Accept wrong TLS certificates.",
            False,
            "chromiumOptions.ignoreCertificateErrors",
            boolean,
            "ignore-certificate-errors",
        ),
    ]
    user_agent: Annotated[
        str | None, Option("What the browser says it is.", None, "chromiumOptions.userAgent", text, "user-agent")
    ]


class PictureOptions(PageOptions, total=False):
    """Options of everything that captures frames."""

    output: Annotated[
        str | os.PathLike[str] | None,
        Option("Where the result is written; None leaves it in the object store.", None, "", path),
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
            "Factor on the size of the output, above 0 up to 16.",
            1.0,
            "scale",
            number(0, 16, whole=False, exclusive_low=True),
            "scale",
        ),
    ]
    max_retries: Annotated[
        int,
        Option(
            "How often a chunk that failed for a reason outside the page is tried again.",
            1,
            "maxRetries",
            number(0, 20, whole=True),
            "max-retries",
        ),
    ]


_SIZE = number(1, 16_384, whole=True)


class SequenceOptions(PictureOptions, AssetOptions, total=False):
    """Options of everything that renders many frames."""

    concurrency: Annotated[
        int | None,
        Option(
            "Number of renderer functions that share the frames; None plans by length and capacity.",
            None,
            "concurrency",
            number(1, 200, whole=True),
            "concurrency",
        ),
    ]
    frames_per_lambda: Annotated[
        int | None,
        Option(
            "Most frames in a chunk; excludes concurrency.",
            None,
            "framesPerLambda",
            number(1, 10_000_000, whole=True),
            "frames-per-lambda",
        ),
    ]
    frame_range: Annotated[
        FrameRange | None,
        Option("One frame, (first, last), range or slice; None for all.", None, "frameRange", frame_range, "frames"),
    ]
    every_nth_frame: Annotated[
        int,
        Option(
            "Render only every n-th frame, at a rate as much lower; the audio keeps its speed.",
            1,
            "everyNthFrame",
            number(1, 1000, whole=True),
            "every-nth-frame",
        ),
    ]
    force_width: Annotated[
        int | None, Option("Width instead of the composition's.", None, "forceWidth", _SIZE, "width")
    ]
    force_height: Annotated[
        int | None, Option("Height instead of the composition's.", None, "forceHeight", _SIZE, "height")
    ]
    force_fps: Annotated[
        float | None,
        Option(
            "Frames per second instead of the composition's.",
            None,
            "forceFps",
            number(LOWEST_FPS, HIGHEST_FPS, whole=False),
            "fps",
        ),
    ]
    force_duration_in_frames: Annotated[
        int | None,
        Option(
            "Length in frames instead of the composition's.",
            None,
            "forceDurationInFrames",
            number(1, 100_000_000, whole=True),
            "duration",
        ),
    ]


class RenderFramesOptions(SequenceOptions, TransparencyOptions, total=False):
    """Options of `render_frames()`."""

    image_format: Annotated[
        Literal["png", "jpeg"],
        Option("Format of the pictures.", "png", "imageFormat", choice("png", "jpeg"), "image-format"),
    ]
    image_sequence_pattern: Annotated[
        str,
        Option(
            "Names of the pictures; [frame] and [ext] are replaced.",
            "element-[frame].[ext]",
            "imageSequencePattern",
            text,
            "image-sequence-pattern",
        ),
    ]


class RenderMediaOptions(SequenceOptions, CloudOptions, WebhookOptions, total=False):
    """Options of `render_media()`."""

    codec: Annotated[
        CodecName | None,
        Option(
            "Codec; None chooses by the extension of the output: h264.", None, "codec", choice(*CODEC_NAMES), "codec"
        ),
    ]
    audio_codec: Annotated[
        AudioCodecName | None,
        Option(
            "Codec of the audio; None chooses what suits codec and output.",
            None,
            "audioCodec",
            choice(*get_args(AudioCodecName)),
            "audio-codec",
        ),
    ]
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
    pixel_format: Annotated[
        PixelFormat | None,
        Option("Pixel format; None is yuv420p.", None, "pixelFormat", choice(*get_args(PixelFormat)), "pixel-format"),
    ]
    color_space: Annotated[
        ColorSpace,
        Option(
            "Colour space; default is bt601.", "default", "colorSpace", choice(*get_args(ColorSpace)), "color-space"
        ),
    ]
    crf: Annotated[
        int | None,
        Option(
            "Constant rate factor, from 0 or more (best) to 51 or 63; None is the codec's default.",
            None,
            "crf",
            number(0, 63, whole=True),
            "crf",
        ),
    ]
    video_bitrate: Annotated[
        str | None,
        Option("Bitrate of the video, such as 4M; excludes crf.", None, "videoBitrate", text, "video-bitrate"),
    ]
    audio_bitrate: Annotated[
        str | None, Option("Bitrate of the audio; None is 320k.", None, "audioBitrate", text, "audio-bitrate")
    ]
    encoding_max_rate: Annotated[
        str | None,
        Option("Highest bitrate of the video; needs a buffer size.", None, "encodingMaxRate", text, "max-rate"),
    ]
    encoding_buffer_size: Annotated[
        str | None,
        Option("Buffer in which the highest bitrate is kept.", None, "encodingBufferSize", text, "buffer-size"),
    ]
    gop_size: Annotated[
        int | None,
        Option("Most frames between two key frames.", None, "gopSize", number(1, 100_000, whole=True), "gop"),
    ]
    x264_preset: Annotated[
        X264Preset | None,
        Option("Preset of x264; None means medium.", None, "x264Preset", choice(*get_args(X264Preset)), "x264-preset"),
    ]
    prores_profile: Annotated[
        ProResProfile | None,
        Option(
            "Profile of ProRes; None means hq.",
            None,
            "proResProfile",
            choice(*get_args(ProResProfile)),
            "prores-profile",
        ),
    ]
    number_of_gif_loops: Annotated[
        int | None,
        Option(
            "How often a GIF is repeated; None for ever, 0 plays it once.",
            None,
            "numberOfGifLoops",
            number(0, 65_535, whole=True),
            "number-of-gif-loops",
        ),
    ]
    muted: Annotated[bool, Option("Leave the audio out.", False, "muted", boolean, "muted")]
    enforce_audio_track: Annotated[
        bool,
        Option(
            "Write a silent track when nothing is heard.", False, "enforceAudioTrack", boolean, "enforce-audio-track"
        ),
    ]
    sample_rate: Annotated[
        int | None,
        Option(
            "Samples per second of the audio; None is 48000.",
            None,
            "sampleRate",
            number(8000, 192_000, whole=True),
            "sample-rate",
        ),
    ]
    prefer_lossless: Annotated[
        bool, Option("Write the audio as PCM.", False, "preferLossless", boolean, "prefer-lossless")
    ]
    separate_audio_to: Annotated[
        str | os.PathLike[str] | None,
        Option("Write the audio to this file instead of into the video.", None, "", path, "separate-audio-to"),
    ]
    metadata: Annotated[
        Mapping[str, str], Option("Tags of the file, such as title or comment.", {}, "metadata", strings, "metadata")
    ]
    composition_start: Annotated[
        int | None,
        Option(
            "First frame of the whole of which this render is a chunk; None for a render of its own.",
            None,
            "compositionStart",
            number(0, 10_000_000, whole=True),
            "composition-start",
        ),
    ]
    for_seamless_aac_concatenation: Annotated[
        bool,
        Option(
            "Keep the padding around the AAC of a chunk, which concat_chunks() takes away.",
            False,
            "forSeamlessAacConcatenation",
            boolean,
            "for-seamless-aac-concatenation",
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
            "Format of the still; None chooses by the extension of the output: png.",
            None,
            "imageFormat",
            choice(*get_args(StillFormat)),
            "image-format",
        ),
    ]
