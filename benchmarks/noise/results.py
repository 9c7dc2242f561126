"""What racelint says of the packages: stored, compared, counted, and drawn at random."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from benchmarks.checking import Finding

FILE = Path(__file__).parent / "result.json"
ENOUGH_PACKAGES = 15
"""A sample is of so many packages at least, where there are as many."""


class Found(msgspec.Struct, frozen=True):
    """A finding without any text of the package but names."""

    code: str
    path: str
    line: int
    function: str
    symbol: str

    @classmethod
    def of(cls, finding: Finding) -> Found:
        return cls(finding.code, finding.path, finding.line, finding.function, finding.symbol)

    def __str__(self) -> str:
        return f"{self.code} {self.path}:{self.line} {self.function} {self.symbol}"


class Noise(msgspec.Struct, frozen=True):
    """What racelint says of a package, and what it took: CPU seconds and MB of memory at the peak."""

    package: str
    version: str
    concurrency: str
    lines: int = 0
    cpu: float = 0
    memory: int = 0
    errors: list[str] = []
    failure: str = ""
    findings: list[Found] = []

    @property
    def reports(self) -> list[Found]:
        """The findings, without those about files that racelint cannot read."""
        return [each for each in self.findings if not each.code.startswith("RL9")]


def read() -> list[Noise]:
    """What is stored."""
    return msgspec.json.decode(FILE.read_bytes(), type=list[Noise]) if FILE.exists() else []


def write(results: Sequence[Noise]) -> None:
    """Store results, with a line for each finding."""
    packages = []
    for each in results:
        findings = ",\n".join(f"  {msgspec.json.encode(found).decode()}" for found in each.findings)
        head = msgspec.json.encode(msgspec.structs.replace(each, findings=[])).decode()
        packages.append(f"{head[:-2]}\n{findings}\n]}}" if findings else head)
    FILE.write_text("[\n" + ",\n".join(packages) + "\n]\n", encoding="utf-8")


def complaints(results: Sequence[Noise]) -> Iterator[str]:
    """What is wrong whatever was stored: failures, and findings where nothing runs at once."""
    for each in results:
        if each.failure:
            yield f"{each.package}: {each.failure}"
        yield from (f"{each.package}: {error}" for error in each.errors)
        if each.concurrency == "none":
            yield from (f"{each.package} has no concurrency: {found}" for found in each.reports)


def changes(stored: Sequence[Noise], results: Sequence[Noise]) -> list[str]:
    """The findings that are new (`+`) and gone (`-`)."""
    before = {each.package: each for each in stored}
    lines = []
    for each in results:
        old = before.get(each.package)
        if old is None or old.version != each.version:
            lines.append(f"{each.package} {each.version} is not what is stored")
            continue
        new, gone = Counter(each.findings), Counter(old.findings)
        marked = [("+", found) for found in (new - gone).elements()] + [
            ("-", found) for found in (gone - new).elements()
        ]
        marked.sort(key=lambda pair: (pair[1].path, pair[1].line, pair[1].code, pair[0]))
        lines += [f"{sign} {each.package}: {found}" for sign, found in marked]
    return lines


def sample(results: Sequence[Noise], size: int, seed: str) -> list[str]:
    """Findings drawn at random: one each of so many packages, then whichever."""
    draw = random.Random(seed)
    found = [(each, finding) for each in results for finding in each.reports]
    draw.shuffle(found)
    first = list({each.package: (each, finding) for each, finding in found}.values())
    draw.shuffle(first)
    drawn = first[: min(ENOUGH_PACKAGES, size)]
    drawn += [pair for pair in found if pair not in drawn][: size - len(drawn)]
    return [f"{each.package}-{each.version} {finding}" for each, finding in drawn]


def table(results: Sequence[Noise]) -> str:
    """How much is found in each package, and what it took; those without findings in one line."""
    found = [each for each in results if each.findings]
    quiet = [each for each in results if not each.findings]
    rows = [["package", "lines", "findings", "per 1,000 lines", "unreadable", "CPU s", "MB"], ["---", *["--:"] * 6]]
    rows += [_row(f"{each.package} {each.version}", [each]) for each in found]
    rows += [_row(f"{len(quiet)} others", quiet)] if quiet else []
    rows.append(_row("**all**", results))
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _row(label: str, results: Sequence[Noise]) -> list[str]:
    reports = sum(len(each.reports) for each in results)
    lines = sum(each.lines for each in results)
    return [
        label,
        f"{lines:,}",
        str(reports),
        f"{1000 * reports / max(lines, 1):.2f}",
        str(sum(len(each.findings) for each in results) - reports),
        f"{sum(each.cpu for each in results):.1f}",
        str(max((each.memory for each in results), default=0)),
    ]
