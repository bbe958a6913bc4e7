"""Redirects a page's requests for remote assets to local copies, invisibly to the page.

The DevTools command `Fetch.continueRequest` may change the URL of a request without the page seeing it. Ranges and the
seeking of videos keep working (tested with `<video>`, fonts, images and fetch).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from ..errors import BrowserCrashedError, RemotionPyError
from .cdp import CdpSession, ProtocolError

log = logging.getLogger(__name__)

KINDS = ("Image", "Media", "Font", "Fetch", "XHR", "Other")
"""Of resources: what an asset may be loaded as."""
_PRIVATE = ("authorization", "cookie")

FetchCopy = Callable[[str], Awaitable[str | None]]
"""Given the URL of an asset, returns the one of its copy on this machine; None leaves the request alone."""


class AssetRedirect:
    """Redirects the requests of one page.

    Args:
        cdp: The CDP session of the page.
        fetch_copy: Finds or makes copies.
    """

    def __init__(self, cdp: CdpSession, fetch_copy: FetchCopy) -> None:
        self._cdp = cdp
        self._fetch_copy = fetch_copy
        self._answering: set[asyncio.Task[None]] = set()

    async def enable(self) -> None:
        """Look at every request from now on."""
        self._cdp.on("Fetch.requestPaused", self._on_request)
        await self._cdp.send("Fetch.enable", {"patterns": [{"urlPattern": "http*://*"}]})

    def close(self) -> None:
        """Answer no more."""
        for task in self._answering:
            task.cancel()

    def _on_request(self, params: dict[str, Any]) -> None:
        task = asyncio.get_running_loop().create_task(self._answer(params))
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)

    async def _answer(self, params: dict[str, Any]) -> None:
        changed: dict[str, Any] = {"requestId": params["requestId"]}
        if is_asset(params):
            # What cannot be copied is left to the page, which then sees the very failure; whatever went wrong, a
            # request that is never continued would hang.
            try:
                copy = await self._fetch_copy(params["request"]["url"])
            except Exception as error:
                log.info("no copy is stored", exc_info=not isinstance(error, RemotionPyError))
                copy = None
            if copy:
                changed["url"] = copy
        try:
            await self._cdp.send("Fetch.continueRequest", changed)
        except (ProtocolError, BrowserCrashedError):
            return  # the page has gone, or has given the request up


def is_asset(params: dict[str, Any]) -> bool:
    """Return whether a paused request is for something that may be copied: no navigation, nothing of one user alone."""
    request = params["request"]
    private = any(name.lower() in _PRIVATE for name in request["headers"])
    return request["method"] == "GET" and params.get("resourceType") in KINDS and not private
