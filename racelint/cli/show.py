"""`racelint show`: what the stages of the analysis know, and why nothing is reported at a line."""

from __future__ import annotations

import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from racelint.cli.options import FAILED, FILE, FOUND_NOTHING, HELP, configured, require_existing, settings, tell
from racelint.report.progress import progress_on

if TYPE_CHECKING:
    from racelint.show import Entry

STAGES = ("threads", "locksets", "sharing", "lockorder", "races")
WHY_NOT = "why-not"


@click.command(context_settings=HELP, short_help="Tell what is known, and why a line is silent.")
@click.argument("stage", type=click.Choice([*STAGES, WHY_NOT]))
@click.argument("paths", nargs=-1, type=FILE, metavar="[FILE:LINE] [PATH]...")
@settings
@click.option(
    "--output-format", type=click.Choice(["text", "json"]), default="text", show_default=True, help="How it is shown."
)
def show(stage: str, paths: tuple[Path, ...], output_format: str, **values: Any) -> int:
    """Show what a stage of the analysis knows about files and folders (without any: the current folder).

    \b
    threads    what is started where, and what it runs
    locksets   which locks are surely held at each access
    sharing    what several threads can come to, who does what to it, and which lock guards it
    lockorder  which lock is taken with which one held
    races      how many pairs of accesses each filter drops, and what is left
    why-not    why nothing is reported at a line: racelint show why-not src/pool.py:17

    The paths after the line of why-not belong to its program, where no project around it says what does.
    """
    from racelint import engine

    line = 0
    if stage == WHY_NOT:
        paths, line = _place(paths)
    paths = paths or (Path(),)
    config = configured(paths, values)
    with progress_on(sys.stderr) as progress:
        found, errors = engine.show(stage, paths, config, progress, line)
    for error in errors:
        tell(f"{error.where}: {error.message}")
    if output_format == "json":
        data = {"version": 1, "stage": stage, "entries": [asdict(each) for each in found]}
        click.echo(msgspec.json.format(msgspec.json.encode(data), indent=2))
    else:
        for each in found:
            _print(each)
        if not found and not errors:
            tell("there is nothing to show")
    return FAILED if errors else FOUND_NOTHING


def _place(paths: tuple[Path, ...]) -> tuple[tuple[Path, ...], int]:
    """The file that is asked about and the paths beside it, and the line; a column after it is of no account."""
    name, _, number = str(paths[0]).rpartition(":") if paths else ("", "", "")
    file, _, line = name.rpartition(":")
    if number.isdigit() and line.isdigit() and file and not os.path.lexists(name):
        name, number = file, line
    if not name or not number.isdigit() or int(number) < 1:
        raise click.UsageError("why-not asks about one line, named first: FILE:LINE, as in src/pool.py:17")
    path = Path(name)
    for each in (path, *paths[1:]):
        require_existing(each)
    if path.is_dir():
        raise click.UsageError(f"{path}: why-not asks about one line of a file, and this is a folder")
    try:
        with path.open("rb") as lines:
            count = sum(1 for _ in lines)
    except OSError as error:
        raise click.UsageError(f"{path}: cannot be opened ({error.strerror})") from error
    if int(number) > count:
        raise click.UsageError(f"{path} has {count} lines, no line {number}")
    return (path, *paths[1:]), int(number)


def _print(entry: Entry) -> None:
    place = f"{entry.path}:{entry.line}: " if entry.path else ""
    click.echo(f"{place}{entry.title}")
    for line in entry.lines:
        where = f" ({line.path}:{line.line})" if line.path else ""
        click.echo(f"    {line.text}{where}")
