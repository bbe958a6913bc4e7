"""Colours in CSS notation."""

from __future__ import annotations

import colorsys
import re

_HEX = re.compile(r"#([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})", re.IGNORECASE)
_FUNCTION = re.compile(r"(rgb|hsl)a?\(([^()]*)\)", re.IGNORECASE)
_NUMBER = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(%|deg)?")


def parse_colour(text: str) -> tuple[str, float] | None:
    """Return a colour as a picker takes it, "#rrggbb" or its name, and its opacity, 0 to 1; None for other values.

    Args:
        text: A CSS colour: its name, #rgb, #rgba, #rrggbb, #rrggbbaa, rgb(), rgba(), hsl() or hsla().
    """
    text = text.strip()
    if text.isalpha():
        return (text.lower(), 1.0) if _is_name(text.lower()) else None
    if found := _HEX.fullmatch(text):
        digits = found[1].lower()
        if len(digits) < 6:
            digits = "".join(digit * 2 for digit in digits)
        return f"#{digits[:6]}", int(digits[6:] or "ff", 16) / 255
    if found := _FUNCTION.fullmatch(text):
        return _function(found[1].lower(), found[2])
    return None


def with_opacity(colour: str, opacity: float) -> str:
    """Return a colour that was picked, with the opacity of the one before.

    Args:
        colour: "#rrggbb".
        opacity: 0 to 1.
    """
    return colour if opacity >= 1 else f"{colour}{round(opacity * 255):02x}"


def _is_name(text: str) -> bool:
    from ipywidgets.widgets.trait_types import Color
    from traitlets import HasTraits, TraitError

    try:
        Color().validate(HasTraits(), text)
    except TraitError:
        return False
    return True


def _function(name: str, inside: str) -> tuple[str, float] | None:
    parts = [_NUMBER.fullmatch(part) for part in re.split(r"[\s,/]+", inside.strip())]
    values = [(float(part[1]), part[2] or "") for part in parts if part]
    if len(values) != len(parts) or len(values) not in (3, 4):
        return None
    opacity = _limited(_share(*values[3], 1)) if len(values) == 4 else 1.0
    if name == "rgb":
        channels = [_share(number, unit, 255) for number, unit in values[:3]]
    else:
        (turn, _), saturation, light = values[:3]
        channels = colorsys.hls_to_rgb(
            turn / 360 % 1, _limited(_share(*light, 100)), _limited(_share(*saturation, 100))
        )
    return "#" + "".join(f"{round(_limited(channel) * 255):02x}" for channel in channels), opacity


def _share(number: float, unit: str, whole: float) -> float:
    return number / 100 if unit == "%" else number / whole


def _limited(number: float) -> float:
    return min(1.0, max(0.0, number))
