"""Converts Python values to JSON values. Other values raise an error with their path."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import math
import re
import sys
import uuid
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from pathlib import PurePath
from typing import Any, Literal, cast

from ..errors import PropsError
from .figures import figure_json
from .tables import TableError, records
from .wording import kind_of, short_repr

Nan = Literal["error", "null"]

DATE_PREFIX = "remotion-date:"
MAX_DEPTH = 200
"""Deepest nesting; JSON of Python reads and writes about five times as much, on a stack that it shares with callers."""
_SECONDS = {
    "W": Fraction(604_800),
    "D": Fraction(86_400),
    "h": Fraction(3600),
    "m": Fraction(60),
    "s": Fraction(1),
    **{name: Fraction(1, 1000 ** (power + 1)) for power, name in enumerate(("ms", "us", "ns", "ps", "fs", "as"))},
}
"""Seconds of numpy's units of dates; years and months have none."""
MAX_INTEGER = 2**53
"""Numbers of JavaScript are doubles, which hold every whole number up to this one."""

_DATE = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?(?:T([01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?"
)
_FAR_DATE = re.compile(r"[+-]\d{6}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T\d\d:\d\d:\d\d(?:\.\d+)?Z")


@dataclasses.dataclass(frozen=True)
class _NoDate:
    """An item of a numpy array of dates that is not a date; `problem` is empty where it is missing."""

    problem: str = ""


def is_missing(value: Any) -> bool:
    """Return whether a value means a missing one: None, NaN, NaT, or the NA of pandas."""
    if value is None or _is_na(value):
        return True
    if isinstance(value, decimal.Decimal):
        return value.is_nan()
    scalar = isinstance(value, (float, datetime.date)) or (_is_numpy(value) and not value.shape)
    return scalar and bool(value != value)


def fields_of(value: Any) -> dict[str, Any] | None:
    """Return the fields of a dataclass or of a pydantic model; None for anything else."""
    if isinstance(value, type):
        return None
    if dataclasses.is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    return value.model_dump() if hasattr(value, "model_dump") else None


class Converter:
    """Converts one value, with all that it holds.

    Args:
        path: What the value is called in errors.
        nan: What becomes of NaN and missing dates: "error", or "null".
        plain_dates: Write dates as ISO 8601 texts, as the JSON of figures does, and not as dates of Remotion.
    """

    def __init__(self, path: str, *, nan: Nan = "error", plain_dates: bool = False) -> None:
        self._root = path
        self._nan = nan
        self._plain_dates = plain_dates
        self._keys: list[str | int] = []
        self._open: list[Any] = []

    def convert(self, value: Any) -> Any:
        """Return a value as what JSON knows.

        Raises:
            PropsError: It does not know it, or a page would read another value; the message names its path.
        """
        kind = cast("type[Any]", type(value))
        if value is None or kind is bool:
            return value
        if kind is str:
            return self._text(value)
        if kind is int:
            return self._integer(value)
        if kind is float:
            return self._number(value)
        if isinstance(value, enum.Enum):
            return self.convert(value.value)
        if isinstance(value, str):
            return self._text(str(value))
        if isinstance(value, int):
            return self._integer(int(value))
        if isinstance(value, float):
            return self._number(float(value))
        if isinstance(value, datetime.date):
            return self._date(value)
        return self._inside(value)

    def _inside(self, value: Any) -> Any:
        """Convert a value that contains or represents others; keeps track of what is being converted."""
        if any(value is outer for outer in self._open):
            raise self._refusal("contains itself. Pass a copy without that reference.")
        if len(self._open) >= MAX_DEPTH:
            raise self._refusal(
                f"is nested more than {MAX_DEPTH} levels deep. Pass a flatter structure, such as a list with ids."
            )
        self._open.append(value)
        if isinstance(value, Mapping):
            found = self._mapping(cast("Mapping[Any, Any]", value))
        elif isinstance(value, (list, tuple)):
            found = self._sequence(cast("list[Any]", value))
        else:
            found = self._other(value)
        self._open.pop()
        return found

    def _mapping(self, value: Mapping[Any, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, item in value.items():
            if not isinstance(key, str):
                raise self._refusal(f"has the key {short_repr(key)}, but JSON keys are strings. Convert it with str().")
            self._keys.append(key)
            if not key.isascii():
                self._whole_characters(key)
            found[key] = self.convert(item)
            self._keys.pop()
        return found

    def _sequence(self, value: Iterable[Any]) -> list[Any]:
        found: list[Any] = []
        self._keys.append(0)
        for index, item in enumerate(value):
            self._keys[-1] = index
            found.append(self.convert(item))
        self._keys.pop()
        return found

    def _text(self, value: str) -> str:
        if not value.isascii():
            self._whole_characters(value)
        if value.startswith(DATE_PREFIX) and not _is_date(value.removeprefix(DATE_PREFIX)):
            raise self._refusal(
                f"begins with {DATE_PREFIX!r}, which Remotion uses to mark dates, but no date follows. Use "
                f"another prefix, or pass a datetime."
            )
        return value

    def _whole_characters(self, text: str) -> None:
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise self._refusal(
                f"contains a lone surrogate (half a character, U+{ord(text[error.start]):04X}) at position "
                f"{error.start}, for example from a string that was cut inside an emoji. Remove it, for "
                f"example with text.encode(errors='ignore').decode()."
            ) from None

    def _integer(self, value: int) -> int:
        if -MAX_INTEGER <= value <= MAX_INTEGER:
            return value
        written = str(value) if value.bit_length() <= 128 else f"a whole number of {value.bit_length()} bits"
        raise self._refusal(
            f"is {written}, which JavaScript cannot represent exactly (above 2**53). Pass it as a string: str(value)."
        )

    def _number(self, value: float) -> float | None:
        if math.isfinite(value):
            return value
        if math.isnan(value):
            return self._missing("nan, which JSON cannot represent")
        raise self._refusal(
            f"is {value}, which JSON cannot represent. Replace it with None or a number before rendering."
        )

    def _missing(self, what: str) -> None:
        if self._nan == "error":
            raise self._refusal(
                f"is {what}. Replace it with None, drop the row, or pass nan='null' (--nan null) to send it as null."
            )

    def _date(self, value: datetime.date) -> str | None:
        if value != value:  # pandas' NaT
            return self._missing("a missing date (NaT)")
        if not isinstance(value, datetime.datetime):
            return value.isoformat() if self._plain_dates else f"{DATE_PREFIX}{value.isoformat()}T00:00:00.000Z"
        if self._plain_dates:
            return value.isoformat()
        try:
            aware = value if value.utcoffset() is not None else value.replace(tzinfo=datetime.UTC)
            moment = aware.astimezone(datetime.UTC).replace(tzinfo=None)
            written = moment.isoformat(timespec="milliseconds")
        except (OverflowError, ValueError):
            written = ""
        if len(written) != len("2026-01-01T00:00:00.000"):
            raise self._refusal(f"is {value}, which is outside the years 1 to 9999 in UTC. Pass it as a string.")
        return f"{DATE_PREFIX}{written}Z"

    def _other(self, value: Any) -> Any:
        """Convert what is neither of JSON nor a date."""
        if _is_na(value):
            return None
        if isinstance(value, _NoDate):
            if value.problem:
                raise self._refusal(value.problem)
            return self._missing("a missing date (NaT)")
        if _is_numpy(value):
            return self._numpy(value)
        if isinstance(value, decimal.Decimal):
            return self._missing("nan, which JSON cannot represent") if value.is_nan() else self._number(float(value))
        if isinstance(value, (PurePath, uuid.UUID)):
            return self._text(str(value))
        if isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray, memoryview)):
            return self._sequence(cast("Sequence[Any]", value))
        figure = self._figure(value)
        if figure is not None:
            return figure
        fields = fields_of(value)
        if fields is not None:
            return self.convert(fields)
        try:
            table = records(value)
        except TableError as error:
            raise self._refusal(str(error)) from None
        if table is not None:
            return self._sequence(table)
        if isinstance(value, datetime.timedelta):
            raise self._refusal(
                f"is {kind_of(value)}, which JSON cannot represent. Pass its seconds: value.total_seconds()."
            )
        raise self._refusal(
            f"is {kind_of(value)}, which JSON cannot represent. Convert it to numbers, strings, lists or dicts."
        )

    def _figure(self, value: Any) -> Any:
        try:
            figure = figure_json(value)
        except Exception as error:  # whatever its library raises for a figure that it cannot write
            first = str(error).partition("\n")[0]
            raise self._refusal(
                f"is {kind_of(value)} that its library cannot write ({type(error).__name__}: {first})."
            ) from error
        if figure is None:
            return None
        return Converter(self._path(), nan="null", plain_dates=True).convert(figure)

    def _numpy(self, value: Any) -> Any:
        kind = value.dtype.kind
        if kind in "biuUTO":
            return self.convert(value.tolist())
        if kind == "f":
            return self.convert(value.astype("float64").tolist())  # the items of a longdouble's list are longdoubles
        if kind == "M":
            return self.convert(_numpy_dates(value))
        names: Any = value.dtype.names
        if names and value.shape:
            return self._sequence(value)
        if names:
            return self._mapping({name: value[name] for name in names})
        if kind == "m":
            raise self._refusal(
                "is a numpy.timedelta64, which JSON cannot represent. Pass its seconds: "
                "value / numpy.timedelta64(1, 's')."
            )
        raise self._refusal(
            f"contains numpy's {value.dtype}, which JSON cannot represent. Convert it to numbers or strings."
        )

    def _path(self) -> str:
        steps = [f"[{key}]" if isinstance(key, int) else f".{key}" for key in self._keys]
        if len(steps) > 20:  # a sentence, not a page
            steps = [*steps[:10], "…", *steps[-5:]]
        return self._root + "".join(steps)

    def _refusal(self, problem: str) -> PropsError:
        return PropsError(f"{self._path()} {problem}")


def _is_date(text: str) -> bool:
    """Whether a page reads a text as a date: the ISO 8601 forms that JavaScript knows."""
    found = _DATE.fullmatch(text)
    if not found:
        return _FAR_DATE.fullmatch(text) is not None
    try:
        datetime.date(int(found[1]) or 4, int(found[2] or 1), int(found[3] or 1))  # 4: a leap year, as 0 is
    except ValueError:
        return False
    return True


def _is_na(value: Any) -> bool:
    return type(value).__name__ == "NAType" and type(value).__module__.startswith("pandas")


def _is_numpy(value: Any) -> bool:
    return type(value).__module__.partition(".")[0] == "numpy" and hasattr(value, "dtype") and hasattr(value, "tolist")


def _years_1_to_9999(unit: str, count: int) -> tuple[int, int]:
    """Return the first number of numpy's dates that is in the year 1, and the first one past the year 9999."""
    if unit in ("Y", "M"):
        size = Fraction(12 if unit == "Y" else 1) * count
        bounds = 12 * (1 - 1970), 12 * (10_000 - 1970)  # in months since 1970
    else:
        size = _SECONDS.get(unit, Fraction(1)) * count
        bounds = -719_162 * 86_400, 2_932_897 * 86_400  # in seconds since 1970
    first, past = (math.ceil(bound / size) for bound in bounds)
    return max(first, -(2**63)), min(past, 2**63 - 1)


def _numpy_dates(value: Any) -> Any:
    """Return numpy's dates, of whatever unit, as datetimes in nested lists; what is masked is None."""
    numpy: Any = sys.modules["numpy"]
    masked = numpy.ma.getmaskarray(value)
    dates = numpy.asarray(value)
    # Numpy counts in 64 bits: milliseconds of far years do not fit, so far years become 1970 first.
    first, past = _years_1_to_9999(*numpy.datetime_data(dates.dtype))
    numbers = dates.astype("int64")
    far = (numbers < first) | (numbers >= past)
    found = numpy.where(far, 0, numbers).astype(dates.dtype).astype("M8[ms]").astype(object)
    found = numpy.array(found, dtype=object)
    found[far] = _NoDate("is a date outside the years 1 to 9999. Pass it as a string.")
    found[numpy.isnat(dates)] = _NoDate()
    found[masked] = None
    return found.tolist()
