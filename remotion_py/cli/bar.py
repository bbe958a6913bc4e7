"""Progress on a terminal: a tqdm bar; elsewhere a plain line every 10 %."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Generator
from typing import Any

import click

from ..progress import RenderProgress

STEP = 0.1


@contextlib.contextmanager
def progress_display(quiet: bool) -> Generator[Callable[[RenderProgress], None]]:
    """Give a function that shows progress on stderr, in the way that fits it."""
    if quiet:
        yield lambda _: None
    elif sys.stderr.isatty():
        with _bar() as show:
            yield show
    else:
        yield _lines()


@contextlib.contextmanager
def _bar() -> Generator[Callable[[RenderProgress], None]]:
    from tqdm import tqdm

    layout = "{percentage:3.0f}% |{bar}| {n_fmt}/{total_fmt} frames{postfix} [{elapsed}<{remaining}]"
    with tqdm(total=1, bar_format=layout, file=sys.stderr, dynamic_ncols=True) as bar:
        shown: Any = bar

        def show(progress: RenderProgress) -> None:
            if not progress.total_frames:
                return
            shown.total = progress.total_frames
            shown.n = progress.frames_rendered
            speed = f", {progress.fps:.1f} fps" if progress.fps else ""
            shown.set_postfix_str(f"{progress.chunks}/{progress.total_chunks} chunks{speed}", refresh=False)
            shown.refresh()

        yield show


def _lines() -> Callable[[RenderProgress], None]:
    told = 0.0

    def show(progress: RenderProgress) -> None:
        nonlocal told
        if progress.overall_progress >= told + STEP or progress.done:
            told = progress.overall_progress
            eta = f", about {progress.eta:.0f} s left" if progress.eta else ""
            click.echo(f"{progress}, {progress.fps:.1f} fps{eta}", err=True)

    return show
