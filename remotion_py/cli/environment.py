"""Variables that the command line passes to `process.env` of the page: `REMOTION_*`, and those of a file."""

from __future__ import annotations

import re
from collections.abc import Mapping

from .._data.output import expanded
from .._data.textfile import read_text
from ..errors import OptionError

PASSED_ON = "REMOTION_"
KEPT_BACK = ("REMOTION_PY_", "REMOTION_AWS_", "REMOTION_GCP_")
"""Settings of this package, and credentials of clouds: no page needs them."""

_LINE = re.compile(
    r"""
    ^\s*(?:export\s+)?(?P<name>[A-Za-z_][\w.-]*)\s*=[^\S\n]*
    (?:'(?P<literal>[^']*)'|"(?P<escaped>(?:\\.|[^"\\])*)"|(?P<bare>[^\n#'"][^\n#]*)?)
    [^\S\n]*(?:\#[^\n]*)?$
    """,
    re.MULTILINE | re.VERBOSE | re.DOTALL,
)
_EMPTY = re.compile(r"^\s*(?:#.*)?$")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}


def process_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """Pick what a page gets of the environment of the command line."""
    return {
        name: value
        for name, value in environment.items()
        if name.startswith(PASSED_ON) and not name.startswith(KEPT_BACK)
    }


def read_env_file(path: str) -> dict[str, str]:
    """Read the variables of a file such as `.env`.

    Raises:
        OptionError: It cannot be read, is in another encoding, or a line is not an assignment.
    """
    return parse_env(read_text(expanded(path, OptionError), OptionError), path)


def parse_env(text: str, path: str = "") -> dict[str, str]:
    """Read NAME=VALUE lines: comments, `export`, and values in quotes, which may span lines, are understood.

    Raises:
        OptionError: A line is not an assignment.
    """
    found: dict[str, str] = {}
    text = text.replace("\r\n", "\n")
    at = 0
    while at < len(text):
        line = text[at:].split("\n", 1)[0]
        if _EMPTY.match(line):
            at += len(line) + 1
            continue
        match = _LINE.match(text, at)
        if match is None:
            number = text[:at].count("\n") + 1
            raise OptionError(f"Line {number} of --env-file {path} is not an assignment. Write it as NAME=VALUE.")
        found[match["name"]] = _value(match)
        at = match.end() + 1
    return found


def _value(match: re.Match[str]) -> str:
    if match["literal"] is not None:
        return match["literal"]
    if match["escaped"] is not None:
        return re.sub(r"\\(.)", lambda pair: _ESCAPES.get(pair[1], pair[1]), match["escaped"], flags=re.DOTALL)
    return (match["bare"] or "").strip()
