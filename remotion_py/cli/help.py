"""`--help` of commands: options and commands in groups, and examples at the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click

from ..options.groups import OPTION_GROUPS, OTHER

WHERE = "Where functions run"
_MORE: Mapping[str, tuple[str, ...]] = {
    "Page and props": ("env_file",),
    "Output": ("manifest",),
    "Concurrency and retries": ("parallel",),
    "Webhook": ("webhook_secret_file",),
    WHERE: ("provider", "browser_executable", "region", "profile", "function_name", "bucket_name"),
}
"""Names of options that only the command line has, by the title of their group."""

_GROUPS = {title: (*OPTION_GROUPS.get(title, ()), *_MORE.get(title, ())) for title in (*OPTION_GROUPS, WHERE)}


class Command(click.Command):
    """A command whose help lists options by theme and ends with examples.

    Args:
        examples: Command lines.
    """

    def __init__(self, *args: Any, examples: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.examples = examples

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options by group; a command with few has one list."""
        written = {
            param.name or "": param.get_help_record(ctx)
            for param in self.get_params(ctx)
            if isinstance(param, click.Option)
        }
        records = {name: record for name, record in written.items() if record}
        groups = {title: [name for name in names if name in records] for title, names in _GROUPS.items()}
        placed = {name for names in groups.values() for name in names}
        groups[OTHER] = [name for name in records if name not in placed]
        filled = {title: names for title, names in groups.items() if names}
        for title, names in filled.items() if len(filled) > 3 else [("Options", list(records))]:
            with formatter.section(title):
                formatter.write_dl([records[name] for name in names])

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples."""
        if self.examples:
            with formatter.section("Examples"):
                for line in self.examples:
                    formatter.write(f"{'':{formatter.current_indent}}{line}\n")


class Group(click.Group):
    """The program: its commands by what they are for.

    Args:
        sections: Commands by the title of their section.
    """

    def __init__(self, *args: Any, sections: Mapping[str, Sequence[click.Command]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sections = sections
        for commands in sections.values():
            for command in commands:
                self.add_command(command)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands by section."""
        limit = formatter.width - 6 - max(len(name) for name in self.commands)
        for title, commands in self.sections.items():
            with formatter.section(title):
                formatter.write_dl([(command.name or "", command.get_short_help_str(limit)) for command in commands])
