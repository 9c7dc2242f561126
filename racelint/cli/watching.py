"""`racelint check --watch`: check again whenever a file of the project changes."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import click

from racelint.baseline import BaselineError
from racelint.cli.options import FOUND_NOTHING, tell
from racelint.configuration.section import ConfigError
from racelint.discovery import SOURCE_SUFFIXES
from racelint.rule import UnknownRuleError

WATCHED = (*SOURCE_SUFFIXES, ".toml")
"""The ends of the names of the files that decide what is found."""

PATIENCE = 200
"""How many milliseconds it is silent at most."""


def watch(folders: Sequence[Path], run: Callable[[], object]) -> int:
    """Run once, and again after each change below the folders, until the user interrupts it.

    What goes wrong in one run is told; the next change may mend it.
    """
    try:
        from watchfiles import Change, DefaultFilter
        from watchfiles import watch as changes
    except ImportError as error:
        raise click.ClickException("--watch needs its library: pip install 'racelint[watch]'") from error

    class Filter(DefaultFilter):
        """Whether a change is one of a source or a configuration."""

        def __call__(self, change: Change, path: str) -> bool:
            return path.endswith(WATCHED) and super().__call__(change, path)

    news = changes(*folders, watch_filter=Filter(), rust_timeout=PATIENCE, yield_on_timeout=True, raise_interrupt=True)
    # An interrupt ends it wherever it comes; the library knows only of those while it waits, and would log them.
    with suppress(KeyboardInterrupt):
        # It looks from its first answer on: what changes during the first run is not missed.
        next(news, None)
        _again(run)
        for batch in news:
            if batch:
                click.clear()
                _again(run)
    return FOUND_NOTHING


def _again(run: Callable[[], object]) -> None:
    try:
        run()
    except (click.ClickException, BaselineError, ConfigError, UnknownRuleError, OSError) as error:
        tell(error.format_message() if isinstance(error, click.ClickException) else str(error))
    # what a program was linked to goes round in circles, and would be kept beside the next one
    gc.collect()
    tell("watching for changes; Ctrl-C ends it")
