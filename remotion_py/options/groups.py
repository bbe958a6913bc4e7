"""The groups of options, in the order in which help, signatures and docs list them."""

from __future__ import annotations

from collections.abc import Iterable

OPTION_GROUPS: dict[str, tuple[str, ...]] = {
    "Page and props": (
        "props",
        "nan",
        "timezone",
        "env_variables",
        "timeout_in_milliseconds",
        "dark_mode",
        "gl",
        "user_agent",
        "allow_private_network",
        "disable_web_security",
        "ignore_certificate_errors",
    ),
    "Frames": (
        "frame",
        "frame_range",
        "every_nth_frame",
        "force_fps",
        "force_duration_in_frames",
        "composition_start",
    ),
    "Size": ("force_width", "force_height", "scale"),
    "Output": ("output", "overwrite", "separate_audio_to", "image_sequence_pattern", "metadata"),
    "Pictures": ("image_format", "jpeg_quality", "transparent"),
    "Video": (
        "codec",
        "crf",
        "video_bitrate",
        "pixel_format",
        "color_space",
        "x264_preset",
        "prores_profile",
        "gop_size",
        "encoding_max_rate",
        "encoding_buffer_size",
        "number_of_gif_loops",
    ),
    "Sound": (
        "muted",
        "audio_codec",
        "audio_bitrate",
        "sample_rate",
        "prefer_lossless",
        "enforce_audio_track",
        "for_seamless_aac_concatenation",
    ),
    "Concurrency and retries": ("concurrency", "frames_per_lambda", "max_retries", "cache_assets", "reuse_frames"),
    "AWS": ("out_name", "storage_class", "delete_after", "download_behavior", "renderer_function_name"),
    "Webhook": ("webhook", "webhook_secret", "webhook_custom_data"),
    "Logging": ("log_level", "on_browser_log", "dump_browser_logs"),
}
"""Names of options by the title of their group."""

OTHER = "Other"
"""The title of options that are in no group."""


def grouped(names: Iterable[str]) -> dict[str, list[str]]:
    """Sort the names of options into their groups; groups without any are left out.

    Args:
        names: Names of options, in any order.

    Returns:
        The names by the title of their group, both in the order of `OPTION_GROUPS`; names of no group are last.
    """
    left = list(names)
    groups: dict[str, list[str]] = {}
    for title, members in OPTION_GROUPS.items():
        if found := [name for name in members if name in left]:
            groups[title] = found
            left = [name for name in left if name not in found]
    return groups | ({OTHER: left} if left else {})
