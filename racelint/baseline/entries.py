"""What a baseline remembers of a finding: enough to know it again, and nothing that a change elsewhere would change."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from racelint.facts import Span
from racelint.findings import EVERY_BUILD, Build, Finding, Report, in_order
from racelint.lines import lines_of

if TYPE_CHECKING:
    from racelint.program import Program

LONGEST_TEXT = 100

NEVER_ACCEPTED = "RL9"
"""The beginning of the codes of rules about racelint's own work: files that it cannot read, comments in vain."""

LINE_NUMBER = re.compile(r" (?:at|of) line \d+(?=>)")


class Entry(msgspec.Struct, frozen=True, order=True, forbid_unknown_fields=True, omit_defaults=True):
    """An accepted finding.

    `path` leads from the folder of the baseline, `function` is named as inside its module ("" for code of the module
    itself), `text` is the marked source. `symbol` is without the line of what has no name of its own.
    """

    path: str
    function: str
    code: str
    symbol: str
    text: str
    live_on: tuple[Build, ...] = EVERY_BUILD


@dataclass(frozen=True, slots=True)
class Extent:
    """What there is in a program, so that what was renamed can be told from what is still there.

    `modules` has the name of each file that was read, by the path that is shown for it; `functions` are pairs of such
    a path and a name inside the module; `symbols` are the dotted names of all state.
    """

    modules: Mapping[str, str] = field(default_factory=dict)
    functions: frozenset[tuple[str, str]] = frozenset()
    symbols: frozenset[str] = frozenset()


def extent_of(program: Program) -> Extent:
    """What there is in a program: small, where the program itself is not."""
    return Extent(
        {module.path: module.name for module in program.sources.modules},
        frozenset((code.path, code.function.qualname) for code in program.sources.codes),
        frozenset(_symbol(place.symbol) for place in program.places.by_place),
    )


def entries_of(report: Report, modules: Mapping[str, str], paths: Mapping[str, str]) -> dict[Finding, Entry]:
    """The findings that can be accepted, in order, each with its entry.

    `modules` has the module name and `paths` the path from the folder of the baseline for each path that is shown.
    """
    lines = lines_of(report)
    return {
        finding: Entry(
            paths[finding.path],
            printable(_inside(finding.function, modules.get(finding.path, ""))),
            finding.code,
            _symbol(finding.symbol),
            printable(_text(lines(finding.path), finding.span)),
            finding.live_on,
        )
        for finding in in_order(report.findings)
        if _can_be_accepted(finding)
    }


def never_accepted(report: Report) -> list[Finding]:
    """The findings that no baseline can have, in order."""
    return [finding for finding in in_order(report.findings) if not _can_be_accepted(finding)]


def _can_be_accepted(finding: Finding) -> bool:
    return not finding.code.startswith(NEVER_ACCEPTED)


def _inside(function: str, module: str) -> str:
    return "" if function == module else function.removeprefix(f"{module}.")


def _symbol(symbol: str) -> str:
    return printable(LINE_NUMBER.sub("", symbol))


def _text(lines: Sequence[str], span: Span) -> str:
    """The source in a span as one line, cut where it gets long."""
    rows = list(lines[span.line - 1 : span.end_line])
    if rows:
        rows[-1] = rows[-1][: span.end_column - 1]
        rows[0] = rows[0][span.column - 1 :]
    return " ".join(" ".join(rows).split())[:LONGEST_TEXT]


def printable(text: str) -> str:
    """The text with an escape for each character that a terminal would obey, or that is no character."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in text)
