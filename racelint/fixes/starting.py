"""Starting a thread only when all is set that it reads."""

from __future__ import annotations

import libcst as cst

from racelint.fixes.indenting import indentation, lines
from racelint.fixes.naming import mentions
from racelint.fixes.taking import applicability
from racelint.fixes.tree import DeclinedError, Run, Tree, inside
from racelint.remedies import Fix, StartLast


def start_last(tree: Tree, remedy: StartLast) -> Fix:
    """The statement that starts, behind the last one that sets."""
    run = tree.run([remedy.start, *remedy.stores])
    moved, behind = run.statements[0], run.statements[1:]
    only = moved.body[0] if isinstance(moved, cst.SimpleStatementLine) and len(moved.body) == 1 else None
    call = only.value if isinstance(only, cst.Expr) else None
    if not behind or not isinstance(call, cst.Call) or tree.span(call) != remedy.start:
        raise DeclinedError("the start is not a statement of its own before what is set")
    if any(isinstance(each, cst.Return | cst.Yield | cst.Await | cst.Raise) for each in inside(behind, later=False)):
        raise DeclinedError("the function can be left in between")
    thread = call.func.value if isinstance(call.func, cst.Attribute) else None
    is_used = thread is not None and any(mentions(each, thread) for each in behind)
    first, last = tree.text.start(tree.span(behind[0])), tree.text.end(tree.span(behind[-1]))
    is_doubtful = any(first <= tree.text.start(each) < last for each in remedy.doubtful)
    return _moved(tree, run, is_safe=remedy.is_safe and not is_used and not is_doubtful)


def _moved(tree: Tree, run: Run, *, is_safe: bool) -> Fix:
    text, indent = tree.text, indentation(tree, run)
    first, last = lines(tree, Run(run.block, run.first, run.first))
    while first > 1 and text.line(first - 1).startswith(f"{indent}#"):
        first -= 1
    start = text.starts[first - 1]
    end = text.starts[last] if last < len(text.starts) else len(text.content)
    statement = text.content[start:end].rstrip("\r\n")
    target = lines(tree, run)[1]
    line, newline = text.line(target), text.newline(target)
    offset = text.starts[target - 1] + len(line.rstrip("\r\n"))
    edits = (text.removal(start, end), text.insertion(offset, f"{newline}{statement}"))
    return Fix(applicability(is_safe), "Start it when all is set that it reads", edits)
