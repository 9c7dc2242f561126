"""What came of the cases: the stored results, the causes of what is missed, and the tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from benchmarks.checking import Finding
from benchmarks.realbugs.cases import HERE

Causes = Mapping[str, str]
"""Why a case is not reached, in few words."""


class Report(msgspec.Struct, frozen=True):
    """A finding that is near a case."""

    code: str
    line: int
    function: str
    symbol: str

    @classmethod
    def of(cls, finding: Finding) -> Report:
        return cls(finding.code, finding.line, finding.function, finding.symbol)


class Outcome(msgspec.Struct, frozen=True, omit_defaults=True):
    """What came of a case: what was checked, what reported the bug before the fix, and what does so after it.

    `findings` are all those before the fix, `wall` are the seconds of that check.
    """

    case: str
    category: str
    checked: str = ""
    before: list[Report] = []
    after: list[Report] = []
    findings: int = 0
    wall: float = 0
    failure: str = ""
    cause: str = ""

    @property
    def hit(self) -> bool:
        """Whether the bug is reported before the fix."""
        return bool(self.before)

    @property
    def silent(self) -> bool:
        """Whether it is hit, and no longer reported after the fix, which could be checked."""
        return self.hit and not self.after and not self.failure


class Result(msgspec.Struct, frozen=True):
    """A run over all cases: with which options, and how long it took."""

    options: list[str]
    jobs: int
    seconds: int
    cases: list[Outcome]


def result_file(assumed: bool) -> Path:
    """Where the result is stored."""
    return HERE / ("result-assumed.json" if assumed else "result.json")


def causes_file(assumed: bool) -> Path:
    """Where it is said why cases are not reached."""
    return HERE / ("causes-assumed.json" if assumed else "causes.json")


def read_causes(assumed: bool) -> Causes:
    """The causes by the names of the cases."""
    return msgspec.json.decode(causes_file(assumed).read_bytes(), type=dict[str, str])


def write(result: Result, file: Path) -> None:
    """Store a result, with a line for each case."""
    head = msgspec.json.encode({"options": result.options, "jobs": result.jobs, "seconds": result.seconds}).decode()
    rows = ",\n".join(f"  {msgspec.json.encode(each).decode()}" for each in result.cases)
    file.write_text(f'{head[:-1]},"cases":[\n{rows}\n]}}\n', encoding="utf-8")


def read(file: Path) -> Result:
    """A stored result."""
    return msgspec.json.decode(file.read_bytes(), type=Result)


def unexplained(outcomes: Sequence[Outcome], causes: Causes) -> Iterator[str]:
    """Complaints: cases that are not reached and have no cause, and those that are reached and have one."""
    for outcome in outcomes:
        if outcome.checked and not outcome.hit and outcome.case not in causes:
            yield f"{outcome.case} is not reached, and nothing says why"
        if outcome.hit and outcome.case in causes:
            yield f"{outcome.case} is reached, but a cause is given: {causes[outcome.case]}"


def table(outcomes: Sequence[Outcome]) -> str:
    """How many cases there are of each category, and what came of them."""
    rows = ["| kind of bug | cases | checked | reported | and no longer after the fix |", "|---|--:|--:|--:|--:|"]
    for category in sorted({each.category for each in outcomes} - {"other"}):
        rows.append(_row(category, [each for each in outcomes if each.category == category]))
    rows.append(_row("**all of these**", [each for each in outcomes if each.category != "other"]))
    if others := [each for each in outcomes if each.category == "other"]:
        rows.append(_row("other", others))
    return "\n".join(rows)


def section() -> str:
    """What the page shows: the tables of the stored results."""
    parts = []
    for assumed, title in ((False, "At default settings"), (True, "With `--assume-shared '*'`")):
        if result_file(assumed).exists():
            cases = read(result_file(assumed)).cases
            parts += [f"{title}:", table(cases)] + ([causes_table(cases)] if any(each.cause for each in cases) else [])
    return "\n\n".join(parts)


def _row(label: str, outcomes: Sequence[Outcome]) -> str:
    marks = list(map(_marks, outcomes))
    checked, hit, silent = (sum(mark[index] for mark in marks) for index in range(3))
    return f"| {label} | {len(outcomes)} | {checked} | {hit} | {silent} |"


def _marks(outcome: Outcome) -> tuple[bool, bool, bool]:
    return bool(outcome.checked), outcome.hit, outcome.silent


def causes_table(outcomes: Sequence[Outcome]) -> str:
    """How many cases are missed for each cause, most frequent first."""
    counts = Counter(outcome.cause for outcome in outcomes if outcome.cause)
    rows = [f"| {cause} | {count} |" for cause, count in sorted(counts.items(), key=lambda row: (-row[1], row[0]))]
    return "\n".join(["| why it is not reported | cases |", "|---|--:|", *rows])
