"""`racelint report`: findings, shared state and pictures as one page for a browser."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from racelint.cli.options import (
    FAILED,
    FILE,
    FOUND_NOTHING,
    HELP,
    STANDARD_STREAM,
    configured,
    paths_argument,
    settings,
    tell,
)
from racelint.report.counts import summary
from racelint.report.output import output_file as opened
from racelint.report.output import put
from racelint.report.progress import progress_on


@click.command(context_settings=HELP, short_help="Write all on one page for a browser.")
@paths_argument
@settings
@click.option("--baseline", type=FILE, metavar="FILE", help="Only findings that this lacks.")
@click.option("--no-baseline", "baseline", flag_value=Path(), type=Path, help="All findings, accepted or not.")
@click.option("--ignore-noqa", is_flag=True, help="Findings that comments keep silent as well.")
@click.option(
    "--html",
    "file",
    type=FILE,
    metavar="FILE",
    default=Path("racelint-report.html"),
    show_default=True,
    help="Write the page there.",
)
@click.option("--subtitle", metavar="TEXT", default="", help="A line under the title: a commit, a date.")
def report(paths: tuple[Path, ...], file: Path, subtitle: str, ignore_noqa: bool, **values: Any) -> int:
    """Write a page on files and folders (without any: the current folder) that a browser shows.

    It has the findings of `racelint check`, all shared state with its locks, and the pictures of `racelint graph`.
    Exits with 0 whatever is found, with 2 if racelint could not do what was asked.
    """
    from racelint.html import MissingTemplatesError, page, require_templates

    try:
        require_templates()
    except MissingTemplatesError as error:
        raise click.ClickException(str(error)) from error
    from racelint.overview import overview

    paths = paths or (Path(),)
    config = configured(paths, {**values, "respect_noqa": not ignore_noqa})
    with progress_on(sys.stderr) as progress:
        seen = overview(paths, config, progress)
    for failed in seen.report.errors:
        tell(f"{failed.where}: {failed.message}")
    text = page(seen, subtitle)
    if file == STANDARD_STREAM:
        put(sys.stdout, text)
    else:
        with opened(file) as stream:
            stream.write(text)
        click.echo(f"{summary(seen.report)} Wrote {file}.")
    return FAILED if seen.report.errors else FOUND_NOTHING
