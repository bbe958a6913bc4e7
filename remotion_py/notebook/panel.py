"""The panel of a composition: a form for its props, a scrubber of its frames, and a button that renders it."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
from typing import Any, Unpack

from .._client.payload import media_wire
from .._client.preview import Preview, PreviewFrame
from .._client.reproduce import LONGEST_KEPT, command_of
from .._client.task import RenderTask
from .._runtime import background
from .._runtime.tracebacks import short_traceback
from ..client import Client
from ..default import default_client
from ..display import RenderInfo, follow, in_notebook
from ..options.help import with_options
from ..options.option import check_options
from ..options.renders import RenderMediaOptions
from ..props import serialize_props
from . import view
from .cells import note_started, replace_earlier
from .controls import STATIC, STATIC_STYLE, Controls, facts, position
from .fields import differing
from .live import LiveCard

SETTLED_S = 1.0
"""A frame that is displayed for so long is kept in the notebook."""
_NO_WIDGETS = {"text/html": "<!-- a panel -->", "text/plain": ""}
"""What the output of the widgets is where there are none: the next output has the picture."""


@short_traceback
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
    saved, and so is the frame that was looked at, with the call; the fields and buttons need their kernel.

    Args:
        serve_url: Folder or http(s) URL of a bundle or of a plain page; on AWS also the name of a deployed site.
        composition: Id of the composition.
        client: What renders; None is the client of the functions of this module.
        options: Of the render; see `RenderMediaOptions`. `props` are what the form starts with.

    Raises:
        RemotionPyError: The first frame cannot be displayed; see `remotion_py.errors` for the classes.
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
        # The panel is part of the package, so it may use the client's engine.
        self._engine = client._engine  # pyright: ignore[reportPrivateUsage]
        self._called = client._called  # pyright: ignore[reportPrivateUsage]
        media_wire(check_options(RenderMediaOptions, options))
        self._site, self._composition, self._options = serve_url, composition, options
        self._preview = Preview(self._engine, serve_url, composition, options)
        given = options.get("props")
        self._shown = background.run(self._preview.frame(0, given))
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
        self._controls: Any = None  # stays None without widgets
        self._closed = False
        self._card: Any = None

    def __repr__(self) -> str:
        return f"<Panel of {self._composition!r}: {self.code}>"

    @property
    def code(self) -> str:
        """The call that renders what the panel shows."""
        options = {name: value for name, value in self._options.items() if name != "props"}
        if self._props:
            options["props"] = self._props
        return command_of(f"{self._called}.render_media", self._site, self._composition, options, longest=LONGEST_KEPT)

    def _ipython_display_(self) -> None:
        from IPython.display import display

        if not in_notebook():
            print(repr(self))  # noqa: T201 - a terminal shows a value so
            return
        replace_earlier()
        try:
            self._controls = self._built()
        except ImportError as error:
            print(f"The panel needs widgets: {error}. Install ipywidgets, and restart the kernel.")  # noqa: T201
            display(self._static(), raw=True)
            return
        widgets = {**self._controls.box._repr_mimebundle_(), **_NO_WIDGETS}
        display(widgets, raw=True, display_id=f"{self._id}-widgets")
        # For places without widgets, such as a notebook whose kernel has ended.
        display(self._static(), raw=True, display_id=self._id)
        self._card = LiveCard(RenderInfo(self._composition), note="not rendered yet", state="waiting")
        note_started(self)

    def interrupt(self) -> None:
        """End its render, as its cell is run again."""
        self._cancelled = True
        if self._task:
            self._task.interrupt()

    def close(self) -> None:
        """Leave the frame and the call in the cell in place of the widgets, which a saved notebook cannot keep."""
        from IPython.display import display

        self._closed = True
        if self._controls is not None:
            display(dict(_NO_WIDGETS), raw=True, display_id=f"{self._id}-widgets", update=True)
            self._controls.close()
        self._leave_static()
        if self._task is None and self._card is not None:
            self._card.clear()

    def _leave_static(self) -> None:
        from IPython.display import display

        display(self._static(), raw=True, display_id=self._id, update=True)

    def _static(self) -> dict[str, str]:
        picture = view.data_url(self._shown.picture, "image/jpeg")
        style = "max-width:100%;max-height:60vh;border-radius:6px"
        frame = f'<img src="{picture}" alt="frame {self._shown.frame}" style="{style}">'
        heading = view.heading(self._composition, "run the cell to show the panel")
        text = view.muted(f"{facts(self._shown)} · {position(self._shown)}")
        html = view.framed("panel", heading, frame, text, view.code(self.code))
        return {"text/html": f'<div class="{STATIC}">{STATIC_STYLE}{html}</div>', "text/plain": repr(self)}

    def _built(self) -> Controls:
        buttons = {"render": self._start, "cancel": self._end, "close": self.close}
        controls = Controls(self._shown, self._given, self._defaults, self._look, buttons)
        controls.show_code(self.code)
        return controls

    def _look(self) -> None:
        """Show the frame that the slider is at; of several that come quickly, the last one."""
        props = self._checked()
        if props is not None:
            background.background_loop().call_soon_threadsafe(self._want, self._controls.frame, props)

    def _checked(self) -> dict[str, Any] | None:
        try:
            props = differing(self._controls.form.values(), self._defaults)
        except ValueError as error:
            self._controls.show_problem(error)
            return None
        if props != self._props:
            self._props = props
            self._controls.show_code(self.code)
        self._controls.show_problem(None)
        return props

    def _want(self, frame: int, props: dict[str, Any]) -> None:
        self._wanted = frame, props
        self._controls.show_busy(frame)
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
                    self._controls.show_problem(error)
                    continue
                self._shown = found
                self._controls.show(found)
        finally:
            self._busy = False
            self._controls.show_busy(None)
        await self._keep(self._shown)

    async def _keep(self, shown: PreviewFrame) -> None:
        """Keep a frame that is looked at for a while as what a saved notebook shows."""
        await asyncio.sleep(SETTLED_S)
        if shown is self._shown and not self._closed:
            self._leave_static()

    def _start(self) -> None:
        props = self._checked()
        if props is None:
            return
        self._controls.show_rendering(True)
        self._task, self._cancelled = None, False
        info = RenderInfo(self._composition, self.code)
        self._card.begin(info)
        background.submit(self._run(info, {**self._options, "props": props}))

    async def _run(self, info: RenderInfo, options: dict[str, Any]) -> None:
        try:
            self._task = await self._engine.start_render(
                "video", self._site, self._composition, options, write_command=lambda _: info.command, watched=True
            )
            if self._cancelled:
                self._task.interrupt()
            await follow(self._task, self._card)
        except Exception as error:
            self._card.failed(error)
        finally:
            self._controls.show_rendering(False)

    def _end(self) -> None:
        self._controls.cancelled()
        self.interrupt()
