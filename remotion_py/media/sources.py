"""The media files of a page: found on disk, or downloaded once per machine, and probed.

A download is stored with its validators. The first render that needs it again checks with the server whether it has
changed; within one render this happens once.
"""

from __future__ import annotations

import asyncio
import hashlib
import ipaddress
import logging
import os
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import SplitResult, unquote_to_bytes, urljoin, urlsplit

from .._version import __version__
from ..errors import DiskFullError, MediaError
from ..options.network import REACH
from .facts import probe
from .kept import Kept, locked, trim
from .tracks import SourceFacts
from .transport import is_transport_stream, without_transport

if TYPE_CHECKING:
    import aiohttp
    from yarl import URL

DOWNLOAD_TRIES = 3
PAUSES_S = (1, 4)
SILENCE_S = 20
MOST_REDIRECTS = 10
MOST_BYTES = 4 * 1024**3
"""Of one download, unless `REMOTION_PY_MAX_ASSET_BYTES` is set."""
SPARE_BYTES = 256 * 1024**2
USER_AGENT = f"Mozilla/5.0 (compatible; remotion_py/{__version__})"
"""Many servers refuse what does not look like a browser."""
_PIECE = 1024 * 1024
_PASSED_ON = ("Content-Type", "Access-Control-Allow-Origin")
"""What a page sees of the answer to a request that is served from here."""

log = logging.getLogger(__name__)


class Reach(Protocol):
    """What the page can reach, which is all that may be fetched in its name."""

    async def local_file(self, url: str) -> Path | None:
        """Return the file behind a URL of the site that is served here."""
        ...

    async def permitted(self, host: str, port: int) -> list[str]:
        """Return the addresses of a host that may be connected to; none when it is out of reach."""
        ...


class Shared(Protocol):
    """Keeps downloads for all functions of a render."""

    async def have(self, name: str, path: Path, download: Callable[[], Awaitable[dict[str, Any]]]) -> dict[str, Any]:
        """Download to a file, from the origin only if no other function did before; returns its note."""
        ...


class _TransientError(Exception):
    """A download failed in a way that may pass."""


class Sources:
    """The media files of renders.

    Args:
        folder: Where downloads are kept.
        reach: What may be fetched.
    """

    def __init__(self, folder: Path, reach: Reach) -> None:
        self.generation = ""
        self._user_agent = USER_AGENT
        self._shared: Shared | None = None
        self._folder = folder
        self._reach = reach
        self._under_way: dict[tuple[str, str], asyncio.Task[Path]] = {}
        self._facts: dict[tuple[Path, int], SourceFacts] = {}

    async def file(self, src: str) -> Path:
        """Return a file of this machine that holds what a URL names.

        Args:
            src: An http(s) or data URL.

        Raises:
            MediaError: It cannot be fetched; the message names the URL and the reason.
            DiskFullError: There is not enough space for it.
        """
        key = (self.generation, src)
        task = self._under_way.get(key)
        if task is None or (task.done() and (task.cancelled() or task.exception() or not task.result().exists())):
            task = self._under_way[key] = asyncio.create_task(self._have(src))
        return await asyncio.shield(task)

    async def _have(self, src: str) -> Path:
        found = await self._reach.local_file(src) or await self._copy_of(src)
        if await asyncio.to_thread(is_transport_stream, found):
            return await asyncio.to_thread(without_transport, found, self._folder)
        return found

    async def facts(self, path: Path, stream_index: int = 0) -> SourceFacts:
        """Probe the audio of a file."""
        key = (path, stream_index)
        if key not in self._facts:
            self._facts[key] = await asyncio.to_thread(probe, path, stream_index)
        return self._facts[key]

    async def asset(self, src: str) -> tuple[Path, dict[str, str]]:
        """Return a file that holds what a URL names, and the headers that matter of its origin's answer."""
        path = await self.file(src)
        headers: dict[str, str] = Kept(self._folder / _name(src)).note.get("headers", {})
        return path, {name: headers[name] for name in _PASSED_ON if name in headers}

    def begin(self, generation: str, shared: Shared | None = None, user_agent: str | None = None) -> None:
        """Begin a render, for which downloads are checked again.

        Args:
            generation: Its id.
            shared: Keeps downloads for all of its functions; None fetches them for this machine alone.
            user_agent: `User-Agent` of our requests, the one that its page sends; None for our own name.
        """
        self._shared = shared
        self._user_agent = user_agent or USER_AGENT
        if generation != self.generation:
            self.generation = generation
            self._under_way.clear()
            self._facts.clear()

    async def close(self) -> None:
        """End what is under way."""
        for task in self._under_way.values():
            task.cancel()
        await asyncio.gather(*self._under_way.values(), return_exceptions=True)

    async def _copy_of(self, src: str) -> Path:
        scheme = _parts(src, src).scheme
        if scheme not in ("http", "https", "data"):
            raise MediaError(
                f"The media file {_short(src)} cannot be downloaded: only http, https and data URLs are "
                f"supported. Put it into the public folder, or use its URL."
            )
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        name = _name(src)
        async with locked(self._folder / f"{name}.lock"):
            kept = Kept(self._folder / name)
            if scheme == "data":
                if not kept.data.exists():
                    kept.write(_data_url(src))
            elif not (kept.data.exists() and kept.note.get("generation") == self.generation):
                await self._once(src, name, kept)
            kept.touch()
        await asyncio.to_thread(trim, self._folder, kept.data)
        return kept.data

    async def _once(self, src: str, name: str, kept: Kept) -> None:
        if self._shared is None:
            await self._download(src, kept)
            return

        async def download() -> dict[str, Any]:
            await self._download(src, kept)
            return kept.note

        kept.remember(await self._shared.have(name, kept.data, download))

    async def _download(self, src: str, kept: Kept) -> None:
        reason = ""
        for pause in (*PAUSES_S, None):
            try:
                await self._fetch(src, kept)
                return
            except _TransientError as error:
                reason = str(error)
                log.info("download of %s failed: %s", _short(src), reason)
            if pause is not None:
                await asyncio.sleep(pause)
        raise MediaError(
            f"The media file {_short(src)} could not be downloaded in {DOWNLOAD_TRIES} attempts: {reason}. "
            f"Check that its server responds."
        )

    async def _fetch(self, src: str, kept: Kept) -> None:
        import aiohttp

        timeout = aiohttp.ClientTimeout(total=None, connect=SILENCE_S, sock_read=SILENCE_S)
        connector = aiohttp.TCPConnector(resolver=_resolver(self._reach))
        url = src
        try:
            async with aiohttp.ClientSession(connector=connector, timeout=timeout, auto_decompress=True) as http:
                for _ in range(MOST_REDIRECTS + 1):
                    await self._check_reach(src, url)
                    headers = {"User-Agent": self._user_agent} | (kept.validators if kept.data.exists() else {})
                    async with http.get(_address(src, url), headers=headers, allow_redirects=False) as answer:
                        if answer.status in (301, 302, 303, 307, 308) and "Location" in answer.headers:
                            url = urljoin(url, answer.headers["Location"])
                            continue
                        await self._take(src, answer, kept)
                        return
        except aiohttp.InvalidURL as error:
            raise _not_an_address(src, url, error) from error
        except (aiohttp.ClientError, TimeoutError, ConnectionError) as error:
            raise _TransientError(str(error) or "the server stopped responding") from error
        raise MediaError(
            f"The media file {_short(src)} is redirected more than {MOST_REDIRECTS} times. Use its final "
            f"address in the page."
        )

    async def _take(self, src: str, answer: aiohttp.ClientResponse, kept: Kept) -> None:
        if answer.status == 304:
            kept.remember(kept.note | {"generation": self.generation})
            return
        if answer.status in (408, 425, 429) or answer.status >= 500:
            raise _TransientError(f"HTTP {answer.status}")
        if answer.status != 200:
            # What the server says stays here: the page would see it, whatever other site it comes from.
            raise MediaError(
                f"The media file {_short(src)} cannot be downloaded: its server answers HTTP "
                f"{answer.status}. Check the address, and whether the server requires a login."
            )
        limit = int(os.environ.get("REMOTION_PY_MAX_ASSET_BYTES") or MOST_BYTES)
        self._check_size(src, answer.content_length or 0, limit)
        size = 0
        try:
            with kept.partial.open("wb") as file:
                async for piece in answer.content.iter_chunked(_PIECE):
                    size += len(piece)
                    self._check_size(src, size, limit, ahead=False)
                    file.write(piece)
            kept.partial.replace(kept.data)
        finally:
            kept.partial.unlink(missing_ok=True)
        kept_headers = ("ETag", "Last-Modified", *_PASSED_ON)
        headers = {key: answer.headers[key] for key in kept_headers if key in answer.headers}
        kept.remember({"url": _short(src), "generation": self.generation, "headers": headers})

    def _check_size(self, src: str, size: int, limit: int, *, ahead: bool = True) -> None:
        if size > limit:
            raise MediaError(
                f"The media file {_short(src)} is larger than {limit} bytes. Use a smaller one, or increase "
                f"REMOTION_PY_MAX_ASSET_BYTES."
            )
        if ahead and size + SPARE_BYTES > shutil.disk_usage(self._folder).free:
            raise DiskFullError(
                f"The media file {_short(src)} has {size} bytes, but {self._folder} does not have enough "
                f"space. Free some space, or set REMOTION_PY_CACHE to a folder on a larger disk."
            )

    async def _check_reach(self, src: str, url: str) -> None:
        parts = _parts(src, url)
        reached: list[str] = []
        if parts.scheme in ("http", "https"):
            try:
                port = parts.port or (443 if parts.scheme == "https" else 80)
                reached = await self._reach.permitted(parts.hostname or "", port)
            except ValueError as error:  # a host name that is too long is a UnicodeError
                raise _not_an_address(src, url, error) from error
        if not reached:
            raise MediaError(
                f"The media file {_short(src)} leads to {_short(url)}, which cannot be reached: the host "
                f"name is unknown or not allowed ({REACH}). Use another address, or put the file into the "
                f"public folder."
            )


def _resolver(reach: Reach) -> Any:
    import socket

    from aiohttp.abc import AbstractResolver, ResolveResult

    class Resolver(AbstractResolver):
        async def resolve(self, host: str, port: int = 0, family: Any = socket.AF_INET) -> list[ResolveResult]:
            del family
            addresses = await reach.permitted(host, port)
            if not addresses:
                raise OSError(f"{host} cannot be reached")
            return [_resolved(host, port, address) for address in addresses]

        async def close(self) -> None:
            pass

    def _resolved(host: str, port: int, address: str) -> ResolveResult:
        family = socket.AF_INET6 if ipaddress.ip_address(address.split("%")[0]).version == 6 else socket.AF_INET
        return {"hostname": host, "host": address, "port": port, "family": family, "proto": 0, "flags": 0}

    return Resolver()


def _parts(src: str, url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError as error:
        raise _not_an_address(src, url, error) from error


def _address(src: str, url: str) -> URL:
    """Return an address unchanged: a server that signs addresses refuses one whose escapes are written otherwise."""
    from yarl import URL

    try:
        return URL(url, encoded=all("!" <= letter <= "~" for letter in url))
    except ValueError as error:
        raise _not_an_address(src, url, error) from error


def _not_an_address(src: str, url: str, error: Exception) -> MediaError:
    leads = "" if url == src else f" leads to {_short(url)}, which"
    return MediaError(f"The media file {_short(src)}{leads} is not a valid address: {error}. Correct it in the page.")


def _data_url(src: str) -> bytes:
    import base64
    import binascii

    head, comma, body = src.partition(",")
    try:
        if not comma:
            raise ValueError("it has no comma")
        return base64.b64decode(unquote_to_bytes(body)) if head.endswith(";base64") else unquote_to_bytes(body)
    except (binascii.Error, ValueError) as error:
        raise MediaError(f"The data URL {_short(src)} cannot be read: {error}. Fix it in the page.") from error


def _name(src: str) -> str:
    return hashlib.sha256(src.encode()).hexdigest()[:32]


def _short(url: str) -> str:
    return url if len(url) < 200 else url[:160] + "..."
