"""The server behind a page: the files of a folder with byte ranges, remotion-py.js, and `/proxy`.

Bound to 127.0.0.1 and visited as `localhost`, which is a secure context (page contract 1.2).
"""

from __future__ import annotations

import json
import secrets
from pathlib import Path

from aiohttp import web

from . import RUNTIME_JS

_NO_STORE = {"Cache-Control": "no-cache, no-store, must-revalidate"}
_OPEN = _NO_STORE | {"Access-Control-Allow-Origin": "*"}


class PageServer:
    """Serves one site to the browser of this process.

    Args:
        folder: The site's folder; None serves `/proxy` alone, for a site that lies elsewhere.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self.token = secrets.token_urlsafe(16)
        self.port = 0
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """Address of the site's page."""
        return f"http://localhost:{self.port}/index.html"

    @property
    def proxy_port(self) -> str:
        """What the page takes for `remotion_proxyPort`: it builds `http://localhost:<this>/proxy` from it."""
        return f"{self.port}/{self.token}"

    async def start(self) -> None:
        """Listen on a free port of 127.0.0.1."""
        app = web.Application()
        app.router.add_route("*", f"/{self.token}/proxy", self._proxy)
        app.router.add_get("/{path:.*}", self._file)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def close(self) -> None:
        """Stop listening."""
        if self._runner:
            await self._runner.cleanup()

    async def _file(self, request: web.Request) -> web.StreamResponse:
        path = self._find(request.match_info["path"])
        if path is None:
            return web.json_response({"error": f"{request.path} not found"}, status=404, headers=_NO_STORE)
        return web.FileResponse(path, headers=_NO_STORE, chunk_size=256 * 1024)

    def _find(self, path: str) -> Path | None:
        if self.folder is None:
            return None
        wanted = (self.folder / path).resolve()
        if not wanted.is_relative_to(self.folder):
            return None
        if wanted.is_dir():
            wanted /= "index.html"
        if wanted.is_file():
            return wanted
        return RUNTIME_JS if wanted == self.folder / "remotion-py.js" else None

    async def _proxy(self, request: web.Request) -> web.StreamResponse:
        if request.method == "OPTIONS":
            headers = _OPEN | {
                "Access-Control-Allow-Private-Network": "true",
                "Access-Control-Allow-Headers": "*",
            }
            return web.Response(headers=headers)
        message = (
            f"<OffthreadVideo> is not supported yet, and {request.query.get('src', 'this video')} needs it. "
            f"Use <Html5Video>, or <Video> of @remotion/media with a codec that the browser decodes."
        )
        return web.Response(
            status=500, text=json.dumps({"error": message}), content_type="application/json", headers=_OPEN
        )
