"""From remedies to edits: the file is parsed once, and each kind of remedy has a function that writes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

import libcst as cst

from racelint.findings import Finding
from racelint.fixes.making import make_reentrant, share_lock
from racelint.fixes.ordering import take_first
from racelint.fixes.reading import iterate_copy, read_once
from racelint.fixes.releasing import use_with
from racelint.fixes.single_calls import use_pop, use_setdefault
from racelint.fixes.starting import start_last
from racelint.fixes.taking import take_lock, test_again
from racelint.fixes.texts import Text
from racelint.fixes.tree import DeclinedError, Tree
from racelint.fixes.waiting import loop_around
from racelint.remedies import (
    Fix,
    IterateCopy,
    LoopAround,
    MakeReentrant,
    ReadOnce,
    ShareLock,
    StartLast,
    TakeFirst,
    TakeLock,
    TestAgain,
    UsePop,
    UseSetdefault,
    UseWith,
)
from racelint.rewriting import NotWrittenError

WRITERS: Final[Mapping[type, Callable[[Tree, Any], Fix]]] = {
    TakeLock: take_lock,
    TestAgain: test_again,
    UseWith: use_with,
    LoopAround: loop_around,
    UseSetdefault: use_setdefault,
    UsePop: use_pop,
    IterateCopy: iterate_copy,
    ReadOnce: read_once,
    StartLast: start_last,
    ShareLock: share_lock,
    MakeReentrant: make_reentrant,
    TakeFirst: take_first,
}


def written(source: bytes, findings: Sequence[Finding]) -> list[Fix | None]:
    """The fix of each finding of a file, None where there is none."""
    try:
        return fixes_in(Text.decoded(source), findings)
    except NotWrittenError:
        return [None] * len(findings)


@lru_cache(maxsize=1)
def last_tree(text: Text) -> Tree:
    """A text that was parsed; the last one need not be parsed again."""
    return Tree(text)


def fixes_in(text: Text, findings: Sequence[Finding], parse: Callable[[Text], Tree] = Tree) -> list[Fix | None]:
    """The same of a text that was decoded."""
    try:
        tree = parse(text)
    except (cst.ParserSyntaxError, RecursionError):
        return [None] * len(findings)
    return [_written(tree, finding) for finding in findings]


def _written(tree: Tree, finding: Finding) -> Fix | None:
    if finding.remedy is None:
        return None
    try:
        fix = WRITERS[type(finding.remedy)](tree, finding.remedy)
        tree.text.edited(fix.edits)
    except (DeclinedError, ValueError, IndexError):
        return None
    return fix
