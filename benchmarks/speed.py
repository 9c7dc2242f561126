"""How long racelint takes, beside the mere parse with LibCST: `python benchmarks/speed.py FOLDER...`.

Each folder is copied, and checked as a project of its own: first without knowing anything, in one process and in
several, then once more, then after a change of one file. CPU seconds are those of all processes; on a machine that does
other things as well only these and their ratios say something.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

LINE_END = b"\n"
PARSE = """
import pathlib, sys, libcst
for path in pathlib.Path(sys.argv[1]).rglob("*.py"):
    try:
        libcst.parse_module(path.read_bytes())
    except Exception:
        pass
"""
EXTRACT = PARSE.replace(
    "import pathlib, sys, libcst", "import pathlib, sys\nfrom racelint.extract import extract"
).replace("libcst.parse_module", "extract")
CHECK = ("-m", "racelint", "check", "--check-tests", "--quiet", "--output-format", "json", "--exit-zero")


def timed(*arguments: str) -> tuple[float, float]:
    """The CPU seconds and the seconds that Python takes with these arguments."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, check=True)
    after, end = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, end - start


def runs(folder: Path) -> Iterator[tuple[str, tuple[float, float]]]:
    """What is run in a folder, and how long it takes."""
    largest = max(folder.rglob("*.py"), key=lambda path: path.stat().st_size)
    yield "parse", timed("-c", PARSE, str(folder))
    yield "parse and facts", timed("-c", EXTRACT, str(folder))
    yield "check, 1 process", timed(*CHECK, "--no-cache", "-j", "1", str(folder))
    yield "check", timed(*CHECK, str(folder))
    time.sleep(2)
    timed(*CHECK, str(folder))
    yield "again", timed(*CHECK, str(folder))
    with open(largest, "ab") as stream:
        stream.write(b"\n")
    yield "one file changed", timed(*CHECK, str(folder))


def main() -> None:
    """Print a table for each folder."""
    os.environ.pop("RACELINT_CACHE_DIR", None)
    for name in sys.argv[1:]:
        with tempfile.TemporaryDirectory() as place:
            folder = Path(shutil.copytree(name, Path(place, "project")))
            (folder / "racelint.toml").write_text("exclude = []\n")
            files = [path.read_bytes() for path in folder.rglob("*.py")]
            print(f"{name}: {len(files):,} files, {sum(each.count(LINE_END) for each in files):,} lines", flush=True)
            parse = 0.0
            for what, (cpu, wall) in runs(folder):
                parse = parse or cpu
                print(f"  {what:<18} {cpu:7.2f} s CPU ({cpu / parse:.2f})  {wall:7.2f} s", flush=True)


if __name__ == "__main__":
    main()
