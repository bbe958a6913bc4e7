"""The record of a render in its store: the data that another client needs to attach to it."""

from __future__ import annotations

import datetime
import json
import socket
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from .._data.stored import document_fault
from .._data.untrusted import LARGEST, Fields, read_json
from .._runtime.notebooks import notebook
from .._runtime.stall import StallDetector
from ..lambda_.keys import progress_key, record_key
from ..progress import RenderProgress, State
from ..providers.base import SILENT_S, ObjectStore

ResultKind = Literal["video", "frames"]
LONGEST_PATH = 10_000
LONGEST_COMMAND = 10_000_000
_STATE, _START_TICKS = 0, 19
"""Indexes of the fields of `/proc/PID/stat` after the name of the process (proc(5): fields 3 and 22)."""
ENDED = "the process of the render has ended"


@dataclass(frozen=True)
class Owner:
    """The process that owns a render: the render ends when this process ends.

    Attributes:
        pid: Its process id.
        started: Its start time, because process ids are reused: in clock ticks since the boot, which do not change
            when the clock is set. In seconds since the epoch if there is no /proc.
        host: Its machine.
        boot: The id of the boot; "" if there is no /proc.
    """

    pid: int
    started: float
    host: str
    boot: str = ""

    @classmethod
    def of(cls, pid: int) -> Owner | None:
        """Describe a process; None if it has ended."""
        host = socket.gethostname()
        try:
            boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        except OSError:
            return _by_psutil(pid, host)
        try:
            fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
        except OSError:
            return None
        return None if fields[_STATE] in "ZX" else cls(pid, int(fields[_START_TICKS]), host, boot)

    @classmethod
    def from_document(cls, found: Fields) -> Owner:
        """Read an owner from a record."""
        return cls(
            pid=found.whole("pid", 1),
            started=found.number("started", 0, LARGEST),
            host=found.text("host", empty=True),
            boot=found.text("boot", default="", empty=True),
        )

    @property
    def here(self) -> bool:
        """Whether it is a process of this machine."""
        return self.host == socket.gethostname()

    @property
    def alive(self) -> bool:
        """Whether it runs on this machine."""
        return self.here and Owner.of(self.pid) == self


def _by_psutil(pid: int, host: str) -> Owner | None:
    import psutil

    try:
        process = psutil.Process(pid)
        ended = process.status() == psutil.STATUS_ZOMBIE
        return None if ended else Owner(pid, process.create_time(), host)
    except psutil.Error:
        return None


@dataclass(frozen=True)
class RenderRecord:
    """The record of a started render, which is stored next to its progress.

    Attributes:
        kind: The kind of result.
        composition: Id of the composition.
        output: The output; None leaves the result in the store.
        audio: The output of the separate audio.
        overwrite: Whether files may be replaced.
        command: Python code that repeats the render.
        host: The machine to which the paths belong.
        owner: The process that owns the render; None if the render depends on no process of this machine.
    """

    kind: ResultKind
    composition: str | None = None
    output: str | None = None
    audio: str | None = None
    overwrite: bool = True
    command: str = ""
    host: str = ""
    owner: Owner | None = None

    @property
    def here(self) -> bool:
        """Whether its paths belong to this machine."""
        return self.host == socket.gethostname()

    async def write(self, store: ObjectStore, render_id: str) -> None:
        """Store the record with its render."""
        await store.put(record_key(render_id), json.dumps(asdict(self)).encode())

    @classmethod
    async def read(cls, store: ObjectStore, render_id: str) -> RenderRecord | None:
        """Read the record of a render; None if it has no record: the clients of Remotion do not write one."""
        data = await store.get(record_key(render_id))
        if data is None:
            return None
        return cls.from_document(data, render_id)

    @classmethod
    def from_document(cls, data: bytes, render_id: str) -> RenderRecord:
        """Read a record that `write()` stored; unknown fields of later versions are ignored.

        Raises:
            DocumentError: The data is not a record.
        """
        fail = document_fault("record.json", render_id)
        found = Fields(read_json(data, fail), "it", fail)
        texts = {
            name: found.text(name, longest=LONGEST_PATH, exact=True) if found.has(name) else None
            for name in ("composition", "output", "audio")
        }
        owner = found.inner("owner", "its owner") if found.has("owner") else None
        return cls(
            kind="video" if found.choice("kind", ("video", "frames")) == "video" else "frames",
            **texts,
            overwrite=found.flag("overwrite", default=True),
            command=found.text("command", longest=LONGEST_COMMAND, default="", empty=True, exact=True),
            host=found.text("host", default="", empty=True),
            owner=Owner.from_document(owner) if owner else None,
        )


def silent(seconds: float) -> str:
    """Return the reason why a main function without a report for this many seconds counts as lost."""
    return f"it reported nothing for {seconds:.0f} s"


async def lost(store: ObjectStore, render_id: str, record: RenderRecord | None) -> str | None:
    """Check once whether the main function of a local render is lost; return the reason, or None.

    The check uses its process if that is known and on this machine; otherwise the age of its progress, which is wrong
    while the clock is being set. A client that follows a render uses a `Follower`.
    """
    if record and record.owner and record.owner.here:
        return None if record.owner.alive else ENDED
    found = await store.head(progress_key(render_id))
    age_s = (datetime.datetime.now(datetime.UTC) - found.modified).total_seconds() if found else 0
    return silent(age_s) if age_s > SILENT_S else None


class Follower:
    """Checks repeatedly whether the main function of another client's local render is lost.

    If its process is not known on this machine, its silence is measured with a monotonic clock from the first check.

    Args:
        store: The object store of the render.
        render_id: Its id.
        record: Its record; None if it has none yet.
        detector: Measures the silence.
    """

    def __init__(
        self, store: ObjectStore, render_id: str, record: RenderRecord | None, detector: StallDetector | None = None
    ) -> None:
        self._store = store
        self._render_id = render_id
        self._record = record
        self._detector = detector or StallDetector()

    async def lost(self) -> str | None:
        """Return the reason why it is lost, or None."""
        self._record = self._record or await RenderRecord.read(self._store, self._render_id)
        if self._record and self._record.owner and self._record.owner.here:
            return None if self._record.owner.alive else ENDED
        found = await self._store.head(progress_key(self._render_id))
        silent_s = self._detector.look(found and found.modified)
        return silent(silent_s) if silent_s > SILENT_S else None


@dataclass(frozen=True, repr=False)
class ListedRender:
    """A render in the store.

    Attributes:
        render_id: Its id, for example for `attach()`.
        state: "starting", "rendering", "done", "failed", "cancelled", or "interrupted" (its process ended too early).
        composition: Id of the composition; None while unknown.
        started: Its start time, with time zone.
        output: The requested output file or folder; None if the result stays in the store.
        command: Python code that repeats the render.
        progress: The progress.
    """

    render_id: str
    state: State
    composition: str | None
    started: datetime.datetime
    output: Path | None
    command: str
    progress: RenderProgress

    def _repr_html_(self) -> str:
        return notebook("listing").table([self])

    def __repr__(self) -> str:
        return f"<ListedRender {self}>"

    def __str__(self) -> str:
        done = f"{self.progress.overall_progress:.0%}"
        when = self.started.astimezone().isoformat(" ", "seconds")
        return f"{self.render_id}  {when}  {self.state} {done}  {self.composition or '?'}  {self.output or ''}".rstrip()


def listed(
    progress: RenderProgress, record: RenderRecord | None, *, lost: bool, modified: datetime.datetime
) -> ListedRender:
    """Combine the progress and the record of a render.

    Args:
        progress: The progress.
        record: Its record; None if it has none.
        lost: Whether its main function is lost.
        modified: The time of the last change of its progress.
    """
    metadata = progress.render_metadata or {}
    started = metadata.get("startedDate")
    return ListedRender(
        render_id=progress.render_id,
        state="interrupted" if lost and not progress.ended else progress.state,
        composition=metadata.get("compositionId") or (record.composition if record else None),
        started=datetime.datetime.fromtimestamp(started / 1000, datetime.UTC) if started else modified,
        output=Path(record.output) if record and record.output else None,
        command=record.command if record else "",
        progress=progress,
    )
