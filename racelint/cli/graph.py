"""`racelint graph`: pictures of the lock order and of shared state."""

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
from racelint.report.output import output_file as opened
from racelint.report.output import put
from racelint.report.progress import progress_on

KINDS, FORMATS = ("lockorder", "sharing"), ("dot", "mermaid", "svg")

SUFFIXES = {".svg": "svg", ".mmd": "mermaid", ".mermaid": "mermaid", ".dot": "dot", ".gv": "dot", "": "dot"}
"""What the end of a file's name says of its format."""


@click.command(context_settings=HELP, short_help="Draw the lock order, or shared state.")
@click.argument("kind", type=click.Choice(KINDS))
@paths_argument
@settings
@click.option(
    "--output-format",
    type=click.Choice(FORMATS),
    help="How it is written.  [default: by the name of the output file, else dot]",
)
@click.option("-o", "--output-file", type=FILE, metavar="FILE", help="Write the picture there.")
def graph(
    kind: str, paths: tuple[Path, ...], output_format: str | None, output_file: Path | None, **values: Any
) -> int:
    """Draw files and folders (without any: the current folder).

    \b
    lockorder  which lock is taken while which is held; what can wait for ever is red
    sharing    which threads come to which state, and which lock guards it; what races is red
    """
    from racelint import engine
    from racelint.graph import WRITERS, NoLayoutError

    paths = paths or (Path(),)
    output_format = output_format or _format_of(output_file)
    config = configured(paths, values)
    with progress_on(sys.stderr) as progress:
        picture, errors = engine.draw(kind, paths, config, progress)
    for error in errors:
        tell(f"{error.where}: {error.message}")
    if picture is None:
        return FAILED
    try:
        text = WRITERS[output_format](picture)
    except NoLayoutError as error:
        raise click.ClickException(str(error)) from error
    if output_file is None or output_file == STANDARD_STREAM:
        put(sys.stdout, text)
    else:
        with opened(output_file) as stream:
            stream.write(text)
    return FAILED if errors else FOUND_NOTHING


def _format_of(file: Path | None) -> str:
    """The format that the name of a file asks for."""
    suffix = file.suffix.lower() if file is not None else ""
    if suffix not in SUFFIXES:
        raise click.UsageError(f"{file}: `{suffix}` says no format; --output-format is one of {', '.join(FORMATS)}")
    return SUFFIXES[suffix]
