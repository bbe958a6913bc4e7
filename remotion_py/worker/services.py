"""The services of a sandbox, created from its environment: those of this machine, or those of AWS."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import OptionError
from ..lambda_.context import Context, OpenStore
from ..lambda_.plan import MAX_CHUNKS
from ..lambda_.runtime import Invocation
from ..media.frames import VideoFrames
from ..media.sources import Sources
from ..page import RUNTIME_JS
from ..page.session import BrowserSession
from ..page.site import RUNTIME_NAME, SiteFiles
from ..providers.base import Functions, ObjectStore
from ..providers.functions import BotoFunctions
from ..providers.roles import Role, role_of

READ_MARGIN_S = 30.0
LOCAL_CANCEL_POLL_S = 0.2
AWS_CANCEL_POLL_S = 1.5
LARGE_CHUNK_BYTES = 6_000_000
"""Of a stream, the first 6 MB travel uncapped and the rest at 2 MB/s (design/aws.md 1)."""


@dataclass(frozen=True)
class SandboxServices:
    """The services that all calls of a sandbox share.

    Attributes:
        functions: Invokes other functions.
        open_store: Opens the store of a bucket.
        bucket: The bucket of a caller who names none.
        session: Its browser session.
        sources: Its media files.
        frames: Its video decoders.
        capacity: Returns how many renderer functions may run at the same time.
        cancel_poll_s: Seconds between two looks for a cancellation.
        many_share_the_cores: Whether other sandboxes run on the same cores.
        prepare: Prepares what a role needs.
        warm: Whether the browser is launched ahead of the first call.
        stream_bytes: Chunks above it go through the store instead of the stream; None for a stream without limits.
    """

    functions: Functions
    open_store: OpenStore
    bucket: str
    session: BrowserSession
    sources: Sources
    frames: VideoFrames
    capacity: Callable[[], Awaitable[int]]
    cancel_poll_s: float
    many_share_the_cores: bool
    prepare: Callable[[Role | None], Awaitable[None]]
    warm: bool
    stream_bytes: int | None = None

    async def context(self, invocation: Invocation, temp: Path) -> Context:
        """Return the context of one invocation, once what its role needs is ready.

        Raises:
            FunctionError: The function lacks a part.
        """
        role = role_of(invocation.payload)
        await self.prepare(role)
        invokes_renderers = role is not None and role.invokes_renderers
        return Context(
            functions=self.functions,
            open_store=self.open_store,
            bucket=self.bucket,
            session=self.session,
            sources=self.sources,
            function_name=os.environ["AWS_LAMBDA_FUNCTION_NAME"],
            region=os.environ["AWS_REGION"],
            memory_mb=int(os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]),
            deadline_ms=invocation.deadline_ms,
            capacity=await self.capacity() if invokes_renderers else None,
            encoder_threads=1 if self.many_share_the_cores and not invokes_renderers else 0,
            cancel_poll_s=self.cancel_poll_s,
            stream_bytes=self.stream_bytes,
            temp=temp,
        )

    async def close(self) -> None:
        """End the browser and the downloads."""
        await self.session.close()
        await self.sources.close()
        self.frames.close()


def open_services() -> SandboxServices:
    """Build the services of a sandbox from its environment.

    Raises:
        OptionError: `REMOTION_PY_PROVIDER` names no provider.
    """
    provider = os.environ.get("REMOTION_PY_PROVIDER")
    if provider == "local":
        return _local()
    if provider == "aws":
        return _aws()
    raise OptionError(f"REMOTION_PY_PROVIDER is {provider!r}, but must be 'local' or 'aws'.")


def _local() -> SandboxServices:
    from ..providers.local.folder import FolderStore
    from ..providers.local.lambda_client import make_lambda_client
    from ..providers.local.settings import BUCKET

    places = int(os.environ["REMOTION_PY_CAPACITY"])
    session, sources, frames = _media(Path(os.environ["REMOTION_PY_CACHE"]))

    def make_client() -> Any:
        return make_lambda_client(
            os.environ["REMOTION_PY_ENDPOINT"], read_timeout_s=_patience_s(), connections=max(places, MAX_CHUNKS)
        )

    def open_store(
        bucket: str, *, extra: Mapping[str, str] | None = None, provider: Mapping[str, Any] | None = None
    ) -> ObjectStore:
        del extra
        if bucket != BUCKET or provider:
            raise OptionError("out_name contains a bucket, but local renders have no buckets. Pass output= instead.")
        return FolderStore(os.environ["REMOTION_PY_STORE"], bucket)

    async def capacity() -> int:
        return places

    async def prepare(role: Role | None) -> None:
        del role

    return SandboxServices(
        functions=BotoFunctions(make_client),
        open_store=open_store,
        bucket=BUCKET,
        session=session,
        sources=sources,
        frames=frames,
        capacity=capacity,
        cancel_poll_s=LOCAL_CANCEL_POLL_S,
        many_share_the_cores=places >= (os.cpu_count() or 1),
        prepare=prepare,
        warm=True,
    )


def _aws() -> SandboxServices:
    from ..providers.aws.concurrency import Concurrency
    from ..providers.aws.packs import LAYER_PACKS, Packs
    from ..providers.aws.session import Aws
    from ..providers.aws.site_files import open_bucket_site, site_prefix
    from ..providers.aws.store import S3Store

    aws = Aws()
    packs = Packs() if LAYER_PACKS.is_dir() else None
    cache = Path(os.environ.get("REMOTION_PY_CACHE") or Path(tempfile.gettempdir()) / "remotion-py-cache")
    session, sources, frames = _media(cache)
    own_bucket = os.environ["REMOTION_PY_BUCKET"]
    concurrency = Concurrency(aws)

    def open_store(
        bucket: str, *, extra: Mapping[str, str] | None = None, provider: Mapping[str, Any] | None = None
    ) -> ObjectStore:
        return S3Store(aws.other_store(provider) if provider else aws.client("s3"), bucket, extra)

    async def open_site(serve_url: str) -> SiteFiles | None:
        prefix = site_prefix(serve_url, own_bucket)
        if prefix is None:
            return None
        extras = {RUNTIME_NAME: RUNTIME_JS}
        return await open_bucket_site(aws.client("s3"), own_bucket, prefix, cache / "sites", extras)

    async def prepare(role: Role | None) -> None:
        if packs:
            await packs.ready(packs.for_role(role))

    session.open_site = open_site
    return SandboxServices(
        functions=BotoFunctions(
            lambda: aws.lambda_client(read_timeout_s=_patience_s(), connections=MAX_CHUNKS + MAX_CHUNKS // 10)
        ),
        open_store=open_store,
        bucket=own_bucket,
        session=session,
        sources=sources,
        frames=frames,
        capacity=concurrency.renderers,
        cancel_poll_s=AWS_CANCEL_POLL_S,
        many_share_the_cores=False,
        prepare=prepare,
        warm=False,
        stream_bytes=int(os.environ.get("REMOTION_PY_STREAM_BYTES") or LARGE_CHUNK_BYTES),
    )


def _media(cache: Path) -> tuple[BrowserSession, Sources, VideoFrames]:
    session = BrowserSession(None)
    sources = Sources(cache / "assets", session)
    frames = VideoFrames(sources)
    session.video_frame = frames.frame
    session.asset = sources.asset
    return session, sources, frames


def _patience_s() -> float:
    return float(os.environ["REMOTION_PY_TIMEOUT"]) + READ_MARGIN_S
