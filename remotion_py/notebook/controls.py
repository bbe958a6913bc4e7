"""The widgets of a panel: picture, player, fields and buttons."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from typing import Any

from .._client.preview import PreviewFrame
from . import view
from .form import Form, ignoring

PANEL, STATIC = "remotion-py-panel", "remotion-py-static"
_BUSY, _NOTE = "remotion-py-busy", "remotion-py-note"
_STYLE = (
    # A frame that comes at once dims nothing.
    f".{PANEL} img{{transition:opacity .15s}}.{_BUSY} img{{opacity:.45;transition-delay:.25s}}"
    f".{_NOTE}{{visibility:hidden;opacity:.7}}.{_BUSY} .{_NOTE}{{visibility:visible;transition:visibility 0s .25s}}"
)
STATIC_STYLE = (
    "<style>"
    f".jp-OutputArea:has(.{PANEL}) .{STATIC},.output:has(.{PANEL}) .{STATIC}{{display:none}}"
    # What a front end writes in the place of widgets whose kernel has ended.
    f".jp-OutputArea:has(.{STATIC}):not(:has(.{PANEL})) .jp-OutputArea-child:has(>.jupyter-widgets){{display:none}}"
    "</style>"
)
"""Hides the static picture while there are widgets, and widgets that are none any more where there is the picture."""
_COPY = (
    "const button = this, done = () => {{ button.textContent = 'Copied';"
    " setTimeout(() => {{ button.textContent = 'Copy code'; }}, 1500); }};"
    " const box = button.closest('.{panel}').querySelector('details');"
    " (navigator.clipboard?.writeText(button.dataset.code) ?? Promise.reject())"
    ".then(done, () => {{ box.open = true; }});"
)
"""Where a browser lets no page write to the clipboard, as without HTTPS, the code is opened to be copied by hand."""


class Controls:
    """What a panel consists of.

    Args:
        shown: The first frame.
        values: The props that the fields start with.
        defaults: The default props of the composition.
        look: Called when another frame or other props are to be displayed.
        buttons: What each button calls, by its name: render, cancel, close.
    """

    def __init__(
        self,
        shown: PreviewFrame,
        values: Mapping[str, Any],
        defaults: Mapping[str, Any],
        look: Callable[[], Any],
        buttons: Mapping[str, Callable[[], Any]],
    ) -> None:
        import ipywidgets as widgets

        self.form = Form(values, defaults, look)
        self._image = widgets.Image(value=shown.picture, format="jpeg", alt="frame")
        self._image.layout = {"max_width": "100%", "max_height": "60vh", "object_fit": "contain", "margin": "0"}
        last = shown.composition.duration_in_frames - 1
        self._slider = widgets.IntSlider(
            value=0, max=last, readout=False, layout={"flex": "1 1 80px", "min_width": "0"}
        )
        self._play = widgets.Play(value=0, max=last, show_repeat=False, layout={"flex": "0 0 auto"})
        self._link = widgets.jslink((self._play, "value"), (self._slider, "value"))
        self._slider.observe(ignoring(look), "value")
        back, ahead = (self._step(step, icon) for step, icon in ((-1, "step-backward"), (1, "step-forward")))
        self._position, self._facts = widgets.HTML(), widgets.HTML()
        self._note, self._problem, self._copy, self._code = (widgets.HTML() for _ in range(4))
        self._render = widgets.Button(description="Render", button_style="primary", icon="film")
        self._cancel = widgets.Button(description="Cancel", icon="stop", disabled=True)
        close = widgets.Button(
            description="Close", icon="check", tooltip="Close the panel and keep the frame and the call in the cell"
        )
        reset = widgets.Button(
            description="Reset", icon="undo", tooltip="Restore the default props", layout={"width": "auto"}
        )
        for button, name in ((self._render, "render"), (self._cancel, "cancel"), (close, "close")):
            button.layout.width = "auto"
            button.on_click(ignoring(buttons[name]))
        reset.on_click(ignoring(self.form.reset))
        player = widgets.HBox([self._play, back, self._slider, ahead], layout={"align_items": "center"})
        lines = widgets.HBox([self._position, self._note], layout={"grid_gap": "8px"})
        actions = widgets.HBox([self._render, self._cancel, self._copy, close], layout={"flex_flow": "row wrap"})
        left = [self._image, player, lines, self._facts, self._problem, actions, self._code]
        right = [self.form.widget, reset] if values else []
        self.box = widgets.HBox(
            [
                widgets.VBox(left, layout={"flex": "3 1 360px", "min_width": "0", "align_items": "stretch"}),
                widgets.VBox(right, layout={"flex": "2 1 280px", "min_width": "0", "max_width": "560px"}),
                widgets.HTML(f"<style>{_STYLE}</style>", layout={"display": "none"}),
            ],
            layout={"flex_flow": "row wrap", "grid_gap": "8px 20px", "max_width": "1200px"},
        )
        self.box.add_class(PANEL)
        self.show(shown)

    @property
    def frame(self) -> int:
        """The frame that the slider is at."""
        return self._slider.value

    def show(self, shown: PreviewFrame) -> None:
        """Show a frame, with what is known of its composition."""
        of = shown.composition
        self._image.value = shown.picture
        self._position.value = f"<span>{escape(position(shown))}</span>"
        self._facts.value = view.muted(facts(shown))
        self._slider.max = self._play.max = of.duration_in_frames - 1
        self._play.interval = round(1000 / of.fps)

    def show_busy(self, frame: int | None) -> None:
        """Show that a frame is being rendered; None when nothing is."""
        if frame is None:
            self.box.remove_class(_BUSY)
        else:
            self._note.value = f'<span class="{_NOTE}">rendering frame {frame} …</span>'
            self.box.add_class(_BUSY)

    def show_problem(self, error: Exception | None) -> None:
        """Show why there is no such frame; None where nothing is wrong."""
        self._problem.value = view.fault(str(error)) if error else ""

    def show_code(self, code: str) -> None:
        """Show the call that renders what is displayed."""
        action = escape(_COPY.format(panel=PANEL))
        self._copy.value = (
            f'<button class="jupyter-button widget-button" style="width:auto" data-code="{escape(code)}" '
            f'onclick="{action}">Copy code</button>'
        )
        self._code.value = f"<details><summary>Code</summary>{view.code(code)}</details>"

    def show_rendering(self, rendering: bool) -> None:
        """Let it be cancelled while it renders, and rendered while it does not."""
        self._render.disabled, self._cancel.disabled = rendering, not rendering

    def cancelled(self) -> None:
        """Show that it was asked to end."""
        self._cancel.disabled = True

    def close(self) -> None:
        """Remove all widgets."""
        self.box.close()

    def _step(self, step: int, icon: str) -> Any:
        import ipywidgets as widgets

        button = widgets.Button(icon=icon, tooltip=f"{step:+} frame", layout={"width": "34px", "flex": "0 0 auto"})

        def move() -> None:
            self._slider.value = min(self._slider.max, max(0, self._slider.value + step))

        button.on_click(ignoring(move))
        return button


def position(shown: PreviewFrame) -> str:
    """Return where a frame is: "frame 12 of 60 · 0.40 s"."""
    of = shown.composition
    return f"frame {shown.frame} of {of.duration_in_frames} · {shown.frame / of.fps:.2f} s"


def facts(shown: PreviewFrame) -> str:
    """Return size, rate and length of a composition."""
    of = shown.composition
    return f"{of.width}x{of.height} · {of.fps:g} fps · {view.clock(of.duration)}"
