"""Verifies that a webhook comes from one of your renders."""

from __future__ import annotations

import hashlib
import hmac

from ._runtime.tracebacks import short_traceback
from .errors import OptionError


@short_traceback
def validate_webhook_signature(secret: str, body: bytes | str, signature_header: str | None) -> None:
    """Check the signature of a webhook.

    Args:
        secret: The secret with which the render was started.
        body: The body as received, before parsing: a change of white space changes the signature.
        signature_header: The header `X-Remotion-Signature`; None if it is missing.

    Raises:
        OptionError: The signature is missing or wrong; do not trust the body.
    """
    if not signature_header or signature_header == "NO_SECRET_PROVIDED":
        raise OptionError("The webhook is not signed. Start renders with webhook_secret, and reject this request.")
    data = body.encode() if isinstance(body, str) else body
    wanted = f"sha512={hmac.new(secret.encode(), data, hashlib.sha512).hexdigest()}"
    # As bytes: a header may contain any character, but compare_digest() accepts only ASCII text.
    if not hmac.compare_digest(wanted.encode(), signature_header.encode(errors="replace")):
        raise OptionError("The webhook's signature does not match its body and the secret. Reject this request.")
