"""Codec, container, pixels and quality: resolved and checked without rendering anything."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from remotion_py.errors import OptionError
from remotion_py.lambda_.payload import StartPayload
from remotion_py.media.codecs import CODECS
from remotion_py.media.formats import check_gif_rate, check_separate_audio, codec_of, resolve_format


def options(wire: dict[str, Any]) -> StartPayload:
    """Return the options of a payload."""
    return StartPayload.from_wire({"serveUrl": "u", "composition": "c", **wire})


@pytest.mark.parametrize(
    ("wire", "expected"),
    [
        ({}, ("h264", "aac", "mp4", "jpeg", "yuv420p", 18)),
        ({"codec": "h264", "outExtension": "mkv"}, ("h264", "aac", "mkv", "jpeg", "yuv420p", 18)),
        ({"codec": "h264", "preferLossless": True}, ("h264", "pcm-16", "mkv", "jpeg", "yuv420p", 18)),
        ({"codec": "h264-mkv"}, ("h264-mkv", "pcm-16", "mkv", "jpeg", "yuv420p", 18)),
        ({"codec": "vp8"}, ("vp8", "opus", "webm", "jpeg", "yuv420p", 9)),
        ({"codec": "vp9", "pixelFormat": "yuva420p"}, ("vp9", "opus", "webm", "png", "yuva420p", 28)),
        ({"codec": "av1", "outExtension": "webm"}, ("av1", "opus", "webm", "jpeg", "yuv420p", 30)),
        ({"codec": "prores"}, ("prores", "pcm-16", "mov", "jpeg", "yuv422p10le", None)),
        (
            {"codec": "prores", "proResProfile": "4444", "imageFormat": "png"},
            ("prores", "pcm-16", "mov", "png", "yuva444p10le", None),
        ),
        ({"codec": "gif"}, ("gif", None, "gif", "jpeg", "rgba", None)),
        ({"codec": "h265", "muted": True}, ("h265", None, "mp4", "jpeg", "yuv420p", 23)),
        ({"codec": "aac", "outExtension": "m4a"}, ("aac", "aac", "m4a", "none", "", None)),
        ({"codec": "h264", "videoBitrate": "2M"}, ("h264", "aac", "mp4", "jpeg", "yuv420p", None)),
    ],
)
def test_valid_combinations_of_formats(wire: dict[str, Any], expected: tuple[Any, ...]) -> None:
    found = resolve_format(options(wire))
    assert (
        found.codec.name,
        found.audio_codec,
        found.extension,
        found.image_format,
        found.pixel_format,
        found.crf,
    ) == expected


@pytest.mark.parametrize(
    ("wire", "words"),
    [
        ({"crf": 0}, "crf is 0, but codec 'h264' takes 1"),
        ({"crf": 20, "videoBitrate": "1M"}, "exclude each other"),
        ({"codec": "gif", "crf": 3}, "codec 'gif' does not support it"),
        ({"videoBitrate": "fast"}, "must look like '320k'"),
        ({"encodingMaxRate": "2M"}, "needs encoding_buffer_size"),
        ({"codec": "vp8", "x264Preset": "fast"}, "x264_preset is given"),
        ({"proResProfile": "hq"}, "prores_profile is given"),
        ({"numberOfGifLoops": 2}, "number_of_gif_loops is given"),
        ({"audioCodec": "opus"}, "cannot be combined with codec 'h264'. It supports: aac, mp3, pcm-16"),
        (
            {"audioCodec": "pcm-16", "outExtension": "mp4"},
            r"ends in .mp4, but the extension for .* must be .mkv or .mov",
        ),
        ({"codec": "vp8", "outExtension": "mp4"}, "codec 'vp8' must be .webm or .mkv"),
        ({"pixelFormat": "yuva420p"}, "pixel_format 'yuva420p' cannot be combined with codec 'h264'"),
        ({"codec": "vp8", "pixelFormat": "yuva420p", "imageFormat": "jpeg"}, "has no transparency"),
        ({"codec": "prores", "pixelFormat": "yuva444p10le"}, "needs prores_profile '4444'"),
        ({"codec": "mp3", "muted": True}, "contains only audio"),
        ({"muted": True, "enforceAudioTrack": True}, "enforce_audio_track is given, but muted"),
        ({"codec": "gif", "separateAudioTo": "a.wav"}, "separate_audio_to is given, but codec 'gif' has no audio"),
        ({"sampleRate": 12345}, "sample_rate is 12345"),
        ({"codec": "mp3", "sampleRate": 96000}, "sample_rate is 96000"),
        ({"preferLossless": True, "audioCodec": "mp3"}, "prefer_lossless is True"),
    ],
)
def test_invalid_combinations_of_formats(wire: dict[str, Any], words: str) -> None:
    with pytest.raises(OptionError, match=words):
        resolve_format(options(wire))


def test_options_override_the_defaults_of_a_composition() -> None:
    defaults = {"defaultPixelFormat": "yuv444p", "defaultSampleRate": 44_100, "defaultVideoImageFormat": "png"}
    found = resolve_format(options({}), defaults)
    assert (found.pixel_format, found.sample_rate, found.image_format) == ("yuv444p", 44_100, "png")
    wire = {"pixelFormat": "yuv420p", "sampleRate": 48_000, "imageFormat": "jpeg"}
    found = resolve_format(options(wire), defaults)
    assert (found.pixel_format, found.sample_rate, found.image_format) == ("yuv420p", 48_000, "jpeg")


def test_the_extension_of_the_output_selects_the_codec() -> None:
    named = {name: codec_of(None, name) for name in ("mp4", "webm", "mkv", "mov", "ts", "gif", "mp3", "wav", "m4a")}
    assert list(named.values()) == ["h264", "vp8", "h264-mkv", "prores", "h264-ts", "gif", "mp3", "wav", "aac"]
    assert codec_of("vp9", "webm") == "vp9"
    assert set(named.values()) <= set(CODECS)


def test_a_gif_has_at_most_50_frames_per_second() -> None:
    gif = resolve_format(options({"codec": "gif"}))
    check_gif_rate(gif, Fraction(50))
    with pytest.raises(OptionError, match="at most 50"):
        check_gif_rate(gif, Fraction(60))


def test_separate_audio_is_named_after_its_codec() -> None:
    form = resolve_format(options({}))
    check_separate_audio(options({"separateAudioTo": "a.aac", "forSeamlessAacConcatenation": True}), form)
    with pytest.raises(OptionError, match=r"must be .aac or .m4a"):
        check_separate_audio(options({"separateAudioTo": "a.wav"}), form)
    for name in ("a.m4a", None):
        with pytest.raises(OptionError, match=r"needs separate_audio_to with a name that ends in .aac"):
            check_separate_audio(options({"separateAudioTo": name, "forSeamlessAacConcatenation": True}), form)
