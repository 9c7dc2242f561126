"""A progress bar on the terminal for runs that take longer than a moment."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

PATIENCE = 0.7
"""How many seconds pass before a bar appears."""


class ProgressBar:
    """Called by the engine at each step; shows nothing unless the console is a terminal, and nothing of a short run."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._due = time.monotonic() + PATIENCE
        self._bar: Progress | None = None

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._bar:
            self._bar.stop()

    def __call__(self, activity: str, done: int, total: int) -> None:
        if not self._console.is_interactive or (self._bar is None and time.monotonic() < self._due):
            return
        if self._bar is None:
            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
            self._bar = Progress(*columns, console=self._console, transient=True)
            self._bar.add_task(activity)
            self._bar.start()
        self._bar.update(self._bar.task_ids[0], description=activity, completed=done, total=total)
