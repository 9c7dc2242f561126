"""How the findings are spread: over rules, over folders and files, over kinds of evidence and of builds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from racelint.findings import Finding
from racelint.html.finding import FindingView
from racelint.report.escaping import printable
from racelint.rule import load_rules
from racelint.show import Shared

NO_EVIDENCE: Final = "none"
EVIDENCE: Final = {
    "threads": "threads are traced to it",
    "lock": "the program guards it elsewhere",
    "claim": "a comment or annotation says so",
    "assumed": "taken for shared, as asked",
    NO_EVIDENCE: "the rule needs none",
}
BUILDS: Final = {"gil": "with the GIL", "free-threaded": "without the GIL"}


@dataclass(frozen=True, slots=True)
class Count:
    """So many findings have this in common: `value` is what is filtered by, `text` tells more of it."""

    value: str
    text: str
    number: int
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Tally:
    """All counts, and `paths` of everything that can be filtered by its path."""

    rules: tuple[Count, ...]
    folders: tuple[Count, ...]
    evidence: tuple[Count, ...]
    builds: tuple[Count, ...]
    paths: tuple[Count, ...]


def tally(views: Sequence[FindingView], shared: Sequence[Shared]) -> Tally:
    """The counts over all findings; the rule that found the most is first, folders are in order."""
    findings = [view.finding for view in views]
    summaries = {rule.code: rule.summary for rule in load_rules()}
    rules = Counter(finding.code for finding in findings)
    names = {finding.code: finding.name for finding in findings}
    return Tally(
        tuple(
            Count(code, f"{names[code]}: {summaries.get(code, '')}", number)
            for code, number in sorted(rules.items(), key=lambda item: (-item[1], item[0]))
        ),
        tuple(_folders(Counter(printable(finding.path) for finding in findings))),
        tuple(_of_each(EVIDENCE, Counter(finding.evidence or NO_EVIDENCE for finding in findings))),
        tuple(_of_each(BUILDS, Counter(build for finding in findings for build in finding.live_on))),
        tuple(_folders(_everywhere(findings, shared))),
    )


def _of_each(texts: dict[str, str], numbers: Counter[str]) -> Iterable[Count]:
    return (Count(value, text, numbers[value]) for value, text in texts.items() if numbers[value])


def _everywhere(findings: Iterable[Finding], shared: Iterable[Shared]) -> Counter[str]:
    """The findings of each file in which there is one, or shared state."""
    found = Counter({printable(row.path): 0 for place in shared for row in place.rows})
    found.update(printable(finding.path) for finding in findings)
    return found


def _folders(files: Counter[str]) -> Iterable[Count]:
    """The files and the folders around them, each folder before what is in it; not those around just one thing."""
    inside: Counter[str] = Counter()
    for path, number in files.items():
        for end in [*(index for index, char in enumerate(path) if char == "/" and index), len(path)]:
            inside[path[:end]] += number
    children = Counter(path.rpartition("/")[0] for path in inside)
    shown = {path for path in inside if children[path] != 1}
    for path in sorted(shown, key=lambda path: path.split("/")):
        around = [folder for folder in shown if path.startswith(f"{folder}/")]
        nearest = max(around, key=len, default="")
        yield Count(path, path.removeprefix(f"{nearest}/") if nearest else path, inside[path], len(around))
