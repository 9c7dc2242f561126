"""What came of the mutants: stored, and counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec

FILE = Path(__file__).parent / "result.json"


class Outcome(msgspec.Struct, frozen=True):
    """A mutant, and the rules that tell of it: none if it is missed."""

    package: str
    path: str
    line: int
    method: str
    lock: str
    attributes: tuple[str, ...]
    kind: str
    told: tuple[str, ...] = ()

    def __str__(self) -> str:
        told = " ".join(self.told) or "-"
        return f"{told}: {self.package} {self.path}:{self.line} {self.method} {self.lock} {' '.join(self.attributes)}"


def read() -> list[Outcome]:
    """What is stored."""
    return msgspec.json.decode(FILE.read_bytes(), type=list[Outcome])


def write(outcomes: Sequence[Outcome]) -> None:
    """Store what came of the mutants, one in each line."""
    lines = ",\n".join(msgspec.json.encode(each).decode() for each in outcomes)
    FILE.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


def table(outcomes: Sequence[Outcome]) -> str:
    """How many mutants there are in each package, and how many of them are told; then the same by kind and by rule."""
    packages = list(dict.fromkeys(each.package for each in outcomes))
    rows = ["| package | mutants | told |", "|---|--:|--:|"]
    rows += [_row(name, [each for each in outcomes if each.package == name]) for name in packages]
    for kind in sorted({each.kind for each in outcomes}):
        rows.append(_row(f"**all**, {kind}", [each for each in outcomes if each.kind == kind]))
    rules = Counter(code for each in outcomes for code in each.told)
    by_rule = ", ".join(f"[{code}](rules/{code}.md) of {rules[code]}" for code in sorted(rules))
    return "\n".join([*rows, _row("**all**", outcomes), "", f"A mutant may be told by several rules: {by_rule}."])


def _row(label: str, outcomes: Sequence[Outcome]) -> str:
    return f"| {label} | {len(outcomes)} | {sum(bool(each.told) for each in outcomes)} |"
