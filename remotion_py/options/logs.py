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
            "Function that is called with each `BrowserLog` of the page, at most 1,000 for each render, in "
            "a separate thread.",
            None,
            "",
            function,
        ),
    ]
    dump_browser_logs: Annotated[
        bool,
        Option(
            "Print the console output of the page on stderr, at most 1,000 lines.",
            False,
            "dumpBrowserLogs",
            boolean,
            "dump-browser-logs",
        ),
    ]


LOG_OPTIONS = frozenset(LogOptions.__annotations__)
"""Options that do not change the rendered frames."""
