"""How long racelint takes, and how much memory, side by side with the mere parse and with other tools.

`python -m benchmarks.speed` downloads releases and installs the other tools once, runs everything on the same trees in
turn, and stores and shows the medians as ratios: CPU beside that of a bare `libcst.parse_module` of all files, time
beside that of racelint. The whole takes hours; `--lines 50000 --rounds 1 --dry-run` some minutes.
"""

from __future__ import annotations

import argparse
import compileall
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import racelint
from benchmarks.page import put
from benchmarks.releases import CACHE
from benchmarks.speed.peers import commands, installed
from benchmarks.speed.results import (
    ALONE,
    CHANGED,
    COLD,
    FACTS,
    PAGE,
    PARSE,
    PARSED,
    WARM,
    Result,
    Size,
    Tree,
    draw,
    text,
    write,
)
from benchmarks.speed.timing import Taken, median, timed
from benchmarks.speed.trees import LARGE, MIXED, THREADED, all_names, sampled, tree

SCRIPT = """
import pathlib, sys
{}
for path in sorted(pathlib.Path(sys.argv[1]).rglob("*.py")):
    try:
        text = path.read_bytes()
        if not {}:
            continue
        {}(text)
    except Exception:
        pass
"""
MATTERS = "matters(text.decode())"
PARSE_ALL = SCRIPT.format("import libcst", "True", "libcst.parse_module")
PARSE_SOME = SCRIPT.format("import libcst\nfrom racelint.extract import matters", MATTERS, "libcst.parse_module")
READ_SOME = SCRIPT.format("from racelint.extract import extract, matters", MATTERS, "extract")
TREES = {"mixed": MIXED, "threaded": THREADED, "large": tuple(LARGE)}
SIZES = (1_000, 10_000, 100_000, 1_000_000)
QUIET = 2
"""So many seconds after a change the time of a file is trusted to tell that it is unchanged."""


def main() -> None:
    """Measure, print, and store."""
    given = _arguments()
    # As an installed package has it; a checkout may never have been run, or Python be told to write no bytecode.
    compileall.compile_dir(Path(racelint.__file__).parent, quiet=1)
    load = os.getloadavg()[0]
    programs = None if given.no_peers else installed(given.cache)
    trees = [_measured(name, given, programs) for name in given.tree or ("mixed", "threaded")]
    growth = [] if given.no_growth else list(_grown(given))
    result = Result(platform.python_version(), os.cpu_count() or 1, round(load, 1), given.lines, trees, growth)
    print(text(result))
    if not given.dry_run:
        write(result)
        if growth:
            draw(growth)
        PAGE.write_text(put("speed", text(result), PAGE.read_text(encoding="utf-8")), encoding="utf-8")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--tree", action="append", choices=[*TREES], help="only these trees (mixed and threaded)")
    parser.add_argument("--lines", type=int, default=0, help="only so many lines of each tree")
    parser.add_argument("--rounds", type=int, default=3, help="how many runs of each command")
    parser.add_argument("--limit", type=float, default=1800, help="how many seconds a run may take")
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES, help="how many lines to grow over")
    parser.add_argument("--no-peers", action="store_true", help="without other tools")
    parser.add_argument("--no-growth", action="store_true", help="without trees of growing size")
    parser.add_argument("--dry-run", action="store_true", help="print, and store nothing")
    parser.add_argument("--cache", type=Path, default=CACHE, help="where releases are kept")
    return parser.parse_args()


def _measured(name: str, given: argparse.Namespace, programs: Path | None) -> Tree:
    """What each command takes on a tree, all in turn in each round."""
    with tempfile.TemporaryDirectory(prefix="racelint-speed-") as place:
        folder = Path(place, "project")
        folder.mkdir()
        lines = sampled(TREES[name], folder, given.cache, given.lines)
        runs: dict[str, list[Taken]] = {}
        for number in range(given.rounds):
            for what, taken in _round(folder, Path(place), programs, given.limit, runs):
                runs.setdefault(what, []).append(taken)
                print(f"{name} {number + 1}: {what}: {taken.cpu:.1f} s CPU, {taken.wall:.1f} s", file=sys.stderr)
        files = sum(1 for _ in folder.rglob("*.py"))
    return Tree(name, files, lines, {what: median(each) for what, each in runs.items()})


def _round(
    folder: Path, place: Path, programs: Path | None, limit: float, runs: dict[str, list[Taken]]
) -> Iterator[tuple[str, Taken]]:
    """One run of everything; what was not done in its time once is not asked again."""
    for what, script in ((PARSE, PARSE_ALL), (PARSED, PARSE_SOME), (FACTS, READ_SOME)):
        yield what, timed([sys.executable, "-c", script, str(folder)], limit)
    kept = Path(tempfile.mkdtemp(dir=place))
    check = _check(folder)
    cached = [*check, "--cache-dir", str(kept / "racelint")]
    yield ALONE, timed([*check, "--no-cache", "--jobs", "1"], limit)
    yield COLD, timed(cached, limit)
    time.sleep(QUIET)
    timed(cached, limit)
    yield WARM, timed(cached, limit)
    _change(folder)
    yield CHANGED, timed(cached, limit)
    for what, command in commands(programs, folder, kept / "ruff").items() if programs else ():
        if any(each.limited for each in runs.get(what, ())):
            continue
        if "warm" in what:
            timed(command, limit)
        yield what, timed(command, limit)


def _check(folder: Path) -> list[str]:
    return [sys.executable, "-P", "-m", "racelint", "check", "--quiet", "--exit-zero", str(folder)]


def _change(folder: Path) -> None:
    """Add a line to a file of middling size."""
    paths = sorted(folder.rglob("*.py"), key=lambda path: path.stat().st_size)
    with open(paths[len(paths) * 9 // 10], "ab") as stream:
        stream.write(b"\n")


def _grown(given: argparse.Namespace) -> Iterator[Size]:
    """What a cold check takes of trees of growing size."""
    for size in given.sizes:
        with tempfile.TemporaryDirectory(prefix="racelint-speed-") as place:
            folder = Path(place)
            lines = tree(all_names(), folder, given.cache, size)
            runs = [timed([*_check(folder), "--no-cache"], given.limit) for _ in range(given.rounds)]
        print(f"{lines:,} lines: {median(runs)}", file=sys.stderr)
        yield Size(lines, median(runs))


if __name__ == "__main__":
    main()
