"""A form of widgets for the props of a composition: one field for each, by the kind of its value."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Literal

Kind = Literal["switch", "number", "colour", "text", "json"]
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_WIDE = {"width": "auto"}
_LABELS = {"description_width": "120px"}


def kind_of(value: Any) -> Kind:
    """Return what kind of field a value is edited in."""
    if isinstance(value, bool):
        return "switch"
    if isinstance(value, (int, float)):
        return "number"  # JavaScript has one kind, so what is 1 may become 1.5
    if isinstance(value, str):
        return "colour" if _COLOUR.fullmatch(value) else "text"
    return "json"


def differing(values: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that are not the defaults: what a call has to pass."""
    return {name: value for name, value in values.items() if name not in defaults or defaults[name] != value}


def told_by(work: Callable[[], Any]) -> Callable[[Any], None]:
    """Return what a widget calls with its event, to do work that needs none."""

    def run(event: Any) -> None:
        del event
        work()

    return run


class Form:
    """Fields for props, in the order of their names in the composition.

    Args:
        values: What the fields start with.
        on_change: Called without arguments when a field has changed.
    """

    def __init__(self, values: Mapping[str, Any], on_change: Callable[[], Any]) -> None:
        import ipywidgets as widgets

        self._kinds = {name: kind_of(value) for name, value in values.items()}
        self._fields: dict[str, Any] = {name: _field(name, value) for name, value in values.items()}
        for field in self._fields.values():
            field.observe(told_by(on_change), "value")
        self.widget: Any = widgets.VBox(list(self._fields.values()))

    def values(self) -> dict[str, Any]:
        """Return what the fields hold.

        Raises:
            ValueError: A field that holds JSON does not; names it.
        """
        return {name: self._value(name) for name in self._fields}

    def _value(self, name: str) -> Any:
        value = self._fields[name].value
        if self._kinds[name] == "number":
            return int(value) if value.is_integer() else value
        if self._kinds[name] != "json":
            return value
        try:
            return json.loads(value)
        except json.JSONDecodeError as error:
            raise ValueError(f"{name} is no JSON: {error}") from None


def _field(name: str, value: Any) -> Any:
    import ipywidgets as widgets

    common: dict[str, Any] = {"description": name, "style": _LABELS, "layout": _WIDE}
    kind = kind_of(value)
    if kind == "switch":
        return widgets.Checkbox(value=value, description=name, indent=True, style=_LABELS)
    if kind == "number":
        return widgets.FloatText(value=value, **common)
    if kind == "colour":
        return widgets.ColorPicker(value=value, **common)
    if kind == "text" and "\n" not in value:
        return widgets.Text(value=value, continuous_update=False, **common)
    written = value if kind == "text" else json.dumps(value, ensure_ascii=False)
    return widgets.Textarea(value=written, rows=3, continuous_update=False, **common)
