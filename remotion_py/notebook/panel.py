"""The panel of a composition: a form for its props, a scrubber of its frames, and a button that renders it."""

from __future__ import annotations

import json
import os
import secrets
from html import escape
from typing import Any, Unpack

from .. import _loop
from .._client_base import with_options
from .._payload import media_wire
from .._preview import Preview, PreviewFrame
from .._task import RenderTask
from ..client import Client
from ..default import default_client
from ..option import check_options
from ..options import RenderMediaOptions
from ..props import serialize_props
from ..shows import LONGEST_KEPT, About, follow, in_notebook, repeating
from . import view
from .cells import note_started, replace_earlier
from .form import Form, differing, told_by
from .live import LivePage

WIDTH = "640px"


@with_options(RenderMediaOptions)
def panel(
    serve_url: str | os.PathLike[str],
    composition: str,
    *,
    client: Client | None = None,
    **options: Unpack[RenderMediaOptions],
) -> Panel:
    """Show a composition in a cell, to look at its frames, change its props, and render it.

    The frames are the true ones, from the browser that renders. What is rendered stays in the cell when the notebook is
    saved; the panel itself is as long as its kernel, and its Close leaves a frame and the call.

    Args:
        serve_url: Folder or http(s) URL of a bundle or of a plain page; on AWS also the name of a deployed site.
        composition: Id of the composition.
        client: What renders; None is the client of the functions of this module.
        options: Of the render; see `RenderMediaOptions`. `props` are what the form starts with.

    Raises:
        RemotionPyError: The first frame cannot be shown; see `remotion_py.errors` for the classes.
    """
    return Panel(client or default_client(), serve_url, composition, dict(options))


class Panel:
    """A composition that can be changed and rendered in its cell; `panel()` makes it.

    Args:
        client: What renders.
        serve_url: The site.
        composition: Id of the composition.
        options: Of the render.
    """

    def __init__(
        self, client: Client, serve_url: str | os.PathLike[str], composition: str, options: dict[str, Any]
    ) -> None:
        # The notebook's room is of the house.
        self._engine = client._engine  # pyright: ignore[reportPrivateUsage]
        self._called = client._called  # pyright: ignore[reportPrivateUsage]
        media_wire(check_options(RenderMediaOptions, options))
        self._site, self._composition, self._options = serve_url, composition, options
        self._preview = Preview(self._engine, serve_url, composition, options)
        given = options.get("props")
        self._shown = _loop.run(self._preview.frame(0, given))
        self._defaults = self._shown.composition.default_props
        self._given: dict[str, Any] = {
            **self._defaults,
            **json.loads(serialize_props(given, nan=options.get("nan", "error"))),
        }
        self._props = differing(self._given, self._defaults)
        self._id = f"remotion-py-{secrets.token_hex(8)}"
        self._wanted: tuple[int, dict[str, Any]] | None = None
        self._busy = False
        self._task: RenderTask[Any] | None = None
        self._cancelled = False
        self._box: Any = None  # where there are no widgets, it stays so
        self._page: Any = None

    def __repr__(self) -> str:
        return f"<Panel of {self._composition!r}: {self.code}>"

    @property
    def code(self) -> str:
        """The call that renders what the panel shows."""
        options = {name: value for name, value in self._options.items() if name != "props"}
        if self._props:
            options["props"] = self._props
        return repeating(f"{self._called}.render_media", self._site, self._composition, options, longest=LONGEST_KEPT)

    def _ipython_display_(self) -> None:
        from IPython.display import display

        if not in_notebook():
            print(repr(self))  # noqa: T201 - a terminal shows a value so
            return
        replace_earlier()
        try:
            self._box = self._built()
        except ImportError as error:
            print(f"The panel needs widgets: {error}. Install ipywidgets, and restart the kernel.")  # noqa: T201
            display(self._static(), raw=True)
            return
        # The static part is for places without widgets, such as a notebook that is only looked at.
        display(self._box._repr_mimebundle_() | self._static(), raw=True, display_id=self._id)
        self._page = LivePage(About(self._composition), note="not rendered yet", state="waiting")
        note_started(self)

    def interrupt(self) -> None:
        """End its render, as its cell is run again."""
        self._cancelled = True
        if self._task:
            self._task.interrupt()

    def close(self) -> None:
        """Leave the frame and the call in the cell in place of the widgets, which a saved notebook cannot keep."""
        from IPython.display import display

        display(self._static(), raw=True, display_id=self._id, update=True)
        if self._box is not None:
            self._box.close()
        if self._task is None and self._page is not None:
            self._page.clear()

    def _static(self) -> dict[str, str]:
        picture = view.data_url(self._shown.picture, "image/jpeg")
        frame = f'<img src="{picture}" alt="frame {self._shown.frame}" style="max-width:100%;border-radius:6px">'
        heading = view.heading(self._composition, "run the cell for its panel")
        html = view.framed("panel", heading, frame, _facts(self._shown), view.code(self.code))
        return {"text/html": html, "text/plain": repr(self)}

    def _built(self) -> Any:
        import ipywidgets as widgets

        self._form = Form(self._given, self._look)
        self._image = widgets.Image(value=self._shown.picture, format="jpeg", layout={"max_width": WIDTH})
        self._slider = widgets.IntSlider(
            value=0,
            min=0,
            max=self._shown.composition.duration_in_frames - 1,
            description="frame",
            layout={"width": "auto"},
        )
        self._slider.observe(told_by(self._look), "value")
        self._facts = widgets.HTML(_facts(self._shown))
        self._render = widgets.Button(description="Render", button_style="primary", icon="film")
        self._cancel = widgets.Button(description="Cancel", icon="stop", disabled=True)
        self._copy = widgets.Button(description="Copy as code", icon="code")
        self._code = widgets.HTML()
        self._render.on_click(told_by(self._start))
        self._cancel.on_click(told_by(self._end))
        self._copy.on_click(told_by(self._show_code))
        close = widgets.Button(description="Close", icon="check", tooltip="Leave the frame and the call in the cell")
        close.on_click(told_by(self.close))
        buttons = widgets.HBox([self._render, self._cancel, self._copy, close])
        box = widgets.VBox(
            [self._image, self._slider, self._facts, self._form.widget, buttons, self._code],
            layout={"max_width": WIDTH},
        )
        box.add_class("remotion-py-panel")
        return box

    def _look(self) -> None:
        """Show the frame that the slider is at; of several that come quickly, the last one."""
        props = self._checked()
        if props is not None:
            _loop.background_loop().call_soon_threadsafe(self._want, self._slider.value, props)

    def _checked(self) -> dict[str, Any] | None:
        try:
            self._props = differing(self._form.values(), self._defaults)
        except ValueError as error:
            self._tell(error)
            return None
        return self._props

    def _tell(self, error: Exception) -> None:
        self._facts.value = f'<span style="color:{view.COLOURS["failed"]}">{escape(str(error))}</span>'

    def _want(self, frame: int, props: dict[str, Any]) -> None:
        self._wanted = frame, props
        if not self._busy:
            self._busy = True
            self._engine.spawn(self._show())

    async def _show(self) -> None:
        try:
            while self._wanted:
                wanted, self._wanted = self._wanted, None
                try:
                    found = await self._preview.frame(*wanted)
                except Exception as error:
                    self._tell(error)
                    continue
                self._shown = found
                self._image.value = found.picture
                self._facts.value = _facts(found)
                self._slider.max = found.composition.duration_in_frames - 1
        finally:
            self._busy = False

    def _start(self) -> None:
        props = self._checked()
        if props is None:
            return
        self._render.disabled, self._cancel.disabled = True, False
        self._task, self._cancelled = None, False
        about = About(self._composition, self.code)
        self._page.begin(about)
        _loop.submit(self._run(about, {**self._options, "props": props}))

    async def _run(self, about: About, options: dict[str, Any]) -> None:
        try:
            self._task = await self._engine.start_render(
                "video", self._site, self._composition, options, keep=lambda _: about.command, watched=True
            )
            if self._cancelled:
                self._task.interrupt()
            await follow(self._task, self._page)
        except Exception as error:
            self._page.failed(error)
        finally:
            self._render.disabled, self._cancel.disabled = False, True

    def _end(self) -> None:
        self._cancel.disabled = True
        self.interrupt()

    def _show_code(self) -> None:
        if self._checked() is not None:
            self._code.value = view.code(self.code)


def _facts(shown: PreviewFrame) -> str:
    of = shown.composition
    return view.muted(f"{of.width}x{of.height} · {of.fps:g} fps · {view.clock(of.duration)} · frame {shown.frame}")
