"""Measures what racelint says of popular packages at default settings: how much it is, and what changed of it.

`python -m benchmarks.noise` downloads the releases of packages.txt with pip once and checks each as a package. It
prints how many findings there are, by rule and per 1,000 lines, and stores them; it fails if racelint does, or says
anything of a package without concurrency. With `--diff` it stores nothing, prints which findings are new and which are
gone since they were stored, and fails if there are any. `--sample` draws stored findings at random, for judging.
"""

from __future__ import annotations

import argparse
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.checking import LIMIT, check
from benchmarks.noise import verdicts
from benchmarks.noise.packages import Package, packages
from benchmarks.noise.results import Found, Noise, changes, complaints, read, sample, table, write
from benchmarks.page import PAGE, put
from benchmarks.releases import CACHE, release


def main() -> int:
    """Check the packages and store or compare what is found, or draw a sample of what is stored."""
    given = _arguments()
    if given.sample:
        print(*map(str, sample(read(), given.sample, given.seed)), sep="\n")
        return 0
    listed = [package for package in packages() if given.only in package.name]
    results = []
    with ThreadPoolExecutor(given.jobs) as pool:
        for result in pool.map(lambda package: _noise(package, given.cache, given.limit), listed):
            results.append(result)
            if not given.diff:
                write(_merged(result))
    print(table(results))
    wrong = list(complaints(results))
    if given.diff:
        wrong += changes(read(), results)
    else:
        PAGE.write_text(put("noise", section(), PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    print(*wrong, sep="\n")
    return bool(wrong)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.noise", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--diff", action="store_true", help="compare with what is stored, and fail if it differs")
    parser.add_argument("--only", default="", help="only the packages whose name has this text in it")
    parser.add_argument("--cache", type=Path, default=CACHE, help="where releases are kept")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--limit", type=float, default=LIMIT, help="how many seconds a check may take")
    parser.add_argument("--sample", type=int, metavar="N", help="draw so many of the stored findings")
    parser.add_argument("--seed", default="0", help="another seed draws another sample")
    return parser.parse_args()


def _noise(package: Package, cache: Path, limit: float) -> Noise:
    folder = release(package.name, package.version, cache)
    if folder is None:
        return Noise(package.name, package.version, package.concurrency, failure="the release is not to be had")
    checked = check(folder, ".", limit=limit)
    print(f"{package.name}: {checked.wall:.0f} s {checked.failure}", file=sys.stderr, flush=True)
    return Noise(
        package.name,
        package.version,
        package.concurrency,
        lines=sum(len(file.read_bytes().splitlines()) for file in folder.rglob("*.py")),
        cpu=checked.cpu,
        memory=checked.memory,
        errors=[f"{error.where}: {error.message}" for error in checked.errors],
        failure=checked.failure,
        findings=[Found.of(finding) for finding in checked.findings],
    )


def section() -> str:
    """What the page shows of what is stored."""
    stored = read()
    return f"{verdicts.table(stored, verdicts.read())}\n\n{table(stored)}"


def _merged(result: Noise) -> list[Noise]:
    """What is stored from now on: the new result in the place of that of the same package."""
    stored = {each.package: each for each in read()} | {result.package: result}
    return [stored[package.name] for package in packages() if package.name in stored]


if __name__ == "__main__":
    sys.exit(main())
