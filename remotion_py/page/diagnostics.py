"""Diagnostics of a page: its exceptions and console, and errors that name the user's own file and line.

All texts come from the page, which can write any number of any length. Each is shortened and made printable on
arrival.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from .._data.untrusted import LARGEST, shortened, trimmed_stack
from ..errors import PageError, PageScriptError, PageTimeoutError
from ..options.network import REACH
from .contract import cancelled
from .logs import console_text
from .serve_url import folder_of
from .site import RUNTIME_NAME
from .sourcemap import Place, PlainScript, SourceMap

KEPT_CONSOLE = 100
SHOWN_CONSOLE = 5
SHOWN_FIELDS = 20
MOST_POSITIONS = 50
MOST_SOURCES = 5
"""Scripts whose source is fetched for one error."""
LONGEST_SCRIPT = 4 * 1024 * 1024
"""Characters; what people write is smaller."""
_WORD = re.compile(r"[^\s()]{1,4000}")
_SCRIPT_END = re.compile(r"(\.m?js|\.html?|/)(?:\?[^\s():]{0,500})?:(\d{1,9}):(\d{1,9})")
_UNKNOWN = "unknown error"


@dataclass(frozen=True)
class Position:
    """A position in a script, as a text names it.

    Attributes:
        start: Where it begins in the text.
        end: Where it ends there.
        script: Address of the script.
        line: From 1.
        column: From 1.
    """

    start: int
    end: int
    script: str
    line: int
    column: int


def find_positions(text: str) -> Iterator[Position]:
    """Find positions like `http://localhost/app.js:3:14`, in time that grows with the length of the text only."""
    for word in _WORD.finditer(text):
        begins = word[0].find("http")
        ends = _SCRIPT_END.search(word[0], begins) if begins >= 0 else None
        if ends and word[0].startswith(("http://", "https://"), begins):
            script = word[0][begins : ends.end(1)]
            yield Position(word.start() + begins, word.start() + ends.end(), script, int(ends[2]), int(ends[3]))


class PageDiagnostics:
    """Gathers the exceptions and console messages of a page.

    Args:
        url: Address of the page.
        refused: The (host, port) pairs that its gate has refused.
        fetch: Returns the text behind a URL as the page gets it; None when it cannot be fetched.
        timeout_ms: The time that a page has to become ready, in milliseconds, as it was asked for.
    """

    def __init__(
        self,
        url: str,
        refused: list[tuple[str, int]],
        fetch: Callable[[str], Awaitable[str | None]],
        timeout_ms: int | None = None,
    ) -> None:
        self.console: list[str] = []
        self._exception: tuple[str, str] | None = None
        self._refused = refused
        self._fetch = fetch
        self._timeout_ms = timeout_ms
        self._base = folder_of(url)
        self._sources: dict[str, SourceMap | PlainScript | None] = {}

    @property
    def any(self) -> bool:
        """Whether the page has thrown."""
        return self._exception is not None

    def begin_frame(self) -> None:
        """Forget the console of frames before."""
        self.console.clear()

    def on_exception(self, event: Mapping[str, Any]) -> None:
        """Take an event `Runtime.exceptionThrown`; the first one is reported, and a page can throw without end."""
        if self._exception is None:
            details = _mapping(event.get("exceptionDetails"))
            text = str(_mapping(details.get("exception")).get("description", ""))
            self._exception = self.describe(details), text

    def on_console(self, event: Mapping[str, Any]) -> None:
        """Take an event `Runtime.consoleAPICalled`."""
        self.console.append(f"{event.get('type')}: {console_text(event)}"[:1000])
        del self.console[:-KEPT_CONSOLE]

    def raise_exceptions(self, frame: int | None) -> None:
        """Raise the first exception of the page, if there is one."""
        if self._exception is None:
            return
        described, text = self._exception
        late = cancelled(text, frame, timeout_ms=self._timeout_ms)
        if isinstance(late, PageTimeoutError):
            raise late
        where = f" at frame {frame}" if frame is not None else ""
        raise PageScriptError(
            f"The page threw{where}: {described} {self.hint()}Fix the page and render again.",
            frame=frame,
            stack=trimmed_stack(text),
        )

    def hint(self) -> str:
        """Describe what the page tried to reach and could not."""
        if not self._refused:
            return ""
        host, port = self._refused[-1]
        return f"It tried to reach {shortened(host, 300)}:{port}, which is not allowed: {REACH}. "

    def describe(self, details: Mapping[str, Any]) -> str:
        """Return one sentence of an exception: its message, and its first position."""
        exception = _mapping(details.get("exception"))
        text = str(exception.get("description") or exception.get("value") or details.get("text", _UNKNOWN))
        fields = _fields(exception)
        first, *stack = trimmed_stack(text).split("\n")
        first += f" {fields}" if fields else ""
        position = next((shortened(line.strip()) for line in stack if line.strip().startswith("at ")), "")
        if not position and details.get("url"):
            line, column = (_whole(details.get(name)) + 1 for name in ("lineNumber", "columnNumber"))
            position = f"at {shortened(details['url'])}:{line}:{column}"
        return f"{first} ({position})." if position else f"{first}."

    async def explain(self, error: PageError) -> PageError:
        """Return an error with positions in sources, a few lines of code, and what the page said at its frame."""
        stack = trimmed_stack(error.data.pop("stack", ""))
        found = [*find_positions(error.message), *find_positions(stack)][:MOST_POSITIONS]
        places = {(one.script, one.line, one.column): await self._place(one) for one in found}
        error.message = self._local(_replace(error.message, places))
        own = next((place for place in places.values() if place and place.own), None)
        if stack:
            error.data["stack"] = self._local(_replace(stack, places)).split("\n")
        if own:
            error.data["source"] = {"file": own.source, "line": own.line, "column": own.column}
            if str(own) not in error.message:
                error.message += f" It comes from {own}."
            if own.lines:
                error.message += f"\n{own.excerpt()}"
        if self.console:
            error.data["console"] = self.console[:]
            said = "\n".join(f"  {line}" for line in self.console[-SHOWN_CONSOLE:])
            error.message += f"\nThe page's console:\n{said}"
        error.args = (error.message,)
        return error

    async def _place(self, found: Position) -> Place | None:
        if found.script not in self._sources:
            if len(self._sources) >= MOST_SOURCES:
                return None
            self._sources[found.script] = await self._source(found.script)
        known = self._sources[found.script]
        return known.find(found.line, found.column) if known else None

    async def _source(self, script: str) -> SourceMap | PlainScript | None:
        """Return what finds the places of a script: its source map, or itself where it is a file of the site."""
        text = await self._fetch(f"{script}.map") if script.endswith("js") else None
        if text:
            with contextlib.suppress(ValueError):
                # A map of megabytes takes a second, in which the pipeline continues.
                return await asyncio.to_thread(SourceMap, text)
        if not script.startswith(self._base) or script.endswith(f"/{RUNTIME_NAME}"):
            return None
        text = await self._fetch(script)
        return PlainScript(self._local(script), text) if text and len(text) <= LONGEST_SCRIPT else None

    def _local(self, text: str) -> str:
        """Name files of a local site by their path, not by the address of a server that is gone tomorrow."""
        return text.replace(self._base, "") if self._base.startswith("http://localhost:") else text


def _replace(text: str, places: Mapping[tuple[str, int, int], Place | None]) -> str:
    parts: list[str] = []
    done = 0
    for found in find_positions(text):
        place = places.get((found.script, found.line, found.column))
        if place:
            parts += [text[done : found.start], str(place)]
            done = found.end
    return "".join([*parts, text[done:]])


def _fields(exception: Mapping[str, Any]) -> str:
    """Return the fields of a thrown object that is not an error, whose description is its class alone."""
    preview = _mapping(exception.get("preview"))
    if exception.get("subtype") == "error" or not preview.get("properties"):
        return ""
    shown = [_mapping(item) for item in preview["properties"][:SHOWN_FIELDS]]
    return shortened("{" + ", ".join(f"{item.get('name')}: {item.get('value', '')}" for item in shown) + "}", 300)


def _mapping(value: object) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}


def _whole(value: object) -> int:
    return value if isinstance(value, int) and abs(value) < LARGEST else 0
