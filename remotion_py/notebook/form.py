"""A form of widgets for the props of a composition: a field for each prop, by the type of its value."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from html import escape
from typing import Any, Protocol

from .colours import parse_colour, with_opacity
from .fields import MOST_ROWS, Kind, columns_of, kind_of, lines_of, read, written

_LABEL = "width:120px;line-height:1.3;padding:5px 8px 0 0;overflow-wrap:anywhere"
_FULL = {"width": "auto", "flex": "1 1 auto", "min_width": "0"}
_HINTS: dict[Kind, str] = {
    "moment": "in UTC",
    "null": "null if empty; enter JSON or any text",
    "json": "JSON",
}


class Field(Protocol):
    """What a prop is edited in."""

    widget: Any

    def value(self) -> Any:
        """Return the prop; raises ValueError where it is not valid."""
        ...

    def show(self, value: Any) -> None:
        """Show another value of the prop."""
        ...


def ignoring(work: Callable[[], Any]) -> Callable[[Any], None]:
    """Return what a widget calls with its event, to do work that needs no event."""

    def run(event: Any) -> None:
        del event
        work()

    return run


class Form:
    """Fields for props, in the order of their names in the composition.

    Args:
        values: What the fields start with.
        defaults: What a reset shows.
        on_change: Called without arguments when a field has changed.
    """

    def __init__(self, values: Mapping[str, Any], defaults: Mapping[str, Any], on_change: Callable[[], Any]) -> None:
        import ipywidgets as widgets

        self._first = {**copy.deepcopy(dict(values)), **defaults}
        self._on_change = on_change
        self._quiet = False
        self._fields: dict[str, Field] = {name: _field(name, value, self._changed) for name, value in values.items()}
        rows = [
            widgets.HBox([_label(name), field.widget], layout={"width": "100%", "align_items": "flex-start"})
            for name, field in self._fields.items()
        ]
        self.widget: Any = widgets.VBox(rows)

    def values(self) -> dict[str, Any]:
        """Return the props that the fields have.

        Raises:
            ValueError: A field has no valid value; names it.
        """
        return {name: field.value() for name, field in self._fields.items()}

    def reset(self) -> None:
        """Show the defaults of the composition again; a prop without a default gets what it started with."""
        self._quiet = True
        try:
            for name, field in self._fields.items():
                field.show(self._first[name])
        finally:
            self._quiet = False
        self._on_change()

    def _changed(self) -> None:
        if not self._quiet:
            self._on_change()


def _label(name: str) -> Any:
    import ipywidgets as widgets

    html = f'<div title="{escape(name)}" style="{_LABEL}">{escape(name)}</div>'
    return widgets.HTML(html, layout={"flex": "0 0 auto", "width": "120px", "margin": "0"})


def _field(name: str, value: Any, on_change: Callable[[], Any]) -> Field:
    kind = kind_of(value)
    if kind == "table":
        return _Table(name, value, on_change)
    return _Colour(name, value, on_change) if kind == "colour" else _Single(name, kind, value, on_change)


class _Single:
    """A field of one widget; a prop that was not edited stays exactly what it was."""

    def __init__(self, name: str, kind: Kind, value: Any, on_change: Callable[[], Any]) -> None:
        self._name = name
        self._kind: Kind = kind
        self._prop = value
        self.widget = _input(name, kind, written(kind, value))
        self._shown: Any = self.widget.value
        if hasattr(self.widget, "rows"):
            self.widget.observe(ignoring(self._fit), "value")
        self.widget.observe(ignoring(on_change), "value")

    def value(self) -> Any:
        found = self.widget.value
        return self._prop if found == self._shown else read(self._name, self._kind, found)

    def show(self, value: Any) -> None:
        # Both before the widget changes, as that calls its observers.
        self._prop, self._shown = value, written(self._kind, value)
        self.widget.value = self._shown

    def _fit(self) -> None:
        self.widget.rows = lines_of(self.widget.value)


def _input(name: str, kind: Kind, value: Any) -> Any:
    import ipywidgets as widgets

    hint = _HINTS.get(kind, "")
    common: dict[str, Any] = {"value": value, "layout": dict(_FULL), "tooltip": f"{name} ({hint})" if hint else name}
    if kind == "switch":
        return widgets.Checkbox(indent=False, **common)
    if kind == "number":
        return widgets.FloatText(**common)
    if kind in ("date", "day"):
        return widgets.DatePicker(**common)
    if kind == "moment":
        return widgets.NaiveDatetimePicker(**common)
    if kind == "null":
        return widgets.Text(placeholder="null", continuous_update=False, **common)
    if kind == "text":
        return widgets.Text(continuous_update=False, **common)
    return widgets.Textarea(rows=lines_of(value), continuous_update=False, **common)


class _Colour:
    """A colour as text, in any form of CSS, and a picker beside it; the text is what counts."""

    def __init__(self, name: str, value: str, on_change: Callable[[], Any]) -> None:
        import ipywidgets as widgets

        self._text = widgets.Text(value=value, continuous_update=False, layout=dict(_FULL), tooltip=name)
        self._picker = widgets.ColorPicker(
            value=_shade(value), concise=True, layout={"width": "36px", "flex": "0 0 auto"}, tooltip=f"pick {name}"
        )
        self.widget: Any = widgets.HBox([self._text, self._picker], layout=dict(_FULL))
        self._text.observe(ignoring(self._follow_text), "value")
        self._text.observe(ignoring(on_change), "value")
        self._picker.observe(ignoring(self._follow_picker), "value")

    def value(self) -> Any:
        return self._text.value

    def show(self, value: Any) -> None:
        self._text.value = str(value)

    def _follow_text(self) -> None:
        self._picker.value = _shade(self._text.value)

    def _follow_picker(self) -> None:
        known = parse_colour(self._text.value)
        if known is None or known[0] != self._picker.value:
            self._text.value = with_opacity(self._picker.value, known[1] if known else 1)


def _shade(text: str) -> str:
    found = parse_colour(text)
    return found[0] if found else "#808080"


class _Table:
    """Records as a table of fields, a line for each, to which lines are added and from which they are removed."""

    def __init__(self, name: str, value: list[dict[str, Any]], on_change: Callable[[], Any]) -> None:
        import ipywidgets as widgets

        self._name, self._on_change = name, on_change
        self._columns = columns_of(value)
        self._model = dict(value[0])
        self._add = widgets.Button(description="Add a row", icon="plus", layout={"width": "auto"})
        self._add.on_click(ignoring(self._append))
        self._grid = widgets.GridBox(
            layout={
                "grid_template_columns": f"repeat({len(self._columns)}, minmax(64px, 1fr)) 30px",
                "grid_gap": "0 2px",
                "width": "100%",
                "align_items": "flex-start",
                "overflow": "auto",
            }
        )
        self.widget: Any = widgets.VBox([self._grid, self._add], layout=dict(_FULL))
        self._fill(value)

    def value(self) -> Any:
        return [{name: field.value() for name, field in row.items()} for row in self._rows]

    def show(self, value: Any) -> None:
        self._fill(value if columns_of(value) == self._columns else [])

    def _fill(self, records: list[dict[str, Any]]) -> None:
        self._rows = [self._row(record) for record in records]
        self._arrange()

    def _row(self, record: dict[str, Any]) -> dict[str, Field]:
        return {name: _field(f"{self._name}: {name}", record[name], self._on_change) for name in self._columns}

    def _arrange(self) -> None:
        import ipywidgets as widgets

        head = [
            widgets.HTML(f'<b title="{escape(name)}" style="overflow-wrap:anywhere;line-height:1.2">{escape(name)}</b>')
            for name in self._columns
        ]
        children: list[Any] = [*head, widgets.HTML("")]
        for row in self._rows:
            remove = widgets.Button(icon="times", tooltip="Remove this row", layout={"width": "28px", "padding": "0"})
            remove.on_click(ignoring(lambda row=row: self._remove(row)))
            for field in row.values():
                field.widget.layout.width = "100%"
                field.widget.layout.margin = "1px 0"
            children += [*(field.widget for field in row.values()), remove]
        self._grid.children = children
        self._add.disabled = len(self._rows) >= MOST_ROWS

    def _append(self) -> None:
        self._rows.append(self._row(self.value()[-1] if self._rows else self._model))
        self._arrange()
        self._on_change()

    def _remove(self, row: dict[str, Field]) -> None:
        self._rows = [kept for kept in self._rows if kept is not row]
        self._arrange()
        self._on_change()
