"""Fixes: the edits by which a remedy is written into its file. Syntax trees are known here, and where files are read.

A file is parsed only where somebody asks for the fixes of its findings. What is written there in a way that is not
understood gets no fix.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

from racelint.findings import Finding, Report
from racelint.remedies import Fix


def with_fixes(report: Report) -> Report:
    """The report with a fix for each finding for which there is one."""
    fixed: dict[Finding, Finding] = {}
    for source, findings in _by_file(report):
        fixed.update(zip(findings, fixes_for(source, findings), strict=True))
    return replace(report, findings=tuple(fixed.get(each, each) for each in report.findings))


def declined(report: Report) -> Iterator[tuple[Finding, str]]:
    """The findings of a report that has its fixes for which there is none though a remedy is known, and why."""
    from racelint.fixes.writing import why_declined

    left = tuple(each for each in report.findings if each.fix is None)
    for source, findings in _by_file(replace(report, findings=left)):
        reasons = zip(findings, why_declined(source, findings), strict=True)
        yield from ((finding, why) for finding, why in reasons if why)


def _by_file(report: Report) -> Iterator[tuple[bytes, list[Finding]]]:
    """The findings for which a remedy is known, with the text of their file, if that can be read."""
    of_files: dict[str, list[Finding]] = defaultdict(list)
    for finding in report.findings:
        if finding.remedy is not None and finding.path in report.files:
            of_files[finding.path].append(finding)
    for path, findings in of_files.items():
        source = report.buffers.get(path)
        try:
            source = report.files[path].read_bytes() if source is None else source
        except OSError:
            continue
        yield source, findings


def fixed(content: str, finding: Finding) -> tuple[Fix, str] | None:
    """The fix of a finding in a text, and the text with it; None if there is none.

    Editors ask at each move onto a finding: the text of the last question is kept.
    """
    if finding.remedy is None:
        return None
    from racelint.fixes.texts import Text
    from racelint.fixes.writing import fixes_in, last_outline

    text = Text.of(content, "utf-8")
    fix = fixes_in(text, [finding], last_outline)[0]
    return None if fix is None else (fix, text.edited(fix.edits).content)


def fixes_for(source: bytes, findings: Sequence[Finding]) -> list[Finding]:
    """The findings of one file, each with its fix if there is one."""
    from racelint.fixes.writing import written

    return [replace(finding, fix=fix) for finding, fix in zip(findings, written(source, findings), strict=True)]
