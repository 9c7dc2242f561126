"""The report as the XML of JUnit: each file with findings a suite, each finding a case that failed."""

from __future__ import annotations

import re
from itertools import groupby
from operator import attrgetter
from typing import Final, TextIO
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from racelint.findings import Finding, Report
from racelint.report.output import put

NO_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 has no way to write."""


def show(report: Report, stream: TextIO) -> None:
    """One document; where nothing was found it holds a case that passed, since readers take no cases for a failure."""
    root = Element("testsuites", name="racelint")
    for path, findings in groupby(report.findings, attrgetter("path")):
        _file(root, path, list(findings))
    if report.errors:
        suite = _suite(root, "racelint", tests=len(report.errors), errors=len(report.errors))
        for error in report.errors:
            case = _case(suite, error.where, "racelint")
            SubElement(case, "error", message=_text(error.message), type="error").text = _text(error.message)
    if not len(root):
        _case(_suite(root, "racelint", tests=1), "no findings", "racelint")
    totals = {key: str(sum(int(suite.get(key, 0)) for suite in root)) for key in ("tests", "failures", "errors")}
    root.attrib.update(totals)
    indent(root)
    body = tostring(root, encoding="unicode")
    put(stream, f'<?xml version="1.0" encoding="utf-8"?>\n{body}\n')


def _file(root: Element, path: str, findings: list[Finding]) -> None:
    suite = _suite(root, path, tests=len(findings), failures=len(findings))
    for finding in findings:
        span = finding.span
        case = _case(suite, f"{finding.code} {finding.name} at {span.line}:{span.column}", path)
        case.attrib.update(file=_text(path), line=str(span.line))
        failure = SubElement(case, "failure", message=_text(finding.message), type=finding.code)
        failure.text = _text("\n".join(_told(finding)))


def _told(finding: Finding) -> list[str]:
    """The finding and its related places, a line for each."""
    span = finding.span
    notes = (
        f"{related.path}:{related.span.line}:{related.span.column}: {related.message}" for related in finding.related
    )
    return [f"{finding.path}:{span.line}:{span.column}: {finding.code} [{finding.name}] {finding.message}", *notes]


def _suite(root: Element, name: str, *, tests: int, failures: int = 0, errors: int = 0) -> Element:
    numbers = {"tests": str(tests), "failures": str(failures), "errors": str(errors), "skipped": "0", "time": "0"}
    return SubElement(root, "testsuite", {"name": _text(name), **numbers})


def _case(suite: Element, name: str, group: str) -> Element:
    return SubElement(suite, "testcase", name=_text(name), classname=_text(group), time="0")


def _text(text: str) -> str:
    return NO_XML.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)
