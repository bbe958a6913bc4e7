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
"""Fields of `/proc/PID/stat` behind the name of the process (proc(5): fields 3 and 22)."""
ENDED = "the process of the render has ended"


@dataclass(frozen=True)
class Owner:
    """A process whose end ends a render.

    Attributes:
        pid: Its id.
        started: When it was started, as ids are used again: in clock ticks since the boot, which no setting of the
            clock changes. Where there is no /proc, in s since the epoch.
        host: Its machine.
        boot: The id of the boot; "" where there is no /proc.
    """

    pid: int
    started: float
    host: str
    boot: str = ""

    @classmethod
    def of(cls, pid: int) -> Owner | None:
        """Describe a process; None where it has ended."""
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
        """Whether it is one of this machine."""
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
    """What is kept of a started render beside its progress.

    Attributes:
        kind: The kind of result.
        composition: Id of the composition.
        output: Where that goes; None for the store.
        audio: Where its separate audio goes.
        overwrite: Whether files may be replaced.
        command: Python that makes the same again.
        host: The machine that the paths are of.
        owner: The process whose end ends it; None for one that outlives all of this machine's.
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
        """Whether its paths are of this machine."""
        return self.host == socket.gethostname()

    async def write(self, store: ObjectStore, render_id: str) -> None:
        """Keep it with its render."""
        await store.put(record_key(render_id), json.dumps(asdict(self)).encode())

    @classmethod
    async def read(cls, store: ObjectStore, render_id: str) -> RenderRecord | None:
        """Read the record of a render; None where it has none, as Remotion's own clients write none."""
        data = await store.get(record_key(render_id))
        if data is None:
            return None
        return cls.from_document(data, render_id)

    @classmethod
    def from_document(cls, data: bytes, render_id: str) -> RenderRecord:
        """Read what `write()` wrote; a later version may have written more.

        Raises:
            DocumentError: It is something else.
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
    """Return why a main function counts as gone that has reported nothing for so many seconds."""
    return f"it reported nothing for {seconds:.0f} s"


async def lost(store: ObjectStore, render_id: str, record: RenderRecord | None) -> str | None:
    """Look once whether the main function of a local render cannot be at work any more; return why, or None.

    Its process shows that, where it is known and on this machine; else the age of its progress, which is wrong while
    somebody sets the clock. A client that follows a render asks a `Follower`.
    """
    if record and record.owner and record.owner.here:
        return None if record.owner.alive else ENDED
    found = await store.head(progress_key(render_id))
    age_s = (datetime.datetime.now(datetime.UTC) - found.modified).total_seconds() if found else 0
    return silent(age_s) if age_s > SILENT_S else None


class Follower:
    """Looks again and again whether the main function of a local render of others cannot be at work any more.

    Where its process is not known here, its silence is measured by a clock that nobody sets, from the first look on.

    Args:
        store: Where the render is.
        render_id: Its id.
        record: Its record; None where it has none yet.
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
        """Return why it is gone, or None."""
        self._record = self._record or await RenderRecord.read(self._store, self._render_id)
        if self._record and self._record.owner and self._record.owner.here:
            return None if self._record.owner.alive else ENDED
        found = await self._store.head(progress_key(self._render_id))
        silent_s = self._detector.look(found and found.modified)
        return silent(silent_s) if silent_s > SILENT_S else None


@dataclass(frozen=True, repr=False)
class ListedRender:
    """A render that is kept in the store.

    Attributes:
        render_id: Its id, which `attach()` takes.
        state: "starting", "rendering", "done", "failed", "cancelled", or "interrupted": its process ended before it.
        composition: Id of the composition; None while it is not known.
        started: When, with time zone.
        output: The file or folder that it was asked to make; None for the store.
        command: Python that makes the same again.
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
    """Fold what is known of a render into one line.

    Args:
        progress: The progress.
        record: Its record, where it has one.
        lost: Whether its functions cannot be at work any more.
        modified: When its progress was last written.
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
