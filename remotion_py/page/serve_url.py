"""Parses serve URLs: a folder on this machine, or an http(s) address."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from ..errors import SiteNotFoundError


def address(serve_url: object) -> str:
    """Return a serve URL as text.

    Raises:
        SiteNotFoundError: It is something else than text or a path.
    """
    if not isinstance(serve_url, (str, os.PathLike)) or isinstance(os.fspath(cast(Any, serve_url)), bytes):
        raise SiteNotFoundError(
            f"The serve URL is {serve_url!r}, but must be the path of a folder or an http(s) URL. Pass one of them."
        )
    return os.fspath(cast("str | os.PathLike[str]", serve_url))


def is_url(serve_url: str) -> bool:
    """Return whether a serve URL is an http(s) address; otherwise it is a folder."""
    try:
        return urlsplit(serve_url).scheme in ("http", "https")
    except ValueError:  # such as an unclosed bracket
        return False


def check_folder(serve_url: str) -> Path:
    """Return the folder of a local site.

    Raises:
        SiteNotFoundError: It does not exist, or has no index.html.
    """
    try:
        folder = Path(serve_url).expanduser().resolve()
        if folder.name == "index.html" and folder.is_file():
            folder = folder.parent
        found = folder.is_dir()
    except (OSError, RuntimeError, ValueError):  # a name that is too long, a user without a home, a zero character
        folder, found = Path(), False
    if not found:
        raise SiteNotFoundError(
            f"The serve URL {serve_url!r} is neither an http(s) URL nor a folder that exists. Pass the "
            f"folder of a bundle (the output of 'npx remotion bundle') or of a plain HTML page."
        )
    if not (folder / "index.html").is_file():
        raise SiteNotFoundError(
            f"The folder {folder} has no index.html, so there is no page to render. Pass the folder that "
            f"contains the page. For a Remotion project, run 'npx remotion bundle' first and pass its "
            f"output folder."
        )
    return folder


def folder_of(url: str) -> str:
    """Return the address of the folder in which a page is, with its slash."""
    return url.rsplit("/", 1)[0] + "/"


def page_url(serve_url: str) -> str:
    """Normalise an http(s) serve URL to the address of its page (design/page-contract.md 1.2)."""
    bare = serve_url.split("?")[0].split("#")[0]
    if bare.endswith("index.html"):
        return bare
    return bare + ("index.html" if bare.endswith("/") else "/index.html")
