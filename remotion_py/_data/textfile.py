"""Reads text files of users: UTF-8, or UTF-16 or UTF-32 with a byte order mark. Other encodings are an error."""

from __future__ import annotations

import codecs
from pathlib import Path

from ..errors import InputError

_MARKS = (  # UTF-32 first, whose mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF8, "utf-8-sig"),
)


def read_text(path: Path, error: type[InputError]) -> str:
    """Return the text of a file, without its byte order mark; line ends stay as they are.

    Args:
        path: The file.
        error: What is raised.

    Raises:
        InputError: The file cannot be read, or is in another encoding; the message says where, and how to convert it.
    """
    try:
        data = path.read_bytes()
    except (OSError, ValueError) as reason:
        raise error(f"The file {path} cannot be read: {getattr(reason, 'strerror', None) or reason}.") from reason
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), "utf-8")
    if encoding.startswith("utf-8") and b"\0" in data:
        raise error(
            f"The file {path} contains a zero byte at offset {data.index(0):,}, so it is UTF-16 without a "
            f"byte order mark, or not a text file. Convert UTF-16 with: iconv -f UTF-16LE -t UTF-8 "
            f"{path.name} > utf8-{path.name}"
        )
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as reason:
        offset = reason.start
        raise error(
            f"The file {path} is not {encoding.removesuffix('-sig').upper()}: byte 0x{data[offset]:02x} at "
            f"offset {offset:,}. Convert it; files from Excel or Windows usually with: iconv -f "
            f"WINDOWS-1252 -t UTF-8 {path.name} > utf8-{path.name}"
        ) from None
