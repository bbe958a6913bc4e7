"""Options of the magics: those of the command line, with the same flags, and the size of the cell's page."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from typing import Any

import click
from click.core import ParameterSource
from IPython.core.error import UsageError

from ..cli.help import Command
from ..cli.options import given, render_options

_SIZE = ("force_width", "force_height", "force_fps", "force_duration_in_frames")
"""Replaced by the cell's own flags of the same names."""


@dataclass(frozen=True)
class CellSize:
    """What a cell draws.

    Attributes:
        width: Pixels.
        height: Pixels.
        fps: Frames per second.
        duration: Seconds.
    """

    width: int = 1280
    height: int = 720
    fps: float = 30
    duration: float = 3


@dataclass(frozen=True)
class MagicCall:
    """What the line of a magic asks for.

    Attributes:
        options: Options of the function that renders; without the props.
        props: The value of `--props`; None without it.
        site: Folder or URL; "" for a cell.
        composition: Id in the site; "" for a cell.
        size: What the cell draws.
        scripts: What the cell's page loads first.
    """

    options: dict[str, Any]
    props: str | None = None
    site: str = ""
    composition: str = ""
    size: CellSize = field(default_factory=CellSize)
    scripts: tuple[str, ...] = ()


def parse_line(name: str, line: str, options: type, *, cell: bool) -> MagicCall | None:
    """Read the line of a magic; None where it asked for help, which is printed.

    Args:
        name: Name of the magic, with its percent signs.
        line: What follows it.
        options: The option class of the function that renders.
        cell: Whether a cell follows.

    Raises:
        UsageError: A flag or a value that cannot be.
    """
    try:
        context = _command(name, options, cell=cell).make_context(name, shlex.split(line))
    except click.exceptions.Exit:
        return None
    except click.ClickException as error:
        raise UsageError(f"{name}: {error.format_message()} {name} -h lists all options.") from None
    except ValueError as error:  # of shlex
        raise UsageError(f"{name}: {error}. Close the quotes in: {line}") from None
    values = context.params
    explicit = {key: values[key] for key in values if context.get_parameter_source(key) != ParameterSource.DEFAULT}
    props = explicit.pop("props", None)
    return MagicCall(
        options=given(options, explicit, {}) | ({"output": values["output"]} if values["output"] else {}),
        props=props,
        site=values.get("site", ""),
        composition=values.get("composition", ""),
        size=CellSize(*(values[key] for key in ("width", "height", "fps", "duration"))) if cell else CellSize(),
        scripts=values.get("script", ()),
    )


def _command(name: str, options: type, *, cell: bool) -> click.Command:
    command = Command(
        name,
        help="Render the page of the cell." if cell else "Render a composition of SITE, a folder or a URL.",
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
        examples=_EXAMPLES[cell],
    )
    render_options(options)(command)
    for parameter in command.params:
        if parameter.name == "props" and isinstance(parameter, click.Option):
            parameter.help = "Input props: the name of a variable, a JSON object, or the path of a JSON file."
            parameter.metavar = "VARIABLE|JSON|FILE"
    output = click.Option(
        ["-o", "--output"], metavar="FILE", help="Path of the output; its extension selects the format."
    )
    command.params.append(output)
    if not cell:
        command.params[:0] = [click.Argument(["site"]), click.Argument(["composition"])]
        return command
    command.params = [parameter for parameter in command.params if parameter.name not in _SIZE]
    default = CellSize()
    command.params += [
        click.Option(["--width"], type=int, default=default.width, show_default=True, help="Pixels."),
        click.Option(["--height"], type=int, default=default.height, show_default=True, help="Pixels."),
        click.Option(["--fps"], type=float, default=default.fps, show_default=True, help="Frames per second."),
        click.Option(["--duration"], type=float, default=default.duration, show_default=True, help="Seconds."),
        click.Option(
            ["--script"],
            multiple=True,
            metavar="NAME|FILE|URL",
            help="Script that the page loads first, such as plotly; can be given several times.",
        ),
    ]
    return command


_EXAMPLES = {
    True: (
        "%%render --width 640 --height 360 --duration 2 --output wave.mp4",
        "%%render --props data --script plotly --crf 16 --output chart.mp4",
    ),
    False: (
        "%render my-site my-video --output video.mp4 --frames 0-59",
        "%render_still my-site my-video --output poster.png --frame 30",
    ),
}
