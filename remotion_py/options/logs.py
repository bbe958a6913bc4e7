"""Options of what a page writes to its console."""

from __future__ import annotations

from typing import Annotated, TypedDict

from .._data.browser_log import OnBrowserLog
from .checks import boolean, function
from .option import Option


class LogOptions(TypedDict, total=False):
    """Options of what a page writes to its console."""

    on_browser_log: Annotated[
        OnBrowserLog | None,
        Option(
            "Called with each `BrowserLog` of the page, at most 1,000 in a render, in a thread of its own.",
            None,
            "",
            function,
        ),
    ]
    dump_browser_logs: Annotated[
        bool,
        Option(
            "Write what the page writes to its console to standard error, at most 1,000 lines.",
            False,
            "dumpBrowserLogs",
            boolean,
            "dump-browser-logs",
        ),
    ]


LOG_OPTIONS = frozenset(LogOptions.__annotations__)
"""They change nothing in what is rendered."""
