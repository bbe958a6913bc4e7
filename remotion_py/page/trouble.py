"""What goes wrong in a page: its exceptions and console, and errors that name the user's own file and line."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from ..errors import PageError, PageScriptError, PageTimeoutError
from .contract import cancelled
from .sourcemap import Place, SourceMap

KEPT_CONSOLE = 100
SHOWN_CONSOLE = 5
_POSITION = re.compile(r"(?P<url>https?://[^\s()]+?\.js)(?:\?[^\s():]*)?:(?P<line>\d+):(?P<column>\d+)")
_TAG = "Symbol(__remotion_"


class Trouble:
    """Gathers what a page throws and says.

    Args:
        url: Address of the page.
        refused: The (host, port) pairs that its gate has refused.
        fetch: Returns the text behind a URL as the page gets it; None when it cannot be had.
    """

    def __init__(self, url: str, refused: list[tuple[str, int]], fetch: Callable[[str], Awaitable[str | None]]) -> None:
        self.console: list[str] = []
        self._exceptions: list[tuple[str, str]] = []
        self._url = url
        self._refused = refused
        self._fetch = fetch
        self._maps: dict[str, SourceMap | None] = {}

    @property
    def any(self) -> bool:
        """Whether the page has thrown."""
        return bool(self._exceptions)

    def begin_frame(self) -> None:
        """Forget the console of frames before."""
        self.console.clear()

    def on_exception(self, event: Mapping[str, Any]) -> None:
        """Take an event `Runtime.exceptionThrown`."""
        details = event["exceptionDetails"]
        text = str(details.get("exception", {}).get("description", ""))
        self._exceptions.append((self.describe(details), text))

    def on_console(self, event: Mapping[str, Any]) -> None:
        """Take an event `Runtime.consoleAPICalled`."""
        texts = [str(item.get("value", item.get("description", ""))) for item in event["args"]]
        said = " ".join(text for text in texts if not text.startswith(_TAG))
        self.console.append(f"{event['type']}: {said}"[:1000])
        del self.console[:-KEPT_CONSOLE]

    def raise_exceptions(self, frame: int | None) -> None:
        """Raise the first exception of the page, if there is one."""
        if not self._exceptions:
            return
        described, text = self._exceptions[0]
        late = cancelled(text, frame)
        if isinstance(late, PageTimeoutError):
            raise late
        where = f" at frame {frame}" if frame is not None else ""
        raise PageScriptError(
            f"The page threw{where}: {described} {self.hint()}Mend the page and render again.", frame=frame, stack=text
        )

    def hint(self) -> str:
        """Tell what the page had tried to reach in vain."""
        if not self._refused:
            return ""
        host, port = self._refused[-1]
        return (
            f"It had tried to reach {host}:{port}, which a page may not: it reaches its own site and public addresses, "
            f"and private networks where allow_private_network is set. "
        )

    def describe(self, details: Mapping[str, Any]) -> str:
        """Return one sentence of an exception: its message, and its first position."""
        exception = details.get("exception", {})
        text = str(exception.get("description") or exception.get("value") or details.get("text", "unknown error"))
        first, *stack = text.split("\n")
        position = next((line.strip() for line in stack if line.strip().startswith("at ")), "")
        if not position and details.get("url"):
            position = f"at {details['url']}:{details['lineNumber'] + 1}:{details['columnNumber'] + 1}"
        return f"{first} ({position})." if position else f"{first}."

    async def explain(self, error: PageError) -> PageError:
        """Return an error with positions in sources, a few lines of code, and what the page said at its frame."""
        stack = str(error.data.pop("stack", ""))
        places = {found[0]: await self._place(found) for found in _POSITION.finditer(f"{error.message}\n{stack}")}
        error.message = self._local(_replace(error.message, places))
        own = next((place for place in places.values() if place and place.own), None)
        if stack:
            error.data["stack"] = self._local(_replace(stack, places)).split("\n")
        if own:
            error.data["source"] = {"file": own.source, "line": own.line, "column": own.column}
            if str(own) not in error.message:
                error.message += f" It came from {own}."
            if own.lines:
                error.message += f"\n{own.excerpt()}"
        if self.console:
            error.data["console"] = self.console[:]
            said = "\n".join(f"  {line}" for line in self.console[-SHOWN_CONSOLE:])
            error.message += f"\nThe page's console:\n{said}"
        error.args = (error.message,)
        return error

    async def _place(self, found: re.Match[str]) -> Place | None:
        script = found["url"]
        if script not in self._maps:
            self._maps[script] = None
            text = await self._fetch(f"{script}.map")
            if text:
                try:
                    self._maps[script] = SourceMap(text)
                except (ValueError, KeyError, TypeError, AttributeError):
                    self._maps[script] = None
        known = self._maps[script]
        return known.find(int(found["line"]), int(found["column"])) if known else None

    def _local(self, text: str) -> str:
        """Name files of a local site by their path, not by the address of a server that is gone tomorrow."""
        base = self._url.rsplit("/", 1)[0] + "/"
        return text.replace(base, "") if base.startswith("http://localhost:") else text


def _replace(text: str, places: Mapping[str, Place | None]) -> str:
    return _POSITION.sub(lambda found: str(places.get(found[0]) or found[0]), text)
