"""Converts exceptions of boto3 to our errors."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Generator, Mapping
from typing import Any

from ..errors import AwsError, CredentialsError, PermissionDeniedError

EXPIRED = ("ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired")
_INVALID = (
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "AuthFailure",
    "InvalidToken",
)
_ACTIONS = {
    "HeadObject": "s3:GetObject",
    "GetObject": "s3:GetObject",
    "PutObject": "s3:PutObject",
    "CreateMultipartUpload": "s3:PutObject",
    "UploadPart": "s3:PutObject",
    "CompleteMultipartUpload": "s3:PutObject",
    "DeleteObject": "s3:DeleteObject",
    "DeleteObjects": "s3:DeleteObject",
    "ListObjectsV2": "s3:ListBucket",
    "HeadBucket": "s3:ListBucket",
    "ListBuckets": "s3:ListAllMyBuckets",
    "Invoke": "lambda:InvokeFunction",
    "InvokeWithResponseStream": "lambda:InvokeFunction",
}
"""The IAM actions of operations whose names differ from them; source: AWS's service authorization reference."""
_DENIED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError", "403")

Hints = Mapping[str, tuple[type[AwsError], str]]
"""By AWS's error code: the error that it becomes, and a sentence with the next step."""


@contextlib.contextmanager
def translated(doing: str, hints: Hints | None = None) -> Generator[None]:
    """Turn what boto3 raises in the body into one of our errors.

    Args:
        doing: What the body does, as in "create the bucket x".
        hints: What is known better here of some error codes.

    Raises:
        CredentialsError: There are no credentials, or they are wrong or expired.
        PermissionDeniedError: They do not permit it; the message names the action.
        AwsError: Anything else.
    """
    import botocore.exceptions as boto

    try:
        yield
    except boto.ClientError as error:
        raise client_error(error, doing, hints or {}) from error
    except (boto.NoCredentialsError, boto.PartialCredentialsError) as error:
        raise CredentialsError(
            f"Could not {doing}: no AWS credentials were found ({error}). Run 'aws configure' or 'aws sso login', set "
            f"AWS_PROFILE, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
        ) from error
    except (boto.TokenRetrievalError, boto.SSOTokenLoadError, boto.UnauthorizedSSOTokenError) as error:
        raise CredentialsError(f"Could not {doing}: {error}. Run 'aws sso login' and try again.") from error
    except boto.EndpointConnectionError as error:
        raise AwsError(f"Could not {doing}: {error}. Check the name of the region and your network.") from error
    except boto.BotoCoreError as error:
        raise AwsError(f"Could not {doing}: {error}.") from error


def client_error(error: Any, doing: str, hints: Hints) -> AwsError:
    """Return our error for a `botocore.exceptions.ClientError`."""
    answer: dict[str, Any] = error.response.get("Error", {})
    code, message = str(answer.get("Code", "")), str(answer.get("Message", "")) or str(error)
    action = iam_action(error.operation_name, message)
    if code in hints:
        kind, sentence = hints[code]
        return kind(f"Could not {doing}: {message.rstrip('.')}. {sentence}", code=code)
    if code in EXPIRED:
        return CredentialsError(
            f"Could not {doing}: the AWS credentials have expired. Renew them, for example with 'aws sso "
            f"login', and try again; finished steps are kept.",
            code=code,
        )
    if code in _INVALID:
        return CredentialsError(
            f"Could not {doing}: AWS does not accept the credentials ({code}). Check AWS_PROFILE and "
            f"AWS_ACCESS_KEY_ID, and that they belong to an account with this region.",
            code=code,
        )
    if code in _DENIED:
        from .aws.policies import where_granted  # only accounts deny

        return PermissionDeniedError(
            f"Could not {doing}: AWS denies {action} ({message}). {where_granted(action)}",
            code=code,
            action=action,
        )
    return AwsError(f"Could not {doing}: {message} ({code}).", code=code)


def iam_action(operation: str, message: str) -> str:
    """Return the IAM action that was denied: most services name it, S3 does not."""
    named = re.search(r"not authorized to perform: ([\w-]+:\w+)", message)
    return named[1] if named else _ACTIONS.get(operation, operation)


def error_code(error: Any) -> str:
    """Return AWS's code of a `ClientError`."""
    return str(error.response.get("Error", {}).get("Code", ""))
