"""Sends commands and expressions to one page. Each has a time limit, and an error that names what it waited for."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

from .._data.untrusted import shortened
from ..errors import BrowserCrashedError, PageError, PageNotRespondingError, PageScriptError, PageTimeoutError
from .answers import Answer, read_answer
from .capture import FrameSource
from .cdp import CdpSession, ProtocolError
from .contract import cancelled
from .diagnostics import PageDiagnostics
from .logs import BrowserLogs
from .network import Network
from .serve_url import folder_of

T = TypeVar("T")

READY_MARGIN_S = 3
ANSWER_TIMEOUT_S = 2
COMMAND_TIMEOUT_S = 15
MAP_TIMEOUT_S = 10
LISTED_HANDLES = 20
NO_HTML_IN_CANVAS = (
    "The page draws HTML into a canvas, but this browser has no drawElementImage(). Render with Chromium "
    "149 or newer: set browser_executable or REMOTION_PY_BROWSER."
)
_TOO_DEEP = ("stack limit exceeded", "reference chain is too long")


class Evaluator:
    """Evaluates expressions in a page, while frames are pumped beside it.

    Attributes:
        network: The requests of the page.
        diagnostics: The exceptions and console messages of the page.

    Args:
        cdp: The CDP session of the page.
        frames: How its frames are made.
        url: Its address.
        timeout_ms: Time that a page may take to become ready, in milliseconds.
        refused: The (host, port) pairs that its gate has refused.
        logs: Gathers its console; None keeps that for errors alone.
    """

    def __init__(
        self,
        cdp: CdpSession,
        frames: FrameSource,
        url: str,
        timeout_ms: int,
        refused: list[tuple[str, int]],
        logs: BrowserLogs | None = None,
    ) -> None:
        base = folder_of(url)
        self.network = Network(base)
        self.diagnostics = PageDiagnostics(url, refused, self._fetch, timeout_ms)
        self._cdp = cdp
        self._frames = frames
        self._timeout_ms = timeout_ms
        self._limit = timeout_ms / 1000 + READY_MARGIN_S
        self._crashed = asyncio.Event()
        self._replaced = asyncio.Event()
        self._since: float | None = None
        cdp.on("Runtime.exceptionThrown", self.diagnostics.on_exception)
        cdp.on("Runtime.consoleAPICalled", self.diagnostics.on_console)
        if logs:
            cdp.on("Runtime.consoleAPICalled", lambda event: logs.on_console(event, base))
        cdp.on("Inspector.targetCrashed", lambda _: self._crashed.set())
        cdp.on("Runtime.executionContextsCleared", lambda _: self.network.forget())

    async def enable(self) -> None:
        """Have the page report its exceptions, console, crashes and requests."""
        await self.command("Runtime.enable")
        await self.command("Inspector.enable")
        await self.network.attach(self._cdp)

    def hold_document(self) -> None:
        """From now on another document is an error, as the composition that was mounted is gone with the first one."""
        self._cdp.on("Runtime.executionContextsCleared", lambda _: self._replaced.set())

    @property
    def usable(self) -> bool:
        """Whether the page has neither thrown, nor crashed, nor loaded another document."""
        return not (self.diagnostics.any or self._crashed.is_set() or self._replaced.is_set())

    @property
    def waiting(self) -> str | None:
        """What the page is waiting for, in a few words; None while nothing is asked of it."""
        if self._since is None:
            return None
        request = self.network.oldest
        return request.name if request else "the page's scripts"

    async def command(self, method: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        """Send a command that the browser answers at once, whatever the page does."""
        try:
            return await asyncio.wait_for(self.send(method, params), COMMAND_TIMEOUT_S)
        except TimeoutError:
            raise BrowserCrashedError(f"The browser did not answer {method} in {COMMAND_TIMEOUT_S} s.") from None

    async def send(self, method: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        """Send a command, without a limit."""
        try:
            return await self._cdp.send(method, params)
        except ProtocolError as error:
            if any(sign in str(error) for sign in _TOO_DEEP):
                raise PageScriptError(
                    f"The page returned data that is nested too deeply ({error}). Fix its props, metadata "
                    f"or assets, and render again."
                ) from error
            raise BrowserCrashedError(f"The browser refused {method}: {error}") from error

    async def evaluate(self, expression: str, *, frame: int | None = None, doing: str) -> Any:
        """Evaluate an expression in the page, as if the user had clicked there, and wait for its promise.

        Args:
            expression: JavaScript.
            frame: The frame that it is about, for errors.
            doing: What the page is to do, for errors: "show a frame".
        """
        params = {"expression": expression, "awaitPromise": True, "returnByValue": True, "userGesture": True}
        answer = await self.within(self.send("Runtime.evaluate", params), doing, frame=frame)
        self.diagnostics.raise_exceptions(frame)
        details = answer.get("exceptionDetails")
        if details:
            raise PageScriptError(
                f"The page failed to {doing}: {self.diagnostics.describe(details)} Fix the page and render again.",
                frame=frame,
                stack=str(details.get("exception", {}).get("description", "")),
            )
        return answer["result"].get("value")

    async def checked(self, expression: str, *, frame: int | None = None, doing: str) -> Answer:
        """Evaluate a function of the driver whose answer holds a `state`.

        Raises:
            PageScriptError: The page threw or cancelled its render, or its driver answers something else.
        """
        answer = read_answer(await self.evaluate(expression, frame=frame, doing=doing), frame)
        if answer.state != "ready":
            hint, threw = self.diagnostics.hint(), answer.state == "threw"
            raise cancelled(answer.text, frame, hint, threw=threw, timeout_ms=self._timeout_ms)
        return answer

    async def explained(self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for work of the page; its errors name the user's own file and line, or what the browser lacks."""
        try:
            return await work
        except PageError as error:
            if isinstance(error, PageScriptError) and await self._lacks_html_in_canvas():
                error.message = f"{NO_HTML_IN_CANVAS} The error of the page: {error.message}"
            raise await self.diagnostics.explain(error) from None

    async def within(
        self,
        work: Coroutine[Any, Any, T],
        doing: str,
        *,
        seconds: float | None = None,
        frame: int | None = None,
        pump: bool = True,
    ) -> T:
        """Wait for work of the page, but neither longer than its limit, nor after its crash or its reload.

        Args:
            work: What to wait for.
            doing: What the page is to do, for errors.
            seconds: The limit; None is that for becoming ready.
            frame: The frame that it is about, for errors.
            pump: Make frames in the meantime, without which a page with frame control stalls.
        """
        working = asyncio.ensure_future(self._frames.wait(work) if pump else work)
        ends = [asyncio.ensure_future(event.wait()) for event in (self._crashed, self._replaced)]
        started = time.monotonic()
        self._since = started
        try:
            await asyncio.wait(
                {working, *ends}, timeout=self._limit if seconds is None else seconds, return_when="FIRST_COMPLETED"
            )
            if working.done() and not self._replaced.is_set():
                return working.result()
        except BrowserCrashedError as error:
            if not _means_navigated(error):
                raise
            self._replaced.set()
        finally:
            self._since = None
            for task in (working, *ends):
                task.cancel()
            await asyncio.gather(working, *ends, return_exceptions=True)
        if self._replaced.is_set():
            raise _another_document(frame)
        if self._crashed.is_set():
            raise BrowserCrashedError(
                "The page crashed during the render. This is often a lack of memory: render with a lower "
                "concurrency or a smaller scale.",
                frame=frame,
            )
        raise await self._late(doing, frame, time.monotonic() - started)

    async def _late(self, doing: str, frame: int | None, seconds: float) -> PageTimeoutError | BrowserCrashedError:
        """Return the error of a page that was not ready in time."""
        where = f" at frame {frame}" if frame is not None else ""
        longer = f"increase timeout_in_milliseconds ({self._timeout_ms})"
        try:
            found = await self._ask("window.remotionPyDriver.handles()")
        except (TimeoutError, ProtocolError):
            return PageNotRespondingError(
                f"The page did not answer for {seconds:.0f} s{where}: its scripts are busy, or its browser hangs. "
                f"Look for endless loops in the page, or {longer}.",
                frame=frame,
                silent=True,
            )
        labels = [shortened(label, 200) for label in found[:LISTED_HANDLES]] if isinstance(found, list) else []
        reasons: list[str] = []
        advice = f"Look for code in the page that does not end, or {longer}."
        request = self.network.oldest
        if request:
            waited = time.monotonic() - request.since
            reasons.append(f" It has waited {waited:.0f} s for {request.name}.")
            advice = f"Check that this address responds, or {longer}."
        if labels:
            reasons.append(f" Open delayRender() handles: {', '.join(repr(label) for label in labels)}.")
            advice = f"Call continueRender() for each handle, or {longer}."
        return PageTimeoutError(
            f"The page did not {doing}{where} within {seconds:.0f} s.{''.join(reasons)} {advice}",
            frame=frame,
            handles=labels,
        )

    async def _lacks_html_in_canvas(self) -> bool:
        """Whether the page has asked for a function that this browser does not have."""
        try:
            return await self._ask("window.remotionPyDriver.drivers().some((one) => one.askedForHtml())") is True
        except (TimeoutError, ProtocolError):
            return False

    async def _ask(self, expression: str) -> Any:
        """Evaluate an expression that the page answers at once, whatever it has thrown before."""
        ask = {"expression": expression, "returnByValue": True}
        answer = await asyncio.wait_for(self._cdp.send("Runtime.evaluate", ask), ANSWER_TIMEOUT_S)
        return answer["result"].get("value")

    async def _fetch(self, url: str) -> str | None:
        """Return the text behind a URL as the page gets it; None when it cannot be fetched."""
        call = f"fetch({json.dumps(url)}).then((answer) => answer.ok ? answer.text() : null)"
        ask = {"expression": call, "awaitPromise": True, "returnByValue": True}
        try:
            answer = await asyncio.wait_for(self._frames.wait(self._cdp.send("Runtime.evaluate", ask)), MAP_TIMEOUT_S)
        except (TimeoutError, ProtocolError, BrowserCrashedError):
            return None
        text = answer["result"].get("value")
        return text if isinstance(text, str) else None


def _means_navigated(error: BrowserCrashedError) -> bool:
    return "navigated" in str(error) or "context was destroyed" in str(error)


def _another_document(frame: int | None) -> PageScriptError:
    where = f" at frame {frame}" if frame is not None else ""
    return PageScriptError(
        f"The page loaded another document{where} during the render, by location.reload(), a link, or the "
        f"live reload of a development server. Turn this off, or render a built copy of the site.",
        frame=frame,
    )
