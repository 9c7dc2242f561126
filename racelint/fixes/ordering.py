"""Taking two locks in the other order: both at once, where the first one was taken."""

from __future__ import annotations

import libcst as cst

from racelint.fixes.indenting import in_strings, indentation, lines, unit_of
from racelint.fixes.taking import applicability, require_steady
from racelint.fixes.tree import DeclinedError, Run, Tree, inside, is_simple
from racelint.remedies import Edit, Fix, TakeFirst


def take_first(tree: Tree, remedy: TakeFirst) -> Fix:
    """`with inner, outer:` in the place of `with inner:` in a `with outer:`."""
    inner = next((each for each in reversed(tree.path(remedy.inner)) if isinstance(each, cst.With)), None)
    block = tree.parent(inner) if inner is not None else None
    outer = tree.parent(block) if isinstance(block, cst.IndentedBlock) else None
    if inner is None or not isinstance(outer, cst.With) or not isinstance(block, cst.IndentedBlock):
        raise DeclinedError("the one `with` does not stand in the other")
    first, second = _lock(inner), _lock(outer)
    if any(isinstance(each, cst.Yield | cst.Await) for each in inside([outer])):
        raise DeclinedError("it is suspended with the locks held")
    require_steady(outer, tree.source(first))
    both = f"{tree.source(first)}, {tree.source(second)}"
    edits = (tree.replace(second, both), *_opened(tree, inner))
    return Fix(applicability(remedy.is_safe), f"Take `{tree.source(first)}` first", edits)


def _lock(statement: cst.With) -> cst.BaseExpression:
    """The one lock that a `with` takes."""
    item = statement.items[0]
    if len(statement.items) != 1 or item.asname is not None or not is_simple(item.item) or statement.asynchronous:
        raise DeclinedError("more than one lock is taken")
    return item.item


def _opened(tree: Tree, statement: cst.With) -> list[Edit]:
    """The edits that take away a `with` from around its statements."""
    if not isinstance(statement.body, cst.IndentedBlock):
        raise DeclinedError("it stands on one line")
    text, run = tree.text, Run(statement.body, 0, len(statement.body.body) - 1)
    around = tree.statement(tree.span(statement.items[0]))
    line, last = tree.span(statement).line, lines(tree, around)[1]
    if "#" in text.line(line) or tree.span(statement.items[0]).end_line != line:
        raise DeclinedError("a comment stands at the `with`")
    edits = [text.removal(text.starts[line - 1], text.starts[line])]
    unit, indent = unit_of(tree, run), indentation(tree, run)
    inner = {number for node in run.statements for number in in_strings(tree, node)}
    for number in range(line + 1, last + 1):
        row = text.line(number)
        if number not in inner and row.startswith(indent):
            start = text.starts[number - 1] + len(indent) - len(unit)
            edits.append(text.removal(start, start + len(unit)))
    return edits
