"""A worker for the tests of the endpoint: speaks the Runtime API by our client, and does what its payload says."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from remotion_py.errors import PageScriptError
from remotion_py.lambda_.runtime import Invocation, RuntimeClient, serve

calls = 0


async def pieces(payload: dict[str, Any]) -> AsyncIterator[bytes]:
    for _ in range(payload["pieces"]):
        yield b"piece"
        await asyncio.sleep(payload.get("pause", 0))
    if payload["do"] == "stream-raise":
        raise PageScriptError("the page is wrong", frame=3)
    if payload["do"] == "exit":
        await asyncio.sleep(0.2)
        os._exit(3)


async def steps(folder: Path, count: int) -> AsyncIterator[bytes]:
    """Yield each piece when the one before has arrived, which a file says."""
    for number in range(count):
        yield b"piece"
        while not (folder / str(number)).exists():
            await asyncio.sleep(0.01)


async def many(size: int) -> AsyncIterator[bytes]:
    pattern = bytes(range(256)) * 1024
    while size > 0:
        yield pattern[:size]
        size -= len(pattern)


def spawn() -> list[int]:
    """Leave processes behind: a plain child, one in a group of its own, and one with another environment as well."""
    sleep = [sys.executable, "-c", "import time; time.sleep(600)"]
    return [
        subprocess.Popen(sleep).pid,
        subprocess.Popen(sleep, start_new_session=True).pid,
        subprocess.Popen(sleep, start_new_session=True, env={}).pid,
    ]


async def handler(invocation: Invocation) -> dict[str, Any] | AsyncIterator[bytes]:
    global calls
    calls += 1
    payload = invocation.payload
    match payload["do"]:
        case "echo":
            return {"value": payload["value"], "calls": calls}
        case "touch":
            Path(payload["path"]).touch()
            return {}
        case "raise":
            raise PageScriptError("the page is wrong", frame=3)
        case "bytes":
            return many(payload["size"])
        case "steps":
            return steps(Path(payload["folder"]), payload["pieces"])
        case "spawn":
            return {"pids": spawn()}
        case "exit" if "pieces" not in payload:
            os._exit(3)
        case _:
            return pieces(payload)


asyncio.run(serve(RuntimeClient(os.environ["AWS_LAMBDA_RUNTIME_API"]), handler))
