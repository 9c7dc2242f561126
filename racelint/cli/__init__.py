"""The command line: `racelint [check] PATH...` and the other commands, each in a file of its own."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from io import StringIO, TextIOWrapper
from typing import NoReturn

import click

from racelint import __version__
from racelint.baseline import BaselineError
from racelint.cli import baseline, check, clean, explain, graph, report, server, show, suggest
from racelint.cli.options import FAILED, FOUND_NOTHING, HELP
from racelint.collector import leave_all_behind
from racelint.configuration.section import ConfigError
from racelint.rule import UnknownRuleError


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit with its code."""
    if arguments is None:
        leave_all_behind()
    # Python has no stream where whoever started it closed the one of the system.
    sys.stdout, sys.stderr = sys.stdout or StringIO(), sys.stderr or StringIO()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        sys.exit(racelint.main(arguments and list(arguments), prog_name="racelint", standalone_mode=False))
    except BrokenPipeError:
        # Whoever stops reading has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(FOUND_NOTHING)
    except (click.ClickException, BaselineError, ConfigError, UnknownRuleError, OSError) as error:
        message = error.format_message() if isinstance(error, click.ClickException) else str(error)
        click.echo(f"racelint: {message}", err=True)
        sys.exit(FAILED)
    except (click.Abort, KeyboardInterrupt):
        click.echo("racelint: interrupted", err=True)
        sys.exit(FAILED)


class _CheckByDefault(click.Group):
    """A group of commands in which `check` is meant where no other one is named."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or args[0] not in {*self.commands, *self.get_help_option_names(ctx), "--version"}:
            args = ["check", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_CheckByDefault, context_settings=HELP)
@click.version_option(__version__, prog_name="racelint", message="%(prog)s %(version)s")
def racelint() -> None:
    """Find shared-state races and deadlocks in Python by reading the source.

    `racelint PATH...` is `racelint check PATH...`; a path that is named like a command is written `./rules`.
    """


COMMANDS = (
    check.check,
    baseline.baseline,
    suggest.suggest,
    show.show,
    graph.graph,
    report.report,
    server.server,
    explain.explain,
    explain.rules,
    clean.clean,
)
for command in COMMANDS:
    racelint.add_command(command)
