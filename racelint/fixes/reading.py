"""Reading once what others may change: a copy to iterate over, a local variable in the place of a second read."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from racelint.facts import Span
from racelint.fixes.indenting import indentation, unit_of
from racelint.fixes.naming import new_variable
from racelint.fixes.taking import applicability, require_same_object, take_lock
from racelint.fixes.tree import LATER, DeclinedError, Run, Tree, inside, is_simple, same
from racelint.remedies import Edit, Fix, IterateCopy, ReadOnce, TakeLock

VIEWS = frozenset({"items", "keys", "values"})
SETS = (cst.AssignTarget, cst.AugAssign, cst.AnnAssign, cst.For, cst.Del)


def iterate_copy(tree: Tree, remedy: IterateCopy) -> Fix:
    """`list(...)` of what is iterated, made under the lock if there is one."""
    iterated = _iterated(tree, remedy.iterated)
    text = f"list({tree.source(iterated)})"
    if remedy.lock is None:
        return Fix(applicability(remedy.is_safe), "Iterate over a copy", (tree.replace(iterated, text),))
    run = tree.statement(remedy.iterated)
    loop = run.statements[0]
    if not isinstance(loop, cst.For) or loop.iter not in (iterated, *tree.around(iterated)):
        return take_lock(tree, remedy.lock)
    if isinstance(run.block, cst.SimpleStatementSuite) or loop.asynchronous is not None:
        raise DeclinedError("the loop is not one of its own")
    return _copied_first(tree, remedy.lock, run, iterated, text)


def _copied_first(tree: Tree, lock: TakeLock, run: Run, iterated: cst.BaseExpression, text: str) -> Fix:
    require_same_object(tree, run, lock.lock, lock.holder)
    view = iterated.func if isinstance(iterated, cst.Call) else None
    name = new_variable(tree, view.value if isinstance(view, cst.Attribute) else iterated)
    indent, newline = indentation(tree, run), tree.text.newline(tree.span(run.statements[0]).line)
    start = tree.range(run.statements[0])[0]
    lines = (f"with {lock.lock}:", f"{indent}{unit_of(tree, run)}{name} = {text}", indent)
    edits = (tree.text.insertion(start, newline.join(lines)), tree.replace(iterated, name))
    return Fix(applicability(lock.is_safe), f"Iterate over a copy that is made under `{lock.lock}`", edits)


def _iterated(tree: Tree, span: Span) -> cst.BaseExpression:
    """The expression that stands for the container: `self.jobs`, `self.jobs.items()`, also inside of a call."""
    for node in inside([_expression(tree, span)]):
        if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute) and node.func.attr.value in VIEWS:
            if not node.args and is_simple(node.func.value):
                return node
        elif isinstance(node, cst.Attribute | cst.Name) and is_simple(node) and _is_value(node, tree.parent(node)):
            return node
    raise DeclinedError("what is iterated has no name")


def _is_value(node: cst.BaseExpression, parent: cst.CSTNode | None) -> bool:
    """Whether a name stands for a value by itself: not that of what is called, of an attribute or of an argument."""
    match parent:
        case cst.Call(func=name) | cst.Attribute(attr=name) | cst.Arg(keyword=name):
            return name is not node
        case _:
            return True


def _expression(tree: Tree, span: Span) -> cst.BaseExpression:
    for node in tree.path(span):
        if isinstance(node, cst.BaseExpression) and tree.span(node) == span:
            return node
    raise DeclinedError("what is written there was not expected")


def read_once(tree: Tree, remedy: ReadOnce) -> Fix:
    """A local variable that is set before, and stands for the reads after that."""
    read, again = (_expression(tree, span) for span in (remedy.first, remedy.second))
    if not is_simple(read) or not same(read, again):
        raise DeclinedError("the two reads are written in different ways")
    run = tree.run([remedy.first, remedy.second])
    first = run.statements[0]
    if isinstance(run.block, cst.SimpleStatementSuite) or not _comes_first(tree, first, remedy.first):
        raise DeclinedError("the first read is not the first thing that is done there")
    end = min((tree.text.start(each) for each in remedy.changing if _follows(remedy.first, each)), default=None)
    end = min((each for each in (end, _first_store(tree, run, read)) if each is not None), default=None)
    reads = [each for each in _reads(tree, run, read) if end is None or tree.range(each)[0] < end]
    if remedy.second not in map(tree.span, reads):
        raise DeclinedError("it is set in between")
    message = f"Read `{tree.source(read)}` once"
    name = _kept_in(tree, run, read)
    if name is not None:
        edits = [tree.replace(each, name) for each in reads if each is not read]
        return Fix(applicability(remedy.is_safe), message, _in_order(tree, edits))
    name = new_variable(tree, read)
    newline = tree.text.newline(tree.span(first).line)
    begin = tree.text.insertion(tree.range(first)[0], f"{name} = {tree.source(read)}{newline}{indentation(tree, run)}")
    return Fix(
        applicability(remedy.is_safe), message, (begin, *_in_order(tree, [tree.replace(each, name) for each in reads]))
    )


def _in_order(tree: Tree, edits: list[Edit]) -> tuple[Edit, ...]:
    return tuple(sorted(edits, key=lambda edit: tree.text.start(edit.span)))


def _kept_in(tree: Tree, run: Run, read: cst.BaseExpression) -> str | None:
    """The local variable that the first statement is there to fill with what is read, if it keeps that."""
    first = run.statements[0]
    assign = first.body[0] if isinstance(first, cst.SimpleStatementLine) else None
    if not isinstance(assign, cst.Assign) or assign.value is not read or len(assign.targets) != 1:
        return None
    target, function = assign.targets[0].target, tree.function(first)
    if not isinstance(target, cst.Name) or function is None:
        return None
    is_shared = any(isinstance(each, cst.NameItem) and same(each.name, target) for each in inside([function.body]))
    if is_shared or _first_store(tree, Run(run.block, run.first + 1, run.last), target) is not None:
        return None
    return target.value


def _follows(first: Span, other: Span) -> bool:
    return (first.line, first.column) <= (other.line, other.column)


def _comes_first(tree: Tree, statement: cst.CSTNode, read: Span) -> bool:
    """Whether a read is made once, and first of all, when a statement runs: in a simple one, or the test of an `if`."""
    if isinstance(statement, cst.If):
        return statement.test in tree.path(read)
    return isinstance(statement, cst.SimpleStatementLine) and len(statement.body) == 1


def _reads(tree: Tree, run: Run, read: cst.BaseExpression) -> Iterator[cst.BaseExpression]:
    for node in inside(run.statements, later=False):
        if isinstance(node, type(read)) and same(node, read) and not isinstance(tree.parent(node), (*SETS, *LATER)):
            yield node


def _first_store(tree: Tree, run: Run, read: cst.BaseExpression) -> int | None:
    """Where the expression, or what it is reached by, is set for the first time."""
    names = {read.value} if isinstance(read, cst.Name) else set()
    found = []
    for node in inside(run.statements):
        targets = [node.target] if isinstance(node, SETS) else [node.name] if isinstance(node, cst.AsName) else []
        for target in targets:
            for each in inside([target]):
                is_read = isinstance(each, cst.BaseExpression) and any(same(each, part) for part in _prefixes(read))
                if is_read and not _is_reached_by(tree, each, target):
                    found.append(tree.range(node)[0])
    return min(found, default=None) if names or found else None


def _is_reached_by(tree: Tree, node: cst.CSTNode, target: cst.CSTNode) -> bool:
    """Whether a node is only the object whose attribute or item is set."""
    if node is target:
        return False
    parent = tree.parent(node)
    return isinstance(parent, cst.Attribute | cst.Subscript)


def _prefixes(node: cst.BaseExpression) -> Iterator[cst.BaseExpression]:
    yield node
    while isinstance(node, cst.Attribute):
        node = node.value
        yield node
