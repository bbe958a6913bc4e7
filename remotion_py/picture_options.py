"""Options of pictures that keep what is transparent; `options` puts the tables together."""

from __future__ import annotations

from typing import Annotated, TypedDict

from .checks import boolean
from .option import Option


class TransparencyOptions(TypedDict, total=False):
    """Options of pictures that keep what is transparent."""

    transparent: Annotated[
        bool,
        Option(
            "Leave transparent what a plain page does not paint; white otherwise. A Remotion bundle's PNGs always are.",
            False,
            "transparent",
            boolean,
            "transparent",
        ),
    ]
