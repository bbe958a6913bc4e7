"""The server of a page: the files of a site with byte ranges, remotion-py.js, and `/proxy`.

Its host is `localhost`, a secure context (design/page-contract.md 1.2), but it listens on no port: the gate passes it
the connections of the browser, so no other program of the machine can read the site.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import secrets
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.web_request import BaseRequest
from multidict import CIMultiDict

from ..errors import MediaError, RemotionPyError
from .site import SiteFiles, explain_missing

log = logging.getLogger(__name__)

_NO_STORE = {"Cache-Control": "no-cache, no-store, must-revalidate"}
_PIECE = 256 * 1024
_OPEN = _NO_STORE | {"Access-Control-Allow-Origin": "*"}


VideoFrame = Callable[[str, float, bool, bool], Awaitable[tuple[bytes, str]]]
"""Takes the URL of a video, a time in seconds, whether alpha is wanted, and whether HDR is to be mapped to SDR;
returns a picture and its media type."""


class _FileItself(web.FileResponse):
    """A file, and never a compressed one that lies beside it, which may be older or another."""

    async def prepare(self, request: BaseRequest) -> AbstractStreamWriter | None:
        """Send it as if the browser took nothing compressed."""
        headers = CIMultiDict((name, value) for name, value in request.headers.items() if name != "Accept-Encoding")
        return await super().prepare(request.clone(headers=headers))


class PageServer:
    """Serves one site to the browser of this process.

    Args:
        site: The site's files; None serves `/proxy` alone, for a site that lies elsewhere.
        video_frame: Answers `/proxy`.
    """

    def __init__(self, site: SiteFiles | None, video_frame: VideoFrame | None = None) -> None:
        self.site = site
        self._video_frame = video_frame
        self.token = secrets.token_urlsafe(16)
        self.port = 0
        self._reserved: socket.socket | None = None
        self._runner: web.AppRunner | None = None
        self._copies: dict[str, tuple[Path, dict[str, str]]] = {}

    @property
    def url(self) -> str:
        """Address of the site's page."""
        return f"http://localhost:{self.port}/index.html"

    @property
    def proxy_port(self) -> str:
        """What the page takes for `remotion_proxyPort`: it builds `http://localhost:<this>/proxy` from it."""
        return f"{self.port}/{self.token}"

    @property
    def origin(self) -> tuple[str, int]:
        """Host and port of its address."""
        return "localhost", self.port

    def connection(self) -> asyncio.Protocol:
        """Return what serves one more connection."""
        assert self._runner
        assert self._runner.server
        return self._runner.server()

    async def start(self) -> None:
        """Begin to serve, and reserve the number of a port, at which nobody listens."""
        app = web.Application()
        app.router.add_route("*", f"/{self.token}/proxy", self._proxy)
        app.router.add_get(f"/{self.token}/copy/{{name}}", self._copy)
        app.router.add_get("/{path:.*}", self._file)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        self._reserved = socket.socket()
        self._reserved.bind(("127.0.0.1", 0))
        self.port = self._reserved.getsockname()[1]

    async def close(self) -> None:
        """End, with all connections."""
        if self._runner:
            await self._runner.cleanup()
        if self._reserved:
            self._reserved.close()

    def share(self, file: Path, headers: dict[str, str]) -> str:
        """Serve the copy of an asset with some headers of its origin; returns its address."""
        name = hashlib.sha256(str(file).encode()).hexdigest()[:32]
        self._copies[name] = file, headers
        return f"http://localhost:{self.port}/{self.token}/copy/{name}"

    async def _copy(self, request: web.Request) -> web.StreamResponse:
        found = self._copies.get(request.match_info["name"])
        if found is None or not found[0].is_file():
            return web.Response(status=404)
        return _FileItself(found[0], headers=_NO_STORE | found[1], chunk_size=_PIECE)

    async def _file(self, request: web.Request) -> web.StreamResponse:
        path = request.match_info["path"]
        found = await self.site.find(path) if self.site else None
        if found is None:
            # Plain text: a page that reads JSON without a look at the status must not take this for its data.
            text = f"/{path} is not found. {explain_missing(self.site, path)}".rstrip()
            return web.Response(text=text, status=404, headers=_NO_STORE)
        return _FileItself(found, headers=_NO_STORE, chunk_size=_PIECE)

    async def local_file(self, url: str) -> Path | None:
        """Return the file that is served at a URL; None when it is not one of ours.

        Raises:
            MediaError: It would be one of ours, but there is no such file.
        """
        parts = urlsplit(url)
        ours = parts.scheme == "http" and parts.hostname == "localhost" and parts.port == self.port
        if self.site is None or not ours:
            return None
        path = unquote(parts.path).lstrip("/")
        found = await self.site.find(path)
        if found is None:
            raise MediaError(
                f"The page plays the file {path!r}, but the site does not contain it. "
                f"{explain_missing(self.site, path) or f'Add it: {self.site.where}.'}"
            )
        return found

    async def _proxy(self, request: web.Request) -> web.StreamResponse:
        if request.method == "OPTIONS":
            headers = _OPEN | {
                "Access-Control-Allow-Private-Network": "true",
                "Access-Control-Allow-Headers": "*",
            }
            return web.Response(headers=headers)
        try:
            if self._video_frame is None:
                raise MediaError("Nothing here decodes videos.")
            asked = request.query
            data, media_type = await self._video_frame(
                asked["src"],
                float(asked["time"]),
                asked.get("transparent") == "true",
                asked.get("toneMapped") != "false",
            )
        except Exception as error:  # the page reports where it was needed
            log.info("/proxy failed", exc_info=not isinstance(error, RemotionPyError))
            message = json.dumps({"error": str(error) or type(error).__name__})
            return web.Response(status=500, text=message, content_type="application/json", headers=_OPEN)
        return web.Response(body=data, content_type=media_type, headers=_OPEN)
