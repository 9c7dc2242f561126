"""Holding a lock over statements, and testing again under one that is held too late."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

import libcst as cst

from racelint.facts import Span
from racelint.fixes.indenting import indented, lines, put_under, unit_of
from racelint.fixes.tree import DeclinedError, Run, Tree, inside, is_simple, same
from racelint.remedies import Applicability, Edit, Fix, TakeLock, TestAgain

SUSPENDS = (cst.Await, cst.Yield, cst.Asynchronous)
DEFINES = (cst.FunctionDef, cst.ClassDef)


def take_lock(tree: Tree, remedy: TakeLock) -> Fix:
    """The statements under `with lock:`."""
    run = tree.run(remedy.spans)
    _require_plain(tree, run, remedy.taking)
    is_safe = remedy.is_safe and not _has_any(tree, run, remedy.doubtful)
    is_safe &= not any(isinstance(each, cst.While) for each in inside(run.statements))
    require_same_object(tree, run, remedy.lock, remedy.holder)
    edits = _held_over(tree, run, remedy.lock)
    return Fix(applicability(is_safe), f"Hold `{remedy.lock}` here", tuple(edits))


def _held_over(tree: Tree, run: Run, lock: str) -> list[Edit]:
    """The edits for one `with` over statements: one that ends before them goes on, one in their midst is dissolved."""
    text, block = tree.text, run.block.body
    before = next((block[number] for number in (run.first, run.first - 1) if _holds(tree, run, number, lock)), None)
    if before is None:
        edits = put_under(tree, run, f"with {lock}:")
    else:
        run = Run(run.block, run.first + (before is block[run.first]), run.last)
        edits = indented(tree, run, tree.span(before).end_line + 1)
    for number in range(run.first, run.last + 1):
        if _holds(tree, run, number, lock):
            header, end = tree.span(block[number]).line, lines(tree, Run(run.block, number, number))[1]
            edits = [each for each in edits if not header <= each.span.line <= end]
            edits.append(text.removal(text.starts[header - 1], text.starts[header]))
    return sorted(edits, key=lambda edit: text.start(edit.span))


def _holds(tree: Tree, run: Run, number: int, lock: str) -> bool:
    """Whether a statement of the block is a `with` over this lock alone, indented as one that a fix would write."""
    node = run.block.body[number] if 0 <= number <= run.last else None
    if not isinstance(node, cst.With) or node.asynchronous or len(node.items) != 1 or node.items[0].asname:
        return False
    body, line = node.body, tree.text.line(tree.span(node).line)
    is_alike = isinstance(body, cst.IndentedBlock) and unit_of(tree, Run(body, 0, 0)) == unit_of(tree, run)
    return is_alike and line.strip() == f"with {lock}:"


def applicability(is_safe: bool) -> Applicability:
    """The word for it."""
    return "safe" if is_safe else "unsafe"


def _require_plain(tree: Tree, run: Run, taking: Sequence[Span]) -> None:
    """Make sure that the statements can stand under a lock at all."""
    for node in inside(run.statements):
        if isinstance(node, SUSPENDS):
            raise DeclinedError("it is suspended in between")
        if isinstance(node, DEFINES):
            raise DeclinedError("a function or class is defined in between")
    if _has_any(tree, run, taking):
        raise DeclinedError("the lock is taken in between")


def _has_any(tree: Tree, run: Run, spans: Iterable[Span]) -> bool:
    first, last = tree.range(run.statements[0])[0], tree.range(run.statements[-1])[1]
    return any(first <= tree.text.start(span) < last for span in spans)


def require_same_object(tree: Tree, run: Run, lock: str, holder: str) -> None:
    """Make sure that an expression means there what it means at the beginning of the function."""
    function = tree.function(run.statements[0])
    root = (holder or lock).partition(".")[0]
    own = {each.name.value for each in _parameters(function.params)} if function is not None else set()
    set_there = {*_stores(function)} if function is not None else set()
    if root in set_there or (not holder and root in own):
        raise DeclinedError(f"`{root}` is another one in the function")
    require_steady(run.statements[0] if function is None else function, lock)


def require_steady(around: cst.CSTNode, lock: str) -> None:
    """Make sure that nothing by which a lock is reached is set in a node."""
    names = [cst.parse_expression(".".join(parts)) for parts in accumulate([each] for each in lock.split("."))]
    for node in inside([around]):
        if isinstance(node, cst.AssignTarget) and any(same(node.target, name) for name in names):
            raise DeclinedError("another lock is set there")


def _parameters(parameters: cst.Parameters) -> Iterable[cst.Param]:
    more = [each for each in (parameters.star_arg, parameters.star_kwarg) if isinstance(each, cst.Param)]
    return (*parameters.posonly_params, *parameters.params, *parameters.kwonly_params, *more)


def _stores(function: cst.FunctionDef) -> Iterator[str]:
    """The variables that a function sets: no fewer than it does."""
    nodes = [*inside([function.body], later=False)]
    shared = {item.name.value for node in nodes if isinstance(node, cst.Global | cst.Nonlocal) for item in node.names}
    for node in nodes:
        match node:
            case cst.AssignTarget(target=bound) | cst.AugAssign(target=bound) | cst.AnnAssign(target=bound):
                found = _bound(bound)
            case (
                cst.For(target=bound) | cst.CompFor(target=bound) | cst.NamedExpr(target=bound) | cst.AsName(name=bound)
            ):
                found = _bound(bound)
            case cst.FunctionDef(name=bound) | cst.ClassDef(name=bound) | cst.ImportAlias(name=bound):
                found = _bound(bound)
            case cst.MatchAs(name=cst.Name() as bound) | cst.MatchStar(name=cst.Name() as bound):
                found = _bound(bound)
            case _:
                continue
        yield from (each.value for each in found if each.value not in shared)


def _bound(target: cst.CSTNode) -> Iterator[cst.Name]:
    if isinstance(target, cst.Name):
        yield target
    elif isinstance(target, cst.Tuple | cst.List):
        for element in target.elements:
            yield from _bound(element.value)


def test_again(tree: Tree, remedy: TestAgain) -> Fix:
    """The test once more, as the first thing in the `with` that is all that stands behind it."""
    header = next((each for each in reversed(tree.path(remedy.test)) if isinstance(each, cst.If)), None)
    if header is None or tree.span(header.test) != remedy.test or header.orelse is not None:
        raise DeclinedError("the test is not that of an `if` alone")
    body = header.body
    held = body.body[0] if isinstance(body, cst.IndentedBlock) and len(body.body) == 1 else None
    if not isinstance(held, cst.With) or not isinstance(held.body, cst.IndentedBlock) or held.asynchronous:
        raise DeclinedError("what stands behind the test is not a `with` alone")
    if remedy.test.line != remedy.test.end_line or not all(is_simple(item.item) for item in held.items):
        raise DeclinedError("the test has several lines, or more than a lock is entered")
    if any(isinstance(each, cst.NamedExpr | cst.Await) for each in inside([header.test])):
        raise DeclinedError("the test sets a variable, or waits")
    if held not in tree.path(remedy.act):
        raise DeclinedError("what is made is not made in the `with`")
    run = Run(held.body, 0, len(held.body.body) - 1)
    test = tree.source(header.test)
    edits = put_under(tree, run, f"if {test}:")
    return Fix(applicability(remedy.is_safe), f"Test `{test}` again under the lock", tuple(edits))
