"""The requests of one page: pending and failed ones."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .cdp import CdpSession

MOST_MISSING = 50
LONGEST_URL = 200
_PICTURE_KINDS = ("Image", "Stylesheet", "Font")
"""What a browser fetches by itself in order to draw. The driver looks at frames, as the request of one that is taken
out of the page has no end."""
_ENDLESS_KINDS = ("Media", "EventSource", "Ping", "Other")
"""What may stay open for as long as the page lives."""


@dataclass(frozen=True)
class Request:
    """A request that is under way.

    Attributes:
        name: Its address, shortened, and its kind.
        kind: Chromium's name of the type of resource.
        since: When it began, by the monotonic clock.
    """

    name: str
    kind: str
    since: float = field(default_factory=time.monotonic)


class Network:
    """Follows the requests of a page.

    Attributes:
        missing: What did not arrive, each with the reason; at most `MOST_MISSING`.

    Args:
        base: Address of the page's folder, which is left out of what is reported.
    """

    def __init__(self, base: str) -> None:
        self.missing: list[str] = []
        self._base = base
        self._requests: dict[str, Request] = {}
        self._ended = asyncio.Event()

    async def attach(self, cdp: CdpSession) -> None:
        """Follow the requests of a page from now on."""
        cdp.on("Network.requestWillBeSent", self.on_request)
        cdp.on("Network.responseReceived", self.on_response)
        cdp.on("Network.loadingFinished", self.on_finished)
        cdp.on("Network.loadingFailed", self.on_failed)
        await cdp.send("Network.enable", {"maxTotalBufferSize": 0, "maxResourceBufferSize": 0})

    def forget(self) -> None:
        """Forget what is under way, when the page has loaded another document."""
        self._requests.clear()
        self._ended.set()

    @property
    def pictures(self) -> frozenset[str]:
        """The ids of the requests under way without which the page cannot be drawn."""
        return frozenset(number for number, request in self._requests.items() if request.kind in _PICTURE_KINDS)

    @property
    def oldest(self) -> Request | None:
        """The request that a page waits for the longest, if there is one."""
        waiting = [request for request in self._requests.values() if request.kind not in _ENDLESS_KINDS]
        return min(waiting, key=lambda request: request.since, default=None)

    async def arrived(self, requests: frozenset[str]) -> None:
        """Wait until these requests have ended; what began later does not count, as a page may poll for pictures."""
        while not requests.isdisjoint(self._requests):
            self._ended.clear()
            await self._ended.wait()

    def on_request(self, event: Mapping[str, Any]) -> None:
        """Take an event `Network.requestWillBeSent`, which also comes for each redirect."""
        kind = str(event.get("type", "Other"))
        if kind == "Other" and re.split(r"[?#]", event["request"]["url"])[0].endswith(".svg"):
            kind = "Image"  # what `<use>` in SVG names
        self._requests[event["requestId"]] = Request(f"{self._short(event['request']['url'])} ({kind.lower()})", kind)

    def on_response(self, event: Mapping[str, Any]) -> None:
        """Take an event `Network.responseReceived`."""
        response = event["response"]
        request = self._requests.get(event["requestId"])
        if request and response["status"] >= 400:
            self._miss(f"{request.name}: HTTP {response['status']}")
        if str(response.get("mimeType", "")).startswith("multipart/"):  # a camera's stream of pictures has no end
            self._end(event["requestId"])

    def on_finished(self, event: Mapping[str, Any]) -> None:
        """Take an event `Network.loadingFinished`."""
        self._end(event["requestId"])

    def on_failed(self, event: Mapping[str, Any]) -> None:
        """Take an event `Network.loadingFailed`."""
        request = self._end(event["requestId"])
        if request and not event.get("canceled"):
            reason = event.get("blockedReason") or event.get("errorText") or "failed"
            # The browser's way out is our gate, which speaks SOCKS.
            refused = "ERR_SOCKS_CONNECTION_FAILED" in reason
            self._miss(f"{request.name}: {'no server responds, or the page may not reach it' if refused else reason}")

    def _end(self, request_id: str) -> Request | None:
        self._ended.set()
        return self._requests.pop(request_id, None)

    def _miss(self, text: str) -> None:
        if text not in self.missing and len(self.missing) < MOST_MISSING:
            self.missing.append(text)

    def _short(self, url: str) -> str:
        url = url.removeprefix(self._base)
        return url if len(url) <= LONGEST_URL else f"{url[:LONGEST_URL]}..."
