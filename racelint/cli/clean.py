"""`racelint clean`: remove what earlier runs have kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from racelint.cache.store import clean as removed
from racelint.cli.options import FOUND_NOTHING, HELP, configured, kept, paths_argument
from racelint.paths import display_path


@click.command(context_settings=HELP, short_help="Remove what earlier runs have kept.")
@paths_argument
@kept
def clean(paths: tuple[Path, ...], **values: Any) -> int:
    """Remove the cache of the project around files or folders (without any: the current folder)."""
    folder = configured(paths or (Path(),), values).cache_dir
    if folder is not None and removed(folder):
        click.echo(f"Removed {display_path(folder)}.")
    return FOUND_NOTHING
