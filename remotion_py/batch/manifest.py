"""The manifest of a batch: one JSON line for each finished row, so that the same call resumes where it stopped."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, cast

from .._data.output import expanded
from ..errors import OutputError
from .rows import Row

NAME = "batch-manifest.jsonl"
_BEGIN = b'{"index": '
"""How each line begins."""
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
        key: Identifies what was rendered, to skip the same next time.
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
        path: The file; it need not exist. The last line may be cut off, as by the end of the process that wrote it.

    Raises:
        OutputError: It is something else.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = expanded(path)
        self._done: dict[str, Entry] = {}
        try:
            data = self._path.read_bytes() if self._path.exists() else b""
        except OSError as error:
            raise OutputError(
                f"The manifest {path} cannot be read: {error.strerror}. Check its permissions, or pass "
                f"another file as manifest=."
            ) from error
        whole, _, cut = data.rpartition(b"\n")
        # Not splitlines(): texts of errors may hold characters that end a line elsewhere, such as U+2028.
        for number, line in enumerate(whole.split(b"\n") if whole else [], 1):
            entry = _read(line)
            if entry is None:
                raise OutputError(
                    f"Line {number} of {path} is not an entry of a batch's manifest. Correct or delete the "
                    f"line, or pass another file as manifest=."
                )
            self._done[_place(entry.path)] = entry
        if not cut.startswith(_BEGIN[: len(cut)]):
            raise OutputError(f"{path} is not the manifest of a batch. Pass another file as manifest=.")
        if cut:  # the process ended while it wrote
            self._shorten(len(data) - len(cut))

    def finished(self, row: Row) -> Entry | None:
        """Return how a row was done before, if its output is still there and nothing has changed."""
        entry = self._done.get(_place(row.output))
        unchanged = entry and entry.status == "done" and entry.key == row.key and row.output.is_file()
        return entry if unchanged else None

    def add(self, entry: Entry) -> None:
        """Note how a row ended, at once.

        Raises:
            OutputError: The file cannot be written.
        """
        self._done[_place(entry.path)] = entry
        line = json.dumps(asdict(entry), ensure_ascii=False) + "\n"
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("ab") as file:
                file.write(line.encode(errors="backslashreplace"))
        except OSError as error:
            raise self._not_written(error) from error

    def _shorten(self, size: int) -> None:
        """Cut off the end of the file; nothing else is written again, so whatever ends us here loses no entry."""
        try:
            os.truncate(self._path, size)
        except OSError as error:
            raise self._not_written(error) from error

    def _not_written(self, error: OSError) -> OutputError:
        return OutputError(
            f"The manifest {self._path} cannot be written: {error.strerror}. Check its permissions, or pass "
            f"another file as manifest=."
        )


def _read(line: bytes) -> Entry | None:
    """Return the entry of a line; None where there is none."""
    try:
        entry = Entry(**json.loads(line))
        return entry if isinstance(cast(object, entry.path), str) and _place(entry.path) else None
    except (ValueError, TypeError, RecursionError, OutputError):
        return None


def _place(path: str | Path) -> str:
    """Return a text that is equal for equal outputs, however their path is written."""
    return str(expanded(path).absolute())


def default_path(rows: list[Row]) -> Path:
    """Return where the manifest of these rows is: in the folder that holds all their outputs."""
    parents = [row.output.parent for row in rows]
    shared = parents[0]
    while not all(parent.is_relative_to(shared) for parent in parents):
        shared = shared.parent
    return shared / NAME
