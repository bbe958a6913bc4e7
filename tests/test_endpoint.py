"""The embedded Lambda endpoint and our Runtime API client: real boto3 on one side, real workers on the other."""

from __future__ import annotations

import asyncio
import json
import struct
import sys
import threading
import time
import zlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import botocore.exceptions
import pytest
from botocore.eventstream import EventStreamBuffer

from remotion_py._data.stored import Document
from remotion_py.errors import FunctionError, PageScriptError, ThrottledError
from remotion_py.lambda_.chunk import ChunkFiles
from remotion_py.lambda_.collect import Collector
from remotion_py.lambda_.document import ProgressDocument
from remotion_py.lambda_.job import VideoJob
from remotion_py.lambda_.payload import StartPayload
from remotion_py.lambda_.stream import Kind, encode, header
from remotion_py.page.contract import PageComposition
from remotion_py.providers.aws.packs import PAGE_PACKS, Packs
from remotion_py.providers.functions import BotoFunctions, function_error
from remotion_py.providers.local.endpoint import Endpoint
from remotion_py.providers.local.eventstream import invoke_complete, payload_chunk
from remotion_py.providers.local.folder import FolderStore
from remotion_py.providers.local.lambda_client import make_lambda_client
from remotion_py.providers.local.pools import FullError, Pools, pool_of
from remotion_py.providers.roles import ROLES, Pool

from .patience import PATIENCE_S

WORKER = Path(__file__).parent / "worker.py"
NAME = "test-function"


class Server:
    """An endpoint on a loop of its own, with a worker that does what its payload says."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, name="test-endpoint")
        self.thread.start()
        self.failures = root / "failed"
        self.endpoint = Endpoint(
            function_name=NAME,
            token="secret",
            root=root,
            failures=self.failures,
            environment={"PATH": "/usr/bin:/bin", "PYTHONPATH": ":".join(sys.path)},
            capacity=2,
            timeout_s=PATIENCE_S,
            command=(sys.executable, str(WORKER)),
        )
        self.url = self.run(self.endpoint.start())
        self.client = make_lambda_client(self.url, read_timeout_s=2 * PATIENCE_S, connections=20)

    def run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(PATIENCE_S)

    def close(self) -> None:
        self.run(self.endpoint.close())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    def invoke(self, **payload: Any) -> tuple[Any, str | None]:
        answer = self.client.invoke(FunctionName=NAME, Payload=json.dumps(payload))
        return json.loads(answer["Payload"].read()), answer.get("FunctionError")

    def stream(self, **payload: Any) -> tuple[bytes, dict[str, str]]:
        answer = self.client.invoke_with_response_stream(FunctionName=NAME, Payload=json.dumps(payload))
        data, end = b"", {}
        for event in answer["EventStream"]:
            if "PayloadChunk" in event:
                data += event["PayloadChunk"]["Payload"]
            else:
                end = event["InvokeComplete"]
        return data, end


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    root = tmp_path / "root"
    root.mkdir()
    running = Server(root)
    yield running
    running.close()
    assert [path.name for path in root.iterdir() if path.name.startswith("sandbox-")] == []


def test_eventstream_frames_are_read_by_botocore() -> None:
    buffer = EventStreamBuffer()
    buffer.add_data(payload_chunk(b"abc" * 1000) + invoke_complete("Unhandled", "why"))
    first, last = list(buffer)
    assert first.headers[":event-type"] == "PayloadChunk"
    assert first.payload == b"abc" * 1000
    assert json.loads(last.payload) == {"ErrorCode": "Unhandled", "ErrorDetails": "why"}
    wire = payload_chunk(b"x")
    assert struct.unpack(">I", wire[-4:])[0] == zlib.crc32(wire[:-4])


def test_results_errors_and_warm_reuse(server: Server) -> None:
    assert server.invoke(do="echo", value="häß") == ({"value": "häß", "calls": 1}, None)
    assert server.invoke(do="echo", value=2) == ({"value": 2, "calls": 2}, None)
    body, failed = server.invoke(do="raise")
    assert failed == "Unhandled"
    assert body["errorMessage"] == "the page is wrong"
    assert isinstance(function_error(NAME, failed, json.dumps(body).encode()), PageScriptError)
    assert server.invoke(do="echo", value=3)[0]["calls"] == 4


def test_unknown_functions_and_tokens(server: Server) -> None:
    with pytest.raises(server.client.exceptions.ResourceNotFoundException):
        server.client.invoke(FunctionName="other", Payload="{}")
    stranger = make_lambda_client(server.url.replace("secret", "guess"), read_timeout_s=5, connections=1)
    with pytest.raises(botocore.exceptions.ClientError):
        stranger.invoke(FunctionName=NAME, Payload="{}")


def arriving(events: Any, folder: Path) -> Iterator[Any]:
    """Yield the pieces of a stream, and let the worker know of each one."""
    for number, event in enumerate(event for event in events if "PayloadChunk" in event):
        (folder / str(number)).touch()
        yield event


def test_streams_arrive_as_they_are_written(server: Server) -> None:
    folder = server.root / "arrived"
    folder.mkdir()
    payload = json.dumps({"do": "steps", "pieces": 4, "folder": str(folder)})
    answer = server.client.invoke_with_response_stream(FunctionName=NAME, Payload=payload)
    pieces = [event["PayloadChunk"]["Payload"] for event in arriving(answer["EventStream"], folder)]
    assert pieces == [b"piece"] * 4


def test_large_streams_are_whole(server: Server) -> None:
    data, end = server.stream(do="bytes", size=20_000_000)
    assert len(data) == 20_000_000
    assert zlib.crc32(data) == zlib.crc32(bytes(range(256)) * (20_000_000 // 256) + bytes(range(20_000_000 % 256)))
    assert end == {}


def test_errors_before_and_after_the_first_byte_arrive(server: Server) -> None:
    data, end = server.stream(do="stream-raise", pieces=0)
    assert data == b""
    assert end["ErrorCode"] == "Unhandled"
    data, end = server.stream(do="stream-raise", pieces=3)
    assert data == b"piece" * 3
    assert end["ErrorCode"] == "PageScriptError"
    assert json.loads(end["ErrorDetails"])["errorMessage"] == "the page is wrong"


def test_a_worker_that_dies_or_runs_out_of_time_is_replaced(server: Server) -> None:
    data, end = server.stream(do="exit", pieces=2)
    assert data == b"piece" * 2
    assert end["ErrorCode"] == "Runtime.ExitError"
    assert "exit code 3" in end["ErrorDetails"]
    server.endpoint._timeout_s = 2.0
    _, end = server.stream(do="stream", pieces=2, pause=2 * PATIENCE_S)
    server.endpoint._timeout_s = PATIENCE_S
    assert end["ErrorCode"] == "Sandbox.Timedout"
    assert server.invoke(do="echo", value=1)[0]["calls"] == 1


def test_a_sandbox_ends_with_all_its_processes(server: Server, nothing_left: Any) -> None:
    pids = server.invoke(do="spawn")[0]["pids"]
    assert len(pids) == 3
    server.invoke(do="exit")
    nothing_left_deadline = time.monotonic() + PATIENCE_S
    while any(Path(f"/proc/{pid}/cmdline").exists() and Path(f"/proc/{pid}/cmdline").read_bytes() for pid in pids):
        assert time.monotonic() < nothing_left_deadline
        time.sleep(0.05)


def test_over_capacity_is_429_for_calls_and_queued_for_events(server: Server) -> None:
    functions = BotoFunctions(lambda: server.client)

    async def run() -> None:
        arrived = server.root / "arrived"
        arrived.mkdir()

        def held() -> AsyncIterator[bytes]:
            return functions.stream(NAME, {"type": "renderer", "do": "steps", "pieces": 2, "folder": str(arrived)})

        running = [held() for _ in range(2)]
        assert [await anext(stream) for stream in running] == [b"piece"] * 2
        with pytest.raises(ThrottledError):
            await anext(held())
        # The other pools are free, also while all renderers are busy.
        assert (await functions.invoke(NAME, {"type": "status", "do": "echo", "value": 5}))["value"] == 5
        for name in ("0", "1"):
            (arrived / name).touch()
        assert [[piece async for piece in stream] for stream in running] == [[b"piece"]] * 2

        folder = server.root / "events"
        folder.mkdir()
        for number in range(5):
            await functions.invoke_event(NAME, {"type": "launch", "do": "touch", "path": str(folder / str(number))})
        while len(list(folder.iterdir())) < 5:
            await asyncio.sleep(0.05)

    asyncio.run(asyncio.wait_for(run(), PATIENCE_S))


def test_a_failed_event_leaves_a_record(server: Server) -> None:
    functions = BotoFunctions(lambda: server.client)
    secrets = {"webhook": {"secret": "canary"}, "envVariables": {"KEY": "canary"}}
    asyncio.run(functions.invoke_event(NAME, {"type": "launch", "do": "exit", "renderId": "abc"} | secrets))
    deadline = time.monotonic() + PATIENCE_S
    while not list(server.failures.glob("*.json")):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    text = next(server.failures.glob("*.json")).read_text()
    assert "canary" not in text
    record = json.loads(text)
    assert record["requestPayload"] == {"renderId": "abc"}
    assert record["responseContext"]["functionError"] == "Runtime.ExitError"


def test_a_stream_without_its_closing_event_is_an_error() -> None:
    class Cut:
        def invoke_with_response_stream(self, **_: Any) -> dict[str, Any]:
            class Events(list[Any]):
                def close(self) -> None: ...

            return {"EventStream": Events([{"PayloadChunk": {"Payload": b"abc"}}])}

    async def run() -> list[bytes]:
        return [piece async for piece in BotoFunctions(Cut).stream(NAME, {})]

    with pytest.raises(FunctionError, match="without its closing event"):
        asyncio.run(run())


class Scripted:
    """Functions that answer a script: what a stream yields, or raises, at each attempt."""

    def __init__(self, *attempts: list[bytes | Exception]) -> None:
        self.attempts = list(attempts)
        self.payloads: list[dict[str, Any]] = []

    async def stream(self, name: str, payload: dict[str, Any]) -> Any:
        self.payloads.append(payload)
        for item in self.attempts.pop(0):
            if isinstance(item, Exception):
                raise item
            yield item


def whole(data: bytes = b"video") -> list[bytes | Exception]:
    return [
        encode(Kind.LAMBDA_INVOKED, {"attempt": 1}),
        encode(Kind.FRAMES_RENDERED, {"rendered": 5, "encoded": 5}),
        header(Kind.AUDIO_CHUNK_RENDERED, len(data)) + data,
        header(Kind.VIDEO_CHUNK_RENDERED, len(data)) + data,
        encode(Kind.CHUNK_COMPLETE, {"start": 1, "rendered": 2}),
    ]


def collected(folder: Path, functions: Scripted, *, max_retries: int = 1) -> tuple[list[ChunkFiles], dict[str, Any]]:
    composition = PageComposition("id", 320, 180, 30, 10, "{}", "{}")
    payload = StartPayload(serve_url="u", composition="id", render_id="x", bucket_name="b", codec="h264")
    document = ProgressDocument(0, 0)
    arrived: list[int] = []

    async def on_chunk(index: int, files: ChunkFiles) -> None:
        arrived.append(index)

    collector = Collector(
        functions,  # type: ignore[arg-type]
        NAME,
        FolderStore(folder / "store", "b"),
        VideoJob(payload, composition),
        document,
        folder,
        parallel=1,
        max_retries=max_retries,
        on_chunk=on_chunk,
    )
    files = asyncio.run(collector.run([(0, 9)]))
    assert arrived == [0]
    return files, document.to_json()


def test_a_chunk_whose_stream_breaks_is_tried_again_and_counts_once(tmp_path: Path) -> None:
    # The npm renderer counts the audio of a chunk twice when its stream breaks after the audio.
    broken = whole(b"half")[:3]
    functions = Scripted([*broken, FunctionError("hang up")], broken, whole(b"good"))
    files, document = collected(tmp_path, functions, max_retries=2)
    assert [(file.video.read_bytes(), file.audio.read_bytes()) for file in files] == [(b"good", b"good")]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["chunk-00000000-3.aac", "chunk-00000000-3.mp4"]
    assert document["framesRendered"] == 10
    assert document["chunks"] == [0]
    assert [retry["attempt"] for retry in document["retries"]] == [2, 3]
    assert [payload["attempt"] for payload in functions.payloads] == [1, 2, 3]


def test_throttling_does_not_count_as_a_failed_attempt(tmp_path: Path) -> None:
    functions = Scripted([ThrottledError("later")], [ThrottledError("later")], whole())
    files, document = collected(tmp_path, functions, max_retries=0)
    assert len(files) == 1
    assert document["retries"] == []
    (attempt,) = document["attempts"]  # tries that met no capacity ran nothing, and would fill the document
    assert attempt["start"] <= attempt["end"]
    assert Document.read(document, "x").invoked == {0}


def test_an_error_of_the_page_is_not_tried_again(tmp_path: Path) -> None:
    wire = {"name": "PageScriptError", "message": "boom at frame 3", "data": {"frame": 3}}
    functions = Scripted([encode(Kind.ERROR_OCCURRED, {"error": "", "shouldRetry": False, "errorInfo": wire})])
    with pytest.raises(PageScriptError, match="boom at frame 3") as failure:
        collected(tmp_path, functions, max_retries=5)
    assert failure.value.data == {"frame": 3, "chunk": 0}
    assert list(tmp_path.iterdir()) == []


class Box:
    """A sandbox as pools see it."""

    def __init__(self) -> None:
        self.pool: Pool | None = None
        self.ended = False


def test_pools_are_separate_and_reuse_their_sandboxes() -> None:
    async def run() -> None:
        async def make() -> Box:
            return Box()

        pools = Pools({"renderers": 1, "mains": 1, "short": 1}, make)
        one = await pools.acquire("renderers", wait=False)
        with pytest.raises(FullError):
            await pools.acquire("renderers", wait=False)
        main = await pools.acquire("mains", wait=False)
        queued = [asyncio.create_task(pools.acquire("mains", wait=True)) for _ in range(2)]
        await asyncio.sleep(0)
        assert not any(task.done() for task in queued)
        pools.release(main)
        assert await queued[0] is main
        pools.release(one)
        assert await pools.acquire("renderers", wait=False) is one
        one.ended = True
        pools.release(one)
        assert await pools.acquire("renderers", wait=False) is not one
        pools.release(main)
        assert await queued[1] is main

    asyncio.run(run())
    assert pool_of(b'{"type": "renderer"}') == "renderers"
    assert pool_of(b'{"type": "launch"}') == "mains"
    assert pool_of(b'{"type": "still"}') == "short"
    assert pool_of(b"no json") == "short"


def test_roles_that_open_a_page_get_a_browser_on_aws(tmp_path: Path) -> None:
    assert Packs(tmp_path).for_role(ROLES["preview"]) == list(PAGE_PACKS)
    assert Packs(tmp_path).for_role(ROLES["start"]) == Packs(tmp_path).for_role(None) == []
