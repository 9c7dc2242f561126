"""The report as GitLab reads code quality: a list of issues, each with a fingerprint of its own."""

from __future__ import annotations

from typing import TextIO

import msgspec

from racelint.findings import Finding, Report
from racelint.report.fingerprint import fingerprints
from racelint.report.output import put
from racelint.report.severity import severity

SEVERITY = {"error": "major", "warning": "minor"}


class Lines(msgspec.Struct, frozen=True):
    """The lines of an issue, from 1, the last one included."""

    begin: int
    end: int


class Location(msgspec.Struct, frozen=True):
    """The place of an issue."""

    path: str
    lines: Lines


class Issue(msgspec.Struct, frozen=True):
    """A finding as GitLab shows it."""

    description: str
    check_name: str
    fingerprint: str
    severity: str
    location: Location


def show(report: Report, stream: TextIO) -> None:
    """The list of all issues."""
    issues = [_issue(finding, name) for finding, name in zip(report.findings, fingerprints(report), strict=True)]
    put(stream, msgspec.json.format(msgspec.json.encode(issues), indent=2).decode() + "\n")


def _issue(finding: Finding, fingerprint: str) -> Issue:
    span = finding.span
    return Issue(
        f"{finding.code} [{finding.name}] {finding.message}",
        finding.code,
        fingerprint,
        SEVERITY[severity(finding)],
        Location(finding.path, Lines(span.line, span.end_line)),
    )
