"""Mixes the layers of a window of the output to one track, in one FFmpeg process. Filters: design/page-contract.md 6.4.

Every filter processes a whole file from its beginning, like those of the npm renderer, and the window is cut out at
the end. So the samples of a window do not depend on its borders.

The timestamps of a file are the times at which its sound is heard, as for its pictures: there is silence before the
first packet and where packets are missing, and what is before zero is cut off.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .codecs import AUDIO_ENCODERS
from .ffmpeg import FFmpeg
from .opening import INPUT_LIMITS
from .tracks import Layer, Volume

AAC_BITRATE = "320k"
AAC_CUTOFF = 18_000
"""Hertz; what the npm renderer gives its AAC encoder."""
STEREO_TOOLS_BELOW = 192_000
"""Bits per second. Above, FFmpeg's encoder is better without joint stereo: for sines at 320k its error is -76, not
-64 dBFS, and 40 chunks differ from one by -102, not -60 dBFS (measured 2026-11-24)."""

SMALLEST_GAP_S = 0.04
"""Time stamps that are off by less are imprecise, and taken as they come; an ear does not notice less than this beside
a picture."""
LOOKAHEAD_S = 2
"""How much of a file filters may look at behind what is heard, so that they do not end before it does."""
LOWEST_TONE_IN_A_STEP = 0.25
"""One `atempo` of more than 6 aborts FFmpeg 7.0."""


@dataclass(frozen=True)
class InlineLayer:
    """Samples that the page decoded itself.

    Attributes:
        path: Interleaved stereo of 16 bits, without a header.
        begin: First sample of the file in the window.
        delay: Samples of the window before it begins.
        tone: Factor on the pitch.
    """

    path: Path
    begin: int
    delay: int
    tone: float


@dataclass(frozen=True)
class Mix:
    """What is heard in a window.

    Attributes:
        layers: What files give, each with the file.
        inline: What the page has decoded.
        samples: Length of the window.
        sample_rate: Samples per second.
    """

    layers: Sequence[tuple[Layer, Path]]
    inline: Sequence[InlineLayer]
    samples: int
    sample_rate: int

    @property
    def audible(self) -> bool:
        """Whether anything is heard at all."""
        return bool(self.layers or self.inline)


def aac_options(bitrate: str | None) -> dict[str, Any]:
    """Return FFmpeg's options for a chunk of AAC."""
    return _aac_encoder(bitrate) | {"f": "adts"}


def _aac_encoder(bitrate: str | None) -> dict[str, Any]:
    options: dict[str, Any] = {"c:a": "aac", "b:a": bitrate or AAC_BITRATE, "cutoff": AAC_CUTOFF}
    rich = bits_per_second(options["b:a"]) >= STEREO_TOOLS_BELOW
    return options | ({"aac_ms": 0, "aac_is": 0} if rich else {})


def bits_per_second(bitrate: str) -> float:
    """Read a bitrate such as 320k or 4M."""
    return float(bitrate[:-1]) * {"k": 1e3, "K": 1e3, "M": 1e6}[bitrate[-1]]


_MP3_LIMITS = ((16_000, "64k"), (32_000, "160k"))
"""Below these sample rates MP3 has no higher bitrates."""
_OPUS_RATES = (8000, 12_000, 16_000, 24_000, 48_000)


def track_arguments(audio_codec: str, sample_rate: int, bitrate: str | None, output: Path) -> list[str]:
    """Return FFmpeg's arguments for encoding a whole track, whose bare samples come through its standard input.

    Args:
        audio_codec: Remotion's name of the codec.
        sample_rate: Samples per second.
        bitrate: Such as 192k; None for 320k, or the most that the codec has.
        output: The file to write.
    """
    import ffmpeg  # pyright: ignore[reportMissingTypeStubs]

    options: dict[str, Any] = {"c:a": AUDIO_ENCODERS[audio_codec], "map_metadata": -1, "fflags": "+bitexact"}
    if audio_codec != "pcm-16":
        options["b:a"] = bitrate or AAC_BITRATE
    if audio_codec == "mp3" and not bitrate:
        options["b:a"] = next((most for limit, most in _MP3_LIMITS if sample_rate < limit), AAC_BITRATE)
    if audio_codec == "aac":
        options |= _aac_encoder(bitrate)
    if audio_codec == "opus":
        options["ar"] = sample_rate if sample_rate in _OPUS_RATES else 48_000
    if output.suffix == ".wav":
        options["rf64"] = "auto"
    source: Any = ffmpeg.input("pipe:0", f="s16le", ar=sample_rate, ac=2)
    return list(source.output(str(output), **options).global_args("-y").get_args())


PCM_OPTIONS: dict[str, Any] = {"c:a": "pcm_s16le", "f": "s16le"}
"""FFmpeg's options for a chunk of PCM: bare samples."""


async def write_mix(mix: Mix, output: Path, options: dict[str, Any]) -> None:
    """Mix a window and encode it.

    Args:
        mix: What is heard.
        output: The file to write.
        options: FFmpeg's options of its encoder.

    Raises:
        MediaError: FFmpeg failed; the message holds what it said.
    """
    script = output.with_suffix(".filters")
    try:
        await FFmpeg(mix_arguments(mix, output, options, script), "mix the audio").run()
    finally:
        script.unlink(missing_ok=True)


def mix_arguments(mix: Mix, output: Path, options: dict[str, Any], script: Path) -> list[str]:
    """Return FFmpeg's arguments for a mix; its filter graph, which may be long, is written to `script`."""
    import ffmpeg  # pyright: ignore[reportMissingTypeStubs]

    rate = mix.sample_rate
    streams = _file_layers(mix.layers, rate)
    streams += [_inline_layer(layer, rate) for layer in mix.inline]
    if not streams:
        mixed: Any = ffmpeg.input(f"anullsrc=r={rate}:cl=stereo", f="lavfi").audio
    elif len(streams) == 1:
        mixed = streams[0]
    else:
        mixed = ffmpeg.filter(streams, "amix", inputs=len(streams), dropout_transition=0, normalize=0)
    mixed = mixed.filter("apad", whole_len=mix.samples).filter("atrim", end_sample=mix.samples)
    written = mixed.output(str(output), ar=rate, ac=2, map_metadata=-1, fflags="+bitexact", **options)
    # Without -copyts, FFmpeg moves all streams of a file so that its first one begins at zero.
    arguments = list(written.global_args("-y", "-copyts").get_args())
    graph = arguments.index("-filter_complex")
    script.write_text(arguments[graph + 1], encoding="utf-8")
    arguments[graph : graph + 2] = ["-filter_complex_script", str(script)]
    return arguments


def _file_layers(layers: Sequence[tuple[Layer, Path]], rate: int) -> list[Any]:
    """Decode each file once for each speed, however many layers it gives."""
    shared: dict[tuple[Path, int, float], list[Layer]] = {}
    for layer, path in layers:
        shared.setdefault((path, layer.asset.stream_index, layer.asset.playback_rate), []).append(layer)
    streams: list[Any] = []
    for (path, stream_index, _), users in shared.items():
        stream = _source(path, stream_index, users, rate)
        split = [stream] if len(users) == 1 else stream.filter_multi_output("asplit", len(users))
        streams += [_file_layer(split[index], layer, rate) for index, layer in enumerate(users)]
    return streams


def _source(path: Path, stream_index: int, users: Sequence[Layer], rate: int) -> Any:
    """Return a file's sound from time zero of the file on, gaps filled, as far as it is used."""
    import ffmpeg  # pyright: ignore[reportMissingTypeStubs]

    first, tempo = users[0], users[0].asset.playback_rate
    # The npm renderer decodes MP3 in whole numbers; a change of tempo turns one unit of difference into many.
    decoder = {"c:a": "mp3"} if first.codec == "mp3" else {}
    # Damaged packets do not fail a render, however many there are.
    stream: Any = ffmpeg.input(str(path), vn=None, max_error_rate=1, **decoder, **INPUT_LIMITS)[f"a:{stream_index}"]
    if not first.stamped:
        stream = stream.filter("asetpts", "PTS-STARTPTS")
    # What is not used is not decoded, as `atrim` stops it later; but a wrong time stamp far ahead would be filled with
    # hours of silence.
    used = max(layer.tail for layer in users) / rate * tempo + LOOKAHEAD_S
    stream = stream.filter("aselect", f"lt(t,{used:.6f})")
    stream = stream.filter("aresample", rate, **{"async": 1}, first_pts=0, min_hard_comp=SMALLEST_GAP_S, osf="s16")
    stream = stream.filter("aformat", sample_fmts="s16", sample_rates=rate)
    for factor in _tempo_factors(tempo):
        stream = stream.filter("atempo", f"{factor:.5f}")
    return stream


def _file_layer(stream: Any, layer: Layer, rate: int) -> Any:
    asset = layer.asset
    # Volume and pitch depend on where they began, so both start where the segment does; then the window is cut out.
    stream = stream.filter("atrim", start_pts=layer.head, end_pts=layer.tail)
    stream = _with_volume(stream, layer.volume)
    if asset.tone != 1:
        stream = _with_tone(stream, asset.tone, rate).filter("asetpts", f"N+{layer.head}")
    if (layer.begin, layer.end) != (layer.head, layer.tail):
        stream = stream.filter("atrim", start_pts=layer.begin, end_pts=layer.end)
    return _placed(stream, layer.delay)


def _inline_layer(layer: InlineLayer, rate: int) -> Any:
    import ffmpeg  # pyright: ignore[reportMissingTypeStubs]

    stream: Any = ffmpeg.input(str(layer.path), f="s16le", ar=rate, ac=2).audio
    stream = _with_tone(stream, layer.tone, rate).filter("asetpts", "N").filter("atrim", start_pts=layer.begin)
    return _placed(stream, layer.delay)


def _placed(stream: Any, delay: int) -> Any:
    stream = stream.filter("aformat", sample_fmts="s16", channel_layouts="stereo")
    # The filters after this one count samples from the first that they see, not by time stamps.
    stream = stream.filter("asetpts", "N")
    return stream.filter("adelay", f"{delay}S", all=1) if delay else stream


def _with_tone(stream: Any, tone: float, rate: int) -> Any:
    if tone == 1:
        return stream
    stream = stream.filter("asetrate", f"{rate}*{tone!r}").filter("aresample", rate)
    if tone >= LOWEST_TONE_IN_A_STEP:
        return stream.filter("atempo", f"1/{tone!r}")  # as the npm renderer does, so that samples are equal
    for factor in _tempo_factors(1 / tone):
        stream = stream.filter("atempo", f"{factor:.9f}")
    return stream


def _with_volume(stream: Any, volume: Volume) -> Any:
    if len(volume.values) > 1:
        return stream.filter("volume", volume_expression(volume), eval="frame")
    return stream if volume.values[0] == 1 else stream.filter("volume", f"{volume.values[0]:.10g}", eval="once")


def volume_expression(volume: Volume) -> str:
    """Write a volume over time as an expression of FFmpeg: a tree that halves the time at each step."""
    runs: list[tuple[int, float]] = []
    for index, value in enumerate(volume.values):
        if not runs or runs[-1][1] != value:
            runs.append((index, value))

    def write(low: int, high: int) -> str:
        if high - low == 1:
            return f"{runs[low][1]:g}"
        middle = (low + high) // 2
        border = float((runs[middle][0] - 0.5) / volume.fps + volume.begin)
        return f"if(lte(t,{border:.4f}),{write(low, middle)},{write(middle, high)})"

    return write(0, len(runs))


def _tempo_factors(rate: float) -> list[float]:
    """Split a speed into steps that `atempo` does well."""
    if rate == 1:
        return []
    if 0.5 <= rate <= 2:
        return [rate]
    return _tempo_factors(math.sqrt(rate)) * 2
