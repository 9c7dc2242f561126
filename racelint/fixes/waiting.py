"""Testing again after a wait: `while` in the place of `if`."""

from __future__ import annotations

import libcst as cst

from racelint.fixes.taking import applicability
from racelint.fixes.tree import DeclinedError, Tree, inside
from racelint.remedies import Edit, Fix, LoopAround


def loop_around(tree: Tree, remedy: LoopAround) -> Fix:
    """The `if` around the wait as a `while`."""
    path = tree.path(remedy.wait)
    test = tree.path(remedy.test)
    found = next((each for each in reversed(path) if isinstance(each, cst.If) and each.test in test), None)
    if found is None or found.orelse is not None or not tree.is_if(found):
        raise DeclinedError("it is no `if` alone around the wait")
    if not isinstance(found.body, cst.IndentedBlock | cst.SimpleStatementSuite) or found.body.body[-1] not in path:
        raise DeclinedError("more is done after the wait")
    if any(isinstance(each, cst.Break | cst.Continue | cst.NamedExpr) for each in inside([found])):
        raise DeclinedError("a loop is left in between")
    call = tree.at(remedy.wait, cst.Call)
    is_safe = remedy.is_safe and not call.args and len(found.body.body) == 1
    start = tree.range(found)[0]
    edit = Edit(tree.text.span(start, start + len("if")), "while")
    return Fix(applicability(is_safe), "Test again after the wait", (edit,))
