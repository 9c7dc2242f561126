"""From remedies to edits: the file is parsed once, and each kind of remedy has a function that writes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

import libcst as cst

from racelint.facts import Span
from racelint.findings import Finding
from racelint.fixes.making import make_reentrant, share_lock
from racelint.fixes.ordering import take_first
from racelint.fixes.outline import Outline
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
    Remedy,
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
def last_outline(text: Text) -> Outline:
    """A text that was looked through; the last one need not be looked through again."""
    return Outline(text)


def fixes_in(
    text: Text, findings: Sequence[Finding], outlined: Callable[[Text], Outline] = Outline
) -> list[Fix | None]:
    """The same of a text that was decoded."""
    try:
        tree = Tree(outlined(text), _concerned([each.remedy for each in findings]))
    except (cst.ParserSyntaxError, RecursionError):
        return [None] * len(findings)
    return [_written(tree, finding) for finding in findings]


def _concerned(remedies: Sequence[Remedy | None]) -> list[Span] | None:
    """All places that some remedies speak of; None if one needs the rest of the file."""
    found: list[Span] = []
    pending: list[object] = [*remedies]
    while pending:
        each = pending.pop()
        if isinstance(each, ShareLock):
            return None
        if isinstance(each, Remedy):
            pending.extend(getattr(each, name) for name in each.__struct_fields__)
        elif isinstance(each, tuple):
            pending.extend(each)
        elif isinstance(each, Span):
            found.append(each)
    return found


def _written(tree: Tree, finding: Finding) -> Fix | None:
    try:
        return _fix(tree, finding)
    except (DeclinedError, ValueError, IndexError):
        return None


def _fix(tree: Tree, finding: Finding) -> Fix | None:
    if finding.remedy is None:
        return None
    fix = WRITERS[type(finding.remedy)](tree, finding.remedy)
    tree.text.edited(fix.edits)
    return fix


def why_declined(source: bytes, findings: Sequence[Finding]) -> list[str]:
    """For each finding of a file why its remedy is not written; "" if it is, or if that cannot be said."""
    try:
        tree = Tree(Outline(Text.decoded(source)), _concerned([each.remedy for each in findings]))
    except (NotWrittenError, cst.ParserSyntaxError, RecursionError):
        return [""] * len(findings)
    return [_why(tree, each) for each in findings]


def _why(tree: Tree, finding: Finding) -> str:
    try:
        _fix(tree, finding)
    except DeclinedError as error:
        return str(error)
    except (ValueError, IndexError):
        pass
    return ""
