"""Releasing a lock whatever happens: `with` in the place of acquire and release, `finally` where that cannot be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import libcst as cst

from racelint.facts import Span
from racelint.fixes.indenting import indentation, indented, put_under, unit_of, without_line
from racelint.fixes.taking import applicability
from racelint.fixes.tree import DeclinedError, Run, Tree, inside, is_simple, same
from racelint.remedies import Edit, Fix, UseWith

LEAVES = (cst.Return, cst.Raise, cst.Break, cst.Continue)


def use_with(tree: Tree, remedy: UseWith) -> Fix:
    """A `with` for `lock.acquire()` and `lock.release()`, or a `finally` around the release."""
    call = tree.at(remedy.acquire, cst.Call)
    if not isinstance(call.func, cst.Attribute) or not is_simple(call.func.value):
        raise DeclinedError("the lock has no simple name")
    lock = call.func.value
    found = tree.statement(remedy.acquire)
    statement = found.statements[0]
    if isinstance(statement, cst.If):
        return _finally_after_test(tree, remedy, call, lock, found)
    whole = _only_expression(statement)
    waits = isinstance(whole, cst.Await)
    if whole is None or (whole.expression if isinstance(whole, cst.Await) else whole) is not call:
        raise DeclinedError("the acquire is a part of something else")
    body, release = _until_release(found.block, found.first + 1, lock)
    edits, is_plain = _without_releases(tree, body, lock)
    is_safe = remedy.is_safe and is_plain
    name = tree.source(lock)
    if call.args:
        return _finally(tree, lock, body, release, edits, is_safe=is_safe)
    edits += [tree.replace(whole, f"{'async ' if waits else ''}with {name}:")]
    edits += indented(tree, body, tree.span(statement).end_line + 1)
    edits += [*_without_blanks(tree, statement, release), without_line(tree, release)]
    return _fix(tree, is_safe, f"Use `with {name}`", edits)


def _without_blanks(tree: Tree, acquire: cst.CSTNode, release: cst.CSTNode) -> Iterator[Edit]:
    """The edits that remove blank lines which set an acquire and a release apart from what is between them.

    Those before the release stay where nothing else sets off what follows.
    """
    text, first, last = tree.text, tree.span(acquire).end_line, tree.span(release).line
    begin = _blanks(tree, first + 1, 1)
    if begin > first + 1 and text.line(first)[tree.span(acquire).end_column - 1 :].isspace():
        yield text.removal(text.starts[first], text.starts[begin - 1])
    end, behind = _blanks(tree, last - 1, -1), tree.span(release).end_line + 1
    if end < last - 1 and (behind > len(text.starts) or text.line(behind).strip() == ""):
        yield text.removal(text.starts[end], text.starts[last - 1])


def _blanks(tree: Tree, number: int, step: int) -> int:
    """The first line from `number` on, or back from there, that has something on it."""
    while not tree.text.line(number).strip():
        number += step
    return number


def _finally_after_test(tree: Tree, remedy: UseWith, call: cst.Call, lock: cst.BaseExpression, found: Run) -> Fix:
    statement = found.statements[0]
    assert isinstance(statement, cst.If)
    test = statement.test
    if test is call and isinstance(statement.body, cst.IndentedBlock):
        body, release = _until_release(statement.body, 0, lock)
    elif isinstance(test, cst.UnaryOperation) and isinstance(test.operator, cst.Not) and test.expression is call:
        if statement.orelse is not None or not isinstance(_last(statement.body), LEAVES):
            raise DeclinedError("what is done without the lock goes on")
        body, release = _until_release(found.block, found.first + 1, lock)
    else:
        raise DeclinedError("the acquire is a part of something else")
    edits, is_plain = _without_releases(tree, body, lock)
    return _finally(tree, lock, body, release, edits, is_safe=remedy.is_safe and is_plain)


def _finally(
    tree: Tree, lock: cst.BaseExpression, body: Run, release: cst.CSTNode, edits: list[Edit], *, is_safe: bool
) -> Fix:
    start, line = tree.range(release)[0], tree.span(release).line
    header = f"finally:{tree.text.newline(line)}{indentation(tree, body)}{unit_of(tree, body)}"
    edits += [*put_under(tree, body, "try:"), tree.text.insertion(start, header)]
    return _fix(tree, is_safe, f"Release `{tree.source(lock)}` in `finally`", edits)


def _fix(tree: Tree, is_safe: bool, message: str, edits: list[Edit]) -> Fix:
    removed = [edit.span for edit in edits if not edit.text]
    kept = [edit for edit in edits if not any(_is_inside(edit.span, span) for span in removed)]
    ordered = sorted(kept, key=lambda edit: (tree.text.start(edit.span), tree.text.end(edit.span)))
    return Fix(applicability(is_safe), message, tuple(ordered))


def _is_inside(one: Span, other: Span) -> bool:
    """Whether a place lies in the midst of a span."""
    begin, end = (one.line, one.column), (one.end_line, one.end_column)
    return (other.line, other.column) < begin and end < (other.end_line, other.end_column)


def _until_release(block: cst.CSTNode, first: int, lock: cst.BaseExpression) -> tuple[Run, cst.CSTNode]:
    """The statements of a block from `first` on up to the release of the lock, and that."""
    if not isinstance(block, cst.Module | cst.IndentedBlock):
        raise DeclinedError("all stands on one line")
    for number in range(first, len(block.body)):
        if _is_call_of(_only_expression(block.body[number]), lock, "release"):
            if number == first:
                raise DeclinedError("nothing is done with the lock held")
            return Run(block, first, number - 1), block.body[number]
    raise DeclinedError("the lock is not released in the same block")


def _only_expression(statement: cst.CSTNode) -> cst.BaseExpression | None:
    """The expression that is all of a statement."""
    if isinstance(statement, cst.SimpleStatementLine) and len(statement.body) == 1:
        only = statement.body[0]
        return only.value if isinstance(only, cst.Expr) else None
    return None


def _is_call_of(node: cst.CSTNode | None, lock: cst.BaseExpression, method: str) -> bool:
    return (
        isinstance(node, cst.Call)
        and isinstance(node.func, cst.Attribute)
        and node.func.attr.value == method
        and not node.args
        and same(node.func.value, lock)
    )


def _without_releases(tree: Tree, run: Run, lock: cst.BaseExpression) -> tuple[list[Edit], bool]:
    """The edits that remove the releases before an early end; whether nothing is done between these and that end.

    Whatever else is done to the lock, or changes which one is meant, is not understood.
    """
    early = [*_early_releases(run.statements, lock)]
    calls = {release for release, _ in early}
    for node in inside(run.statements):
        if isinstance(node, cst.Attribute) and node.attr.value in ("acquire", "release") and same(node.value, lock):
            if not any(node in inside([call]) for call in calls):
                raise DeclinedError("the lock is acquired or released in between")
        elif isinstance(node, cst.AssignTarget) and any(same(each, node.target) for each in _prefixes(lock)):
            raise DeclinedError("the lock is set in between")
    return [without_line(tree, release) for release, _ in early], all(_is_plain(end) for _, end in early)


def _prefixes(node: cst.BaseExpression) -> Iterator[cst.BaseExpression]:
    yield node
    while isinstance(node, cst.Attribute):
        node = node.value
        yield node


def _early_releases(
    statements: Sequence[cst.CSTNode], lock: cst.BaseExpression
) -> Iterator[tuple[cst.CSTNode, cst.CSTNode]]:
    """Each release that stands right before a statement that leaves, with that."""
    for node in inside(statements, later=False):
        body = node.body if isinstance(node, cst.IndentedBlock) else ()
        for one, following in pairwise(body):
            if _is_call_of(_only_expression(one), lock, "release") and isinstance(_last([following]), LEAVES):
                yield one, following


def _last(body: cst.CSTNode | Sequence[cst.CSTNode]) -> cst.CSTNode | None:
    """The last simple statement of a block or a statement."""
    found = body.body if isinstance(body, cst.IndentedBlock | cst.SimpleStatementSuite) else body
    last = found[-1] if isinstance(found, Sequence) and found else None
    return last.body[-1] if isinstance(last, cst.SimpleStatementLine) else last


def _is_plain(statement: cst.CSTNode) -> bool:
    """Whether an end does nothing that could be noticed with the lock held."""
    return not any(isinstance(each, cst.Call | cst.Await | cst.Yield | cst.Subscript) for each in inside([statement]))
