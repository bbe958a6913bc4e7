"""A renderer function that sends a ready chunk."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

from remotion_py.lambda_.runtime import Invocation, RuntimeClient, serve
from remotion_py.lambda_.stream import Kind, encode, header


async def handler(invocation: Invocation) -> AsyncIterator[bytes]:
    async def pieces() -> AsyncIterator[bytes]:
        data = Path(os.environ["CHUNK"]).read_bytes()
        yield encode(Kind.LAMBDA_INVOKED, {"attempt": 1})
        yield header(Kind.VIDEO_CHUNK_RENDERED, len(data))
        for start in range(0, len(data), 256 * 1024):
            yield data[start : start + 256 * 1024]
        yield encode(Kind.CHUNK_COMPLETE, {"start": 0, "rendered": 1})

    return pieces()


asyncio.run(serve(RuntimeClient(os.environ["AWS_LAMBDA_RUNTIME_API"]), handler))
