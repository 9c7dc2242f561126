"""All that there is to know of a program at once: its findings, its shared state, and pictures of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from racelint.configuration.config import Config
from racelint.engine import check, read_all, silent
from racelint.findings import Progress, Report, RunError

if TYPE_CHECKING:
    from racelint.graph import Picture
    from racelint.program import Program
    from racelint.show import Shared


@dataclass(frozen=True, slots=True)
class Overview:
    """A report with what there is to know around it: the state that is shared or reported on, and the pictures."""

    report: Report
    shared: tuple[Shared, ...] = ()
    pictures: tuple[Picture, ...] = ()


def overview(paths: Sequence[Path], config: Config, progress: Progress = silent) -> Overview:
    """The report that `check` makes, and beside it all shared state and all pictures of the same files.

    Raises `BaselineError` if the baseline that is configured cannot be used.
    """
    from racelint import checking
    from racelint.graph import PICTURES
    from racelint.show import shared_places

    report = check(paths, config, progress)
    _, modules, _ = read_all(paths, config, progress)
    asked, about = frozenset(report.files), frozenset(finding.symbol for finding in report.findings)

    def view(program: Program) -> tuple[tuple[Shared, ...], tuple[Picture, ...]]:
        pictures = tuple(draw(program, asked) for draw in PICTURES.values())
        return tuple(shared_places(program, asked, also=about)), pictures

    seen = checking.ask(modules, config, view)
    if isinstance(seen, RunError):
        return Overview(replace(report, errors=tuple(dict.fromkeys((*report.errors, seen)))))
    return Overview(report, *seen)
