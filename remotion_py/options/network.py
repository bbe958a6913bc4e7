"""Options of the network access of a page."""

from __future__ import annotations

from typing import Annotated, TypedDict

from .checks import boolean
from .option import Option

REACH = "a page reaches its own site and public addresses, and private networks only with allow_private_network"
"""The name of a page in errors, for its own requests and for those that are made in its name."""


class NetworkOptions(TypedDict, total=False):
    """Options of the network access of a page."""

    allow_private_network: Annotated[
        bool,
        Option(
            "Let the page reach private networks, such as a server in your office, but never this machine itself.",
            False,
            "allowPrivateNetwork",
            boolean,
            "allow-private-network",
        ),
    ]
