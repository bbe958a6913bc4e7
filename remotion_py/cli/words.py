"""The text of options in `--help`, with the words of a shell."""

from __future__ import annotations

import re

_DEFAULT = re.compile(r"; None (?:is|means) ")

_OWN = {
    "audio_codec": "Codec of the audio; by default selected from the codec and the output.",
    "codec": "Codec; by default selected by the extension of the output.",
    "color_space": "Colour space; default means bt601.",
    "composition_start": "First frame of the whole video, if this render is a chunk of it.",
    "crf": "Constant rate factor, from 0 or more (best) to 51 or 63; each codec has a default.",
    "delete_after": "AWS: time after which the bucket deletes the render; by default never.",
    "concurrency": "Number of renderer functions; by default planned from the length and the capacity.",
    "encoding_buffer_size": "Size in bits of the buffer for --max-rate, such as 12M.",
    "encoding_max_rate": "Maximum bitrate of the video, such as 6M; needs --buffer-size.",
    "env_variables": "Variable for process.env of the page; can be given several times.",
    "for_seamless_aac_concatenation": "Keep the padding around the AAC of a chunk; the join removes it.",
    "frame_range": "One frame (5), a range (0-9, both included) or an open range (10-); by default all frames.",
    "gl": "OpenGL renderer of Chromium; by default fast software compositing. WebGL works with all of them.",
    "metadata": "Tag of the file, such as title=Hello; can be given several times.",
    "number_of_gif_loops": "Number of repetitions of a GIF; 0 plays it once; by default it loops forever.",
    "video_bitrate": "Bitrate of the video in bits per second, such as 4M; cannot be combined with --crf.",
    "props": "Input props: a JSON object, or the path of a JSON file.",
}
"""Options that have another text in a shell than in Python."""

METAVARS = {"props": "JSON|FILE", "frame_range": "FRAMES", "separate_audio_to": "FILE"}
"""Placeholders in the help for values that are not plain strings."""


def shell_words(name: str, text: str) -> str:
    """Return the help of an option for the command line.

    Args:
        name: Name of the option in Python.
        text: Its help there.
    """
    own = _OWN.get(name, _DEFAULT.sub("; by default ", text))
    return own.replace(
        "None is selected by the extension of the output, or png", "by default selected by the extension of the output"
    )
