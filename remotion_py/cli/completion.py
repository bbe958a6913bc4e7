"""`remotion-py completion`: prints the shell completion script."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

PROGRAM = "remotion-py"
VARIABLE = "_REMOTION_PY_COMPLETE"
"""Click answers a shell that sets it; the name follows from that of the program."""


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the completion script for SHELL.

    \b
    bash: remotion-py completion bash > ~/.local/share/bash-completion/completions/remotion-py
    zsh:  remotion-py completion zsh > "${fpath[1]}/_remotion-py"
    fish: remotion-py completion fish > ~/.config/fish/completions/remotion-py.fish
    """
    found = get_completion_class(shell)
    assert found
    click.echo(found(context.find_root().command, {}, PROGRAM, VARIABLE).source())
