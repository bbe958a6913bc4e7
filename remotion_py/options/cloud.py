"""Options of the output on AWS, shared assets, and webhooks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypedDict, get_args

from .checks import boolean, choice, json_object, text, text_or_object
from .option import Option, always

DeleteAfter = Literal["1-day", "3-days", "7-days", "30-days"]
DownloadBehavior = Literal["play-in-browser", "download"]


class CloudOptions(TypedDict, total=False):
    """Options of all calls that write a file to a bucket."""

    out_name: Annotated[
        str | Mapping[str, Any] | None,
        Option(
            "AWS: file name in the render's folder, or {bucketName, key, s3OutputProvider}; None is out.EXTENSION.",
            None,
            "outName",
            text_or_object,
            secret=lambda value: isinstance(value, Mapping),
        ),
    ]
    delete_after: Annotated[
        DeleteAfter | None,
        Option(
            "AWS: time after which the bucket deletes the render; None is never.",
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
            "AWS: whether a browser plays or downloads the output when it opens the link.",
            "play-in-browser",
            "downloadBehavior.type",
            choice(*get_args(DownloadBehavior)),
            "download-behavior",
        ),
    ]
    renderer_function_name: Annotated[
        str | None,
        Option(
            "AWS: function that renders the chunks, for example one with more memory; None is the main function's.",
            None,
            "rendererFunctionName",
            text,
            "renderer-function-name",
        ),
    ]


class AssetOptions(TypedDict, total=False):
    """How functions share downloaded assets."""

    cache_assets: Annotated[
        bool,
        Option(
            "Download each remote asset once per render, shared by all functions, instead of once per function.",
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
        Option("URL of the webhook; it is called when the render ends.", None, "webhook.url", text, "webhook", always),
    ]
    webhook_secret: Annotated[
        str | None,
        Option(
            "Secret that signs the calls of the webhook.",
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
        Option("JSON object that is sent with the webhook.", None, "webhook.customData", json_object),
    ]
