"""The result of a batch, and its progress."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..display import Displayable
from ..errors import RenderError
from .frame import Library, to_frame
from .manifest import Entry

MOST_FAILURES = 3
"""How many a repr names."""


@dataclass(frozen=True)
class BatchProgress:
    """How far a batch is.

    Attributes:
        total: Number of rows.
        done: Rows that are rendered.
        skipped: Rows that an earlier call rendered, unchanged since.
        failed: Rows that failed.
        running: Outputs that are being rendered now, with how far each is (0 to 1).
        cost: US dollars so far, on AWS.
    """

    total: int
    done: int = 0
    skipped: int = 0
    failed: int = 0
    running: tuple[tuple[str, float], ...] = ()
    cost: float | None = None

    @property
    def ended(self) -> int:
        """Rows that have ended, however."""
        return self.done + self.skipped + self.failed

    @property
    def notes(self) -> list[str]:
        """What is remarkable about the rows so far."""
        counts = ((self.skipped, "unchanged"), (self.failed, "failed"))
        return [f"{count} {what}" for count, what in counts if count]

    @property
    def overall_progress(self) -> float:
        """0.0 to 1.0."""
        return (self.ended + sum(part for _, part in self.running)) / self.total if self.total else 1.0

    @property
    def bar(self) -> tuple[int, int, str]:
        """How many rows are done of how many, and a note."""
        return self.ended, self.total, f"{self.failed} failed" if self.failed else ""

    @property
    def line(self) -> str:
        """One line for a log."""
        return str(self)

    def __str__(self) -> str:
        parts = [f"{self.done + self.skipped}/{self.total} rows", *self.notes]
        return f"{self.overall_progress:4.0%} {', '.join(parts)}"


def total_cost(entries: Iterable[Entry]) -> float | None:
    """Return what rows cost together, in US dollars; None where nothing is known of it."""
    known = [entry.cost for entry in entries if entry.cost is not None]
    return sum(known) if known else None


@dataclass(frozen=True, repr=False)
class BatchResult(Displayable):
    """How each row of a batch ended.

    Attributes:
        entries: One for each row, in their order.
        rows: The fields of each row.
        index: The index of the rows, where they are a data frame of pandas; None else.
        seconds: How long the batch took.
        warnings: Names of outputs that were changed, as their fields held what is not safe in the name of a file.
    """

    entries: tuple[Entry, ...]
    rows: tuple[Mapping[str, Any], ...] = field(default=(), compare=False)
    index: Any = field(default=None, compare=False)
    seconds: float = field(default=0.0, compare=False)
    warnings: tuple[str, ...] = field(default=(), compare=False)

    @property
    def failed(self) -> tuple[Entry, ...]:
        """The rows that failed."""
        return tuple(entry for entry in self.entries if entry.status == "failed")

    @property
    def cost(self) -> float | None:
        """US dollars that all rows cost; None on this machine."""
        return total_cost(self.entries)

    @property
    def counts(self) -> str:
        """How many rows ended how."""
        found = Counter(entry.status for entry in self.entries)
        return ", ".join(f"{count} {status}" for status, count in found.items())

    def to_frame(self, library: Library = "pandas") -> Any:
        """Return a data frame with a row for each row of the batch: its own fields, then how it ended.

        What is added is `status`, `path`, `duration` and `seconds` in s, `cost` in US dollars, `error` and `render_id`.
        Where a field has such a name, the added column begins with `render_`. Rows of a data frame of pandas keep their
        index, so the two can be joined. A field that the library has no type for becomes text.

        Args:
            library: Whose frame; it has to be installed.
        """
        return to_frame(self.rows, self.entries, self.index, library)

    def raise_for_failures(self) -> None:
        """Raise an error that names the rows that failed, if any has.

        Raises:
            RenderError: Some have.
        """
        if self.failed:
            failures = "; ".join(_failure(entry) for entry in self.failed[:5])
            raise RenderError(f"{len(self.failed)} of {len(self.entries)} rows failed. {failures}")

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def __str__(self) -> str:
        return f"{len(self.entries)} rows: {self.counts}"

    def __repr__(self) -> str:
        parts = [f"{self}, {self.seconds:.1f} s", *(_failure(entry) for entry in self.failed[:MOST_FAILURES])]
        more = len(self.failed) - MOST_FAILURES
        return f"<BatchResult: {'; '.join(parts)}{f'; and {more} more' if more > 0 else ''}>"


def _failure(entry: Entry) -> str:
    return f"row {entry.index}: {entry.error}"
