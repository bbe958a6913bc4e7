"""The AWS provider for a client: a deployed function, its bucket, and calls to it."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...errors import FunctionNotFoundError
from ..base import SILENT_S, Links
from ..functions import BotoFunctions
from ..threads import in_thread
from .buckets import check_region, open_store, require_bucket
from .cost import render_cost
from .functions import describe_function, find_function, missing
from .links import render_links
from .names import PREFIX
from .renders import delete_render
from .session import Aws
from .sites import deploy_folder
from .store import S3Store

CLIENT_CONNECTIONS = 16
READ_MARGIN_S = 30.0
LONGEST_CALL_S = 900.0
POLL_S = 0.5
_OFFICIAL = re.compile(r"remotion-render-(?P<version>\d+-\d+-\d+)-mem\d+mb-disk\d+mb-\d+sec")


class AwsProvider:
    """Functions on AWS Lambda and objects in S3.

    Args:
        region: The region; None for that of the environment or profile.
        profile: A profile of the AWS configuration; None for boto3's own chain.
        function_name: The function; None for the one in the region.
        bucket_name: The bucket; None for that of the function.

    Raises:
        AwsError: No region is known.
    """

    name = "aws"
    capacity: int | None = None
    poll_s = POLL_S
    silent_s: float | None = SILENT_S
    browser_executable: str | None = None
    on_this_machine = False
    alive = True
    pid: int | None = None

    def __init__(
        self,
        *,
        region: str | None = None,
        profile: str | None = None,
        function_name: str | None = None,
        bucket_name: str | None = None,
    ) -> None:
        self.aws = Aws(region, profile)
        self._function_name = function_name
        self._bucket_name = bucket_name
        self._store: S3Store | None = None
        self._functions: BotoFunctions | None = None

    @property
    def region(self) -> str:
        """The region."""
        return self.aws.region

    @property
    def function_name(self) -> str:
        """The function, once `open()` has found it."""
        assert self._function_name
        return self._function_name

    @property
    def store(self) -> S3Store:
        """The object store, once `open()` has found its bucket."""
        assert self._store
        return self._store

    @property
    def wire_version(self) -> str | None:
        """The version that a function of Remotion expects in its payload; None for ours."""
        found = _OFFICIAL.fullmatch(self.function_name)
        return found["version"].replace("-", ".") if found else None

    def detached(self) -> None:
        """Return None: renders outlive their clients."""

    def describe(self) -> str:
        """Return one line for the repr of a client."""
        return f"aws {self.region}, {self._function_name or 'function not selected yet'}"

    async def publish(self, folder: Path) -> str:
        """Upload a folder, unless its content is in the bucket, and return its serve URL."""
        return await in_thread(deploy_folder, self.aws, folder, self.store.bucket)

    def cost(self, document: Mapping[str, Any]) -> float | None:
        """Return what a render has cost so far, in USD."""
        return render_cost(document, self.region, int(time.time() * 1000))

    def links(self, render_id: str) -> Links:
        """Return where in the AWS console a render can be looked into."""
        return render_links(
            region=self.region,
            partition=self.aws.partition,
            function_name=self.function_name,
            bucket=self.store.bucket,
            render_id=render_id,
        )

    async def open(self) -> None:
        """Find the function and its bucket.

        Raises:
            FunctionNotFoundError: There is no such function, or it speaks another protocol.
            BucketError: There is no bucket.
        """
        if self._store is None:
            await in_thread(self._open)

    async def functions(self, *, renderers: int = 0) -> BotoFunctions:
        """Return the functions; on AWS nothing is started ahead of need."""
        del renderers
        await self.open()
        if self._functions is None:
            self._functions = BotoFunctions(
                lambda: self.aws.lambda_client(
                    read_timeout_s=LONGEST_CALL_S + READ_MARGIN_S, connections=CLIENT_CONNECTIONS
                ),
                patience_s=120.0,
            )
        return self._functions

    async def failure(self, render_id: str) -> str | None:
        """Return None: nothing else records the death of a main function, so only its silence shows it."""
        del render_id
        return None

    async def remove(self, render_id: str) -> int:
        """Remove a render with its results; returns the bytes that this freed."""
        return await in_thread(delete_render, self.aws, render_id, bucket_name=self.store.bucket)

    async def close(self) -> None:
        """Do nothing: what runs on AWS runs on."""

    def _open(self) -> None:
        if self._function_name is None:
            found = find_function(self.aws)
            self._function_name = found.function_name
        elif _OFFICIAL.fullmatch(self._function_name):
            found = None
        else:
            found = describe_function(self.aws, self._function_name)
            if found is None:
                raise missing(self._function_name, self.region)
            if not found.compatible:
                ours = found.function_name.startswith(PREFIX)
                raise FunctionNotFoundError(
                    f"The function {found.function_name} speaks protocol {found.protocol}, which this "
                    f"version of remotion_py does not support. "
                    f"{'Deploy it again' if ours else 'Deploy one'} with 'remotion-py functions deploy'."
                )
        if self._bucket_name:
            check_region(self.aws, self._bucket_name)
        bucket = self._bucket_name or (found.bucket_name if found else None)
        self._store = open_store(self.aws, require_bucket(self.aws, bucket))
