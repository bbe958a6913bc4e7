"""How often a frame is tried, by what went wrong with it."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest

from remotion_py.errors import BrowserCrashedError, PageTimeoutError
from remotion_py.lambda_.frames import show_frame
from remotion_py.lambda_.job import Job
from remotion_py.page.contract import PageSettings

JOB = SimpleNamespace(
    payload=SimpleNamespace(page_settings=PageSettings()),
    serve_url="site",
    laid_out=None,
    background=None,
    media=None,
    render_id="render",
)


class Failing:
    """A stage whose pages fail at every frame."""

    def __init__(self, error: Exception) -> None:
        self.shown = 0
        self.browsers = 0
        self._error = error

    async def show(self, *_: Any, **__: Any) -> Any:
        self.shown += 1

        async def seek(frame: int) -> Any:
            raise self._error

        return SimpleNamespace(seek=seek)

    async def discard(self, *, browser: bool) -> None:
        self.browsers += browser


def failing(error: Exception) -> Failing:
    session = Failing(error)
    with pytest.raises(type(error) if not error.data.get("silent") else PageTimeoutError):  # type: ignore[attr-defined]
        asyncio.run(cast("Any", show_frame(cast("Any", session), cast("Job", JOB), 0, captured=False)))
    return session


def test_a_page_that_hangs_in_two_browsers_is_an_error_of_the_page() -> None:
    """Else other functions would try the whole chunk again, each for as long."""
    session = failing(BrowserCrashedError("The page did not answer for 10 s.", silent=True))
    assert (session.shown, session.browsers) == (2, 2)
    assert not PageTimeoutError.retryable


def test_a_frame_fails_if_the_browser_dies_twice() -> None:
    session = failing(BrowserCrashedError("The browser ended."))
    assert (session.shown, session.browsers) == (2, 2)
    assert BrowserCrashedError.retryable


def test_a_handle_without_retries_fails_at_once() -> None:
    session = failing(PageTimeoutError("The page was not ready.", retries_left=0))
    assert (session.shown, session.browsers) == (1, 0)
