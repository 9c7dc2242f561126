"""Takes locks away from popular packages, one critical section at a time: does racelint tell that it is gone?

`python -m benchmarks.mutants` makes mutants of the packages of benchmarks.noise that use threads: in each, the
`with self.lock:` of one method is taken away, where at least three methods of the class access the same attribute under
that lock, and this one reads and writes it. It checks each package before and after. A mutant is told if a new finding
names the attribute, and stands in that method or has its other side there. It stores what came of them, and puts the
table on the page.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

from benchmarks.mutants.making import Mutant, mutants, without_lock
from benchmarks.mutants.results import Outcome, read, table, write
from benchmarks.noise.packages import packages
from benchmarks.page import PAGE, put
from benchmarks.releases import release
from racelint import engine
from racelint.configuration.config import Config, load_config
from racelint.configuration.layers import Flags
from racelint.findings import Finding, Report

MOST = 10
"""Of a package so many mutants are tried, drawn at random."""


def main() -> int:
    """Try the mutants, and store what came of them."""
    given = _arguments()
    if given.folders:
        sources = [(folder.name, folder) for folder in given.folders]
    else:
        listed = [each for each in packages() if each.concurrency == "threads" and given.only in each.name]
        released = ((f"{each.name} {each.version}", release(each.name, each.version)) for each in listed)
        sources = [(name, folder) for name, folder in released if folder]
    outcomes = []
    with ProcessPoolExecutor(given.jobs) as pool:
        for results in pool.map(partial(_tried, most=given.most), *zip(*sources, strict=True)):
            print(*results, sep="\n", end="\n" * bool(results), flush=True)
            outcomes += results
    print(table(outcomes))
    if not given.only and not given.folders:
        write(outcomes)
        PAGE.write_text(put("mutants", table(read()), PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.mutants", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("folders", nargs="*", type=Path, help="other packages, unpacked; stores nothing")
    parser.add_argument("--only", default="", help="only the packages whose name has this text in it; stores nothing")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--most", type=int, default=MOST, help="how many mutants of a package are tried at most")
    return parser.parse_args()


def _tried(package: str, folder: Path, most: int) -> list[Outcome]:
    """What came of the mutants of a package."""
    possible = [(file, mutant) for file in sorted(folder.rglob("*.py")) for mutant in _mutants_of(file)]
    drawn = random.Random(package).sample(possible, min(most, len(possible)))
    chosen = sorted(drawn, key=lambda pair: (pair[0], pair[1].line))
    if not chosen:
        return []
    with tempfile.TemporaryDirectory(prefix="racelint-mutants-") as cache:
        config = replace(load_config(folder, Flags(isolated=True)), cache_dir=Path(cache), jobs=1)
        before = engine.check([folder], config)
        known = {path.resolve() for path in before.files.values()}
        asked = ((file, mutant) for file, mutant in chosen if file.resolve() in known)
        return [_outcome(package, folder, file, mutant, before, config) for file, mutant in asked]


def _mutants_of(file: Path) -> list[Mutant]:
    """The mutants of a file, if it is no copy of what another package has."""
    try:
        text = file.read_text(encoding="utf-8")
        return mutants(text) if "with self." in text and "_vendor" not in file.parts else []
    except (SyntaxError, UnicodeDecodeError):
        return []


def _outcome(package: str, folder: Path, file: Path, mutant: Mutant, before: Report, config: Config) -> Outcome:
    text = without_lock(file.read_text(encoding="utf-8"), mutant.line)
    after = engine.check([folder], config, buffers={file: text.encode()})
    told = {each.code for each in new(before, after) if tells(each, mutant, after, file)}
    what = (mutant.line, mutant.method, mutant.lock, mutant.attributes, mutant.kind)
    return Outcome(package, file.relative_to(folder).as_posix(), *what, tuple(sorted(told)))


def new(before: Report, after: Report) -> Iterator[Finding]:
    """The findings of which there are more than before, wherever their lines are now."""
    left = Counter(map(_key, before.findings))
    for each in after.findings:
        left[_key(each)] -= 1
        if left[_key(each)] < 0:
            yield each


def _key(finding: Finding) -> tuple[str, str, str, str]:
    return finding.code, finding.path, finding.function, finding.symbol


def tells(finding: Finding, mutant: Mutant, report: Report, file: Path) -> bool:
    """Whether a finding names state of the mutant, and is in its method, or has a side there."""
    places = [finding, *(each for each in finding.related if each.side is not None)]
    return finding.symbol.rpartition(".")[2].removesuffix("[]") in mutant.attributes and any(
        report.files.get(each.path, Path()).resolve() == file.resolve()
        and mutant.first <= each.span.line <= mutant.last
        for each in places
    )


if __name__ == "__main__":
    sys.exit(main())
