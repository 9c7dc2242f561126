"""What names a finding from one run to the next, although lines are added above it."""

from __future__ import annotations

from collections import Counter
from hashlib import sha256

from racelint.findings import Report
from racelint.lines import lines_of


def fingerprints(report: Report) -> list[str]:
    """One for each finding, unlike all others of the report.

    It is made of the rule, the file, the function, the state or lock, and the text of the line; of findings alike in
    all that, the order counts.
    """
    lines, seen, made = lines_of(report), Counter[tuple[str, ...]](), []
    for finding in report.findings:
        source, line = lines(finding.path), finding.span.line
        text = " ".join(source[line - 1].split()) if 1 <= line <= len(source) else ""
        same = (finding.code, finding.path, finding.function, finding.symbol, text)
        made.append(sha256("\0".join((*same, str(seen[same]))).encode()).hexdigest()[:32])
        seen[same] += 1
    return made
