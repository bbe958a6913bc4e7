"""`remotion-py doctor`: checks the requirements of rendering, and prints how to fix what is missing."""

from __future__ import annotations

import asyncio
import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from ..errors import RemotionPyError
from ..media.codecs import AUDIO_ENCODERS, CODECS, SEQUENCE
from ..media.ffmpeg import ffmpeg_path
from ..page.browser import Browser
from ..page.discovery import find_browser
from ..page.sandboxing import why_no_sandbox
from ..providers.local.provider import default_store
from .doctor_notebook import notebook_findings
from .finding import Finding

_PACKAGES = ("playwright", "boto3", "av", "imageio-ffmpeg", "aiohttp")
_ENOUGH_MEMORY = 1.5 * 2**30
_ENOUGH_DISK = 2**30
_MEDIA_CODECS = {
    "H.264": "avc1.42E01E",
    "HEVC": "hev1.1.6.L93.B0",
    "VP8": "vp8",
    "VP9": "vp09.00.10.08",
    "AV1": "av01.0.04M.08",
}
_ASK_CODECS = """Promise.all(CODECS.map(async codec =>
  'VideoDecoder' in window && (await VideoDecoder.isConfigSupported({codec})).supported))"""


@click.command()
@click.option("--aws", "on_aws", is_flag=True, help="Check a deployed function instead; costs less than a cent.")
@click.option("--region", help="AWS: the region.")
@click.option("--profile", help="AWS: profile of the AWS configuration.")
@click.option("--function-name", help="AWS: name of the function; by default the one in the region.")
def doctor(on_aws: bool, region: str | None, profile: str | None, function_name: str | None) -> None:
    """Check what rendering needs on this machine, or on AWS.

    Exits with 1 if a requirement is missing.
    """
    from .doctor_aws import aws_findings

    bad = 0
    for finding in aws_findings(region, profile, function_name) if on_aws else findings():
        mark = "ok" if not finding.fix else "!!" if finding.needed else "--"
        click.echo(f"{mark}  {finding.name}: {finding.text}")
        if finding.fix:
            bad += finding.needed
            click.echo(f"      {'fix' if finding.needed else 'for notebooks'}: {finding.fix}")
    sys.exit(1 if bad else 0)


def findings() -> Iterator[Finding]:
    """Look at everything that rendering needs."""
    yield Finding("remotion-py", importlib.metadata.version("remotion-py"))
    yield Finding("Python", f"{platform.python_version()} on {platform.platform()}")
    yield Finding("packages", ", ".join(f"{name} {importlib.metadata.version(name)}" for name in _PACKAGES))
    yield from _browser()
    yield from _ffmpeg()
    yield _memory()
    yield _disk("temporary files", Path(os.environ.get("TMPDIR", "/tmp")), "set TMPDIR to a folder on a larger disk")
    yield _disk("object store", default_store(), "set REMOTION_PY_STORE to a folder on a larger disk")
    yield from notebook_findings()


def _browser() -> Iterator[Finding]:
    try:
        choice = find_browser()
        version, controlled, sandboxed, decoded = asyncio.run(_probe())
    except RemotionPyError as error:
        yield Finding("browser", str(error), "remotion-py install-browser")
        return
    way = "frames on demand" if controlled else "screenshots"
    slow = (
        "" if controlled else "remotion-py install-browser --force (a headless shell renders about 1.6 times as fast)"
    )
    yield Finding("browser", f"{choice.path} {version} from {choice.source}, captures by {way}", slow)
    off = f"off ({why_no_sandbox(choice.path)}): pages run with all rights of this user"
    yield Finding("browser sandbox", "on" if sandboxed else off)
    lacking = [name for name in ("H.264", "VP8", "VP9", "AV1") if name not in decoded]
    fix = f"use a Chromium with {', '.join(lacking)}, or media in other codecs" if lacking else ""
    yield Finding("browser decodes", ", ".join(decoded) or "nothing", fix)


async def _probe() -> tuple[str, bool, bool, list[str]]:
    browser = await Browser.launch(find_browser())
    try:
        opened = await browser.open_page(64, 64, controlled=False)
        # WebCodecs exist in secure contexts only, and an empty page is none.
        await opened.page.context.route(
            "**/*", lambda route: route.fulfill(body="<html></html>", content_type="text/html")
        )
        await opened.page.goto("https://localhost/")
        answers = await opened.page.evaluate(_ASK_CODECS.replace("CODECS", str(list(_MEDIA_CODECS.values()))))
        decoded = [name for name, yes in zip(_MEDIA_CODECS, answers, strict=True) if yes]
        await opened.close()
        return browser.version, browser.frame_control, browser.sandboxed, decoded
    finally:
        await browser.close()


def _ffmpeg() -> Iterator[Finding]:
    path = ffmpeg_path()
    fix = "pip install --force-reinstall imageio-ffmpeg, or correct REMOTION_PY_FFMPEG"
    try:
        first = subprocess.run([path, "-version"], capture_output=True, text=True, check=True).stdout.split("\n")[0]
        encoders = subprocess.run(
            [path, "-hide_banner", "-encoders"], capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        yield Finding("FFmpeg", f"{path} does not run: {error}", fix)
        return
    yield Finding("FFmpeg", f"{path}: {first}")
    video = {codec.encoder for codec in CODECS.values() if codec.has_video and codec.name != SEQUENCE}
    wanted = sorted(video | set(AUDIO_ENCODERS.values()))
    lacking = [name for name in wanted if f" {name} " not in encoders]
    yield Finding("FFmpeg encoders", ", ".join(wanted), f"{fix}: {', '.join(lacking)} missing" if lacking else "")


def _memory() -> Finding:
    import psutil

    memory = psutil.virtual_memory()
    text = f"{memory.available / 2**30:.1f} of {memory.total / 2**30:.1f} GB free, {os.cpu_count()} cores"
    need = "close other programs, or render with a lower capacity: a renderer needs about 0.7 GB"
    return Finding("memory", text, "" if memory.available > _ENOUGH_MEMORY else need)


def _disk(name: str, folder: Path, fix: str) -> Finding:
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    free = shutil.disk_usage(existing).free
    return Finding(name, f"{folder}, {free / 2**30:.1f} GB free", "" if free > _ENOUGH_DISK else fix)
