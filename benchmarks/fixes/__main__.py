"""Tries the fixes on popular packages: what they mend, what they leave, and that they break nothing.

`python -m benchmarks.fixes` copies the packages of benchmarks.noise of which findings are stored, has racelint mend
the copies, first with `--fix`, then with `--unsafe-fixes` as well, and puts the table on the page. It fails if racelint
does, if a changed file is no Python any more, or if the mended package has a finding that was not there before.
"""

from __future__ import annotations

import argparse
import filecmp
import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import libcst

from benchmarks.checking import LIMIT, Checked, check
from benchmarks.noise.results import Noise, read
from benchmarks.page import PAGE, put
from benchmarks.releases import CACHE, release

Key = tuple[str, str, str, str]
"""What stays of a finding where lines move: its rule, file, function and state."""


@dataclass(slots=True)
class Mended:
    """What came of the fixes in a package: findings before, those that went with which flags, files changed."""

    package: str
    before: int = 0
    safely: int = 0
    unsafely: int = 0
    files: int = 0
    wrong: list[str] = field(default_factory=list)


def main() -> int:
    """Mend the packages and show what came of it."""
    given = _arguments()
    listed = [noise for noise in read() if noise.reports and given.only in noise.package]
    with ThreadPoolExecutor(given.jobs) as pool:
        results = list(pool.map(lambda noise: _mended(noise, given.cache, given.limit), listed))
    print(_table(results))
    wrong = [f"{each.package}: {problem}" for each in results for problem in each.wrong]
    print(*wrong, sep="\n")
    if not given.only:
        PAGE.write_text(put("fixes", _table(results), PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    return bool(wrong)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fixes", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", default="", help="only the packages whose name has this text in it; writes no page")
    parser.add_argument("--cache", type=Path, default=CACHE, help="where releases are kept")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--limit", type=float, default=4 * LIMIT, help="how many seconds a run may take")
    return parser.parse_args()


def _mended(noise: Noise, cache: Path, limit: float) -> Mended:
    result = Mended(noise.package)
    original = release(noise.package, noise.version, cache)
    if original is None:
        result.wrong.append("the release is not to be had")
        return result
    with tempfile.TemporaryDirectory(prefix="racelint-fixes-") as draft:
        folder = Path(draft, "package")
        shutil.copytree(original, folder, ignore=shutil.ignore_patterns(".racelint_cache"))
        first = _findings(check(folder, ".", limit=limit), result)
        safe = _findings(check(folder, ".", "--fix", limit=limit), result)
        unsafe = _findings(check(folder, ".", "--fix", "--unsafe-fixes", limit=limit), result)
        changed = list(_changed(original, folder))
        result.wrong += [f"{file} is no Python any more" for file in changed if not _is_python(folder / file)]
    result.wrong += [f"new: {' '.join(key)}" for key in (unsafe - first) + (safe - first)]
    result.before, result.files = first.total(), len(changed)
    result.safely, result.unsafely = first.total() - safe.total(), safe.total() - unsafe.total()
    print(result, file=sys.stderr, flush=True)
    return result


def _findings(checked: Checked, result: Mended) -> Counter[Key]:
    result.wrong += [*filter(None, [checked.failure]), *(f"{error.where}: {error.message}" for error in checked.errors)]
    return Counter((each.code, each.path, each.function, each.symbol) for each in checked.findings)


def _changed(original: Path, folder: Path) -> Iterator[Path]:
    """The files of the copy that differ from the original, relative to it."""
    for file in sorted(original.rglob("*.py")):
        relative = file.relative_to(original)
        if not filecmp.cmp(file, folder / relative, shallow=False):
            yield relative


def _is_python(file: Path) -> bool:
    try:
        libcst.parse_module(file.read_bytes())
    except libcst.ParserSyntaxError:
        return False
    return True


def _table(results: list[Mended]) -> str:
    head = "| package | findings | fixed with `--fix` | with `--unsafe-fixes` as well | left | files changed |"
    every = Mended("**all**")
    for each in results:
        every.before += each.before
        every.safely += each.safely
        every.unsafely += each.unsafely
        every.files += each.files
    lines = (
        f"| {each.package} | {each.before:,} | {each.safely:,} | {each.unsafely:,} | "
        f"{each.before - each.safely - each.unsafely:,} | {each.files:,} |"
        for each in (*results, every)
    )
    return "\n".join((head, "|---|--:|--:|--:|--:|--:|", *lines))


if __name__ == "__main__":
    sys.exit(main())
