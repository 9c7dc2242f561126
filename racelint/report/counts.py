"""How many findings there are: of each rule, in all, and how many are kept silent."""

from __future__ import annotations

from collections import Counter

from racelint.findings import Report
from racelint.remedies import Remedy


def counts(report: Report) -> list[tuple[str, str, int]]:
    """The code and the name of each rule that found something, and how often; the most first."""
    found = Counter((finding.code, finding.name) for finding in report.findings)
    return [(*rule, count) for rule, count in sorted(found.items(), key=lambda item: (-item[1], item[0]))]


def summary(report: Report) -> str:
    """The report in one line: "3 findings; 12 files checked (1 suppressed, 2 in the baseline)."."""
    findings = counted(len(report.findings), "finding") if report.findings else "No findings"
    silent = [(report.fixed, "fixed"), (report.suppressed, "suppressed"), (report.baselined, "in the baseline")]
    told = ", ".join(f"{number:,} {how}" for number, how in silent if number)
    whole = ", but not all could be checked" if report.errors else ""
    return f"{findings}; {counted(len(report.files), 'file')} checked{f' ({told})' if told else ''}{whole}."


def outlook(report: Report) -> str:
    """How many of the findings may be fixed, in one sentence; "" if none. A trial tells which ones can be."""
    remedies = [finding.remedy for finding in report.findings if finding.remedy is not None]
    told = Counter(flags(remedy) for remedy in sorted(remedies, key=lambda remedy: not remedy.is_safe))
    ways = " and ".join(f"up to {number:,} with {how}" for how, number in told.items())
    shows = "--diff" if all(remedy.is_safe for remedy in remedies) else "--diff --unsafe-fixes"
    return f"Can be fixed: {ways}; {shows} shows how." if ways else ""


def flags(remedy: Remedy) -> str:
    """What lets a run write the fix of a remedy, if there is one."""
    return "--fix" if remedy.is_safe else "--fix --unsafe-fixes"


def counted(number: int, noun: str) -> str:
    """A number of things: "1 finding", "1,000 findings"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
