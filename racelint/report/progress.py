"""A progress bar on the terminal for runs that take longer than a moment."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.progress import Progress

PATIENCE = 0.7
"""How many seconds pass before a bar appears."""


@contextmanager
def progress_on(stream: TextIO) -> Iterator[Callable[[str, int, int], None]]:
    """What the engine calls at each step; shows nothing unless the stream is a terminal, and nothing of a short run."""
    due = time.monotonic() + PATIENCE
    bar: Progress | None = None

    def tell(activity: str, done: int, total: int) -> None:
        nonlocal bar
        if bar is None and (time.monotonic() < due or not stream.isatty()):
            return
        bar = bar or _started(stream, activity)
        bar.update(bar.task_ids[0], description=activity, completed=done, total=total)

    try:
        yield tell
    finally:
        if bar is not None:
            bar.stop()


def _started(stream: TextIO, activity: str) -> Progress:
    """A bar on the screen, if that takes the escapes that draw it; only now is the library loaded that does."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from racelint.report.console import console_for

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    console = console_for(stream)
    bar = Progress(
        *columns, console=console, transient=True, disable=not (console.is_interactive and console.color_system)
    )
    bar.add_task(activity)
    bar.start()
    return bar
