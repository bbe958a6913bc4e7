"""Render web page compositions - Remotion bundles and plain HTML pages - to video.

    import remotion_py as rp

    video = rp.render_media(rp.examples.bar_chart_race, "race", output="race.mp4")

Names are loaded on first use, so importing the package is fast.
"""

import importlib as _importlib
import typing as _typing

from ._version import __version__

if _typing.TYPE_CHECKING:
    from . import aws as aws
    from . import errors as errors
    from . import examples as examples
    from . import options as options
    from ._client.listing import Renders
    from ._client.record import ListedRender
    from ._data.browser_log import BrowserLog
    from .async_client import AsyncClient
    from .aws import *  # noqa: F403 - what `aws.__all__` names is public here too
    from .batch.result import BatchProgress, BatchResult
    from .client import Client
    from .default import (
        attach,
        cancel_render,
        close,
        get_compositions,
        get_render_progress,
        render,
        render_batch,
        render_frames,
        render_media,
        render_still,
        renders,
        start_render_media,
    )
    from .errors import RemotionPyError
    from .lambda_.join.concat import concat_chunks
    from .notebook.panel import panel
    from .page import RUNTIME_JS
    from .progress import RenderProgress
    from .providers.base import Links
    from .results import Artifact, Composition, Frames, Still, Video
    from .running import AsyncRender, Render
    from .webhooks import validate_webhook_signature

__all__ = [
    "RUNTIME_JS",
    "Artifact",
    "AsyncClient",
    "AsyncRender",
    "BatchProgress",
    "BatchResult",
    "BrowserLog",
    "Client",
    "Composition",
    "Frames",
    "Links",
    "ListedRender",
    "RemotionPyError",
    "Render",
    "RenderProgress",
    "Renders",
    "Still",
    "Video",
    "__version__",
    "attach",
    "aws",
    "cancel_render",
    "close",
    "concat_chunks",
    "get_compositions",
    "get_render_progress",
    "panel",
    "render",
    "render_batch",
    "render_frames",
    "render_media",
    "render_still",
    "renders",
    "start_render_media",
    "validate_webhook_signature",
]

_HOMES = {
    "RUNTIME_JS": "page",
    "Artifact": "results",
    "AsyncClient": "async_client",
    "AsyncRender": "running",
    "BatchProgress": "batch.result",
    "BatchResult": "batch.result",
    "BrowserLog": "_data.browser_log",
    "Client": "client",
    "Composition": "results",
    "Frames": "results",
    "Links": "providers.base",
    "ListedRender": "_client.record",
    "RemotionPyError": "errors",
    "Render": "running",
    "RenderProgress": "progress",
    "Renders": "_client.listing",
    "Still": "results",
    "Video": "results",
    "attach": "default",
    "cancel_render": "default",
    "close": "default",
    "concat_chunks": "lambda_.join.concat",
    "get_compositions": "default",
    "get_render_progress": "default",
    "panel": "notebook.panel",
    "render": "default",
    "render_batch": "default",
    "render_frames": "default",
    "render_media": "default",
    "render_still": "default",
    "renders": "default",
    "start_render_media": "default",
    "validate_webhook_signature": "webhooks",
}
"""The module of each public name."""

_MODULES = ("aws", "errors", "examples", "options")
"""Modules that are public themselves."""

_AWS = {
    "delete_function",
    "delete_render",
    "delete_site",
    "deploy_function",
    "deploy_site",
    "download_media",
    "estimate_price",
    "get_aws_client",
    "get_function_info",
    "get_functions",
    "get_or_create_bucket",
    "get_quotas",
    "get_regions",
    "get_role_policy",
    "get_sites",
    "get_user_policy",
    "increase_quota",
    "list_renders",
    "presign_url",
    "simulate_permissions",
}
"""Names of `aws` that were public here before; they keep working and are not listed."""


def __getattr__(name: str) -> _typing.Any:
    if name in _MODULES:
        return _importlib.import_module(f".{name}", __name__)
    home = "aws" if name in _AWS else _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(_importlib.import_module(f".{home}", __name__), name)
    globals()[name] = value
    return value


def load_ipython_extension(shell: _typing.Any) -> None:
    """Add the magics `%%render` and `%render_still` to a notebook: `%load_ext remotion_py`."""
    _importlib.import_module(".notebook.magics", __name__).load(shell)


def __dir__() -> list[str]:
    return sorted({*__all__, *_MODULES})
