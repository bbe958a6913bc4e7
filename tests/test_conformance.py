"""AWS's own programs on the other side: their runtime emulator before our runtime, their runtime client in our sandbox.

The emulator buffers responses and drops trailers (design/aws.md 6), so it shows results, errors, exits and restarts;
streaming is shown against our own endpoint alone.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from remotion_py.providers.local.endpoint import Endpoint
from remotion_py.providers.local.lambda_client import make_lambda_client

from .cache import CACHE
from .patience import PATIENCE_S
from .test_endpoint import WORKER

SAM = "aws-sam-cli==1.170.0"
EMULATOR = CACHE / "aws-lambda-rie"


def emulator() -> Path:
    """Return AWS's runtime interface emulator, which ships in the wheel of the SAM CLI."""
    if not EMULATOR.exists():
        folder = CACHE / "sam"
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(folder), SAM]
        subprocess.run(command, check=True)
        (wheel,) = folder.glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            partial = EMULATOR.with_suffix(".partial")
            partial.write_bytes(archive.read("samcli/local/rapid/aws-lambda-rie-x86_64"))
        partial.chmod(0o755)
        partial.replace(EMULATOR)
    return EMULATOR


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Emulated:
    """Our runtime in AWS's emulator."""

    def __init__(self, folder: Path) -> None:
        self.port, runtime = free_port(), free_port()
        command = [str(emulator()), "--runtime-interface-emulator-address", f"127.0.0.1:{self.port}"]
        command += ["--runtime-api-address", f"127.0.0.1:{runtime}", sys.executable, str(WORKER)]
        environment = os.environ | {"AWS_LAMBDA_FUNCTION_TIMEOUT": "20", "PYTHONPATH": ":".join(sys.path)}
        self.log = (folder / "emulator.log").open("wb")
        self.process = subprocess.Popen(
            command, env=environment, stdout=self.log, stderr=self.log, start_new_session=True
        )
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                assert time.monotonic() < deadline
                time.sleep(0.05)

    def invoke(self, **payload: Any) -> tuple[int, bytes]:
        address = f"http://127.0.0.1:{self.port}/2015-03-31/functions/function/invocations"
        try:
            with urllib.request.urlopen(address, json.dumps(payload).encode(), timeout=PATIENCE_S) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def close(self) -> None:
        os.killpg(self.process.pid, 9)
        self.process.wait()
        self.log.close()


@pytest.fixture
def emulated(tmp_path: Path) -> Iterator[Emulated]:
    running = Emulated(tmp_path)
    yield running
    running.close()


def test_our_runtime_runs_in_awss_emulator(emulated: Emulated) -> None:
    status, body = emulated.invoke(do="echo", value="häß")
    assert (status, json.loads(body)) == (200, {"value": "häß", "calls": 1})
    _, body = emulated.invoke(do="raise")
    told = json.loads(body)
    assert told["errorType"] == "PageScriptError"
    assert told["errorMessage"] == "the page is wrong"
    _, body = emulated.invoke(do="stream", pieces=3)
    assert body == b"piece" * 3
    _, body = emulated.invoke(do="echo", value=2)
    assert json.loads(body) == {"value": 2, "calls": 4}
    emulated.invoke(do="exit", pieces=1)
    _, body = emulated.invoke(do="echo", value=3)
    assert json.loads(body) == {"value": 3, "calls": 1}, "a new process took the call"


HANDLER = """
import os
def handler(event, context):
    if event["do"] == "raise":
        raise ValueError("as it should")
    if event["do"] == "exit":
        os._exit(3)
    return {"value": event["value"], "left": context.get_remaining_time_in_millis(), "id": context.aws_request_id}
"""


def test_awss_runtime_client_runs_in_our_sandbox(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(HANDLER)
    root = tmp_path / "root"
    root.mkdir()

    async def cycle() -> None:
        endpoint = Endpoint(
            function_name="theirs",
            token="secret",
            root=root,
            failures=root / "failed",
            environment={
                "PATH": "/usr/bin:/bin",
                "PYTHONPATH": f"{tmp_path}:{':'.join(sys.path)}",
                "LAMBDA_TASK_ROOT": str(tmp_path),
                "_HANDLER": "mine.handler",
                "AWS_LAMBDA_FUNCTION_NAME": "theirs",
                "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
                "AWS_REGION": "us-east-1",
            },
            capacity=1,
            timeout_s=10.0,
            command=(sys.executable, "-m", "awslambdaric", "mine.handler"),
        )
        client = make_lambda_client(await endpoint.start(), read_timeout_s=20, connections=2)

        def invoke(**payload: Any) -> tuple[Any, str | None]:
            answer = client.invoke(FunctionName="theirs", Payload=json.dumps(payload))
            return json.loads(answer["Payload"].read()), answer.get("FunctionError")

        try:
            body, failed = await asyncio.to_thread(invoke, do="echo", value="häß")
            assert failed is None
            assert body["value"] == "häß"
            assert 5_000 < body["left"] <= 10_000
            body, failed = await asyncio.to_thread(invoke, do="raise")
            assert failed == "Unhandled"
            assert (body["errorType"], body["errorMessage"]) == ("ValueError", "as it should")
            body, failed = await asyncio.to_thread(invoke, do="exit")
            assert body["errorType"] == "Runtime.ExitError"
            body, failed = await asyncio.to_thread(invoke, do="echo", value=2)
            assert body["value"] == 2
        finally:
            await endpoint.close()

    asyncio.run(cycle())
