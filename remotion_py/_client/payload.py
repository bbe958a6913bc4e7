"""Builds the payload of a function from the options of a caller, with all checks that need no function."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from .._data.output import check_output
from .._version import PROTOCOL, __version__
from ..errors import OptionError, OutputError
from ..lambda_.large_props import offloaded
from ..media.codecs import CODEC_OF_EXTENSION
from ..media.formats import FormatOptions, check_separate_audio, codec_of, option_of, resolve_format
from ..options.option import wire_options
from ..page.discovery import find_browser
from ..page.serve_url import address, check_folder, is_url
from ..providers.base import Provider
from .remotion_wire import remotion_payload

PICTURE_EXTENSIONS = {"png": ("png",), "jpeg": ("jpeg", "jpg"), "webp": ("webp",), "pdf": ("pdf",)}


async def make_payload(
    provider: Provider,
    kind: str,
    serve_url: str | os.PathLike[str],
    options: type,
    values: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the payload of a render, which all its functions receive.

    Args:
        provider: The provider that runs the functions.
        kind: The type of the payload, which is the role.
        serve_url: A folder, an http(s) URL, or the name of a deployed site.
        options: The table of the options.
        values: Checked values of all options.

    Raises:
        SiteNotFoundError: There is no such site.
        BrowserNotFoundError: The functions run on this machine, which has no browser.
    """
    if isinstance(values.get("out_name"), Mapping) and values.get("output") is not None:
        raise OptionError("output and a bucket in out_name are both given, but exclude each other. Pass one of them.")
    url = address(serve_url)
    named = is_url(url) or (not provider.on_this_machine and _is_site_name(url))
    folder = None if named else check_folder(url)
    if provider.on_this_machine:
        find_browser(provider.browser_executable)
    await provider.open()
    url = await provider.publish(folder) if folder else url
    # In a thread: props may be large, and this loop also follows other renders.
    payload = await asyncio.to_thread(wire_options, options, values)
    if kind != "preview":  # a preview sends its props with every frame
        payload["inputProps"] = await offloaded(payload["inputProps"]["payload"], "input-props", provider.store)
    payload |= {
        "type": kind,
        "version": provider.wire_version or __version__,
        "protocol": PROTOCOL,
        "serveUrl": url,
        "bucketName": provider.store.bucket,
    }
    if values.get("on_browser_log"):
        payload["browserLogs"] = True
    return remotion_payload(payload) if provider.wire_version else payload


def _is_site_name(url: str) -> bool:
    return not any(sign in url for sign in "/\\.~") and not Path(url).exists()


def media_wire(values: Mapping[str, Any]) -> dict[str, Any]:
    """Check that the options fit together, and return the part of the payload that depends on the output's name."""
    output, separate = values["output"], values["separate_audio_to"]
    extension = None if output is None else Path(output).suffix.lower()[1:]
    if output and not extension and not Path(output).is_dir():
        raise OutputError(
            f"The output {os.fspath(output)!r} has no extension, so its format is unknown. Pass a name such "
            f"as 'out.mp4'."
        )
    if output and not values["codec"] and extension and extension not in CODEC_OF_EXTENSION:
        raise OutputError(
            f"The output {Path(output).name!r} ends in .{extension}, which is not a supported output format. It must "
            f"end in one of: {', '.join(f'.{item}' for item in CODEC_OF_EXTENSION)}."
        )
    own = {field.name: option_of(field.name) for field in fields(FormatOptions)}
    options = replace(
        FormatOptions(**{field: values[name] for field, name in own.items() if name in values}),
        codec=codec_of(values["codec"], extension),
        out_extension=extension or None,
        separate_audio_to=None if separate is None else Path(separate).name,
    )
    form = resolve_format(options)
    check_separate_audio(options, form)
    return {
        "codec": options.codec,
        "separateAudioTo": options.separate_audio_to,
        "outExtension": form.extension,
    }


def picture_format(output: str | os.PathLike[str] | None) -> str:
    """Return the format of a still from the extension of its output; PNG if there is no extension."""
    extension = "" if output is None else Path(output).suffix.lower()[1:]
    return next((name for name, listed in PICTURE_EXTENSIONS.items() if extension in listed), "png")


def checked_output(
    output: str | os.PathLike[str] | None, extensions: tuple[str, ...], *, overwrite: bool
) -> Path | None:
    """Return the path of an output after checking that it can be written; None if no output was requested."""
    return None if output is None else check_output(output, extensions, overwrite=overwrite)
