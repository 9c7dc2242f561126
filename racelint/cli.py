"""The command line: `racelint [check] PATH...`, `racelint explain RULE`, `racelint rules`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from difflib import get_close_matches
from io import TextIOWrapper
from pathlib import Path
from typing import NoReturn

import click
from rich.console import Console
from rich.markdown import Markdown

from racelint import __version__, engine
from racelint.config import Config, ConfigError, load_config
from racelint.findings import Report
from racelint.report.json import as_json
from racelint.report.progress import ProgressBar
from racelint.report.text import print_report, print_statistics
from racelint.rule import Selection, UnknownRuleError, load_rules, matching

HELP = {"help_option_names": ["-h", "--help"]}
FOUND_NOTHING, FOUND_SOMETHING, FAILED = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit with its code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        sys.exit(racelint.main(arguments and list(arguments), prog_name="racelint", standalone_mode=False))
    except (click.ClickException, ConfigError, UnknownRuleError, OSError) as error:
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


def _split(_context: click.Context, _option: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word.strip() for value in values for word in value.split(",") if word.strip())


@racelint.command(context_settings=HELP)
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH]...")
@click.option(
    "--select",
    multiple=True,
    callback=_split,
    metavar="RULES",
    help="Only these rules: codes (RL101), beginnings of codes (RL1) or names, with commas between them.",
)
@click.option("--ignore", multiple=True, callback=_split, metavar="RULES", help="All but these rules.")
@click.option(
    "--assume-shared",
    multiple=True,
    metavar="PATTERN",
    help="Take what matches (pkg.module.Class, pkg.*) to be used from many threads. Repeatable.",
)
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--statistics", is_flag=True, help="Count the findings of each rule instead of showing them.")
@click.option("--exit-zero", is_flag=True, help="Exit with 0 even if there are findings.")
def check(
    paths: tuple[Path, ...],
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    assume_shared: tuple[str, ...],
    output_format: str,
    statistics: bool,
    exit_zero: bool,
) -> int:
    """Check files and folders (without any: the current folder).

    Exits with 0 if nothing is found, 1 if something is, 2 if racelint could not do what was asked.
    """
    if statistics and output_format != "text":
        raise click.UsageError("--statistics goes with --output-format text only")
    paths = paths or (Path(),)
    for path in paths:
        _require_existing(path)
    config = configured(load_config(paths[0]), select, ignore, assume_shared)
    with ProgressBar(Console(stderr=True)) as progress:
        report = engine.check(paths, config, progress)
    _show(report, output_format, statistics)
    return FAILED if report.errors else FOUND_SOMETHING if report.findings and not exit_zero else FOUND_NOTHING


def configured(
    config: Config, select: tuple[str, ...], ignore: tuple[str, ...], assume_shared: tuple[str, ...]
) -> Config:
    """The configuration with what the flags say, which wins."""
    selection = config.selection.then(Selection(select or None, (), ignore))
    return replace(config, selection=selection, assume_shared=assume_shared or config.assume_shared)


def _require_existing(path: Path) -> None:
    if not os.path.lexists(path):
        near = get_close_matches(str(path), racelint.commands, n=1)
        hint = f"; did you mean the command `{near[0]}`?" if near else ""
        raise click.UsageError(f"{path}: no such file or folder{hint}")


def _show(report: Report, output_format: str, statistics: bool) -> None:
    if output_format == "json":
        click.echo(as_json(report), nl=False)
    elif statistics:
        print_statistics(report, Console(highlight=False))
    else:
        print_report(report, Console(highlight=False))
    for error in report.errors:
        click.echo(f"racelint: {error.where}: {error.message}", err=True)


@racelint.command()
@click.argument("rule", metavar="RULE")
def explain(rule: str) -> int:
    """Explain a rule, given by code or name."""
    rules = load_rules()
    found = [known for known in matching(rule, rules) if rule in (known.code, known.name)]
    if not found:
        raise UnknownRuleError(rule, rules)
    _print_markdown(f"# {found[0].code} {found[0].name}\n\n{found[0].documentation}")
    return FOUND_NOTHING


@racelint.command()
def rules() -> int:
    """List the rules."""
    width = max(len(rule.name) for rule in load_rules())
    for rule in load_rules():
        click.echo(f"{rule.code}  {rule.name:<{width}}  {'' if rule.default else '(off by default) '}{rule.summary}")
    return FOUND_NOTHING


def _print_markdown(source: str) -> None:
    console = Console()
    console.print(Markdown(source)) if console.is_terminal else click.echo(source.rstrip())
