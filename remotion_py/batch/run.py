"""Runs a batch: rows render in parallel on warm functions, and a failed row does not stop the others."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, get_args

from .._client.engine import Engine
from .._client.payload import PICTURE_EXTENSIONS, media_wire
from .._data.convert import Nan
from .._data.tables import index_of
from .._runtime import background
from ..errors import OptionError, RemotionPyError, SiteError
from ..media.codecs import CODEC_OF_EXTENSION
from ..options.checks import choice, number, path
from ..options.logs import LOG_OPTIONS
from ..options.option import check_options
from ..options.renders import RenderMediaOptions, RenderStillOptions
from ..page.serve_url import check_folder, is_url
from ..results import Still, Video
from .manifest import Entry, Manifest, default_path
from .result import BatchProgress, BatchResult, total_cost
from .rows import Row, RowProps, Rows, plan_rows, read_rows, site_mark

REMOTE_ROWS = 4
"""Rows at the same time on AWS, where each has functions of its own."""
MOST_ROWS = 1000
"""Rows at the same time that can be asked for."""
_PICTURES = {extension for listed in PICTURE_EXTENSIONS.values() for extension in listed}


class Batch:
    """Rows that are checked and planned, and can be run on the background loop.

    Args:
        engine: What renders.
        rows: See `read_rows()`.
        serve_url: The site.
        composition: Id of the composition.
        output: Template of the outputs.
        props: Props of all rows, or a function from a row to its props.
        manifest: Its file; None for one beside the outputs.
        parallel: Rows at the same time; None for what the place takes.
        options: Of each render.

    Raises:
        InputError: Anything that can be seen to be wrong, before the first frame.
    """

    def __init__(
        self,
        engine: Engine,
        rows: Rows,
        serve_url: str | os.PathLike[str],
        composition: str,
        output: str | os.PathLike[str],
        *,
        props: RowProps,
        manifest: str | os.PathLike[str] | None,
        parallel: int | None,
        options: Mapping[str, Any],
    ) -> None:
        self._engine = engine
        self._site, self._composition = serve_url, composition
        self._options = dict(options)
        seen = {name: value for name, value in self._options.items() if name not in LOG_OPTIONS}
        about = {"site": site_mark(serve_url), "composition": composition, "options": seen}
        nan = choice(*get_args(Nan))("nan", self._options.get("nan", "error"))
        template = os.fspath(path("output", output))
        self._given_rows = tuple(read_rows(rows))
        self._index = index_of(rows)
        self.rows = plan_rows(self._given_rows, output=template, props=props, about=about, nan=nan)
        self.warnings = tuple(
            f"row {row.index}: the output is {row.output}, because {row.asked!r} is not a safe name"
            for row in self.rows
            if row.asked is not None
        )
        self._stills = _are_stills(self.rows)
        self._check()
        self._parallel = self._bound(parallel)
        self._manifest = Manifest(path("manifest", manifest) if manifest else default_path(self.rows))
        self._entries: dict[int, Entry] = {}
        self._running: dict[int, float] = {}
        self._signal = asyncio.Event()
        self._task: asyncio.Task[BatchResult] | None = None
        self.render_id, self.links, self.left = "", None, False
        self.latest = self._snapshot()

    def _check(self) -> None:
        """Refuse options that would make every row fail."""
        given = {**self._options, "output": self.rows[0].output}
        if self._stills:
            check_options(RenderStillOptions, given)
        else:
            media_wire(check_options(RenderMediaOptions, given))
        if self._engine.provider.on_this_machine and not is_url(os.fspath(self._site)):
            check_folder(os.fspath(self._site))

    def _bound(self, parallel: int | None) -> int:
        if parallel is not None:
            parallel = number(1, MOST_ROWS, whole=True)("parallel", parallel)
        capacity = self._engine.provider.capacity or REMOTE_ROWS
        rows = min(parallel or capacity, len(self.rows))
        if not self._stills and rows >= capacity and not {"concurrency", "frames_per_lambda"} & set(self._options):
            # As many rows as renderers at once: each in one piece is the least work.
            self._options["concurrency"] = 1
        return rows

    async def start(self) -> Batch:
        """Begin; returns itself."""
        self._task = asyncio.create_task(self._run())
        self._task.add_done_callback(self._ended)
        return self

    @property
    def ended(self) -> bool:
        """Whether it has ended."""
        return self._task is not None and self._task.done()

    async def progress(self) -> BatchProgress:
        """Return the progress."""
        return self.latest

    async def next_change(self, seen: BatchProgress | None) -> BatchProgress | None:
        """Wait for progress other than `seen`; None once the batch has ended and that was seen."""
        assert self._task
        while self.latest is seen and not self._task.done():
            await self._signal.wait()
        return None if self.latest is seen else self.latest

    async def result(self) -> BatchResult:
        """Wait for how its rows ended."""
        assert self._task
        return await asyncio.shield(self._task)

    async def cancel(self) -> None:
        """End the rows that run, and begin no others."""
        assert self._task
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self._engine.end_if_idle()

    def interrupt(self) -> None:
        """Cancel it without waiting."""
        background.submit(self.cancel())

    def _ended(self, task: asyncio.Task[BatchResult]) -> None:
        if not task.cancelled():
            task.exception()  # the caller of result() gets it
        self._report()

    def _report(self) -> None:
        self.latest = self._snapshot()
        signal, self._signal = self._signal, asyncio.Event()
        signal.set()

    def _snapshot(self) -> BatchProgress:
        ended = list(self._entries.values())
        return BatchProgress(
            total=len(self.rows),
            done=sum(entry.status == "done" for entry in ended),
            skipped=sum(entry.status == "skipped" for entry in ended),
            failed=sum(entry.status == "failed" for entry in ended),
            running=tuple((str(self.rows[index].output), part) for index, part in self._running.items()),
            cost=total_cost(ended),
        )

    async def _run(self) -> BatchResult:
        started = asyncio.get_running_loop().time()
        waiting: list[Row] = []
        for row in self.rows:
            before = self._manifest.finished(row)
            if before:
                self._entries[row.index] = replace(before, index=row.index, status="skipped")
            else:
                waiting.append(row)
        self._report()
        slots = asyncio.Semaphore(self._parallel)

        async def one(row: Row) -> None:
            async with slots:
                await self._row(row)

        tasks = [asyncio.create_task(one(row)) for row in waiting]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return BatchResult(
            tuple(self._entries[row.index] for row in self.rows),
            rows=self._given_rows,
            index=self._index,
            seconds=round(asyncio.get_running_loop().time() - started, 3),
            warnings=self.warnings,
        )

    async def _row(self, row: Row) -> None:
        loop = asyncio.get_running_loop()
        started = loop.time()
        self._running[row.index] = 0.0
        self._report()
        try:
            result = await (self._still(row) if self._stills else self._video(row))
        except RemotionPyError as error:
            if isinstance(error, SiteError) and not any(ended.status == "done" for ended in self._entries.values()):
                raise  # it will be the same for every row; a site that rows were made of may come back
            entry = Entry(row.index, "failed", str(row.output), error=f"{type(error).__name__}: {error}", key=row.key)
        else:
            entry = Entry(
                row.index,
                "done",
                str(row.output),
                duration=result.duration if isinstance(result, Video) else None,
                seconds=round(loop.time() - started, 3),
                cost=result.cost if isinstance(result, Video) else None,
                render_id=result.render_id,
                key=row.key,
            )
        finally:
            del self._running[row.index]
        self._entries[row.index] = entry
        self._manifest.add(entry)
        self._report()

    async def _video(self, row: Row) -> Video:
        task = await self._engine.start_render("video", self._site, self._composition, self._given(row))
        try:
            seen = None
            while (seen := await task.next_change(seen)) is not None:
                self._running[row.index] = seen.overall_progress
                self._report()
            return await task.result()
        except asyncio.CancelledError:
            with contextlib.suppress(RemotionPyError):
                await task.cancel()
            raise

    async def _still(self, row: Row) -> Still:
        return await self._engine.render_still(self._site, self._composition, self._given(row))

    def _given(self, row: Row) -> dict[str, Any]:
        return {**self._options, "output": row.output, "props": json.loads(row.props)}


def _are_stills(rows: list[Row]) -> bool:
    suffixes = {row.output.suffix.lower().lstrip(".") for row in rows}
    pictures = suffixes & _PICTURES
    if pictures and suffixes - _PICTURES:
        raise OptionError("Some outputs are videos and some are pictures. Render them in two batches.")
    unknown = suffixes - _PICTURES - set(CODEC_OF_EXTENSION)
    if unknown:
        listed = " or ".join(f"end in .{suffix}" if suffix else "have no extension" for suffix in sorted(unknown))
        more = ", which is not a supported output format" if any(unknown) else ""
        raise OptionError(f"The output names {listed}{more}. Use names such as '{{name}}.mp4'.")
    return bool(pictures)
