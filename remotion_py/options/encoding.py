"""Options of the encoding of pictures and sound."""

from __future__ import annotations

import os
from typing import Annotated, Literal, TypedDict, get_args

from .checks import boolean, choice, number, path, text
from .option import Option

X264Preset = Literal[
    "ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow", "placebo"
]
CodecName = Literal["h264", "h264-mkv", "h264-ts", "h265", "vp8", "vp9", "av1", "prores", "gif", "mp3", "aac", "wav"]
CODEC_NAMES: tuple[str, ...] = get_args(CodecName)
AudioCodecName = Literal["aac", "mp3", "opus", "pcm-16"]
PixelFormat = Literal[
    "yuv420p", "yuva420p", "yuv422p", "yuv444p", "yuv420p10le", "yuv422p10le", "yuv444p10le", "yuva444p10le"
]
ColorSpace = Literal["default", "bt601", "bt709", "bt2020-ncl"]
ProResProfile = Literal["proxy", "light", "standard", "hq", "4444", "4444-xq"]


class VideoOptions(TypedDict, total=False):
    """Options of the pictures of a video."""

    codec: Annotated[
        CodecName | None,
        Option(
            "Codec; None is selected by the extension of the output, or h264.",
            None,
            "codec",
            choice(*CODEC_NAMES),
            "codec",
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
        Option(
            "Bitrate of the video in bits per second, such as 4M; cannot be combined with crf.",
            None,
            "videoBitrate",
            text,
            "video-bitrate",
        ),
    ]
    encoding_max_rate: Annotated[
        str | None,
        Option(
            "Maximum bitrate of the video, such as 6M; needs encoding_buffer_size.",
            None,
            "encodingMaxRate",
            text,
            "max-rate",
        ),
    ]
    encoding_buffer_size: Annotated[
        str | None,
        Option(
            "Size in bits of the buffer for encoding_max_rate, such as 12M.",
            None,
            "encodingBufferSize",
            text,
            "buffer-size",
        ),
    ]
    gop_size: Annotated[
        int | None,
        Option("Maximum frames between two key frames.", None, "gopSize", number(1, 100_000, whole=True), "gop"),
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
            "Number of repetitions of a GIF; None loops forever, 0 plays it once.",
            None,
            "numberOfGifLoops",
            number(0, 65_535, whole=True),
            "number-of-gif-loops",
        ),
    ]


class SoundOptions(TypedDict, total=False):
    """Options of the sound of a video or of an audio file."""

    audio_codec: Annotated[
        AudioCodecName | None,
        Option(
            "Codec of the audio; None is selected from the codec and the output.",
            None,
            "audioCodec",
            choice(*get_args(AudioCodecName)),
            "audio-codec",
        ),
    ]
    audio_bitrate: Annotated[
        str | None,
        Option(
            "Bitrate of the audio in bits per second, such as 128k; None is 320k.",
            None,
            "audioBitrate",
            text,
            "audio-bitrate",
        ),
    ]
    muted: Annotated[bool, Option("Render without audio.", False, "muted", boolean, "muted")]
    enforce_audio_track: Annotated[
        bool,
        Option(
            "Write a silent audio track if the composition has no sound.",
            False,
            "enforceAudioTrack",
            boolean,
            "enforce-audio-track",
        ),
    ]
    sample_rate: Annotated[
        int | None,
        Option(
            "Sample rate of the audio in Hz; None is 48000.",
            None,
            "sampleRate",
            number(8000, 192_000, whole=True),
            "sample-rate",
        ),
    ]
    prefer_lossless: Annotated[
        bool, Option("Write the audio as lossless PCM.", False, "preferLossless", boolean, "prefer-lossless")
    ]
    separate_audio_to: Annotated[
        str | os.PathLike[str] | None,
        Option("Write the audio to this file instead of into the video.", None, "", path, "separate-audio-to"),
    ]
    for_seamless_aac_concatenation: Annotated[
        bool,
        Option(
            "Keep the padding around the AAC of a chunk; concat_chunks() removes it.",
            False,
            "forSeamlessAacConcatenation",
            boolean,
            "for-seamless-aac-concatenation",
        ),
    ]
