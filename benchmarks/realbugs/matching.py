"""Whether a finding is the report that a case asks for."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from benchmarks.checking import Finding
from benchmarks.realbugs.cases import Case

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

Extent = tuple[str, int, int]
"""A function by its dotted name in its module, and its first and last line."""


def near(case: Case, findings: Sequence[Finding], path: str, source: str, *, at_lines: bool) -> list[Finding]:
    """The findings that report the bug of the case, whose file has this path and this source.

    Such a finding is of a rule that fits the kind of bug, and it names the state: the last name of its symbol is among
    the names of the state, whatever class it is on (a finding without one says it in its message); what is not about
    shared state, such as deadlocks and waits, may name the lock of the case instead.
    And the finding, or a place of its other side, is in one of the functions of the case (or nested in it), or, with
    `at_lines` (the source is that of the commit), at one of the lines of the bug. Where the file has none of the
    functions, one of the same last name counts: its class may have got another name.
    """
    extents = _wanted(case, source)
    lines = case.lines if at_lines else []
    return [each for each in findings if _fits(case, each) and _is_at(each, path, [*extents, *lines])]


def repeated(before: Sequence[Finding], after: Sequence[Finding]) -> list[Finding]:
    """Those near the case after the fix that say again what was said before: of the same kind, about the same state."""
    told = {(_kind(each), _state(each)) for each in before}
    return [each for each in after if (_kind(each), _state(each)) in told]


def _kind(finding: Finding) -> str:
    return "race" if finding.code.startswith(("RL1", "RL2")) else finding.code[:3]


def _state(finding: Finding) -> str:
    return finding.symbol.rpartition(".")[2].removesuffix("[]")


def is_there(case: Case, source: str) -> bool:
    """Whether the file has one of the functions of the case at all."""
    return bool(_wanted(case, source))


def _fits(case: Case, finding: Finding) -> bool:
    if not finding.code.startswith(FITTING[case.category]) or finding.code.startswith("RL9"):
        return False
    about = case.state if finding.code.startswith(("RL1", "RL2")) else f"{case.state} {case.lock}"
    named = [finding.symbol] if finding.symbol else re.findall(r"`([\w.]+)`", finding.message)
    words = set(re.findall(r"\w+", about))
    return any(name.rpartition(".")[2].removesuffix("[]") in words for name in named)


def _is_at(finding: Finding, path: str, lines: Sequence[tuple[int, int]]) -> bool:
    places = [(finding.path, finding.line), *((each.path, each.line) for each in finding.related if each.side)]
    return any(where == path and first <= line <= last for where, line in places for first, last in lines)


def _wanted(case: Case, source: str) -> list[tuple[int, int]]:
    """The lines of the functions of the case; none if this is not the Python of today."""
    try:
        extents = list(_functions(ast.parse(source), ""))
    except SyntaxError:
        return []
    names = {each.replace("<locals>.", "") for each in case.functions}
    exact = [(first, last) for name, first, last in extents if name in names]
    ends = {name.rpartition(".")[2] for name in names if not name.endswith("__init__")}
    return exact or [(first, last) for name, first, last in extents if name.rpartition(".")[2] in ends]


def _functions(node: ast.AST, prefix: str) -> Iterator[Extent]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            if not isinstance(child, ast.ClassDef):
                yield f"{prefix}{child.name}", child.lineno, child.end_lineno or child.lineno
            yield from _functions(child, f"{prefix}{child.name}.")
        else:
            yield from _functions(child, prefix)
