"""Links to the AWS console: the logs of a render and its folder (no I/O)."""

from __future__ import annotations

from urllib.parse import quote

from ..base import RENDERS, Links
from .names import log_group


def render_links(*, region: str, function_name: str, bucket: str, render_id: str, partition: str = "aws") -> Links:
    """Return where in the console a render can be looked into.

    Args:
        region: Region of its function and bucket.
        function_name: Its function.
        bucket: Its bucket.
        render_id: Its id, which every function logs with every call.
        partition: "aws", or "aws-cn" in China.
    """
    domain = "console.amazonaws.cn" if partition == "aws-cn" else "console.aws.amazon.com"
    group, pattern = _fragment(log_group(function_name)), _fragment(f'"{render_id}"')
    events = f"log-groups/log-group/{group}/log-events$3FfilterPattern$3D{pattern}"
    logs = f"https://{region}.{domain}/cloudwatch/home?region={region}#logsV2:{events}"
    folder = f"{RENDERS}{render_id}/"
    s3 = f"https://{region}.{domain}/s3"
    return Links(
        logs=logs,
        folder=f"{s3}/buckets/{bucket}?region={region}&prefix={quote(folder)}",
        progress=f"{s3}/object/{bucket}?region={region}&prefix={quote(folder)}progress.json",
    )


def _fragment(text: str) -> str:
    """Escape text as CloudWatch's console does in its fragments: twice, with $ for the outer percent."""
    return quote(quote(text, safe=""), safe="").replace("%", "$")
