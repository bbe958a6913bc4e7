"""The manifest of a batch: one JSON line for each row that ended, so that the same call goes on where it was."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from ..errors import OutputError
from .rows import Row

NAME = "batch-manifest.jsonl"
Status = Literal["done", "failed", "skipped"]


@dataclass(frozen=True)
class Entry:
    """How one row ended.

    Attributes:
        index: Its place among the rows.
        status: "done"; "skipped": done by an earlier call and unchanged; "failed".
        path: Its output.
        duration: Seconds of video; None for stills and failures.
        seconds: How long it took to render.
        cost: US dollars, on AWS.
        error: What made it fail.
        render_id: The id of its render.
        key: Tells whether the same was rendered before.
    """

    index: int
    status: Status
    path: str
    duration: float | None = None
    seconds: float | None = None
    cost: float | None = None
    error: str | None = None
    render_id: str | None = None
    key: str = ""


class Manifest:
    """A file of entries; the last one of an output counts.

    Args:
        path: The file; it need not exist.

    Raises:
        OutputError: It is something else.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._done: dict[str, Entry] = {}
        try:
            lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        except (OSError, UnicodeDecodeError) as error:
            raise OutputError(f"The manifest {path} cannot be read: {error}. Name another one by manifest=.") from error
        for number, line in enumerate(lines, 1):
            try:
                entry = Entry(**json.loads(line))
            except (ValueError, TypeError) as error:
                if number == len(lines) > 1:  # the process died while it wrote
                    path.write_text("".join(f"{whole}\n" for whole in lines[:-1]), encoding="utf-8")
                    break
                raise OutputError(
                    f"Line {number} of {path} is no entry of a batch's manifest. Name another file by manifest=."
                ) from error
            self._done[_place(entry.path)] = entry

    def finished(self, row: Row) -> Entry | None:
        """Return how a row was done before, if its output is still there and nothing has changed."""
        entry = self._done.get(_place(row.output))
        unchanged = entry and entry.status == "done" and entry.key == row.key and row.output.is_file()
        return entry if unchanged else None

    def add(self, entry: Entry) -> None:
        """Note how a row ended, at once."""
        self._done[_place(entry.path)] = entry
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(entry), ensure_ascii=False) + "\n")


def _place(path: str | Path) -> str:
    """Return what tells outputs apart, however they are written."""
    return str(Path(path).expanduser().absolute())


def default_path(rows: list[Row]) -> Path:
    """Return where the manifest of these rows is: in the folder that holds all their outputs."""
    parents = [row.output.parent for row in rows]
    shared = parents[0]
    while not all(parent.is_relative_to(shared) for parent in parents):
        shared = shared.parent
    return shared / NAME
