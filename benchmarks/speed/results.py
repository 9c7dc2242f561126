"""What was measured: stored, as tables for the page, and as a picture of how time and memory grow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from benchmarks.speed.timing import Taken

FILE = Path(__file__).parent / "result.json"
PAGE = Path(__file__).parent.parent.parent / "docs" / "speed.md"
PICTURE = PAGE.with_name("speed.svg")
PARSE, PARSED, FACTS = "bare parse of all files", "bare parse of what LibCST parses", "parse and facts of the same"
ALONE, COLD, WARM, CHANGED = "racelint, 1 job", "racelint", "racelint, warm", "racelint, one line changed"


class Tree(msgspec.Struct, frozen=True):
    """A tree: how large it is, and what each command took, the median of its runs."""

    name: str
    files: int
    lines: int
    taken: dict[str, Taken]


class Size(msgspec.Struct, frozen=True):
    """A tree of some size, and what a cold check of it took."""

    lines: int
    taken: Taken


class Result(msgspec.Struct, frozen=True):
    """A run of the benchmark: where, how busy the machine was (processes that wanted to run), and what came of it."""

    python: str
    processors: int
    load: float
    sampled: int = 0
    """About so many lines of each tree were taken; 0: all."""
    trees: list[Tree] = []
    growth: list[Size] = []


def read() -> Result | None:
    """What is stored."""
    return msgspec.json.decode(FILE.read_bytes(), type=Result) if FILE.exists() else None


def write(result: Result) -> None:
    """Store a result."""
    FILE.write_bytes(msgspec.json.format(msgspec.json.encode(_rounded(result)), indent=1) + b"\n")


def _rounded(result: Result) -> Result:
    def short(taken: Taken) -> Taken:
        return msgspec.structs.replace(taken, cpu=round(taken.cpu, 2), wall=round(taken.wall, 2))

    trees = [
        msgspec.structs.replace(each, taken={name: short(taken) for name, taken in each.taken.items()})
        for each in result.trees
    ]
    growth = [msgspec.structs.replace(each, taken=short(each.taken)) for each in result.growth]
    return msgspec.structs.replace(result, trees=trees, growth=growth)


def text(result: Result) -> str:
    """The tables."""
    where = (
        f"CPython {result.python}, {result.processors} processors, "
        f"{result.load:.1f} processes of others on them on the average."
    )
    if result.sampled:
        where += f" This is a sample of about {result.sampled:,} lines of each tree: starting up is a good part of it."
    parts = [where, *(_tree(each) for each in result.trees)]
    if result.growth:
        parts.append(_growth(result.growth))
    return "\n\n".join(parts)


def _tree(tree: Tree) -> str:
    head = (
        f"{tree.name[0].upper()}{tree.name[1:]}: {tree.files:,} files, {tree.lines:,} lines\n\n"
        f"| | CPU / bare parse | time / racelint | MB |\n|---|--:|--:|--:|\n"
    )
    return head + "\n".join(_rows(tree))


def _rows(tree: Tree) -> Iterator[str]:
    parse, cold = tree.taken[PARSE], tree.taken.get(COLD)
    for name, taken in tree.taken.items():
        more = "over " if taken.limited else ""
        beside = f"{more}{taken.wall / cold.wall:.2f}" if cold else ""
        yield f"| {name} | {more}{taken.cpu / parse.cpu:.2f} | {beside} | {taken.memory:,} |"
    if PARSED in tree.taken and FACTS in tree.taken:
        ratio = tree.taken[FACTS].cpu / tree.taken[PARSED].cpu
        yield f"| *facts of what LibCST parses / their bare parse* | *{ratio:.2f}* | | |"


def _growth(growth: list[Size]) -> str:
    rows = [
        f"| {each.lines:,} | {1e6 * each.taken.cpu / each.lines:.0f} | {each.taken.memory:,} |"
        for each in growth
        if not each.taken.limited
    ]
    return (
        "![Time for each line, and memory, over the number of lines](speed.svg)\n\n"
        "| lines | CPU seconds for a million lines | MB |\n|--:|--:|--:|\n" + "\n".join(rows)
    )


def draw(growth: list[Size]) -> None:
    """Draw how time and memory grow with the number of lines."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    mpl.rcParams.update({"svg.hashsalt": "racelint", "svg.fonttype": "none"})
    figure = Figure(figsize=(7, 2.6), layout="constrained")
    lines = [each.lines for each in growth]
    for axes, label, values in (
        (figure.add_subplot(1, 2, 1), "CPU seconds", [each.taken.cpu for each in growth]),
        (figure.add_subplot(1, 2, 2), "memory, MB", [each.taken.memory for each in growth]),
    ):
        axes.loglog(lines, values, marker="o", color="#3465a4")
        axes.set_xlabel("lines")
        axes.set_title(label, fontsize=10)
        axes.grid(True, which="major", color="#dddddd")
    figure.savefig(PICTURE, metadata={"Date": None})
