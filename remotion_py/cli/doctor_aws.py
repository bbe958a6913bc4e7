"""`remotion-py doctor --aws`: runs the checks on a real account that docs/aws.md lists as not tested."""

from __future__ import annotations

import asyncio
import itertools
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..client import Client
from ..errors import RemotionPyError
from ..lambda_.roles.probe import EXIT_CODE, MID_STREAM, PAUSE_S, PIECES
from ..lambda_.stream import Decoder, Kind, Message
from ..providers.aws.provider import AwsProvider
from ..providers.aws.quotas import get_quotas
from .finding import Finding

_SITE = """<!doctype html><meta charset="utf-8"><script src="/remotion-py.js"></script>
<body style="font: 40px sans-serif"></body><script>
remotionPy.registerComposition({ id: "doctor", width: 320, height: 180, fps: 30, durationInFrames: 40,
  render(frame) { document.body.textContent = `frame ${frame}`; } });
</script>"""
_LOGS = "read the function's log group, and report it in an issue"


def aws_findings(region: str | None, profile: str | None, function_name: str | None) -> Iterator[Finding]:
    """Look at a deployed function from outside and from inside."""
    provider = AwsProvider(region=region, profile=profile, function_name=function_name)
    try:
        yield Finding("account", f"{provider.aws.account} in {provider.region}")
        asyncio.run(provider.open())
    except RemotionPyError as error:
        yield Finding("account and function", str(error), "follow the instructions in the message")
        return
    yield Finding("function", f"{provider.function_name}, bucket {provider.store.bucket}")
    yield from _guarded("concurrency", _quota, provider)
    yield from _guarded("cold start", _facts, provider)
    yield from _guarded("streaming", _streaming, provider)
    for check, wanted, says in (("raise", None, MID_STREAM), ("exit", "Runtime.ExitError", f"exit code {EXIT_CODE}")):
        yield from _guarded(f"error codes: {check}", _error_code, provider, check, wanted, says)
    yield from _guarded("renders", _renders, provider)


def _guarded(name: str, check: Any, *arguments: Any) -> Iterator[Finding]:
    try:
        yield from check(*arguments)
    except RemotionPyError as error:
        yield Finding(name, str(error), _LOGS)


def _quota(provider: AwsProvider) -> Iterator[Finding]:
    found = get_quotas(provider.aws)
    small = found.concurrency < 50
    fix = "run 'remotion-py quotas increase'; until then, calls above this limit wait" if small else ""
    yield Finding("concurrency", f"{found.concurrency} functions at the same time", fix)


def _facts(provider: AwsProvider) -> Iterator[Finding]:
    started = time.monotonic()
    messages, _ = _probe(provider, "facts")
    first = time.monotonic() - started
    started = time.monotonic()
    _probe(provider, "facts")
    facts: dict[str, Any] = next(message.body for _, message in messages if message.kind is Kind.STILL_RENDERED)
    yield Finding("first call", f"{first:.1f} s until Chromium ran (launch {facts['browserSeconds']} s)")
    yield Finding("second call", f"{time.monotonic() - started:.1f} s")
    text = f"Python {facts['python']}, {facts['cores']} cores, {facts['diskFreeMb']} MB free, {facts['system']}"
    yield Finding("sandbox", text)
    browser = facts["browser"]
    if browser is None:
        fix = "set REMOTION_PY_BROWSER_FLAGS of the function to '--single-process --no-zygote', and try again"
        yield Finding("Chromium", "does not start in the sandbox", fix)
    else:
        way = "frames on demand" if browser["frameControl"] else "screenshots"
        yield Finding("Chromium", f"{browser['version']}, captures by {way}")


def _streaming(provider: AwsProvider) -> Iterator[Finding]:
    messages, error = _probe(provider, "stream")
    times = [when for when, message in messages if message.kind is Kind.FRAMES_RENDERED]
    gaps = [after - before for before, after in itertools.pairwise(times)]
    apart = len(times) == PIECES and not error and all(gap > PAUSE_S / 2 for gap in gaps)
    shown = ", ".join(f"{gap:.2f}" for gap in gaps)
    yield Finding(
        "streaming", f"{len(times)} pieces, {shown} s apart", "" if apart else f"the pieces arrived together; {_LOGS}"
    )


def _error_code(provider: AwsProvider, check: str, wanted: str | None, says: str) -> Iterator[Finding]:
    messages, error = _probe(provider, check)
    code = error.data.get("type", type(error).__name__) if error else "no error"
    good = bool(messages) and error is not None and (says in str(error) or code == wanted)
    yield Finding(f"error codes: {check}", f"{code}: {str(error)[:120]}", "" if good else _LOGS)


def _renders(provider: AwsProvider) -> Iterator[Finding]:
    with tempfile.TemporaryDirectory(prefix="remotion-py-doctor-") as temp:
        site = Path(temp) / "doctor"
        site.mkdir()
        (site / "index.html").write_text(_SITE)
        client = Client(
            "aws",
            region=provider.region,
            function_name=provider.function_name,
            bucket_name=provider.store.bucket,
        )
        for name in ("first render", "second render"):
            video = client.render_media(site, "doctor", output=Path(temp) / "a.mp4", concurrency=4)
            yield Finding(name, f"40 frames by 4 functions in {video.time_to_finish:.1f} s, ${video.cost or 0:.5f}")


def _probe(provider: AwsProvider, check: str) -> tuple[list[tuple[float, Message]], RemotionPyError | None]:
    """Call the probe function; returns its messages with the time of each, and how it failed."""
    messages: list[tuple[float, Message]] = []

    async def run() -> None:
        functions = await provider.functions()
        decoder = Decoder()
        async for data in functions.stream(provider.function_name, {"type": "probe", "check": check}):
            found = [item for item in decoder.feed(data) if isinstance(item, Message)]
            messages.extend((time.monotonic(), item) for item in found)

    try:
        asyncio.run(run())
    except RemotionPyError as error:
        return messages, error
    return messages, None
