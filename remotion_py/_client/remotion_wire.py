"""The payload of functions that Remotion deployed: ours, and the additional fields that they need (no I/O)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import OptionError

_DEFAULTS: dict[str, Any] = {
    "privacy": "private",
    "forcePathStyle": False,
    "licenseKey": None,
    "isProduction": None,
    "mediaCacheSizeInBytes": None,
    "offthreadVideoCacheSizeInBytes": None,
    "offthreadVideoThreads": None,
}
_OF_MEDIA: dict[str, Any] = {
    "concurrencyPerLambda": 1,
    "disableSharedMemoryCapture": False,
    "enableCancellation": False,
    "output": {"type": "media"},
}
_REQUIRED: dict[str, Any] = {"imageFormat": "jpeg", "sampleRate": 48_000}
"""Our functions derive these from the format; a function of Remotion expects the defaults of its own client."""


def remotion_payload(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return a "start" or "still" payload for a function of Remotion, with every field that Remotion's client sends.

    Raises:
        OptionError: An option that those functions do not support.
    """
    filled = {**_DEFAULTS, **(_OF_MEDIA if payload["type"] == "start" else {}), **payload}
    filled["chromiumOptions"] = dict(payload.get("chromiumOptions") or {})
    for name, default in _REQUIRED.items():
        if name in filled and filled[name] is None:
            filled[name] = default
    zone = filled["chromiumOptions"].pop("timezone", "UTC")
    if zone != "UTC":
        raise OptionError(
            f"timezone is {zone!r}, but functions that Remotion deployed render in UTC only. Remove it, or "
            f"deploy a function of remotion_py with 'remotion-py functions deploy'."
        )
    if filled.pop("browserLogs", False):
        raise OptionError(
            "on_browser_log is given, but functions that Remotion deployed do not report the console "
            "output of a page. Remove it, or deploy a function of remotion_py with 'remotion-py functions "
            "deploy'."
        )
    if "webhook" in filled and not (filled["webhook"] or {}).get("url"):
        filled["webhook"] = None
    return filled
