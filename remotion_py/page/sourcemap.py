"""Maps positions in a bundled script to positions in its sources (no I/O). Format: ECMA-426 (source maps).

The Python libraries for source maps are unmaintained or 19 MB large, which is too much for a Lambda package. Error
messages need only a small part of the format.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Sequence
from dataclasses import dataclass

from .._data.untrusted import Fields, read_json, shortened
from ..errors import RemotionPyError

_DIGITS = {
    digit: value for value, digit in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
}
_CONTEXT_LINES = 2
LONGEST_MAP = 64 * 1024 * 1024
LONGEST_MAPPINGS = 16 * 1024 * 1024
"""Characters that take about five seconds to read; a script of 5 MB has a tenth."""
LONGEST_LINE = 300
"""Characters of a line that an excerpt holds; a bundle may have all of its code on one."""
MOST_SOURCES = 100_000
_MOST_BITS = 30
"""Of a number in a map, by its specification."""
_BUNDLER_SCHEME = re.compile(r"^[a-z-]+://[^/]*/")
_FOREIGN = ("node_modules/", "webpack/", "rspack/", "(webpack)", "external ")


@dataclass(frozen=True)
class Place:
    """A position in a source file.

    Attributes:
        source: Its path, as the bundler knew it.
        line: From 1.
        column: From 1.
        lines: The lines around it, each with its number; empty where the map holds no sources.
    """

    source: str
    line: int
    column: int
    lines: tuple[tuple[int, str], ...] = ()

    @property
    def own(self) -> bool:
        """Whether it is code of the project, not of a library."""
        return not any(sign in self.source for sign in _FOREIGN)

    def __str__(self) -> str:
        return f"{self.source}:{self.line}:{self.column}"

    def excerpt(self) -> str:
        """Return the lines around it, with marks at its line and column."""
        shown: list[str] = []
        for number, text in self.lines:
            own = number == self.line
            shown.append(f"{'>' if own else ' '} {number:4} | {text}")
            if own and 0 < self.column <= len(text):
                before = "".join("\t" if letter == "\t" else " " for letter in text[: self.column - 1])
                shown.append(f"       | {before}^")
        return "\n".join(shown)


class PlainScript:
    """A script, or a page with scripts in it, that is its own source.

    Args:
        name: How its positions name it.
        text: All of it.
    """

    def __init__(self, name: str, text: str) -> None:
        self._name = shortened(name)
        self._lines = text.split("\n")

    def find(self, line: int, column: int) -> Place | None:
        """Return the place of a position; None on a line that is too long to be read, as minified scripts have."""
        if not 0 < line <= len(self._lines) or len(self._lines[line - 1]) > LONGEST_LINE:
            return None
        return Place(self._name, line, column, _around(self._lines, line - 1))


class SourceMap:
    """A source map, read as far as positions need it.

    Args:
        text: Its JSON text.

    Raises:
        ValueError: It is none.
    """

    def __init__(self, text: str) -> None:
        if len(text) > LONGEST_MAP:
            raise ValueError(f"a source map of {len(text):,} characters, which is too long")
        try:
            found = Fields(read_json(text.removeprefix(")]}'"), RemotionPyError), "A source map", RemotionPyError)
            found.whole("version", 3, 3)
            root = found.text("sourceRoot", default="", empty=True)
            sources = found.items("sources", most=MOST_SOURCES)
            contents = found.items("sourcesContent", most=MOST_SOURCES, default=())
            mappings = found.text("mappings", longest=LONGEST_MAPPINGS, empty=True)
        except RemotionPyError as error:
            raise ValueError(error.message) from None
        self._sources = [root + name if isinstance(name, str) else root for name in sources]
        self._contents = [content if isinstance(content, str) else None for content in contents]
        self._lines: list[list[tuple[int, int, int, int]]] = _decode(mappings, len(self._sources))

    def find(self, line: int, column: int) -> Place | None:
        """Return where a position comes from.

        Args:
            line: From 1.
            column: From 1.
        """
        if not 0 < line <= len(self._lines):
            return None
        segments = self._lines[line - 1]
        at = bisect.bisect_right(segments, column - 1, key=lambda segment: segment[0]) - 1
        if at < 0:
            return None
        _, source, source_line, source_column = segments[at]
        name = re.sub(r"^(\./)+", "", _BUNDLER_SCHEME.sub("", self._sources[source]))
        return Place(shortened(name), source_line + 1, source_column + 1, self._excerpt(source, source_line))

    def _excerpt(self, source: int, line: int) -> tuple[tuple[int, str], ...]:
        content = self._contents[source] if source < len(self._contents) else None
        return () if content is None else _around(content.split("\n"), line)


def _around(lines: Sequence[str], line: int) -> tuple[tuple[int, str], ...]:
    first, last = max(0, line - _CONTEXT_LINES), min(len(lines), line + _CONTEXT_LINES + 1)
    return tuple((number + 1, shortened(lines[number].rstrip(), LONGEST_LINE)) for number in range(first, last))


def _decode(mappings: str, sources: int) -> list[list[tuple[int, int, int, int]]]:
    """Return (column, source, line, column) of the segments of each line; all but the first column count on.

    Raises:
        ValueError: A segment is none, or leads to a place that cannot be.
    """
    lines: list[list[tuple[int, int, int, int]]] = []
    source = source_line = source_column = 0
    for text in mappings.split(";"):
        column = 0
        segments: list[tuple[int, int, int, int]] = []
        for segment in text.split(","):
            if not segment:
                continue
            fields = _numbers(segment)
            if len(fields) not in (1, 4, 5):
                raise ValueError(f"a segment of {len(fields)} numbers")
            column += fields[0]
            if len(fields) >= 4:
                source += fields[1]
                source_line += fields[2]
                source_column += fields[3]
                if not 0 <= source < sources or source_line < 0 or source_column < 0 or column < 0:
                    raise ValueError("a segment with an invalid source position")
                segments.append((column, source, source_line, source_column))
        lines.append(segments)
    return lines


def _numbers(text: str) -> list[int]:
    """Return the numbers of a segment.

    Raises:
        ValueError: It holds another letter, or a number of more than 32 bits.
    """
    found: list[int] = []
    value = shift = 0
    for digit in text:
        bits = _DIGITS.get(digit)
        if bits is None or shift > _MOST_BITS:
            raise ValueError(f"a segment that is not base64 of numbers: {text[:20]!r}")
        value |= (bits & 31) << shift
        shift += 5
        if not bits & 32:
            found.append(-(value >> 1) if value & 1 else value >> 1)
            value = shift = 0
    return found
