"""The large tools of the function: packed archives in layers, unpacked to `/tmp` by the calls that need them.

A pack is `NAME-HASH.tar.zst`. It is unpacked to a temporary name and then renamed, so two callers at the same time, or
a call that was killed, leave no incomplete tool.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import shutil
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from ...errors import FunctionError
from ..roles import Role

LAYER_PACKS = Path("/opt/packs")
"""Where the layers put the archives."""
SUFFIX = ".tar.zst"
PAGE_PACKS = ("chromium", "fonts", "playwright", "ffmpeg", "av")
"""What every role needs that opens a page."""

log = logging.getLogger(__name__)


class Packs:
    """The packs of one sandbox.

    Args:
        archives: Folder with the archives.
        target: Folder below which they are unpacked.
    """

    def __init__(self, archives: Path = LAYER_PACKS, target: Path | None = None) -> None:
        self._archives = archives
        self._target = target or Path(tempfile.gettempdir()) / "remotion-py-packs"
        self._unpacking: dict[str, asyncio.Task[Path]] = {}

    def for_role(self, role: Role | None) -> list[str]:
        """Return the packs that a role needs, as far as they were deployed."""
        if role is None or not role.needs_page:
            return []
        return [*PAGE_PACKS, *(name for name in self._names() if name not in PAGE_PACKS)]

    async def ready(self, names: Iterable[str]) -> None:
        """Unpack what is not unpacked yet, all at once, and let Python and the tools find it.

        Raises:
            FunctionError: A pack is missing or broken.
        """
        wanted = list(names)
        for name in wanted:
            if name not in self._unpacking:
                self._unpacking[name] = asyncio.create_task(asyncio.to_thread(self._unpack, name))
        folders = dict(zip(wanted, await asyncio.gather(*(self._unpacking[name] for name in wanted)), strict=True))
        _use(folders)

    def _names(self) -> list[str]:
        return sorted(path.name.rpartition("-")[0] for path in self._archives.glob(f"*{SUFFIX}"))

    def _unpack(self, name: str) -> Path:
        found = sorted(self._archives.glob(f"{name}-*{SUFFIX}"))
        if not found:
            raise FunctionError(
                f"The function has no pack {name!r} in {self._archives}: its layers do not match its code. "
                f"Deploy it again with 'remotion-py functions deploy'.",
                type="MissingPack",
            )
        return unpack(found[-1], self._target)


def unpack(archive: Path, target: Path) -> Path:
    """Unpack an archive to a folder of its own below `target`, and return that; at once when it is there.

    Raises:
        FunctionError: It cannot be unpacked.
    """
    import zstandard

    folder = target / archive.name.removesuffix(SUFFIX)
    if folder.is_dir():
        return folder
    started = time.monotonic()
    target.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=target))
    try:
        with (
            archive.open("rb") as file,
            zstandard.ZstdDecompressor().stream_reader(file, read_size=1 << 20) as stream,
            tarfile.open(fileobj=stream, mode="r|", bufsize=1 << 20) as tar,
        ):
            tar.extractall(partial, filter="tar")
        with contextlib.suppress(OSError):  # another caller was faster, with the same content
            partial.rename(folder)
    except (OSError, tarfile.TarError, zstandard.ZstdError) as error:
        raise FunctionError(
            f"The pack {archive.name} cannot be unpacked to {target}: {error}. The function needs 1536 MB "
            f"of disk or more. Deploy it with a larger disk.",
            type="BrokenPack",
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    log.info("unpacked %s in %.2f s", archive.name, time.monotonic() - started)
    return folder


def _use(folders: Mapping[str, Path]) -> None:
    """Let Python and the tools find the packs."""
    environment: dict[str, str] = {"HOME": tempfile.gettempdir()}
    if "chromium" in folders:
        environment["REMOTION_PY_BROWSER"] = str(folders["chromium"] / "headless_shell")
        environment["LD_LIBRARY_PATH"] = str(folders["chromium"] / "lib")
    if "ffmpeg" in folders:
        environment["REMOTION_PY_FFMPEG"] = str(folders["ffmpeg"] / "ffmpeg")
    fonts = [folder for name, folder in folders.items() if name.startswith("fonts")]
    if fonts:
        environment["FONTCONFIG_FILE"] = str(_write_font_config(fonts))
    os.environ |= environment
    for name in ("playwright", "av"):
        if name in folders and str(folders[name]) not in sys.path:
            sys.path.append(str(folders[name]))


def _write_font_config(folders: Iterable[Path]) -> Path:
    """Write a fontconfig file for the folders of our fonts; `/opt/fonts` and `/var/task/fonts` are the user's own."""
    listed = [*folders, Path("/opt/fonts"), Path("/var/task/fonts")]
    dirs = "".join(f"  <dir>{folder}</dir>\n" for folder in listed)
    preferred = "".join(
        f"  <alias><family>{generic}</family><prefer>{''.join(f'<family>{name}</family>' for name in names)}"
        f"</prefer></alias>\n"
        for generic, names in _FAMILIES.items()
    )
    path = Path(tempfile.gettempdir()) / "remotion-py-fonts.conf"
    path.write_text(
        '<?xml version="1.0"?>\n<!DOCTYPE fontconfig SYSTEM "fonts.dtd">\n<fontconfig>\n'
        f"{dirs}  <cachedir>{tempfile.gettempdir()}/fontconfig</cachedir>\n{preferred}</fontconfig>\n"
    )
    return path


_CJK = ("Noto Sans SC", "Noto Sans JP", "Noto Sans KR")
_EMOJI = "Noto Color Emoji"
_FAMILIES = {
    "sans-serif": ("Noto Sans", *_CJK, _EMOJI),
    "system-ui": ("Noto Sans", *_CJK, _EMOJI),
    "serif": ("Noto Serif", *_CJK, _EMOJI),
    "monospace": ("Noto Sans Mono", *_CJK, _EMOJI),
    "emoji": (_EMOJI,),
    "Arial": ("Noto Sans",),
    "Helvetica": ("Noto Sans",),
    "Times New Roman": ("Noto Serif",),
    "Courier New": ("Noto Sans Mono",),
}
