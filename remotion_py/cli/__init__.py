"""The command line, one small file per command."""

from __future__ import annotations

import sys

import click

from .._version import __version__
from ..errors import RemotionPyError
from .account import policies, quotas, regions
from .batch import batch
from .completion import completion
from .compositions import compositions
from .doctor import doctor
from .example import example
from .frames import frames
from .functions import functions
from .help import Group
from .install_browser import install_browser
from .progress import progress
from .render import render
from .renders import cancel, download, renders
from .sites import sites
from .still import still

FAILED, INTERRUPTED = 1, 130


@click.group(
    cls=Group,
    sections={
        "Render": (render, still, frames, batch, compositions, example),
        "Renders": (progress, cancel, renders, download),
        "This machine": (doctor, install_browser, completion),
        "AWS": (functions, sites, policies, quotas, regions),
    },
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="remotion-py")
def cli() -> None:
    """Render web page compositions - Remotion bundles and plain HTML pages - to video."""


def main() -> None:
    """Run the command line; exit 0, 1 for a failure, 2 for wrong usage, 130 after Ctrl-C."""
    try:
        cli.main(standalone_mode=False)
    except RemotionPyError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(FAILED)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted; no process is left running.", err=True)
        sys.exit(INTERRUPTED)
