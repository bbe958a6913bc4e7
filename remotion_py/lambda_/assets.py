"""The media and artifacts of a frame, from the report of its page (no I/O). Formats: design/page-contract.md 6, 7."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass

from .._data.output import name_fault
from .._data.untrusted import Fields
from ..media.tracks import AudioAsset, InlineAudio
from ..page.contract import page_fault

LONGEST_CONTENT = 512 * 1024 * 1024
"""Characters of the content of an artifact."""
LONGEST_NAME = 1_000
TYPES = ("audio", "video", "inline-audio", "artifact")


@dataclass(frozen=True)
class Emitted:
    """A file that a page emits by `<Artifact>`.

    Attributes:
        filename: Its name: a relative path that leads to a visible file below any folder.
        content: Its bytes; None for the picture of its frame.
    """

    filename: str
    content: bytes | None

    @classmethod
    def from_page(cls, found: Fields) -> Emitted:
        """Read an asset of type "artifact" as `remotion_collectAssets()` returns it.

        Raises:
            PageScriptError: A field is not what it must be.
        """
        filename = found.text("filename", longest=LONGEST_NAME, exact=True)
        fault = name_fault(filename)
        if fault:
            found.refuse("filename", f"a relative file name, with or without folders; this one {fault}")
        kind = found.choice("contentType", ("text", "binary", "thumbnail"))
        if kind == "thumbnail":
            return cls(filename, None)
        content = found.text("content", longest=LONGEST_CONTENT, empty=True, exact=kind == "text")
        if kind == "text":
            return cls(filename, content.encode())
        try:
            # The page turned bytes into text by UTF-8 and that into base64 as if it were Latin-1.
            return cls(filename, base64.b64decode(content, validate=True).decode("latin-1").encode())
        except (binascii.Error, ValueError):
            found.refuse("content", "base64")


@dataclass(frozen=True)
class FrameAssets:
    """What a frame plays and emits.

    Attributes:
        heard: Media files that are heard.
        inline: Samples that the page decoded itself.
        emitted: Files.
    """

    heard: tuple[AudioAsset, ...] = ()
    inline: tuple[InlineAudio, ...] = ()
    emitted: tuple[Emitted, ...] = ()

    @classmethod
    def from_page(cls, assets: Iterable[object], frame: int) -> FrameAssets:
        """Read the assets of a frame.

        Args:
            assets: What `remotion_collectAssets()` returned; inline audio as base64.
            frame: The frame.

        Raises:
            PageScriptError: A field of one is not what it must be.
        """
        heard: list[AudioAsset] = []
        inline: list[InlineAudio] = []
        emitted: list[Emitted] = []
        fail = page_fault(frame)
        for asset in assets:
            kind = Fields(asset, "An asset of the page", fail).choice("type", TYPES)
            if kind == "artifact":
                emitted.append(Emitted.from_page(Fields(asset, "An artifact of the page", fail)))
            elif kind == "inline-audio":
                inline.append(InlineAudio.from_page(Fields(asset, "A sound of the page", fail)))
            else:
                heard.append(AudioAsset.from_page(Fields(asset, "A sound of the page", fail)))
        return cls(tuple(heard), tuple(inline), tuple(emitted))
