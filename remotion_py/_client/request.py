"""A request for a render: all arguments, checked and ready to be sent to functions."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .._data.output import check_output_folder, name_fault
from ..errors import OptionError
from ..media.codecs import SEQUENCE
from ..media.sequence import picture_names
from ..options.option import check_options
from ..options.renders import RenderFramesOptions, RenderMediaOptions
from ..providers.base import Provider
from .payload import checked_output, make_payload, media_wire
from .record import ResultKind
from .reproduce import CommandWriter


@dataclass(frozen=True)
class RenderRequest:
    """A request for a render.

    Attributes:
        kind: The kind of result.
        payload: The payload of the functions.
        output: The output; None leaves the result in the store.
        audio: The output of its separate audio.
        overwrite: Whether files may be replaced.
        concurrency: Renderer functions at the same time; None for the provider's capacity.
        command: Python code that repeats the render.
    """

    kind: ResultKind
    payload: dict[str, Any]
    output: str | None
    audio: str | None
    overwrite: bool
    concurrency: int | None
    command: str = ""

    def to_json(self) -> str:
        """Return the request as one line of JSON, for another process."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, line: str | bytes) -> RenderRequest:
        """Read a request from the output of `to_json()`."""
        return cls(**json.loads(line))


async def make_request(
    kind: ResultKind,
    provider: Provider,
    serve_url: str | os.PathLike[str],
    composition: str,
    given: Mapping[str, Any],
    *,
    write_command: CommandWriter | None,
) -> RenderRequest:
    """Check everything that can be checked before work begins.

    Args:
        kind: The kind of result.
        provider: The provider that renders it.
        serve_url: The site.
        composition: Id of the composition.
        given: The options.
        write_command: Writes the call that repeats the render.

    Raises:
        InputError: An option, the output or the props are invalid.
        SiteNotFoundError: There is no such site.
    """
    options = RenderMediaOptions if kind == "video" else RenderFramesOptions
    values = check_options(options, given)
    wire, output, audio = _video(values) if kind == "video" else _frames(values, provider)
    payload = await make_payload(provider, "start", serve_url, options, values)
    return RenderRequest(
        kind=kind,
        payload=payload | wire | {"composition": composition},
        output=str(output) if output else None,
        audio=str(audio) if audio else None,
        overwrite=values["overwrite"],
        concurrency=values["concurrency"],
        command=write_command(payload["inputProps"].get("payload", "")) if write_command else "",
    )


def _video(values: Mapping[str, Any]) -> tuple[dict[str, Any], Path | None, Path | None]:
    wire = media_wire(values)
    output = checked_output(values["output"], (wire["outExtension"],), overwrite=values["overwrite"])
    if values["separate_audio_to"] is None:
        return wire, output, None
    extension = wire["separateAudioTo"].rpartition(".")[2]
    return wire, output, checked_output(values["separate_audio_to"], (extension,), overwrite=values["overwrite"])


def check_transparency(values: Mapping[str, Any]) -> None:
    """Refuse transparent pictures in a format without transparency.

    Raises:
        OptionError: The pictures would be JPEGs.
    """
    if values["transparent"] and values["image_format"] == "jpeg":
        raise OptionError("transparent is True, but JPEG has no transparency. Render PNG, or remove transparent.")


def _frames(values: Mapping[str, Any], provider: Provider) -> tuple[dict[str, Any], Path | None, None]:
    check_transparency(values)
    pattern = values["image_sequence_pattern"]
    fault = name_fault(picture_names([0], pattern, "png")[0]) if "[frame]" in pattern else "has no [frame]"
    if fault:
        raise OptionError(
            f"image_sequence_pattern is {pattern!r}, which {fault}. It must contain [frame] and name a file "
            f"inside the output folder, such as 'element-[frame].[ext]'."
        )
    output = values["output"]
    if output is None and not provider.on_this_machine:
        raise OptionError("output is not given, but pictures that are rendered on AWS need a folder. Pass one.")
    folder = None if output is None else check_output_folder(output, overwrite=values["overwrite"])
    return {"codec": SEQUENCE, "outExtension": None}, folder, None
