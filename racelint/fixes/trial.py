"""Trying fixes: the texts with them, and what a later check says about those that did not help."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from racelint.findings import Finding, Report
from racelint.fixes.texts import Text
from racelint.remedies import Edit, Fix

Key = tuple[str, str, str, str]
"""What stays of a finding where lines move: its file, its code, its symbol and its function."""


def key_of(finding: Finding) -> Key:
    """What stays of a finding where lines move."""
    return finding.path, finding.code, finding.symbol, finding.function


def new_in(later: Report, former: Report) -> list[Finding]:
    """The findings of which there are more than before."""
    before, now = (Counter(map(key_of, report.findings)) for report in (former, later))
    return [each for each in later.findings if now[key_of(each)] > before[key_of(each)]]


class Trial:
    """The texts of some files with fixes in them: `before` and, as bytes, after."""

    def __init__(self, report: Report, chosen: Sequence[tuple[Finding, Fix]]) -> None:
        self._report = report
        self._findings = [finding for finding, _ in chosen]
        groups: dict[str, dict[tuple[Edit, ...], None]] = {}
        for finding, fix in chosen:
            groups.setdefault(finding.path, {}).setdefault(fix.edits)
        self._edits = {path: [edit for group in edits for edit in group] for path, edits in groups.items()}
        self.before = {
            path: Text.decoded(report.buffers[path] if path in report.buffers else report.files[path].read_bytes())
            for path in groups
        }
        self._after = {path: text.edited(self._edits[path]) for path, text in self.before.items()}
        self.texts = {path: text.encoded() for path, text in self._after.items()}

    def in_vain(self, later: Report) -> list[Finding]:
        """The findings that are still there though they were fixed."""
        left = {(key_of(each), each.span.line) for each in later.findings}
        return [each for each in self._findings if later.errors or (key_of(each), self._line_of(each)) in left]

    def blamed(self, new: Sequence[Finding]) -> list[Finding]:
        """The findings whose fixes have led to others."""
        told = {each for one in new for each in _blamed(one, self._findings)}
        return [each for each in self._findings if each in told]

    def _line_of(self, finding: Finding) -> int:
        """The line on which a finding would stand now."""
        before, after = self.before[finding.path], self._after[finding.path]
        offset = before.moved(before.start(finding.span), self._edits[finding.path])
        return after.span(offset, offset).line


def _blamed(new: Finding, chosen: Sequence[Finding]) -> Sequence[Finding]:
    """The fixed findings that have most to do with a new one: of its function, else of its files, else all."""
    paths = {new.path, *(each.path for each in new.related)}
    for is_close in (
        lambda each: (each.path, each.function) == (new.path, new.function),
        lambda each: each.symbol == new.symbol,
        lambda each: each.path in paths,
    ):
        close = [each for each in chosen if is_close(each)]
        if close:
            return close
    return chosen
