"""The findings that a project has accepted: kept in a file, and silent for as long as they stay what they are.

`entries` says what is remembered of a finding, `pairing` how it is known again, `file` how it is written.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from racelint.baseline.entries import Entry, Extent, extent_of, never_accepted, printable
from racelint.baseline.file import BASELINE_FILE, Baseline, BaselineError, dump, load, write
from racelint.baseline.pairing import CodesFor, compare
from racelint.findings import Report, in_order
from racelint.paths import absolute, display_path

__all__ = [
    "BASELINE_FILE",
    "Baseline",
    "BaselineError",
    "Entry",
    "Extent",
    "Update",
    "dump",
    "extent_of",
    "load",
    "never_accepted",
    "update",
    "without_known",
    "write",
]

SHOWN_GONE = 5


def without_known(report: Report, baseline: Baseline, extent: Extent, codes_for: CodesFor) -> Report:
    """The report without the findings that the baseline accepts; its notes say which entries are gone.

    An entry is gone if nothing is found for it where this run has looked. Rules that are off, files that nobody asked
    about or that cannot be read, and a run with failures say nothing about it.
    """
    compared = compare(report, baseline, extent, codes_for)
    return replace(
        report,
        findings=tuple(finding for finding in in_order(report.findings) if finding not in compared.known),
        notes=(*report.notes, *_notes(baseline, compared.gone)),
        baselined=report.baselined + len(compared.known),
    )


@dataclass(frozen=True, slots=True)
class Update:
    """What an update came to: how many findings are newly accepted, entries gone, and entries in the file now."""

    new: int
    gone: int
    entries: int


def update(file: Path, report: Report, extent: Extent, codes_for: CodesFor) -> Update:
    """Accept the findings of a report, from which none must have been left out as known, and write them to the file.

    Entries about which the run says nothing stay. After a run with failures nothing is written: `BaselineError`.
    """
    if report.errors:
        error = report.errors[0]
        raise BaselineError(file, f"not written, because the run failed ({error.where}: {error.message})")
    former = load(file) if os.path.exists(file) else Baseline(file)
    compared = compare(report, former, extent, codes_for)
    entries = [*compared.found.values(), *compared.kept]
    write(file, entries)
    return Update(len(compared.found) - len(compared.known), len(compared.gone), len(entries))


def _notes(baseline: Baseline, gone: Sequence[Entry]) -> Iterator[str]:
    if not gone:
        return
    findings, them = ("1 finding", "it") if len(gone) == 1 else (f"{len(gone):,} findings", "them")
    file = display_path(absolute(baseline.file))
    yield f"{findings} accepted in {file} cannot be found any more; `racelint baseline` takes {them} out"
    for entry in gone[:SHOWN_GONE]:
        place = f"{entry.symbol} in {entry.function}" if entry.function else entry.symbol
        path = display_path(Path(os.path.normpath(baseline.folder / entry.path)))
        yield printable(f"gone: {path}: {entry.code} {place}")
    if len(gone) > SHOWN_GONE:
        yield f"gone: {len(gone) - SHOWN_GONE:,} more"
