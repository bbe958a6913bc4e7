"""The console messages of pages, kept until they are reported (no I/O)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from .._data.progress_json import BrowserLogJson, BrowserLogsJson
from .._data.untrusted import shortened

MOST_LOGS = 1_000
MOST_LOG_CHARACTERS = 200_000
"""All of a render's are in its `progress.json`, which is stored and read every second."""
LONGEST_TEXT = 1_000
LONGEST_PLACE = 200
SHOWN_ARGUMENTS = 20
SHOWN_CALLS = 5
_TAG = "Symbol(__remotion_"


class LogLimit:
    """Decides which messages are still kept, and counts the others."""

    def __init__(self) -> None:
        self.dropped = 0
        self._entries = 0
        self._characters = 0

    def takes(self, entry: BrowserLogJson) -> bool:
        """Whether a message is kept."""
        length = len(entry["text"]) + sum(map(len, entry["stack"]))
        if self._entries >= MOST_LOGS or self._characters + length > MOST_LOG_CHARACTERS:
            self.dropped += 1
            return False
        self._entries += 1
        self._characters += length
        return True


class BrowserLogs:
    """Gathers the console of the pages that are opened for one purpose.

    Attributes:
        frame: The frame that is displayed; None before the first one.
    """

    def __init__(self) -> None:
        self.frame: int | None = None
        self._generation = ""
        self._limit = LogLimit()
        self._waiting: list[BrowserLogJson] = []
        self._reported = 0

    def begin(self, generation: str) -> None:
        """Forget what was written for another purpose; a page is opened for this one."""
        self.frame = None
        if generation != self._generation:
            self._generation = generation
            self._limit, self._waiting, self._reported = LogLimit(), [], 0

    def on_console(self, event: Mapping[str, Any], base: str) -> None:
        """Take an event `Runtime.consoleAPICalled`.

        Args:
            event: The event.
            base: Address of the folder of the page, by which places are not named.
        """
        entry: BrowserLogJson = {
            "type": shortened(event.get("type"), 30),
            "text": console_text(event)[:LONGEST_TEXT],
            "frame": self.frame,
            "stack": list(_places(event, base)),
        }
        if self._limit.takes(entry):
            self._waiting.append(entry)

    def drain(self) -> BrowserLogsJson:
        """Return what is new: `entries`, and how many `dropped` ones there were."""
        entries, self._waiting = self._waiting, []
        dropped, self._reported = self._limit.dropped - self._reported, self._limit.dropped
        return {"entries": entries, "dropped": dropped} if entries or dropped else {}


def console_text(event: Mapping[str, Any]) -> str:
    """Return the arguments of a call of `console` as one text."""
    arguments = [_mapping(item) for item in event.get("args", [])[:SHOWN_ARGUMENTS]]
    texts = [shortened(item.get("value", item.get("description", ""))) for item in arguments]
    return " ".join(text for text in texts if not text.startswith(_TAG))


def dropped_warning(dropped: int) -> str:
    """Return the warning for messages that were not kept."""
    return f"The page wrote too many messages to its console: {dropped:,} of them are missing in the browser logs"


def _places(event: Mapping[str, Any], base: str) -> Iterator[str]:
    calls = [_mapping(call) for call in _mapping(event.get("stackTrace")).get("callFrames", [])]
    for found in [call for call in calls if call.get("url")][:SHOWN_CALLS]:
        address = shortened(str(found.get("url", "")).removeprefix(base), LONGEST_PLACE)
        yield f"{address}:{found.get('lineNumber', 0) + 1}:{found.get('columnNumber', 0) + 1}"


def _mapping(value: object) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}
