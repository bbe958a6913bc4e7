"""What a loaded page answers to its driver, checked (pure).

The driver is ours, but it runs in the page: scripts there may replace what it is made of, so its answers are read like
any others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, get_args

from ..untrusted import Fields
from .capture import Videos
from .contract import MOST_COMPOSITIONS, Composition, page_fault

MOST_ASSETS = 20_000
"""In one frame."""
_VIDEOS: dict[str, Videos] = {name: name for name in get_args(Videos)}


@dataclass(frozen=True)
class Answer:
    """What the driver says when it has done something.

    Attributes:
        state: "ready"; "cancelled" or "threw" when the page gave up.
        text: Why it gave up.
        names: Ids of compositions, where they were listed.
    """

    state: str
    text: str = ""
    names: tuple[str, ...] = ()

    @property
    def gave_up(self) -> bool:
        """Whether the page cancelled its render, or threw."""
        return self.state != "ready"


@dataclass(frozen=True)
class FrameAnswer:
    """What the page says of a frame that it displays.

    Attributes:
        videos: What its `<video>` tags do.
        assets: Its assets, as the page describes them: not checked yet.
    """

    videos: Videos
    assets: list[Any]


def read_answer(answer: object, frame: int | None = None) -> Answer:
    """Read what the driver says.

    Raises:
        PageScriptError: It is something else.
    """
    found = Fields(answer, "The answer of the page's driver", page_fault(frame))
    state = found.choice("state", ("ready", "cancelled", "threw"))
    text = found.text("text", longest=2**31, default="", empty=True) if state != "ready" else ""
    names = found.items("names", default=())
    return Answer(state, text, tuple(name for name in names if isinstance(name, str)))


def read_frame(answer: object, frame: int) -> FrameAnswer:
    """Read what the driver says of a frame; see `read_answer()`."""
    found = Fields(answer, "The answer of the page's driver", page_fault(frame))
    return FrameAnswer(_VIDEOS[found.choice("videos", _VIDEOS)], list(found.items("assets", most=MOST_ASSETS)))


def read_compositions(answer: object) -> list[Composition]:
    """Read the list of all compositions.

    Raises:
        PageScriptError: It is no list, or one of them cannot be.
    """
    found = Fields({"compositions": answer}, "The page", page_fault())
    return [Composition.from_page(item) for item in found.items("compositions", most=MOST_COMPOSITIONS)]
