"""`racelint check --fix` and `--diff`: what was mended is written to the files, or shown."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from difflib import unified_diff
from pathlib import Path
from typing import Final

from racelint.cli.options import tell
from racelint.configuration.config import Config
from racelint.lines import LINE_END
from racelint.paths import absolute, display_path
from racelint.repair import Change, Repaired, repair, write
from racelint.report.counts import counted
from racelint.report.escaping import printable
from racelint.report.progress import progress_on
from racelint.rewriting import decoded

NO_NEWLINE: Final = "\\ No newline at end of file\n"
IN_VAIN: Final = "that would leave it, or lead to another finding"


def mended(
    paths: tuple[Path, ...], config: Config, buffers: Mapping[Path, bytes], *, unsafe: bool, writes: bool, quiet: bool
) -> Repaired:
    """What can be mended, written to the files if it `writes`; what a fix cannot mend is told."""
    with progress_on(sys.stderr) as progress:
        repaired = repair(paths, config, progress, buffers, unsafe=unsafe)
    for finding, why in () if quiet else (*repaired.declined, *((each, IN_VAIN) for each in repaired.in_vain)):
        tell(f"{finding.path}: {finding.code} in {finding.function or 'the module'}: not fixed, as {why}")
    errors = write(repaired.changes) if writes else []
    return replace(repaired, report=replace(repaired.report, errors=(*repaired.report.errors, *errors)))


def texts(repaired: Repaired, buffers: Mapping[Path, bytes]) -> bytes:
    """The texts that came from standard input, as they are now."""
    return b"".join(repaired.report.buffers[display_path(absolute(path))] for path in buffers)


def outlook(repaired: Repaired) -> str:
    """What the changes come to, that were only shown."""
    return f"{f'Would fix {_number(repaired)}' if repaired.changes else 'Nothing would be fixed'}{_more(repaired)}."


def outcome(repaired: Repaired) -> str:
    """What the changes came to."""
    return f"{f'Fixed {_number(repaired)}' if repaired.changes else 'Nothing was fixed'}{_more(repaired)}."


def _number(repaired: Repaired) -> str:
    return f"{counted(repaired.report.fixed, 'finding')} in {counted(len(repaired.changes), 'file')}"


def _more(repaired: Repaired) -> str:
    """How many of the findings that are left another run could mend, which takes unsafe fixes."""
    left = sum(finding.remedy is not None for finding in repaired.report.findings)
    told = f"{left:,} more" if repaired.changes else counted(left, "finding")
    return f"; with --unsafe-fixes up to {told}" if left else ""


def diff(changes: Sequence[Change]) -> str:
    """The changes as one unified diff."""
    return "".join(line for change in changes for line in _diff(change))


def _diff(change: Change) -> Iterator[str]:
    before, after = (_lines(decoded(text)[1]) for text in (change.before, change.after))
    name = printable(change.path)
    for line in unified_diff(before, after, name, name):
        yield line if line.endswith(("\n", "\r")) else f"{line}\n{NO_NEWLINE}"


def _lines(text: str) -> list[str]:
    """The lines of a text with their ends, as Python counts them."""
    ends = [match.end() for match in LINE_END.finditer(text)]
    if not ends or ends[-1] < len(text):
        ends.append(len(text))
    return [text[start:end] for start, end in zip([0, *ends], ends, strict=False)]
