"""Checks the answers of a loaded page to its driver (no I/O).

The driver is our code, but it runs in the page, where scripts may replace the functions that it uses. So its answers
are untrusted too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .._data.untrusted import Fields
from .contract import MOST_COMPOSITIONS, PageComposition, page_fault

MOST_ASSETS = 20_000
"""In one frame."""


@dataclass(frozen=True)
class Answer:
    """The answer of the driver to a command.

    Attributes:
        state: "ready"; "cancelled" or "threw" when the page gave up.
        text: Why it gave up.
        names: Ids of compositions, where they were listed.
        surfaces: Whether pictures come to the display by a way of their own, where a frame is displayed.
        careful: Whether damage may not report all that changes: the page has WebGL or inner pages.
        assets: The assets of a frame, as the page describes them: not checked yet.
    """

    state: str
    text: str = ""
    names: Sequence[str] = ()
    surfaces: bool = False
    careful: bool = False
    assets: Sequence[Any] = ()


def read_answer(answer: object, frame: int | None = None) -> Answer:
    """Read the answer of the driver.

    Args:
        answer: What it returned.
        frame: The frame that it is about.

    Raises:
        PageScriptError: It is something else.
    """
    found = Fields(answer, "The answer of the page's driver", page_fault(frame))
    state = found.choice("state", ("ready", "cancelled", "threw"))
    if state != "ready":
        return Answer(state, found.text("text", longest=2**31, default="", empty=True))
    return Answer(
        state,
        names=[name for name in found.items("names", default=()) if isinstance(name, str)],
        surfaces=found.flag("surfaces", default=False),
        careful=found.flag("careful", default=False),
        assets=found.items("assets", most=MOST_ASSETS, default=()),
    )


def read_compositions(answer: object) -> list[PageComposition]:
    """Read the list of all compositions.

    Raises:
        PageScriptError: It is not a list, or an entry is invalid.
    """
    found = Fields({"compositions": answer}, "The page", page_fault())
    return [PageComposition.from_page(item) for item in found.items("compositions", most=MOST_COMPOSITIONS)]
