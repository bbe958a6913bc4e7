"""One line of what a doctor reports."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    Attributes:
        name: What was looked at.
        text: What was found.
        fix: How to fix it; "" when it is fine.
        needed: Whether rendering needs what is to be fixed.
    """

    name: str
    text: str
    fix: str = ""
    needed: bool = True
