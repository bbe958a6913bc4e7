"""Maps an HTTP request to its IAM action and resource (no I/O). Source: AWS, authorization reference."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote

_LAMBDA_ROUTES = (
    ("POST", r"/2015-03-31/functions/([^/]+)/invocations", "InvokeFunction"),
    ("POST", r"/2021-11-15/functions/([^/]+)/response-streaming-invocations", "InvokeFunction"),
    ("GET", r"/2016-08-19/account-settings/?", "GetAccountSettings"),
    ("GET", r"/2015-03-31/functions/?", "ListFunctions"),
    ("POST", r"/2015-03-31/functions/?", "CreateFunction"),
    ("GET", r"/2015-03-31/functions/([^/]+)(?:/configuration)?", "GetFunction"),
    ("DELETE", r"/2015-03-31/functions/([^/]+)", "DeleteFunction"),
    ("PUT", r"/2015-03-31/functions/([^/]+)/code", "UpdateFunctionCode"),
    ("PUT", r"/2015-03-31/functions/([^/]+)/configuration", "UpdateFunctionConfiguration"),
    ("PUT", r"/2019-09-25/functions/([^/]+)/event-invoke-config", "PutFunctionEventInvokeConfig"),
    ("GET", r"/2018-10-31/layers/([^/]+)/versions", "ListLayerVersions"),
    ("POST", r"/2018-10-31/layers/([^/]+)/versions", "PublishLayerVersion"),
    ("GET", r"/2018-10-31/layers/([^/]+)/versions/(\d+)", "GetLayerVersion"),
)
_S3_QUERIES = {
    "publicAccessBlock": "BucketPublicAccessBlock",
    "encryption": "EncryptionConfiguration",
    "ownershipControls": "BucketOwnershipControls",
    "lifecycle": "LifecycleConfiguration",
    "policy": "BucketPolicy",
    "tagging": "BucketTagging",
    "location": "BucketLocation",
}


@dataclass(frozen=True)
class Call:
    """One call to the account.

    Attributes:
        action: The IAM action that it needs, such as "s3:GetObject".
        resource: The ARN that it concerns; "*" where the action knows none.
        by_function: Whether a function made it, by its role.
    """

    action: str
    resource: str
    by_function: bool


def find_call(method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Call:
    """Return the call behind a request to any service."""
    credential = re.search(r"Credential=[^/]+/\d+/([^/]+)/([^/]+)/", headers.get("Authorization", ""))
    region, service = (credential[1], credential[2]) if credential else ("", "s3")
    by_function = "X-Amz-Security-Token" in headers
    action, resource = _FINDERS.get(service, _unknown)(method, unquote(path), query, headers, body)
    resource = resource.replace("REGION", region)
    return Call(f"{_PREFIXES.get(service, service)}:{action}", resource, by_function)


_PREFIXES = {"monitoring": "cloudwatch"}


def _s3(method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> tuple[str, str]:
    del body
    asked = parse_qs(query, keep_blank_values=True)
    bucket, _, key = path.lstrip("/").partition("/")
    if not bucket:
        return "ListAllMyBuckets", "*"
    if key:
        verb = {"GET": "GetObject", "HEAD": "GetObject", "DELETE": "DeleteObject"}.get(method, "PutObject")
        if method == "DELETE" and "uploadId" in asked:
            verb = "AbortMultipartUpload"
        return verb, f"arn:aws:s3:::{bucket}/{key}"
    arn = f"arn:aws:s3:::{bucket}"
    if "delete" in asked:
        return "DeleteObject", f"{arn}/*"
    for name, what in _S3_QUERIES.items():
        if name in asked:
            return f"{'Put' if method == 'PUT' else 'Get'}{what}", arn
    return {"PUT": "CreateBucket", "DELETE": "DeleteBucket"}.get(method, "ListBucket"), arn


def _lambda(method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> tuple[str, str]:
    del query, headers
    for verb, pattern, action in _LAMBDA_ROUTES:
        found = re.fullmatch(pattern, path)
        if found and verb == method:
            name = found[1] if found.groups() else None
            if action == "CreateFunction":
                name = json.loads(body).get("FunctionName")
            if action in ("ListFunctions", "GetAccountSettings") or name is None:
                return action, "*"
            kind = "layer" if "Layer" in action else "function"
            version = f":{found[2]}" if action == "GetLayerVersion" else ""
            return action, f"arn:aws:lambda:REGION:123456789012:{kind}:{name.rpartition(':')[2]}{version}"
    return f"{method} {path}", "*"


def _query(method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> tuple[str, str]:
    """IAM and STS: the action is in the form."""
    del method, path, query, headers
    form = parse_qs(body.decode())
    role = form.get("RoleName")
    return form["Action"][0], f"arn:aws:iam::123456789012:role/{role[0]}" if role else "*"


def _json(method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> tuple[str, str]:
    """CloudWatch Logs and Service Quotas: the action is in a header."""
    del method, path, query
    group = json.loads(body or b"{}").get("logGroupName")
    resource = f"arn:aws:logs:REGION:123456789012:log-group:{group}" if group else "*"
    return headers.get("X-Amz-Target", "").rpartition(".")[2], resource


def _unknown(method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> tuple[str, str]:
    del query, headers, body
    return f"{method} {path}", "*"


_FINDERS = {
    "s3": _s3,
    "lambda": _lambda,
    "iam": _query,
    "sts": _query,
    "logs": _json,
    "servicequotas": _json,
}
