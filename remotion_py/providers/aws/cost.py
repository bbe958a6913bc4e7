"""The cost of a render (no I/O), from its progress document: the time of all functions, with failed attempts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .names import parse_function_name
from .prices import price

SHORT_CALLS = 1
"""The start function, beside the main one; it takes a few hundred milliseconds."""
START_MS = 300


def render_cost(document: Mapping[str, Any], region: str, now: int) -> float | None:
    """Return what a render has cost so far, in USD, without free tiers; None where that is not known.

    Counted are the start function, the main function from its launch to its end, and every attempt at a chunk from its
    invocation to the end of its stream, cold starts included. Chunks that are too large for the free part of a stream
    go by the bucket, so no streamed bytes are charged. S3's requests and storage come on top.

    Args:
        document: A `progress.json`.
        region: Where it runs.
        now: Milliseconds since the epoch.
    """
    launched = document.get("functionLaunched")
    metadata: Mapping[str, Any] = document.get("renderMetadata") or {}
    main = parse_function_name(metadata.get("functionName") or "")
    if launched is None or main is None:
        return None
    renderer = parse_function_name(metadata.get("rendererFunctionName") or "") or main
    ended = (document.get("postRenderData") or {}).get("endTime") or document.get("fatalErrorTimestamp") or now
    attempts: list[dict[str, Any]] = document.get("attempts") or []
    parts = (
        (main, ended - launched + START_MS * SHORT_CALLS, 1 + SHORT_CALLS),
        (renderer, sum((item["end"] or ended) - item["start"] for item in attempts), len(attempts)),
    )
    costs = [
        price(
            region,
            memory_mb=function.memory_mb,
            disk_mb=function.disk_mb,
            milliseconds=milliseconds,
            requests=requests,
        )
        for function, milliseconds, requests in parts
    ]
    known = [cost for cost in costs if cost is not None]
    return sum(known) if len(known) == len(parts) else None
