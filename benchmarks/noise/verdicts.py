"""What people who read both sides of a finding think of it, kept beside the findings."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec

from benchmarks.noise.results import Found, Noise

FILE = Path(__file__).parent / "verdicts.json"
VERDICTS = ("true", "benign", "false")


class Verdict(msgspec.Struct, frozen=True):
    """What a reader thinks of the finding of a rule at a line of a release, and why, in few words.

    `true`: it can happen in plausible use, and a maintainer would mend it; `benign`: it can happen, and does no harm;
    `false`: it cannot happen, or what the finding says of threads, locks or objects is wrong.
    """

    package: str
    version: str
    code: str
    path: str
    line: int
    verdict: Literal["true", "benign", "false"]
    reason: str


def read() -> list[Verdict]:
    """All verdicts there are, of earlier versions of racelint too."""
    return msgspec.json.decode(FILE.read_bytes(), type=list[Verdict])


def write(verdicts: Sequence[Verdict]) -> None:
    """Store verdicts, one in each line."""
    lines = ",\n".join(msgspec.json.encode(each).decode() for each in verdicts)
    FILE.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


def judge(results: Sequence[Noise], verdicts: Sequence[Verdict]) -> dict[str, Counter[str]]:
    """How many findings of each rule got which verdict, and how many none (`open`); of all of them under `all`."""
    known = {(each.package, each.version, each.code, each.path, each.line): each.verdict for each in verdicts}
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for result in results:
        for found in result.reports:
            verdict = known.get(_key(result, found), "open")
            counts[found.code][verdict] += 1
            counts["all"][verdict] += 1
    return {code: counts[code] for code in sorted(counts, key=lambda code: (code == "all", code))}


def _key(result: Noise, found: Found) -> tuple[str, str, str, str, int]:
    return result.package, result.version, found.code, found.path, found.line


def table(results: Sequence[Noise], verdicts: Sequence[Verdict]) -> str:
    """The findings of each rule by verdict, and the share of true ones in all that were judged."""
    rows = [["rule", "findings", *VERDICTS, "not judged"], ["---", *["--:"] * 5]]
    for code, counts in judge(results, verdicts).items():
        label = "**all**" if code == "all" else f"[{code}](rules/{code}.md)"
        rows.append([label, str(counts.total()), *(str(counts[each]) for each in (*VERDICTS, "open"))])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
