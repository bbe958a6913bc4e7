"""Render web page compositions - Remotion bundles and plain HTML pages - to video.

    import remotion_py as rp

    video = rp.render_media("examples/bar-chart-race", "race", output="race.mp4")

Names are loaded on first use, so that importing the package costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from ._version import __version__

if TYPE_CHECKING:
    from ._handle import ListedRender
    from .async_client import AsyncClient
    from .batch.result import BatchProgress, BatchResult
    from .client import Client
    from .default import (
        attach,
        cancel_render,
        close,
        get_compositions,
        get_render_progress,
        render_batch,
        render_frames,
        render_media,
        render_still,
        renders,
        start_render_media,
    )
    from .default_aws import (
        delete_function,
        delete_render,
        delete_site,
        deploy_function,
        deploy_site,
        download_media,
        estimate_price,
        get_aws_client,
        get_function_info,
        get_functions,
        get_or_create_bucket,
        get_quotas,
        get_sites,
        increase_quota,
        list_renders,
        presign_url,
        simulate_permissions,
    )
    from .errors import RemotionPyError
    from .lambda_.concat import concat_chunks
    from .notebook.panel import panel
    from .page import RUNTIME_JS
    from .progress import RenderProgress
    from .providers.aws.policies import get_role_policy, get_user_policy
    from .providers.aws.regions import get_regions
    from .providers.base import Links
    from .render import Artifact, AsyncRender, Composition, Frames, Render, Still, Video
    from .webhooks import validate_webhook_signature

__all__ = [
    "RUNTIME_JS",
    "Artifact",
    "AsyncClient",
    "AsyncRender",
    "BatchProgress",
    "BatchResult",
    "Client",
    "Composition",
    "Frames",
    "Links",
    "ListedRender",
    "RemotionPyError",
    "Render",
    "RenderProgress",
    "Still",
    "Video",
    "__version__",
    "attach",
    "cancel_render",
    "close",
    "concat_chunks",
    "delete_function",
    "delete_render",
    "delete_site",
    "deploy_function",
    "deploy_site",
    "download_media",
    "estimate_price",
    "get_aws_client",
    "get_compositions",
    "get_function_info",
    "get_functions",
    "get_or_create_bucket",
    "get_quotas",
    "get_regions",
    "get_render_progress",
    "get_role_policy",
    "get_sites",
    "get_user_policy",
    "increase_quota",
    "list_renders",
    "panel",
    "presign_url",
    "render_batch",
    "render_frames",
    "render_media",
    "render_still",
    "renders",
    "simulate_permissions",
    "start_render_media",
    "validate_webhook_signature",
]

_HOMES = {
    "RUNTIME_JS": "page",
    "Artifact": "render",
    "AsyncClient": "async_client",
    "AsyncRender": "render",
    "BatchProgress": "batch.result",
    "BatchResult": "batch.result",
    "Client": "client",
    "Composition": "render",
    "Frames": "render",
    "Links": "providers.base",
    "ListedRender": "_handle",
    "RemotionPyError": "errors",
    "Render": "render",
    "RenderProgress": "progress",
    "Still": "render",
    "Video": "render",
    "attach": "default",
    "cancel_render": "default",
    "close": "default",
    "concat_chunks": "lambda_.concat",
    "delete_function": "default_aws",
    "delete_render": "default_aws",
    "delete_site": "default_aws",
    "deploy_function": "default_aws",
    "deploy_site": "default_aws",
    "download_media": "default_aws",
    "estimate_price": "default_aws",
    "get_aws_client": "default_aws",
    "get_compositions": "default",
    "get_function_info": "default_aws",
    "get_functions": "default_aws",
    "get_or_create_bucket": "default_aws",
    "get_quotas": "default_aws",
    "get_regions": "providers.aws.regions",
    "get_render_progress": "default",
    "get_role_policy": "providers.aws.policies",
    "get_sites": "default_aws",
    "get_user_policy": "providers.aws.policies",
    "increase_quota": "default_aws",
    "list_renders": "default_aws",
    "panel": "notebook.panel",
    "presign_url": "default_aws",
    "render_batch": "default",
    "render_frames": "default",
    "render_media": "default",
    "render_still": "default",
    "renders": "default",
    "simulate_permissions": "default_aws",
    "start_render_media": "default",
    "validate_webhook_signature": "webhooks",
}


def __getattr__(name: str) -> Any:
    if name == "errors":
        return importlib.import_module(".errors", __name__)
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{home}", __name__), name)
    globals()[name] = value
    return value


def load_ipython_extension(shell: Any) -> None:
    """Add the magics `%%render` and `%render_still` to a notebook: `%load_ext remotion_py`."""
    importlib.import_module(".notebook.magics", __name__).load(shell)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
