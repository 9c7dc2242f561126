"""Measure racelint on bugs that maintainers had to fix: is there a report before the fix, and silence after it?

    python benchmarks/realbugs/run.py [--assume-shared] [--cache FOLDER] [--mirrors FOLDER] [--only TEXT] [--jobs N]

For each case in cases.json the last release with the bug and the first without it are downloaded with pip (once) and
checked as packages, without their tests. A finding hits a case if its rule belongs to the kind of bug, it stands in the
file of the case, and either in one of the functions of the case naming the state, or, where the very commit is checked,
at one of its lines. Cases without releases are checked at their commits if `--mirrors` has a repository for them
(`owner+name`, as `git clone --mirror` makes it).
"""

from __future__ import annotations

import argparse
import io
import json
import os
import re
import subprocess
import sys
import tarfile
import time
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "racelint-benchmarks"
LIMIT = 600
"""How many seconds one check may take."""

FITTING = {
    "rmw": ("RL1", "RL2", "RL6"),
    "inconsistent-guard": ("RL1", "RL2"),
    "unguarded-write": ("RL1", "RL2"),
    "unguarded-iteration": ("RL1", "RL2"),
    "check-then-act": ("RL2", "RL1"),
    "lazy-init": ("RL2", "RL1"),
    "stale-check-split-critical-section": ("RL2", "RL1"),
    "lock-order": ("RL3",),
    "self-deadlock": ("RL3",),
    "blocking-under-lock": ("RL3",),
    "callback-under-lock": ("RL3",),
    "acquire-no-release": ("RL4",),
    "wait-without-loop": ("RL5",),
    "lock-across-await": ("RL3", "RL6"),
    "async-check-await-act": ("RL6", "RL2", "RL1"),
    "useless-lock": ("RL4", "RL1"),
    "leaked-this-before-init": ("RL7", "RL1", "RL2"),
    "other": ("RL",),
}
"""The beginnings of the codes that fit a category."""

Case = dict[str, Any]
Found = list[dict[str, Any]]


def main() -> int:
    """Check all cases, print the table, and write what came of each case."""
    arguments = _arguments()
    cases = [case for case in json.loads((HERE / "cases.json").read_text()) if arguments.only in _label(case)]
    with ThreadPoolExecutor(arguments.jobs) as pool:
        outcomes = list(pool.map(lambda case: _outcome(case, arguments), cases))
    print(_table(outcomes))
    if not arguments.only:
        name = "result-assumed.json" if arguments.assume_shared else "result.json"
        rows = ",\n".join(f"  {json.dumps(each, ensure_ascii=False)}" for each in outcomes)
        (HERE / name).write_text(f"[\n{rows}\n]\n")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--assume-shared", action="store_true", help="check with --assume-shared '*'")
    parser.add_argument("--cache", type=Path, default=CACHE / "releases", help="where releases are kept")
    parser.add_argument("--mirrors", type=Path, help="a folder of git repositories named owner+name")
    parser.add_argument("--only", default="", help="only the cases whose name or category has this text in it")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--verbose", action="store_true", help="print the findings near each case")
    return parser.parse_args()


def _label(case: Case) -> str:
    return f"{case['case']} {case['category']}"


def _outcome(case: Case, arguments: argparse.Namespace) -> dict[str, Any]:
    """What came of one case: where it was checked, whether it was hit, and whether it is silent at the fix."""
    outcome = {"case": case["case"], "category": case["category"], "checked": "", "hit": False, "silent": False}
    trees = list(_trees(case, arguments))
    if len(trees) < 2:
        return outcome | {"why": "no release and no repository" if not trees else "one side is not to be had"}
    sides = [_check(tree, file, arguments) for tree, file in trees]
    near = [
        [found for found in findings if _hits(case, found, file)]
        for findings, (_, file) in zip(sides, trees, strict=True)
    ]
    if arguments.verbose:
        for name, findings in zip(("before", "after"), near, strict=True):
            for found in findings:
                print(case["case"], name, found["code"], found["line"], found["function"], found["symbol"])
    return outcome | {
        "checked": "releases" if case["bad"] else "commits",
        "hit": bool(near[0]),
        "silent": bool(near[0]) and not near[1],
        "rules": sorted({found["code"] for found in near[0]}),
        "findings": [len(findings) for findings in sides],
    }


def _hits(case: Case, found: dict[str, Any], file: str) -> bool:
    """Whether a finding is the report that the case asks for."""
    fits = found["code"].startswith(FITTING[case["category"]]) and not found["code"].startswith("RL9")
    if not fits or found["path"] != file:
        return False
    function = found["function"].replace("<locals>.", "")
    inside = any(f".{each.replace('<locals>.', '')}." in f".{function}." for each in case["functions"])
    named = found["symbol"].rpartition(".")[2].removesuffix("[]") in re.findall(r"\w+", case["state"])
    at_line = not case["bad"] and any(first <= found["line"] <= last for first, last in case["lines"])
    return at_line or (inside and named)


# --- what is checked ---


def _trees(case: Case, arguments: argparse.Namespace) -> Iterator[tuple[Path, str]]:
    """The folder to check and the path of the file of the case in it: with the bug, and without."""
    for version, commit in ((case["bad"], case["before"]), (case["fixed"], case["fix"])):
        if case["package"] and case["bad"] and case["fixed"]:
            tree = _release(case["package"], version, arguments.cache)
        else:
            tree = _checkout(case["repository"], commit, arguments)
        file = tree and _located(tree, case["file"])
        if tree and file:
            top = _package(tree, file)
            yield (tree, file.relative_to(tree).as_posix()) if top == tree else (top, _shown(top, file))


def _shown(top: Path, file: Path) -> str:
    return file.relative_to(top).as_posix() if top.is_dir() else top.name


def _release(package: str, version: str, cache: Path) -> Path | None:
    """A release, unpacked: a wheel if there is one for any Python, else the source."""
    folder = cache / f"{package}-{version}"
    if folder.exists():
        return folder
    draft = cache / f".{folder.name}.{os.getpid()}"
    draft.mkdir(parents=True, exist_ok=True)
    wheel = ("--only-binary", ":all:")
    for choice in (
        wheel,
        (*wheel, "--python-version", "3.8"),
        (*wheel, "--python-version", "2.7"),
        ("--no-binary", ":all:"),
    ):
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(draft), *choice]
        done = subprocess.run([*command, f"{package}=={version}"], capture_output=True, text=True, check=False)
        archive = next((each for each in draft.iterdir() if each.is_file()), None)
        if done.returncode == 0 and archive:
            inside = draft / "unpacked"
            if archive.suffix in (".whl", ".zip"):
                zipfile.ZipFile(archive).extractall(inside)
            else:
                with tarfile.open(archive) as packed:
                    packed.extractall(inside, filter="data")
            inside.rename(folder)
            break
    subprocess.run(["rm", "-rf", str(draft)], check=False)
    return folder if folder.exists() else None


def _checkout(repository: str, commit: str, arguments: argparse.Namespace) -> Path | None:
    """The files of a commit, from a repository in the folder of mirrors."""
    if not arguments.mirrors:
        return None
    mirror = arguments.mirrors / repository.replace("/", "+")
    git = next((each for each in (mirror, *mirror.glob("*")) if (each / "HEAD").exists()), None)
    folder = arguments.cache / f"{repository.replace('/', '+')}-{commit[:12]}"
    if git and not folder.exists():
        packed = subprocess.run(["git", "--git-dir", git, "archive", commit], capture_output=True, check=False)
        if packed.returncode:
            return None
        with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as files:
            files.extractall(folder, filter="data")
    return folder if folder.exists() else None


def _located(tree: Path, file: str) -> Path | None:
    """A file of the repository in a release, where it may lie under other folders."""
    parts = Path(file).parts
    for start in range(len(parts)):
        tail = parts[start:]
        found = [each for each in tree.rglob(tail[-1]) if each.parts[-len(tail) :] == tail]
        if found:
            return min(found, key=lambda each: len(each.parts))
    return None


def _package(tree: Path, file: Path) -> Path:
    """The package around a file, or the file if it is none."""
    top = file.parent
    while top != tree and (top.parent / "__init__.py").exists():
        top = top.parent
    return top if (top / "__init__.py").exists() or top != tree else file


def _check(target: Path, file: str, arguments: argparse.Namespace) -> Found:
    """The findings in a folder, by paths from it."""
    assumed = ["--assume-shared", "*"] if arguments.assume_shared else []
    command = [sys.executable, "-P", "-m", "racelint", "check", "--isolated", "--output-format", "json", *assumed]
    folder = target if target.is_dir() else target.parent
    started = time.monotonic()
    try:
        done = subprocess.run(
            [*command, "." if target.is_dir() else target.name],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=LIMIT,
        )
        findings: Found = json.loads(done.stdout)["findings"]
    except (subprocess.TimeoutExpired, ValueError) as error:
        print(f"{target}: {error} after {time.monotonic() - started:.0f} s", file=sys.stderr)
        return []
    return findings


# --- the table ---


def _table(outcomes: list[dict[str, Any]]) -> str:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for outcome in outcomes:
        for category in (outcome["category"], "all but other" if outcome["category"] != "other" else ""):
            counts[category].update(cases=1, **{key: int(bool(outcome[key])) for key in ("checked", "hit", "silent")})
    counts.pop("", None)
    rows = ["| category | cases | checked | hit | hit, and silent at the fix |", "|---|--:|--:|--:|--:|"]
    for category in sorted(counts, key=lambda each: (each == "all but other", each)):
        count = counts[category]
        rows.append(f"| {category} | {count['cases']} | {count['checked']} | {count['hit']} | {count['silent']} |")
    return "\n".join(rows)


if __name__ == "__main__":
    sys.exit(main())
