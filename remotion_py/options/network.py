"""Options of what a page may reach."""

from __future__ import annotations

from typing import Annotated, TypedDict

from .checks import boolean
from .option import Option

REACH = "it reaches its own site and public addresses, and private networks where allow_private_network is set"
"""The name of a page in errors, for its own requests and for those that are made in its name."""


class NetworkOptions(TypedDict, total=False):
    """How far the connections of a page reach."""

    allow_private_network: Annotated[
        bool,
        Option(
            "Let the page reach private networks, such as a server of your office; never this machine itself.",
            False,
            "allowPrivateNetwork",
            boolean,
            "allow-private-network",
        ),
    ]
