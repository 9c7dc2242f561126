"""`racelint suggest`: the claims that a program keeps already, to be written down."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from racelint.cli.options import FAILED, FOUND_NOTHING, HELP, configured, paths_argument, settings, tell
from racelint.report.progress import progress_on

if TYPE_CHECKING:
    from racelint.findings import RunError
    from racelint.program.races.breaches.suggestions import Suggestion


@click.command(context_settings=HELP, short_help="Suggest claims that the program keeps already.")
@paths_argument
@settings
@click.option(
    "--output-format", type=click.Choice(["text", "json"]), default="text", show_default=True, help="How it is shown."
)
def suggest(paths: tuple[Path, ...], output_format: str, **values: Any) -> int:
    """Suggest claims for files and folders (without any: the current folder).

    Each is a comment for one line, which says what the program does already at most places: which lock guards a
    variable, which one the callers of a function hold. Where a claim is made `racelint check` reports the other places.
    """
    from racelint import engine

    paths = paths or (Path(),)
    config = configured(paths, values)
    with progress_on(sys.stderr) as progress:
        found, errors = engine.suggest(paths, config, progress)
    for error in errors:
        tell(f"{error.where}: {error.message}")
    if output_format == "json":
        data = {"version": 1, "suggestions": [_as_data(each) for each in found], "errors": _errors(errors)}
        click.echo(msgspec.json.format(msgspec.json.encode(data), indent=2))
    else:
        for each in found:
            click.echo(f"{each.path}:{each.span.line}: # {each.text}  ({each.figures})")
    return FAILED if errors else FOUND_NOTHING


def _as_data(suggestion: Suggestion) -> dict[str, object]:
    return {
        "path": suggestion.path,
        "line": suggestion.span.line,
        "claim": suggestion.text,
        "symbol": suggestion.symbol,
        "held": suggestion.held,
        "total": suggestion.total,
        "of": suggestion.several,
        "without": [{"path": each.code.path, "line": each.span.line} for each in suggestion.without],
    }


def _errors(errors: Sequence[RunError]) -> list[dict[str, str]]:
    return [{"where": error.where, "message": error.message} for error in errors]
