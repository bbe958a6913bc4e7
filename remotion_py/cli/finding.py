"""One line of a doctor's report."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    Attributes:
        name: The checked item.
        text: The result.
        fix: How to fix it; "" if nothing is wrong.
        needed: Whether rendering requires it.
    """

    name: str
    text: str
    fix: str = ""
    needed: bool = True
