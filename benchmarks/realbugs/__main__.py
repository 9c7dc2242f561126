"""Measures racelint on bugs that maintainers had to fix: is there a report before the fix, and silence after it?

`python -m benchmarks.realbugs` takes for each of the cases in cases.json the last release with the bug and the first
without it, downloaded with pip once, and checks them as packages, without their tests. Cases without releases are
checked at their commits if `--mirrors` has a repository for them (`owner+name`, as `git clone --mirror` makes it).
Whether there is silence after a fix is looked at where there was a report before it: what is told then of other state,
or of another kind, is no report of the same bug.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from benchmarks.checking import LIMIT, Checked, Finding, check
from benchmarks.page import PAGE, put
from benchmarks.realbugs.cases import Case, Target, cases, located, target_of
from benchmarks.realbugs.matching import near, repeated
from benchmarks.realbugs.results import (
    Causes,
    Outcome,
    Report,
    Result,
    causes_table,
    read_causes,
    result_file,
    section,
    table,
    unexplained,
    write,
)
from benchmarks.releases import CACHE

ALWAYS = ("--ignore-noqa",)
"""The comments of others are not meant for racelint."""

Checks = dict[Target, Checked]


class Side(msgspec.Struct, frozen=True):
    """A case before or after its fix: its file, and what is checked."""

    file: Path
    target: Target
    is_commit: bool

    @property
    def path(self) -> str:
        """The path of the file in the findings."""
        return self.file.relative_to(self.target.folder).as_posix()


def main() -> int:
    """Check all cases, print and store what came of them, and complain about causes that are wrong or lacking."""
    given = _arguments()
    options = [*ALWAYS, *(("--assume-shared", "*") if given.assume_shared else ())]
    causes = read_causes(given.assume_shared)
    listed = cases(given.only)
    started = time.monotonic()
    with ThreadPoolExecutor(given.jobs) as pool:
        sides = list(pool.map(lambda case: _sides(case, given.cache, given.mirrors), listed))
        paired = list(zip(listed, sides, strict=True))
        checks = _checked([both[0] for both in sides if both], options, given, pool)
        hit = [both for case, both in paired if both and _near(case, both[0], checks)]
        checks |= _checked([both[1] for both in hit if both[1].target not in checks], options, given, pool)
    outcomes = [_outcome(case, both, checks, causes) for case, both in paired]
    print(table(outcomes), causes_table(outcomes), sep="\n\n")
    if given.verbose:
        print(*(msgspec.json.encode(each).decode() for each in outcomes), sep="\n")
    if not given.only:
        took = round(time.monotonic() - started)
        write(Result(options, given.jobs, took, outcomes), result_file(given.assume_shared))
        PAGE.write_text(put("realbugs", section(), PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    complaints = list(unexplained(outcomes, causes))
    print(*complaints, sep="\n", file=sys.stderr)
    return bool(complaints)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.realbugs", description=__doc__.partition("\n")[0])
    parser.add_argument("--assume-shared", action="store_true", help="check with --assume-shared '*'")
    parser.add_argument("--cache", type=Path, default=CACHE, help="where releases are kept")
    parser.add_argument("--mirrors", type=Path, help="a folder of git repositories named owner+name")
    parser.add_argument("--only", default="", help="only the cases whose name or category has this text in it")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--limit", type=float, default=LIMIT, help="how many seconds a check may take")
    parser.add_argument("--checked", type=Path, help="a folder for what came of each check; what is there is taken")
    parser.add_argument("--verbose", action="store_true", help="print what came of each case")
    return parser.parse_args()


def _sides(case: Case, cache: Path, mirrors: Path | None) -> tuple[Side, ...]:
    """The case before and after its fix: releases, else commits, else nothing."""
    for sources in filter(None, (case.releases, case.commits)):
        trees = [source.tree(cache, mirrors) for source in sources]
        files = [(tree, located(tree, case.file)) for tree in trees if tree]
        sides = tuple(Side(file, target_of(tree, file), sources[0].is_commit) for tree, file in files if file)
        if len(sides) == 2:
            return sides
    return ()


def _checked(sides: list[Side], options: list[str], given: argparse.Namespace, pool: ThreadPoolExecutor) -> Checks:
    """What came of checking these sides, each target once."""
    targets = list(dict.fromkeys(side.target for side in sides))
    return dict(zip(targets, pool.map(lambda target: _check(target, options, given), targets), strict=True))


def _check(target: Target, options: list[str], given: argparse.Namespace) -> Checked:
    """Check a target, or take what came of it in an earlier run that was interrupted."""
    name = "+".join([*target.folder.relative_to(given.cache).parts, target.name])
    kept = given.checked and given.checked / f"{name}{'-assumed' * given.assume_shared}.json"
    if kept and kept.exists():
        return msgspec.json.decode(kept.read_bytes(), type=Checked)
    checked = check(target.folder, target.name, *options, limit=given.limit)
    if kept and not checked.failure:
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(msgspec.json.encode(checked))
    print(f"{name}: {checked.wall:.0f} s {checked.failure}", file=sys.stderr, flush=True)
    return checked


def _near(case: Case, side: Side, checks: Checks) -> list[Finding]:
    source = side.file.read_text(encoding="utf-8", errors="replace")
    return near(case, checks[side.target].findings, side.path, source, at_lines=side.is_commit)


def _outcome(case: Case, sides: tuple[Side, ...], checks: Checks, causes: Causes) -> Outcome:
    if not sides:
        return Outcome(case.case, case.category)
    before, after = (checks.get(side.target) for side in sides)
    assert before is not None
    reports = _near(case, sides[0], checks)
    again = repeated(reports, _near(case, sides[1], checks)) if reports else []
    return Outcome(
        case.case,
        case.category,
        checked="commits" if sides[0].is_commit else "releases",
        before=[Report.of(each) for each in reports],
        after=[Report.of(each) for each in again],
        findings=len(before.findings),
        wall=before.wall,
        failure=before.failure or (after.failure if after and reports else ""),
        cause="" if reports else causes.get(case.case, ""),
    )


if __name__ == "__main__":
    sys.exit(main())
