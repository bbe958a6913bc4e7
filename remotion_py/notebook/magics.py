"""`%load_ext remotion_py`: the magics `%%render` and `%render_still`, and `asyncio.run()` in cells."""

from __future__ import annotations

import argparse
import json
import re
import shlex
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from IPython.core.magic import Magics, line_cell_magic, magics_class

from ..default import render_media, render_still
from ..errors import OptionError
from ..options import RenderMediaOptions, RenderStillOptions
from ..render import Still, Video
from ..shows import called_as

COMPOSITION = "cell"
LOADED = "remotion_py: %%render and %render_still are ready; nest_asyncio is applied, so asyncio.run() works in cells."


def load(shell: Any) -> None:
    """Add the magics to a shell, and let its loop run others."""
    import nest_asyncio2

    nest_asyncio2.apply()
    shell.register_magics(RenderMagics(shell))
    print(LOADED)  # noqa: T201 - what an extension changes in a notebook, it says there


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise OptionError(f"{self.prog}: {message}. {self.format_usage().strip()}")


def _parser(name: str, *, stills: bool, cell: bool) -> _Parser:
    parser = _Parser(prog=name, add_help=False)
    if not cell:
        parser.add_argument("site", help="folder or URL")
        parser.add_argument("composition")
    parser.add_argument("--output", help="file to write")
    parser.add_argument("--props", help="name of a variable")
    parser.add_argument("--scale", type=float)
    if stills:
        parser.add_argument("--frame", type=int)
    if cell:
        parser.add_argument("--width", type=int, default=1280)
        parser.add_argument("--height", type=int, default=720)
        parser.add_argument("--fps", type=float, default=30)
        parser.add_argument("--duration", type=float, default=3, help="seconds")
    return parser


def cell_page(source: str, *, width: int, height: int, fps: float, duration: float) -> str:
    """Return the page that a cell describes.

    A cell of HTML holds elements and a script; one of JavaScript alone gets a `<canvas>`. Either defines
    `render(frame, props, config)`, or registers a composition by itself.

    Args:
        source: The cell.
        width: Pixels.
        height: Pixels.
        fps: Frames per second.
        duration: Seconds.

    Raises:
        OptionError: It does neither.
    """
    html = source.lstrip().startswith("<")
    registers = "registerComposition(" in source
    if not registers and not re.search(r"\brender\b", source):
        raise OptionError(
            "The cell defines no function render(frame, props, config), which draws a frame. Define one, or call "
            "remotionPy.registerComposition()."
        )
    canvas = f'<canvas id="canvas" width="{width}" height="{height}"></canvas>'
    facts = {"id": COMPOSITION, "width": width, "height": height, "fps": fps}
    facts["durationInFrames"] = max(1, round(duration * fps))
    call = f"remotionPy.registerComposition({{...{json.dumps(facts)}, render}});"
    begin = "" if html else f"{canvas}<script>const canvas = document.getElementById('canvas');"
    end = "" if html else "\n</script>"
    register = "" if registers else f"\n<script>{call}</script>"
    # All that comes before is in one line, as the magic is, so lines of the page are lines of the cell.
    return (
        '<!doctype html><meta charset="utf-8"><script src="remotion-py.js"></script><body style="margin:0">'
        f"{begin}\n{source}{end}{register}</body>\n"
    )


@magics_class
class RenderMagics(Magics):
    """The magics."""

    @line_cell_magic
    def render(self, line: str, cell: str | None = None) -> Video | None:
        """Render the composition in a cell, or one of a site: `%render SITE COMPOSITION`.

        Both take --output FILE, --props VARIABLE and --scale FACTOR; a cell --width and --height in pixels, --fps, and
        --duration in seconds.
        """
        result = self._run("render", line, cell, stills=False)
        return result if isinstance(result, Video) else None

    @line_cell_magic
    def render_still(self, line: str, cell: str | None = None) -> Still | None:
        """Render one frame of the composition in a cell, or of one of a site: `%render_still SITE COMPOSITION`.

        Both take --frame NUMBER, --output FILE, --props VARIABLE and --scale FACTOR; a cell --width and --height in
        pixels, --fps, and --duration in seconds.
        """
        result = self._run("render_still", line, cell, stills=True)
        return result if isinstance(result, Still) else None

    def _run(self, name: str, line: str, cell: str | None, *, stills: bool) -> Video | Still:
        marks = "%" if cell is None else "%%"
        given = vars(_parser(f"{marks}{name}", stills=stills, cell=cell is not None).parse_args(shlex.split(line)))
        known = RenderStillOptions if stills else RenderMediaOptions
        options: Any = {
            key: value for key, value in given.items() if key in known.__annotations__ and value is not None
        }
        if "props" in options:
            options["props"] = self._variable(options["props"])
        draw = render_still if stills else render_media
        if cell is None:
            return draw(given["site"], given["composition"], **options)
        size = {key: given[key] for key in ("width", "height", "fps", "duration")}
        with tempfile.TemporaryDirectory(prefix="remotion-py-cell-") as folder:
            (Path(folder) / "index.html").write_text(cell_page(cell, **size), encoding="utf-8")
            token = called_as.set(f"{marks}{name} {line}\n{cell}")
            try:
                return draw(folder, COMPOSITION, **options)
            finally:
                called_as.reset(token)

    def _variable(self, name: str) -> Any:
        shell: Any = self.shell
        namespace: Mapping[str, Any] = shell.user_ns
        if name not in namespace:
            raise OptionError(f"--props names {name!r}, but there is no such variable. Define it in a cell before.")
        return namespace[name]
