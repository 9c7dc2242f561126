"""Making a lock in another way: once for all calls, or as one that may be taken again."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from racelint.fixes.indenting import indentation, without_line
from racelint.fixes.taking import applicability
from racelint.fixes.tree import DeclinedError, Run, Tree, inside, is_simple, names_in
from racelint.remedies import Edit, Fix, MakeReentrant, ShareLock


def share_lock(tree: Tree, remedy: ShareLock) -> Fix:
    """The lock in an attribute that `__init__` sets, or in a global where there is no object to keep it."""
    made = tree.at(remedy.made, cst.Call)
    function = tree.function(made)
    if made.args or not is_simple(made.func) or function is None or tree.function(function) is not None:
        raise DeclinedError("the lock is made in a way that is not understood")
    local, uses = _uses(tree, made, function)
    cls = next((each for each in tree.around(function) if isinstance(each, cst.ClassDef)), None)
    init = _constructor(cls) if cls is not None else None
    if cls is not None and (init is None or init is function or not _has_self(function)):
        init = None
    if init is not None and cls is not None:
        name = local if local.startswith("_") else f"_{local}"
        if name in names_in(cls) - ({local} if name == local else set()):
            raise DeclinedError(f"there is a `{name}` already")
        edits = [*_in_constructor(tree, init, name, made), *(tree.replace(use, f"self.{name}") for use in uses)]
    else:
        name = f"_{function.name.value.strip('_')}_{local.strip('_')}"
        if name in tree.names:
            raise DeclinedError(f"there is a `{name}` already")
        edits = [_in_module(tree, function, name, made), *(tree.replace(use, name) for use in uses)]
    kept = next((each for each in tree.around(made) if isinstance(each, cst.SimpleStatementLine)), None)
    edits += [without_line(tree, kept)] if kept is not None else []
    ordered = sorted(edits, key=lambda edit: tree.text.start(edit.span))
    return Fix(applicability(remedy.is_safe), f"Make the lock once, as `{name}`", tuple(ordered))


def _uses(tree: Tree, made: cst.Call, function: cst.FunctionDef) -> tuple[str, Sequence[cst.CSTNode]]:
    """The local name of a lock, "lock" if it has none, and where it is used."""
    parent = tree.parent(made)
    if isinstance(parent, cst.WithItem):
        if parent.asname is not None:
            raise DeclinedError("what is entered has a name")
        return "lock", [made]
    target = parent.targets[0].target if isinstance(parent, cst.Assign) and len(parent.targets) == 1 else None
    line = tree.parent(parent)
    if not isinstance(target, cst.Name) or not isinstance(line, cst.SimpleStatementLine) or len(line.body) != 1:
        raise DeclinedError("the lock is not kept in a variable of its own")
    uses = [each for each in inside([function]) if isinstance(each, cst.Name) and each.value == target.value]
    uses = [each for each in uses if each is not target]
    for use in uses:
        above = tree.parent(use)
        is_lock = isinstance(above, cst.WithItem) or (isinstance(above, cst.Attribute) and above.value is use)
        if not is_lock:
            raise DeclinedError("the lock is more than taken")
    return target.value, uses


def _constructor(cls: cst.ClassDef) -> cst.FunctionDef | None:
    body = cls.body.body if isinstance(cls.body, cst.IndentedBlock) else ()
    found = [each for each in body if isinstance(each, cst.FunctionDef) and each.name.value == "__init__"]
    return found[0] if len(found) == 1 and _has_self(found[0]) else None


def _has_self(function: cst.FunctionDef) -> bool:
    parameters = (*function.params.posonly_params, *function.params.params)
    return bool(parameters) and parameters[0].name.value == "self" and not function.decorators


def _in_constructor(tree: Tree, init: cst.FunctionDef, name: str, made: cst.Call) -> list[Edit]:
    if not isinstance(init.body, cst.IndentedBlock):
        raise DeclinedError("the constructor stands on one line")
    number = 1 if init.get_docstring() is not None and len(init.body.body) > 1 else 0
    run = Run(init.body, number, number)
    start, line = tree.range(run.statements[0])[0], tree.span(run.statements[0]).line
    text = f"self.{name} = {tree.source(made)}{tree.text.newline(line)}{indentation(tree, run)}"
    return [tree.text.insertion(start, text)]


def _in_module(tree: Tree, function: cst.FunctionDef, name: str, made: cst.Call) -> Edit:
    around = [function, *tree.around(function)]
    top = around[-2]
    first = tree.span(top).line
    decorators = top.decorators if isinstance(top, cst.FunctionDef | cst.ClassDef) else ()
    first = min([first, *(tree.span(each).line for each in decorators)])
    while first > 1 and tree.text.line(first - 1).startswith("#"):
        first -= 1
    newline = tree.text.newline(first)
    return tree.text.insertion(tree.text.starts[first - 1], f"{name} = {tree.source(made)}{newline * 3}")


def make_reentrant(tree: Tree, remedy: MakeReentrant) -> Fix:
    """`RLock` in the place of `Lock`."""
    written = [each for each in inside([tree.path(remedy.made)[-1]]) if isinstance(each, cst.Call)]
    found = [each.func for each in written if _is_lock(each.func)]
    if len(found) != 1:
        raise DeclinedError("the lock is made in a way that is not understood")
    maker = found[0]
    if isinstance(maker, cst.Name) and "RLock" not in tree.variables:
        raise DeclinedError("`RLock` is not imported")
    name = maker.attr if isinstance(maker, cst.Attribute) else maker
    return Fix(applicability(remedy.is_safe), "Make it an `RLock`", (tree.replace(name, "RLock"),))


def _is_lock(node: cst.BaseExpression) -> bool:
    named = node.attr if isinstance(node, cst.Attribute) else node
    return isinstance(named, cst.Name) and named.value == "Lock"
