"""Reports the end of a render to a web server; the signature covers the exact bytes that are sent."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from ..errors import RenderError

TIMEOUT_S = 10.0
PAUSES_S = (0.5, 1.0)
"""Before the second and the third try."""

log = logging.getLogger(__name__)


def sign(secret: str | None, body: bytes) -> str:
    """Return the signature header of a body: HMAC-SHA512 in hexadecimal, as Remotion sends it."""
    if not secret:
        return "NO_SECRET_PROVIDED"
    return f"sha512={hmac.new(secret.encode(), body, hashlib.sha512).hexdigest()}"


async def send_webhook(webhook: Mapping[str, Any] | None, status: str, content: Mapping[str, Any]) -> None:
    """Post how a render ended, three times at most.

    Args:
        webhook: `url`, and perhaps `secret` and `customData`; nothing is sent without a URL.
        status: "success", "error" or "timeout".
        content: The report, beside type and custom data.

    Raises:
        RenderError: No try was answered by a 2xx status.
    """
    import aiohttp

    if not webhook or not webhook.get("url"):
        return
    sent = {"type": status, **content, "customData": webhook.get("customData")}
    body = json.dumps(sent, ensure_ascii=False).encode()
    headers = {
        "Content-Type": "application/json",
        "X-Remotion-Mode": "production",
        "X-Remotion-Status": status,
        "X-Remotion-Signature": sign(webhook.get("secret"), body),
    }
    place = _place(webhook["url"])
    reason = ""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_S), trust_env=True) as http:
        for pause in (0.0, *PAUSES_S):
            await asyncio.sleep(pause)
            try:
                async with http.post(webhook["url"], data=body, headers=headers) as answer:
                    if answer.ok:
                        return
                    reason = f"HTTP {answer.status}"
            except (aiohttp.ClientError, TimeoutError, ValueError) as error:
                reason = str(error).replace(webhook["url"], place) or "no answer"
            log.warning("the webhook failed: %s", reason)
    raise RenderError(
        f"The webhook {place} could not be reached: {reason}. Check that it answers POST requests with a "
        f"2xx status; the render itself is not affected."
    )


def _place(url: str) -> str:
    """Return where a webhook is, without the path that often holds a key."""
    try:
        return urlsplit(url).hostname or "given"
    except ValueError:
        return "given"
