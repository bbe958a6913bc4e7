"""AWS's prices for a render (no I/O), from a table with a date; `scripts/refresh-prices` updates it."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

from .session import Aws

TABLE = Path(__file__).with_name("prices.json")
FREE_DISK_MB = 512
FREE_STREAM_BYTES = 6_000_000
"""Of each streamed response; source: AWS, Lambda pricing."""


@functools.cache
def price_table() -> dict[str, Any]:
    """Return the table: its date, and for each region USD per GB-second, request and GB-second of disk."""
    return json.loads(TABLE.read_text())


def price(
    region: str,
    *,
    memory_mb: int,
    disk_mb: int,
    milliseconds: float,
    requests: int,
    streamed_bytes: int = 0,
    architecture: str = "x86_64",
) -> float | None:
    """Return what calls cost, in USD; None for a region that the table does not know.

    Args:
        region: The region.
        memory_mb: Memory of the function in MB.
        disk_mb: Its `/tmp` in MB.
        milliseconds: Duration of all calls together.
        requests: Number of calls.
        streamed_bytes: Bytes streamed beyond the free 6 MB of each call.
        architecture: "x86_64" or "arm64".
    """
    rates = price_table()["regions"].get(region)
    if rates is None:
        return None
    seconds = milliseconds / 1000
    return (
        rates[architecture] * memory_mb / 1024 * seconds
        + rates["disk"] * max(0, disk_mb - FREE_DISK_MB) / 1024 * seconds
        + rates["request"] * requests
        + price_table()["stream_gb"] * streamed_bytes / 1e9
    )


def estimate_price(
    aws: Aws,
    *,
    memory_size_in_mb: int,
    disk_size_in_mb: int,
    lambdas_invoked: int,
    duration_in_milliseconds: float,
) -> float | None:
    """Estimate what calls of a function cost, in USD, by the prices of `remotion_py`'s table and without free tiers.

    Args:
        aws: The region.
        memory_size_in_mb: Memory in MB.
        disk_size_in_mb: `/tmp` in MB.
        lambdas_invoked: Number of calls.
        duration_in_milliseconds: Duration of all calls together.

    Returns:
        USD, or None for a region whose prices are not known.
    """
    return price(
        aws.region,
        memory_mb=memory_size_in_mb,
        disk_mb=disk_size_in_mb,
        milliseconds=duration_in_milliseconds,
        requests=lambdas_invoked,
    )


def display_price(dollars: float | None) -> str:
    """Return a price for people to read."""
    if dollars is None:
        return "unknown"
    return "<$0.001" if 0 < dollars < 0.001 else f"${dollars:.3f}"
