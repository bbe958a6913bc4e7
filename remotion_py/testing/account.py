"""An AWS account on this machine: moto for the state of AWS, our endpoint for functions, and a router for both."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import tempfile
import threading
import urllib.request
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import OptionError
from .calls import Call
from .router import Router

_one_at_a_time = threading.Lock()
_CONFIGURED = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_CA_BUNDLE", "AWS_ROLE_ARN")
"""What the user's environment may hold and must not reach the test."""


@dataclass
class TestAccount:
    """The account inside `aws()`.

    Attributes:
        url: Where all its services are; `AWS_ENDPOINT_URL` names it in the meantime.
        region: Its region.
        calls: Every call so far, with the IAM action and resource that it needs.
        denied: IAM actions that the account refuses; add to it to see what your code does.
        throttled: How many of the next invocations are refused with 429; set it to see waiting.
        cut_streams: How many of the next streamed answers end in their middle.
    """

    __test__ = False  # its name would make pytest collect it

    url: str
    region: str
    calls: list[Call]
    denied: set[str]
    _router: Router = field(repr=False)

    @property
    def throttled(self) -> int:
        """How many of the next invocations are refused with 429."""
        return self._router.throttled

    @throttled.setter
    def throttled(self, count: int) -> None:
        self._router.throttled = count

    @property
    def cut_streams(self) -> int:
        """How many of the next streamed answers end in their middle."""
        return self._router.cut_streams

    @cut_streams.setter
    def cut_streams(self, count: int) -> None:
        self._router.cut_streams = count

    def refuse(self, action: str, code: str, message: str = "", *, status: int = 400, times: int = 1) -> None:
        """Answer the next calls of an action with an error, as AWS would.

        Args:
            action: The IAM action, such as "s3:CreateBucket".
            code: AWS's error code, such as "BucketAlreadyExists".
            message: AWS's message.
            status: HTTP status.
            times: How many calls; boto3 itself tries again what has a status of 500 or above.
        """
        self._router.refusals += [(action, code, message, status)] * times

    def restart(self) -> None:
        """End all sandboxes, as AWS does now and then; the next call is a cold one."""
        self._router.end_functions()


@contextlib.contextmanager
def aws(
    *,
    region: str = "us-east-1",
    concurrency: int = 4,
    command: Callable[[str], Sequence[str]] | None = None,
    environment: Mapping[str, str] | None = None,
    real_package: bool = False,
) -> Generator[TestAccount]:
    """Give the body an AWS account of its own on this machine; the code in it runs unchanged on AWS.

    S3, IAM, STS, Lambda's control plane and CloudWatch Logs are moto's server; invocations, streamed ones too, run the
    function in sandboxes on this machine. Credentials and endpoint are put into the environment, and taken out again.

    Only one account can be open in a process.

    Args:
        region: Region of the account.
        concurrency: Renderer functions that may run at the same time.
        command: Given the name of a function, returns what runs in its sandboxes; None runs the installed package.
        environment: Variables that functions get in addition.
        real_package: Build and upload the real package of 200 MB; otherwise only its code, which is all that is needed
            to run the installed one.

    Raises:
        OptionError: One is open already.
    """
    from moto.server import ThreadedMotoServer

    if not _one_at_a_time.acquire(blocking=False):
        raise OptionError("A test account is already open, and moto supports one for each process. Close it first.")
    temp = Path(tempfile.mkdtemp(prefix="aws-test-account-"))
    calls: list[Call] = []
    denied: set[str] = set()
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # it would print every request
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    with contextlib.ExitStack() as stack:
        stack.callback(_one_at_a_time.release)
        stack.callback(shutil.rmtree, temp, ignore_errors=True)
        moto.start()
        stack.callback(moto.stop)
        host, port = moto.get_host_and_port()
        _empty(f"http://{host}:{port}")
        router = Router(
            f"http://{host}:{port}",
            folder=temp,
            region=region,
            concurrency=concurrency,
            command=command,
            environment=dict(environment or {}),
            calls=calls,
            denied=denied,
        )
        url = router.start()
        stack.callback(router.close)
        changed = {
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "NO_PROXY": "127.0.0.1,localhost",
            **({} if real_package else {"REMOTION_PY_LAYERS": "none"}),
        }
        stack.enter_context(_environment(changed, without=_CONFIGURED))
        yield TestAccount(url, region, calls, denied, router)


def _empty(moto: str) -> None:
    """Empty moto, which keeps what it holds for the whole process."""
    request = urllib.request.Request(f"{moto}/moto-api/reset", method="POST")
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request).close()


@contextlib.contextmanager
def _environment(changed: Mapping[str, str], without: Sequence[str]) -> Generator[None]:
    before: dict[str, str | None] = {name: os.environ.get(name) for name in (*changed, *without)}
    for name in without:
        os.environ.pop(name, None)
    os.environ.update(changed)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
