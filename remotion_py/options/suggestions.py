"""Suggestions for unknown option names: flags of the command line, and words of other tools."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Protocol

_WORDS: dict[str, tuple[str, ...]] = {
    "force_duration_in_frames": ("duration_in_frames", "seconds", "length", "num_frames", "n_frames"),
    "force_fps": ("framerate", "frame_rate", "rate"),
    "frame_range": ("range", "start", "end", "start_frame", "end_frame"),
    "timeout_in_milliseconds": ("time_limit", "delay_render_timeout"),
    "output": ("out", "path", "file", "filename", "output_path", "output_location", "output_file", "save_as"),
    "overwrite": ("force", "exist_ok"),
    "props": ("input_props", "data", "parameters", "params", "context"),
    "crf": ("quality",),
    "jpeg_quality": ("image_quality",),
    "image_format": ("format",),
    "codec": ("video_codec", "vcodec", "encoder", "fourcc"),
    "video_bitrate": ("bitrate", "bit_rate"),
    "audio_codec": ("acodec",),
    "muted": ("mute", "silent", "audio", "sound"),
    "x264_preset": ("preset",),
    "pixel_format": ("pix_fmt",),
    "concurrency": ("workers", "threads", "n_jobs", "num_workers", "max_workers", "parallel"),
    "number_of_gif_loops": ("loop", "loops"),
    "log_level": ("verbose", "loglevel", "verbosity"),
    "transparent": ("alpha", "background", "omit_background"),
    "frame": ("frame_number", "frame_index"),
    "scale": ("zoom", "device_scale_factor", "dpi", "resolution"),
}
"""Words of other tools, by option; the first option with a word wins."""


class _Described(Protocol):
    @property
    def flag(self) -> str: ...

    @property
    def help(self) -> str: ...


def nearest(name: str, known: Mapping[str, _Described]) -> str:
    """Return which option may be meant and what it is, as the end of an error; "" where none is near."""
    meant = _meant(name, known)
    return f" Did you mean {meant!r}? {known[meant].help}" if meant else ""


def _meant(name: str, known: Mapping[str, _Described]) -> str:
    word = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().replace("-", "_")
    by_word = {other: option for option, others in _WORDS.items() if option in known for other in others}
    by_flag = {_flag(option): name for name, option in known.items() if option.flag}
    every = by_word | by_flag | {name: name for name in known}
    return every.get(word, "") or every.get(_close(word, known), "")


def _close(word: str, names: Iterable[str]) -> str:
    return next(iter(difflib.get_close_matches(word, names, n=1)), "")


def _flag(option: _Described) -> str:
    return option.flag.partition("/")[0].replace("-", "_")
