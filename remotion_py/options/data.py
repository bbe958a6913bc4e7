"""Options of the data that a page gets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypedDict, get_args

from .._data.convert import Nan
from .checks import choice, timezone
from .option import Option


class DataOptions(TypedDict, total=False):
    """Options of all calls that pass data to a page."""

    props: Annotated[Mapping[str, Any] | None, Option("Input props, a JSON object.", flag="props")]
    nan: Annotated[
        Nan,
        Option(
            "Handling of NaN and missing dates in props: an error, or null.",
            "error",
            "",
            choice(*get_args(Nan)),
            "nan",
        ),
    ]
    timezone: Annotated[
        str,
        Option(
            "Time zone of the page, such as America/New_York.",
            "UTC",
            "chromiumOptions.timezone",
            timezone,
            "timezone",
        ),
    ]
