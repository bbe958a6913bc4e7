"""The regions in which functions can be deployed (no I/O)."""

from __future__ import annotations

from .prices import price_table

OPT_IN = frozenset({"af-south-1", "ap-east-1", "ap-southeast-4", "ap-southeast-5", "eu-central-2", "eu-south-1"})
"""Regions that an account has to enable first; source: AWS, account management."""


def get_regions(*, enabled_by_default_only: bool = False) -> list[str]:
    """List the regions whose prices are known, sorted. China's are not among them: they cannot stream responses.

    Args:
        enabled_by_default_only: Leave out those that an account has to enable first.
    """
    return [region for region in price_table()["regions"] if region not in OPT_IN or not enabled_by_default_only]
