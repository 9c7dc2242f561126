"""The report in SARIF 2.1.0, the standard for what analyzers say: results, rules, and the ways of the threads."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Final, TextIO
from urllib.parse import quote

import msgspec

from racelint import __version__
from racelint.facts import Span
from racelint.findings import FILE_START, Finding, Report
from racelint.report import documentation
from racelint.report.fingerprint import fingerprints
from racelint.report.flows import Step, flows
from racelint.report.output import put
from racelint.report.sarif_objects import (
    ArtifactChange,
    ArtifactContent,
    ArtifactLocation,
    BaseLocation,
    CodeFlow,
    Configuration,
    Fix,
    Invocation,
    Location,
    Log,
    LogicalLocation,
    Message,
    Notification,
    PhysicalLocation,
    Region,
    Replacement,
    ReportingDescriptor,
    Result,
    Run,
    ThreadFlow,
    ThreadFlowLocation,
    Tool,
    ToolComponent,
)
from racelint.report.severity import rule_severity, severity
from racelint.rule import Rule, load_rules

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
BASE: Final = "%SRCROOT%"
FINGERPRINT: Final = "racelintFinding/v1"

Place = Callable[[str, Span], PhysicalLocation]


def show(report: Report, stream: TextIO) -> None:
    """One log with one run."""
    rules = load_rules()
    log = Log(schema=SCHEMA, version="2.1.0", runs=(_run(report, rules),))
    put(stream, msgspec.json.format(msgspec.json.encode(log), indent=2).decode() + "\n")


def _run(report: Report, rules: tuple[Rule, ...]) -> Run:
    index = {rule.code: number for number, rule in enumerate(rules)}
    place = _places(report)
    named = zip(report.findings, fingerprints(report), strict=True)
    here = BaseLocation(
        uri=f"{Path.cwd().as_uri().rstrip('/')}/", description=_message("The folder in which racelint was run.")
    )
    return Run(
        tool=Tool(driver=_driver(rules)),
        invocations=(_invocation(report),),
        original_uri_base_ids={BASE: here},
        column_kind="unicodeCodePoints",
        results=[_result(finding, name, index.get(finding.code, -1), place) for finding, name in named],
    )


def _invocation(report: Report) -> Invocation:
    errors = [Notification(level="error", message=_message(f"{e.where}: {e.message}")) for e in report.errors]
    notes = [Notification(level="note", message=_message(note)) for note in report.notes]
    return Invocation(execution_successful=not errors, tool_execution_notifications=errors + notes)


# --- rules ---


def _driver(rules: tuple[Rule, ...]) -> ToolComponent:
    return ToolComponent(
        name="racelint",
        version=__version__,
        semantic_version=__version__,
        information_uri=documentation.HOME,
        rules=[_descriptor(rule) for rule in rules],
    )


def _descriptor(rule: Rule) -> ReportingDescriptor:
    text = documentation.on_the_web(rule.documentation).strip()
    weaknesses = [f"external/cwe/cwe-{number:03}" for number in documentation.weaknesses(text)]
    return ReportingDescriptor(
        id=rule.code,
        name=rule.name,
        short_description=_message(rule.summary),
        full_description=_message(documentation.description(text)),
        help=_message(documentation.plain(text), text),
        help_uri=documentation.page(rule.code),
        default_configuration=Configuration(enabled=rule.default, level=rule_severity(rule.code)),
        properties={"tags": ["concurrency", *weaknesses] if weaknesses else []},
    )


# --- results ---


def _result(finding: Finding, fingerprint: str, index: int, place: Place) -> Result:
    function = LogicalLocation(fully_qualified_name=finding.function, kind="function")
    return Result(
        rule_id=finding.code,
        rule_index=index,
        level=severity(finding),
        message=_message(finding.message),
        locations=(
            Location(
                physical_location=place(finding.path, finding.span),
                logical_locations=(function,) if finding.function else (),
            ),
        ),
        related_locations=tuple(
            Location(id=number, physical_location=place(each.path, each.span), message=_message(each.message))
            for number, each in enumerate(finding.related, start=1)
        ),
        code_flows=_code_flows(finding, place),
        fixes=_fixes(finding, place),
        partial_fingerprints={FINGERPRINT: fingerprint},
        properties={"symbol": finding.symbol, "evidence": finding.evidence, "liveOn": finding.live_on},
    )


def _fixes(finding: Finding, place: Place) -> tuple[Fix, ...]:
    fix = finding.fix
    if fix is None:
        return ()
    note = "" if fix.applicability == "safe" else " (unsafe)"
    changes = tuple(
        Replacement(place(finding.path, edit.span).region, ArtifactContent(edit.text)) for edit in fix.edits
    )
    location = place(finding.path, finding.span).artifact_location
    return (Fix(_message(f"{fix.message}{note}"), (ArtifactChange(location, changes),)),)


def _code_flows(finding: Finding, place: Place) -> tuple[CodeFlow, ...]:
    threads = [
        ThreadFlow(
            id=str(side),
            message=_message("the side of the finding" if side == 0 else "another side, at the same time"),
            locations=[_step(step, side, place) for step in steps],
        )
        for side, steps in enumerate(flows(finding))
    ]
    return (CodeFlow(thread_flows=threads),) if threads else ()


def _step(step: Step, side: int, place: Place) -> ThreadFlowLocation:
    location = Location(physical_location=place(step.path, step.span), message=_message(step.message))
    if step.moment == "start":
        return ThreadFlowLocation(location=location, kinds=("call", "function"))
    if step.moment is None:
        return ThreadFlowLocation(location=location, kinds=("danger",), importance="essential")
    return ThreadFlowLocation(location=location, importance="essential" if side else "important")


# --- places ---


def _places(report: Report) -> Place:
    """Where a span is, as SARIF says it."""

    def place(path: str, span: Span) -> PhysicalLocation:
        return PhysicalLocation(artifact_location=_artifact(path, report), region=_region(span))

    return place


def _artifact(path: str, report: Report) -> ArtifactLocation:
    """A file by its URI. What is shown of an odd name is escaped; its URI is made of the name itself if that is known.

    What is shown relative to the working directory has as many names as the end of the file's own path.
    """
    file = report.files.get(path)
    if os.path.isabs(path):
        return ArtifactLocation(uri=(file or Path(path)).as_uri())
    names = PurePosixPath(path).parts
    if file is not None and file.is_absolute():
        names = file.parts[-len(names) :]
    return ArtifactLocation(uri=quote(os.fsencode("/".join(names))), uri_base_id=BASE)


def _region(span: Span) -> Region:
    if span == FILE_START:
        return Region(start_line=1)
    return Region(start_line=span.line, start_column=span.column, end_line=span.end_line, end_column=span.end_column)


def _message(text: str, markdown: str | None = None) -> Message:
    """A message; its braces are doubled, since single ones stand for arguments."""
    return Message(_literal(text), markdown and _literal(markdown))


def _literal(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")
