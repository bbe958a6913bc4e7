"""The output format of a render: codec, audio codec, container, pixels, colours, quality (no I/O).

An explicit option overrides the value of the composition's `calculateMetadata`, which overrides the default of the
codec.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ..errors import OptionError
from .codecs import CODEC_OF_EXTENSION, CODECS, PRORES_PROFILES, Codec

_COMMON_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
SAMPLE_RATES: dict[str, Sequence[int]] = {
    "aac": (*_COMMON_RATES, 64000, 88200, 96000),
    "mp3": _COMMON_RATES,
    "opus": (*_COMMON_RATES, 88200, 96000),
    "pcm-16": (*_COMMON_RATES, 64000, 88200, 96000, 176400, 192000),
}
SEPARATE_AUDIO = {
    "aac": ("aac", "m4a"),
    "mp3": ("mp3",),
    "opus": ("opus", "ogg"),
    "pcm-16": ("wav",),
}
"""Extensions of a separate audio file."""
MOST_GIF_FPS = 50
_BITRATE = re.compile(r"\d+(\.\d+)?[kKM]")


@dataclass(frozen=True, kw_only=True)
class FormatOptions:
    """The options that decide how a render is written; each is described in docs/options.md."""

    codec: str | None = None
    out_extension: str | None = None
    image_format: str | None = None
    pixel_format: str | None = None
    color_space: str = "default"
    pro_res_profile: str | None = None
    x264_preset: str | None = None
    crf: int | None = None
    gop_size: int | None = None
    video_bitrate: str | None = None
    encoding_max_rate: str | None = None
    encoding_buffer_size: str | None = None
    every_nth_frame: int = 1
    number_of_gif_loops: int | None = None
    muted: bool = False
    audio_codec: str | None = None
    audio_bitrate: str | None = None
    sample_rate: int | None = None
    prefer_lossless: bool = False
    enforce_audio_track: bool = False
    separate_audio_to: str | None = None
    for_seamless_aac_concatenation: bool = False


@dataclass(frozen=True)
class Format:
    """How a render is written.

    Attributes:
        codec: The codec.
        audio_codec: Remotion's name of the audio codec; None for no audio at all.
        extension: Of the output, without a dot.
        image_format: What frames are captured as: "jpeg", "png" or "none".
        pixel_format: FFmpeg's name; "" for audio alone.
        color_space: "bt601", "bt709" or "bt2020-ncl".
        sample_rate: Samples per second of the audio.
        prores_profile: One of `PRORES_PROFILES`; None for other codecs.
        crf: Constant rate factor; None where a bitrate rules, or the codec has none.
    """

    codec: Codec
    audio_codec: str | None
    extension: str
    image_format: str
    pixel_format: str
    color_space: str
    sample_rate: int
    prores_profile: str | None
    crf: int | None

    @property
    def seamless_aac(self) -> bool:
        """Whether chunks carry AAC that is joined by packets; they carry PCM otherwise.

        Matroska has no edit list: there only the encoder knows what it put before the first sample.
        """
        return self.audio_codec == "aac" and self.extension != "mkv"

    @property
    def transparent(self) -> bool:
        """Whether the background of the page is left transparent."""
        return self.image_format == "png"

    @property
    def keeps_alpha(self) -> bool:
        """Whether what is transparent in the frames is so in the output."""
        return has_alpha(self.pixel_format) or (self.codec.keeps_pictures and self.image_format == "png")


def codec_of(codec: str | None, extension: str | None) -> str:
    """Return the codec that is meant by an option and the extension of the output."""
    return codec or CODEC_OF_EXTENSION.get(extension or "", "h264")


def resolve_format(options: FormatOptions, defaults: Mapping[str, Any] | None = None) -> Format:
    """Fold options and a composition's defaults into one format.

    Args:
        options: The options of a render.
        defaults: `defaultPixelFormat` and the like of the composition; None while it is not known.

    Raises:
        OptionError: Options that do not go together; the message names them and what would.
    """
    given = {key: value for key, value in (defaults or {}).items() if value is not None}
    codec = CODECS[options.codec or "h264"]
    _check_quality(codec, options)
    audio_codec, extension = _audio_and_extension(codec, options)
    profile = _prores_profile(codec, options, given)
    image_format, pixel_format = _pictures(codec, profile, options, given)
    return Format(
        codec=codec,
        audio_codec=audio_codec,
        extension=extension,
        image_format=image_format,
        pixel_format=pixel_format,
        color_space="bt601" if options.color_space == "default" else options.color_space,
        sample_rate=_sample_rate(audio_codec, options, given),
        prores_profile=profile,
        crf=_crf(codec, options),
    )


def _audio_and_extension(codec: Codec, options: FormatOptions) -> tuple[str | None, str]:
    extension: str | None = options.out_extension
    muted, asked = options.muted, options.audio_codec
    if muted and not codec.has_video:
        raise OptionError(f"muted is True, but codec {codec.name!r} contains only audio. Remove one of them.")
    wants = [name for name in ("enforce_audio_track", "separate_audio_to") if getattr(options, name)]
    if wants and (muted or not codec.audio):
        why = "muted is True" if muted else f"codec {codec.name!r} has no audio"
        raise OptionError(f"{option_of(wants[0])} is given, but {why}. Remove one of them.")
    if options.prefer_lossless and asked not in (None, "pcm-16"):
        raise OptionError(f"prefer_lossless is True, but audio_codec is {asked!r}. Remove one of them.")
    if options.prefer_lossless:
        asked = "pcm-16"
    if asked and asked not in codec.audio:
        fitting = ", ".join(codec.audio) or "none"
        raise OptionError(
            f"audio_codec {asked!r} cannot be combined with codec {codec.name!r}. It supports: {fitting}."
        )
    every = tuple(dict.fromkeys(item for listed in codec.audio.values() for item in listed)) or (codec.extension,)
    if muted or not codec.audio:
        _check_extension(extension, every, f"codec {codec.name!r}")
        return None, extension or codec.extension
    if not asked and extension:
        _check_extension(extension, every, f"codec {codec.name!r}")
        asked = next(name for name, listed in codec.audio.items() if extension in listed)
    audio = asked or codec.default_audio or ""
    _check_extension(extension, codec.audio[audio], f"codec {codec.name!r} with audio_codec {audio!r}")
    return audio, extension or codec.audio[audio][0]


def _check_extension(extension: str | None, fitting: Sequence[str], what: str) -> None:
    if extension and extension not in fitting:
        listed = " or ".join(f".{item}" for item in fitting)
        raise OptionError(f"The output ends in .{extension}, but the extension for {what} must be {listed}. Rename it.")


def _check_quality(codec: Codec, options: FormatOptions) -> None:
    if options.crf is not None:
        if options.video_bitrate:
            raise OptionError("crf and video_bitrate are both given, but exclude each other. Pass one of them.")
        if not codec.crf:
            raise OptionError(f"crf is given, but codec {codec.name!r} does not support it. Remove it.")
        low, high, default = codec.crf
        if not low <= options.crf <= high:
            raise OptionError(
                f"crf is {options.crf}, but codec {codec.name!r} takes {low} (best) to {high}; its default is "
                f"{default}."
            )
    for name in ("video_bitrate", "audio_bitrate", "encoding_max_rate", "encoding_buffer_size"):
        if getattr(options, name) is not None and not _BITRATE.fullmatch(str(getattr(options, name))):
            raise OptionError(f"{option_of(name)} is {getattr(options, name)!r}, but must look like '320k' or '4M'.")
    if options.video_bitrate and codec.crf is None:
        raise OptionError(f"video_bitrate is given, but codec {codec.name!r} does not support it. Remove it.")
    if options.encoding_max_rate and not options.encoding_buffer_size:
        raise OptionError("encoding_max_rate also needs encoding_buffer_size. Pass both.")
    belongs = {
        "x264_preset": codec.encoder == "libx264",
        "pro_res_profile": codec.name == "prores",
        "number_of_gif_loops": codec.name == "gif",
        "gop_size": codec.crf is not None,
        "encoding_buffer_size": codec.crf is not None,
        "every_nth_frame": codec.has_video or options.every_nth_frame == 1,
        "audio_bitrate": bool(codec.audio) and codec.name != "wav",
    }
    for name, fits in belongs.items():
        if getattr(options, name) is not None and not fits:
            raise OptionError(f"{option_of(name)} is given, but codec {codec.name!r} does not support it. Remove it.")


def _prores_profile(codec: Codec, options: FormatOptions, defaults: Mapping[str, Any]) -> str | None:
    if codec.name != "prores":
        return None
    profile = options.pro_res_profile or defaults.get("defaultProResProfile") or "hq"
    if profile not in PRORES_PROFILES:
        raise OptionError(f"prores_profile is {profile!r}, but must be one of: {', '.join(PRORES_PROFILES)}.")
    return profile


def _pictures(
    codec: Codec, profile: str | None, options: FormatOptions, defaults: Mapping[str, Any]
) -> tuple[str, str]:
    if not codec.has_video:
        return "none", ""
    asked = options.pixel_format or defaults.get("defaultPixelFormat")
    image = options.image_format or defaults.get("defaultVideoImageFormat")
    image = None if image == "none" else image
    pixels = _prores_pixels(profile, asked, image) if codec.name == "prores" else asked or codec.pixel_formats[0]
    if pixels not in codec.pixel_formats:
        listed = ", ".join(codec.pixel_formats)
        raise OptionError(
            f"pixel_format {pixels!r} cannot be combined with codec {codec.name!r}. It supports: {listed}."
        )
    if codec.keeps_pictures:
        return image or "jpeg", pixels
    if has_alpha(pixels):
        if image == "jpeg":
            raise OptionError(
                f"image_format is 'jpeg', which has no transparency, but pixel_format is {pixels!r}. Use 'png'."
            )
        return "png", pixels
    return image or "jpeg", pixels


def _prores_pixels(profile: str | None, asked: str | None, image: str | None) -> str:
    rich = str(profile).startswith("4444")
    if asked and has_alpha(asked) and not rich:
        raise OptionError(f"pixel_format {asked!r} needs prores_profile '4444' or '4444-xq', but it is {profile!r}.")
    if asked in (None, "yuv420p", "yuv422p", "yuv420p10le", "yuv444p"):
        plain = "yuva444p10le" if image == "png" and not asked else "yuv444p10le"
        return plain if rich else "yuv422p10le"
    return asked


def _sample_rate(audio_codec: str | None, options: FormatOptions, defaults: Mapping[str, Any]) -> int:
    rate = options.sample_rate or defaults.get("defaultSampleRate") or 48_000
    fitting = SAMPLE_RATES.get(audio_codec or "pcm-16", ())
    if rate not in fitting:
        listed = ", ".join(map(str, fitting))
        raise OptionError(f"sample_rate is {rate!r}, but audio codec {audio_codec!r} takes one of: {listed}.")
    return rate


def _crf(codec: Codec, options: FormatOptions) -> int | None:
    if codec.crf is None or options.video_bitrate:
        return None
    return codec.crf[2] if options.crf is None else options.crf


def check_gif_rate(form: Format, fps: Fraction) -> None:
    """Refuse a GIF that is too fast for its own clock.

    Raises:
        OptionError: It has more than 50 frames per second.
    """
    if form.codec.name == "gif" and fps > MOST_GIF_FPS:
        raise OptionError(
            f"A GIF has at most {MOST_GIF_FPS} frames per second, but this one would have {float(fps):g}. "
            f"Increase every_nth_frame."
        )


def has_alpha(pixel_format: str) -> bool:
    """Return whether a pixel format has an alpha plane."""
    return pixel_format.startswith(("yuva", "rgba"))


def check_separate_audio(options: FormatOptions, form: Format) -> None:
    """Check the names of a separate audio file.

    Raises:
        OptionError: Its extension does not fit, or padding is asked for that it cannot hold.
    """
    name = options.separate_audio_to
    extension = str(name or "").rpartition(".")[2]
    fitting = SEPARATE_AUDIO.get(form.audio_codec or "", ())
    if name and extension not in fitting:
        listed = " or ".join(f".{item}" for item in fitting)
        raise OptionError(
            f"separate_audio_to is {name!r}, but the extension for audio_codec {form.audio_codec!r} must be "
            f"{listed}. Rename it."
        )
    if options.for_seamless_aac_concatenation and not (name and extension == "aac"):
        raise OptionError(
            "for_seamless_aac_concatenation needs separate_audio_to with a name that ends in .aac: only "
            "raw AAC can contain the padding."
        )


def option_of(field: str) -> str:
    """Return the name of the option of a field of `FormatOptions`, which is named after its key on the wire."""
    return field.replace("pro_res", "prores")
