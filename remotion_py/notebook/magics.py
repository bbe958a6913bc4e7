"""`%load_ext remotion_py`: the magics `%%render` and `%render_still`, and `asyncio.run()` in cells."""

from __future__ import annotations

import difflib
import json
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from html import escape
from pathlib import Path
from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_cell_magic, magics_class

from .._client.reproduce import called_as, explained_as
from .._runtime.tracebacks import debugging
from ..default import render_media, render_still
from ..errors import InputError, OptionError, PageError, RemotionPyError
from ..options.renders import RenderMediaOptions, RenderStillOptions
from ..props import parse_props
from ..results import Still, Video
from .magic_options import CellSize, MagicCall, parse_line
from .scripts import place_script

COMPOSITION = "cell"
_POSITION = re.compile(r"index\.html:(\d+):\d+")
_EXCERPT = re.compile(r"[> ] +(\d+) \| ")
LOADED = (
    "remotion_py: %%render and %render_still are available; nest_asyncio is applied, so asyncio.run() works in cells."
)


def load(shell: Any) -> None:
    """Add the magics to a shell, and let its loop run others."""
    import nest_asyncio2

    nest_asyncio2.apply()
    shell.register_magics(RenderMagics(shell))
    print(LOADED)  # noqa: T201 - an extension reports in the notebook what it changes there


def cell_page(source: str, size: CellSize, scripts: Sequence[str] = ()) -> str:
    """Return the page that a cell describes.

    A cell of HTML holds elements and a script; one of JavaScript alone gets a `<canvas>`. Either defines
    `render(frame, props, config)`, or registers a composition by itself.

    Args:
        source: The cell.
        size: What it draws.
        scripts: The `src` of each script that is loaded first.

    Raises:
        OptionError: It does neither.
    """
    html = source.lstrip().startswith("<")
    registers = "registerComposition(" in source
    if not registers and not re.search(r"\brender\b", source):
        raise OptionError(
            "The cell defines no function render(frame, props, config). Define one that draws a frame, or "
            "call remotionPy.registerComposition()."
        )
    canvas = f'<canvas id="canvas" width="{size.width}" height="{size.height}"></canvas>'
    facts = {"id": COMPOSITION, "width": size.width, "height": size.height, "fps": size.fps}
    facts["durationInFrames"] = max(1, round(size.duration * size.fps))
    call = f"remotionPy.registerComposition({{...{json.dumps(facts)}, render}});"
    begin = "" if html else f"{canvas}<script>const canvas = document.getElementById('canvas');"
    end = "" if html else "\n</script>"
    register = "" if registers else f"\n<script>{call}</script>"
    loaded = "".join(f'<script src="{escape(script)}"></script>' for script in ("remotion-py.js", *scripts))
    # All that comes before is in one line, as the magic is, so lines of the page are lines of the cell.
    return (
        f'<!doctype html><meta charset="utf-8">{loaded}<body style="margin:0">{begin}\n{source}{end}{register}</body>\n'
    )


def of_the_cell(message: str, lines: int) -> str:
    """Name lines of the cell in the error of its page, and leave out of its excerpt what the cell does not show.

    Args:
        message: The error, which names lines of the page.
        lines: How many the cell has below the magic.
    """
    shown = [
        line
        for line in message.split("\n")
        if not (excerpt := _EXCERPT.match(line)) or 1 < int(excerpt[1]) <= lines + 1
    ]
    return _POSITION.sub(r"line \1 of the cell", "\n".join(shown))


@magics_class
class RenderMagics(Magics):
    """The magics."""

    @line_cell_magic
    def render(self, line: str, cell: str | None = None) -> Video | None:
        """Render what the cell draws, or a composition of a site: `%render SITE COMPOSITION`.

        They take the options of `remotion-py render` by the same flags; `-h` lists them. A cell has `--width` and
        `--height` in pixels, `--fps`, `--duration` in seconds, and `--script` for libraries.
        """
        result = self._run("render", line, cell, render_media, RenderMediaOptions)
        return result if isinstance(result, Video) else None

    @line_cell_magic
    def render_still(self, line: str, cell: str | None = None) -> Still | None:
        """Render one frame of what the cell draws, or of a composition: `%render_still SITE COMPOSITION`.

        They take the options of `remotion-py still` by the same flags; `-h` lists them. A cell has `--width` and
        `--height` in pixels, `--fps`, `--duration` in seconds, and `--script` for libraries.
        """
        result = self._run("render_still", line, cell, render_still, RenderStillOptions)
        return result if isinstance(result, Still) else None

    def _run(self, name: str, line: str, cell: str | None, draw: Callable[..., Any], known: type) -> Any:
        name = f"{'%' if cell is None else '%%'}{name}"
        try:
            call = parse_line(name, line, known, cell=cell is not None)
            if call is None:
                return None
            options = call.options | ({"props": self._props(call.props)} if call.props is not None else {})
            if cell is None:
                return draw(call.site, call.composition, **options)
            return _draw_cell(f"{name} {line}", cell, call, draw, options)
        except InputError as error:
            if debugging():
                raise
            raise UsageError(f"{name}: {error}") from None
        except (RemotionPyError, KeyboardInterrupt) as error:
            if not debugging():
                # Frames of IPython and of this package say nothing about the cell.
                setattr(error, "_render_traceback_", partial(self._message, error))  # noqa: B010
            raise

    def _message(self, error: BaseException) -> list[str]:
        shell: Any = self.shell
        return shell.InteractiveTB.get_exception_only(type(error), error)

    def _props(self, text: str) -> Any:
        shell: Any = self.shell
        namespace: Mapping[str, Any] = shell.user_ns
        if not text.isidentifier():
            return parse_props(text)
        if text not in namespace:
            near = difflib.get_close_matches(text, [name for name in namespace if not name.startswith("_")], n=1)
            meant = f"Did you mean {near[0]!r}?" if near else "Define it in an earlier cell."
            raise OptionError(f"--props is {text!r}, but there is no such variable. {meant}")
        return namespace[text]


def _draw_cell(line: str, cell: str, call: MagicCall, draw: Callable[..., Any], options: dict[str, Any]) -> Any:
    with tempfile.TemporaryDirectory(prefix="remotion-py-cell-") as name:
        folder = Path(name)
        scripts = [place_script(script, folder, number) for number, script in enumerate(call.scripts)]
        (folder / "index.html").write_text(cell_page(cell, call.size, scripts), encoding="utf-8")
        explain = partial(of_the_cell, lines=len(cell.splitlines()))
        tokens = called_as.set(line), explained_as.set(explain)
        try:
            return draw(folder, COMPOSITION, **options)
        except PageError as error:
            error.message = explain(error.message)
            error.args = (error.message,)
            raise
        finally:
            called_as.reset(tokens[0])
            explained_as.reset(tokens[1])
