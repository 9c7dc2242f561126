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
from racelint.report.escaping import printable
from racelint.report.progress import progress_on
from racelint.rewriting import decoded

NO_NEWLINE: Final = "\\ No newline at end of file\n"


def mended(
    paths: tuple[Path, ...], config: Config, buffers: Mapping[Path, bytes], *, unsafe: bool, writes: bool, quiet: bool
) -> Repaired:
    """What can be mended, written to the files if it `writes`; what a fix cannot mend is told."""
    with progress_on(sys.stderr) as progress:
        repaired = repair(paths, config, progress, buffers, unsafe=unsafe)
    for finding in () if quiet else repaired.in_vain:
        where = f"{finding.path}: {finding.code} in {finding.function or 'the module'}"
        tell(f"{where}: not fixed, as that would leave it, or lead to another finding")
    errors = write(repaired.changes) if writes else []
    return replace(repaired, report=replace(repaired.report, errors=(*repaired.report.errors, *errors)))


def texts(repaired: Repaired, buffers: Mapping[Path, bytes]) -> bytes:
    """The texts that came from standard input, as they are now."""
    return b"".join(repaired.report.buffers[display_path(absolute(path))] for path in buffers)


def outlook(repaired: Repaired) -> str:
    """What the changes come to, that were only shown."""
    return f"Would fix {_number(repaired)}." if repaired.changes else "Nothing would be fixed."


def outcome(repaired: Repaired) -> str:
    """What the changes came to."""
    return f"Fixed {_number(repaired)}." if repaired.changes else "Nothing was fixed."


def _number(repaired: Repaired) -> str:
    count, files = repaired.report.fixed, len(repaired.changes)
    return f"{count:,} finding{'' if count == 1 else 's'} in {files:,} file{'' if files == 1 else 's'}"


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
