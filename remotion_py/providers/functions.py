"""The `Functions` port with boto3: the same code calls AWS and the embedded Lambda endpoint."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import re
import threading
from collections.abc import AsyncGenerator, Callable
from typing import Any

from ..errors import (
    FunctionError,
    FunctionNotFoundError,
    RemotionPyError,
    RenderError,
    ServiceError,
    ThrottledError,
    from_wire,
)
from .boto_errors import EXPIRED, client_error
from .threads import in_thread

QUEUED_EVENTS = 4
"""Pieces of a stream that may wait for their reader, so that a slow one holds back its function, not our memory."""
THROTTLE_PATIENCE_S = 30.0
FIRST_PAUSE_S = 0.05
LONGEST_PAUSE_S = 1.0
SERVICE_TRIES = 4
_URL = re.compile(r"\"?\bhttps?://[^\s\"']+\"?")


class BotoFunctions:
    """Invokes functions by a boto3 client.

    Args:
        make_client: Makes the boto3 Lambda client; called on first use, in a worker thread.
        patience_s: Seconds for which a throttled call is tried again.
        explain: Returns why calls break, where the provider knows it; "" where it does not.
    """

    def __init__(
        self,
        make_client: Callable[[], Any],
        *,
        patience_s: float = THROTTLE_PATIENCE_S,
        explain: Callable[[], str] = str,
    ) -> None:
        self._explain = explain
        self._make_client = make_client
        self._patience_s = patience_s
        self._client: Any = None
        self._making = threading.Lock()

    async def invoke(self, name: str, payload: dict[str, Any]) -> Any:
        """Call a function and wait for its JSON result; a call that did not reach it is tried again for a while."""
        pause, waited, faults = FIRST_PAUSE_S, 0.0, 0
        while True:
            try:
                return await in_thread(self._invoke, name, payload)
            except ThrottledError:
                if waited >= self._patience_s:
                    raise
            except ServiceError:
                faults += 1
                if faults >= SERVICE_TRIES:
                    raise
            await asyncio.sleep(pause * random.uniform(0.5, 1.5))
            waited, pause = waited + pause, min(pause * 2, LONGEST_PAUSE_S)

    async def invoke_event(self, name: str, payload: dict[str, Any]) -> None:
        """Start a function and return at once."""
        await in_thread(self._invoke_event, name, payload)

    async def stream(self, name: str, payload: dict[str, Any]) -> AsyncGenerator[bytes]:
        """Call a function and yield the bytes of its response as they come."""
        loop = asyncio.get_running_loop()
        queue: asyncio.Queue[bytes | BaseException | None] = asyncio.Queue(QUEUED_EVENTS)
        abandoned = threading.Event()

        def put(item: bytes | BaseException | None) -> None:
            if not abandoned.is_set():
                asyncio.run_coroutine_threadsafe(queue.put(item), loop).result()

        def pump() -> None:
            try:
                for piece in self._read(name, payload):
                    put(piece)
                    if abandoned.is_set():
                        return
                put(None)
            except BaseException as error:
                put(error)

        reading = asyncio.ensure_future(in_thread(pump))
        try:
            while (item := await queue.get()) is not None:
                if isinstance(item, BaseException):
                    raise item
                yield item
            await reading
        finally:
            abandoned.set()
            while not queue.empty():
                queue.get_nowait()

    def warm(self) -> None:
        """Make the client ahead of its first use, which takes a while."""
        with self._making:
            if self._client is None:
                self._client = self._make_client()

    def _call(self, method: str, name: str, payload: dict[str, Any], **arguments: Any) -> Any:
        import botocore.exceptions as boto

        self.warm()
        try:
            return getattr(self._client, method)(
                FunctionName=name, Payload=json.dumps(payload, ensure_ascii=False).encode(), **arguments
            )
        except boto.ClientError as error:
            raise _refusal(name, error) from error
        except (boto.HTTPClientError, boto.ConnectionError) as error:
            raise _unreachable(name, self._explain() or str(error) or type(error).__name__) from None

    def _invoke(self, name: str, payload: dict[str, Any]) -> Any:
        answer = self._call("invoke", name, payload)
        body = answer["Payload"].read()
        if answer.get("FunctionError"):
            raise function_error(name, answer["FunctionError"], body)
        result = json.loads(body)
        if isinstance(result, dict) and result.get("type") == "error":  # the way of Remotion's own functions
            raise RenderError(f"The function {name} returned an error: {result.get('message')}")
        return result

    def _invoke_event(self, name: str, payload: dict[str, Any]) -> None:
        self._call("invoke", name, payload, InvocationType="Event")["Payload"].read()

    def _read(self, name: str, payload: dict[str, Any]) -> Any:
        import botocore.exceptions as boto
        import urllib3.exceptions

        complete = False
        try:
            with contextlib.closing(self._call("invoke_with_response_stream", name, payload)["EventStream"]) as events:
                for event in events:
                    if "PayloadChunk" in event:
                        yield event["PayloadChunk"]["Payload"]
                    elif "InvokeComplete" in event:
                        complete = True
                        end = event["InvokeComplete"]
                        if end.get("ErrorCode"):
                            raise function_error(name, end["ErrorCode"], end.get("ErrorDetails", "").encode())
        except (boto.BotoCoreError, urllib3.exceptions.HTTPError, OSError) as error:
            reason = self._explain() or without_addresses(str(error))
            raise FunctionError(f"The stream of the function {name} broke: {reason}", type="BrokenStream") from None
        if not complete:
            raise FunctionError(
                f"The stream of the function {name} ended without its closing event.", type="TruncatedStream"
            )


def without_addresses(text: str) -> str:
    """Return a message without URLs: that of a local endpoint holds its token."""
    return _URL.sub("its address", text)


def _unreachable(name: str, reason: str) -> FunctionError:
    return FunctionError(
        f"The function {name} cannot be reached: {without_addresses(reason).strip().rstrip('.')}. Try "
        f"again; on this machine the endpoint may have ended, and a new client starts another one.",
        type="Unreachable",
    )


def _refusal(name: str, error: Any) -> RemotionPyError:
    """Return our error for a call that did not reach its function."""
    answer = error.response
    code, status = answer.get("Error", {}).get("Code", ""), answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code == "TooManyRequestsException":
        return ThrottledError(f"The function {name} has no capacity left; try again later.", type=code)
    if status >= 500:
        return ServiceError(f"Lambda cannot run the function {name} now ({error}); try again later.", type=code)
    if status in (403, 404) or code in EXPIRED:
        deploy = "Deploy it with 'remotion-py functions deploy', or pass the function_name of another one."
        gone = {"ResourceNotFoundException": (FunctionNotFoundError, deploy)}
        return client_error(error, f"invoke the function {name}", gone)
    return FunctionError(f"The function {name} cannot be invoked: {error}", type=code)


def function_error(name: str, code: str, details: bytes) -> RemotionPyError:
    """Turn Lambda's answer to a failed call into an error; an error of ours arrives as the class that it was."""
    try:
        body: Any = json.loads(details)
    except ValueError:
        body = {"errorMessage": details.decode(errors="replace")}
    if isinstance(body, dict) and "remotionPyError" in body:
        return from_wire(body["remotionPyError"])  # pyright: ignore[reportUnknownArgumentType]
    message: Any = body.get("errorMessage", body) if isinstance(body, dict) else body  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
    kind = body.get("errorType") if isinstance(body, dict) else None  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
    if isinstance(kind, str) and kind.startswith(("Runtime.", "Sandbox.")):
        code = kind  # its process died; "Unhandled" means that, or an exception of its code
    return FunctionError(f"The function {name} failed ({code}): {message}", type=code)
