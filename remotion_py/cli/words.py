"""The text of an option in `--help`, in terms of a shell."""

from __future__ import annotations

import re

_DEFAULT = re.compile(r"; None (?:is|means) ")

_OWN = {
    "audio_codec": "Codec of the audio; by default what suits codec and output.",
    "codec": "Codec; by default that of the extension of the output.",
    "color_space": "Colour space; default means bt601.",
    "composition_start": "First frame of the whole of which this render is a chunk.",
    "crf": "Constant rate factor, from 0 or more (best) to 51 or 63; each codec has a default.",
    "delete_after": "AWS: when the bucket may remove the render; by default never.",
    "concurrency": "Number of renderer functions that share the frames; by default planned by length and capacity.",
    "encoding_buffer_size": "Bits over which --max-rate holds, such as 12M.",
    "encoding_max_rate": "Highest bitrate of the video, such as 6M; needs --buffer-size.",
    "env_variables": "A variable that the page sees in process.env; can be given several times.",
    "for_seamless_aac_concatenation": "Keep the padding around the AAC of a chunk, which joining removes.",
    "frame_range": "One frame (5), a range (0-9, both included) or an open range (10-); by default all.",
    "gl": "Renderer of Chromium's graphics; by default in software, which is fast. WebGL works with any.",
    "metadata": "A tag of the file, such as title=Hello; can be given several times.",
    "number_of_gif_loops": "How often a GIF is repeated; 0 plays it once; by default it loops forever.",
    "video_bitrate": "Bitrate of the video in bits per second, such as 4M; cannot be combined with --crf.",
    "props": "Input props: a JSON object, or the path of a JSON file.",
}
"""Options whose text for Python programs is not right for a shell."""

METAVARS = {"props": "JSON|FILE", "frame_range": "FRAMES", "separate_audio_to": "FILE"}
"""What the help writes for values that are more than text."""


def shell_words(name: str, text: str) -> str:
    """Return the help of an option for the command line.

    Args:
        name: Name of the option in Python.
        text: Its help there.
    """
    own = _OWN.get(name, _DEFAULT.sub("; by default ", text))
    return own.replace("None chooses by the extension of the output: png", "by default that of the extension")
