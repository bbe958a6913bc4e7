"""Options of what becomes of a finished render: where it goes, how long it stays, whose webhook is called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypedDict, get_args

from .checks import boolean, choice, json_object, text, text_or_object
from .option import Option, always

DeleteAfter = Literal["1-day", "3-days", "7-days", "30-days"]
DownloadBehavior = Literal["play-in-browser", "download"]


class CloudOptions(TypedDict, total=False):
    """Options of everything that leaves a file in a bucket."""

    out_name: Annotated[
        str | Mapping[str, Any] | None,
        Option(
            "AWS: name in the render's folder, or {bucketName, key, s3OutputProvider}; None is out.EXTENSION.",
            None,
            "outName",
            text_or_object,
            secret=lambda value: isinstance(value, Mapping),
        ),
    ]
    delete_after: Annotated[
        DeleteAfter | None,
        Option(
            "AWS: when the bucket may remove the render; None keeps it.",
            None,
            "deleteAfter",
            choice(*get_args(DeleteAfter)),
            "delete-after",
        ),
    ]
    storage_class: Annotated[
        str | None, Option("AWS: storage class of the output in S3.", None, "storageClass", text, "storage-class")
    ]
    download_behavior: Annotated[
        DownloadBehavior,
        Option(
            "AWS: what a browser does that follows the link to the output.",
            "play-in-browser",
            "downloadBehavior.type",
            choice(*get_args(DownloadBehavior)),
            "download-behavior",
        ),
    ]
    renderer_function_name: Annotated[
        str | None,
        Option(
            "AWS: another function for the chunks, such as one with more memory; None is the main function's.",
            None,
            "rendererFunctionName",
            text,
            "renderer-function-name",
        ),
    ]


class AssetOptions(TypedDict, total=False):
    """How functions get the assets of others."""

    cache_assets: Annotated[
        bool,
        Option(
            "Fetch each remote asset once per render, for all functions together, instead of once per function.",
            False,
            "cacheAssets",
            boolean,
            "cache-assets",
        ),
    ]


class WebhookOptions(TypedDict, total=False):
    """The webhook that is called when a render ends."""

    webhook: Annotated[
        str | None,
        # Many such addresses hold a key. No environment: an exported variable would make every render send one.
        Option("Webhook URL, called when the render ends.", None, "webhook.url", text, "webhook", always),
    ]
    webhook_secret: Annotated[
        str | None,
        Option(
            "Secret by which the webhook is signed.",
            None,
            "webhook.secret",
            text,
            "webhook-secret",
            secret=always,
            environment=True,
        ),
    ]
    webhook_custom_data: Annotated[
        Mapping[str, Any] | None,
        Option("What the webhook passes on to its address, a JSON object.", None, "webhook.customData", json_object),
    ]
