"""Site servers that listen on a port, for visitors that do not come through the gate: other browsers, HTTP clients."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from remotion_py.page.server import PageServer, VideoFrame
from remotion_py.page.site import SiteFiles


@asynccontextmanager
async def listening(site: SiteFiles, video_frame: VideoFrame | None = None) -> AsyncIterator[tuple[PageServer, str]]:
    """Give a server, and the address at which it is visited."""
    server = PageServer(site, video_frame)
    await server.start()
    listener = await asyncio.get_running_loop().create_server(server.connection, "127.0.0.1", 0)
    try:
        yield server, f"http://localhost:{listener.sockets[0].getsockname()[1]}"
    finally:
        listener.close()
        await server.close()
