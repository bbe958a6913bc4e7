"""What a batch ends in, and how far it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

from ..errors import RenderError
from ..shows import ShowsItself
from .manifest import Entry


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
        told = ((self.skipped, "unchanged"), (self.failed, "failed"))
        return [f"{count} {what}" for count, what in told if count]

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


@dataclass(frozen=True)
class BatchResult(ShowsItself):
    """How each row of a batch ended.

    Attributes:
        entries: One for each row, in their order.
    """

    entries: tuple[Entry, ...]

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

    def to_frame(self, library: Literal["pandas", "polars", "pyarrow", "modin", "cudf"] = "pandas") -> Any:
        """Return the entries as a data frame.

        Args:
            library: Whose frame; it has to be installed.
        """
        import narwhals as nw

        columns: dict[str, list[Any]] = {}
        for entry in self.entries:
            for name, value in asdict(entry).items():
                columns.setdefault(name, []).append(value)
        return nw.from_dict(columns, backend=library).to_native()

    def raise_for_failures(self) -> None:
        """Raise an error that names the rows that failed, if any has.

        Raises:
            RenderError: Some have.
        """
        if self.failed:
            told = "; ".join(f"row {entry.index}: {entry.error}" for entry in self.failed[:5])
            raise RenderError(f"{len(self.failed)} of {len(self.entries)} rows failed. {told}")

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def __str__(self) -> str:
        return f"{len(self.entries)} rows: {self.counts}"
