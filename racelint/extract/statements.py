"""Simple statements: assignments, imports, returns and the like."""

from __future__ import annotations

from typing import Any

import libcst as cst

from racelint.extract.annotations import annotation_type
from racelint.extract.dispatch import run, statement, value
from racelint.extract.expressions import key
from racelint.extract.frame import Frame
from racelint.extract.literals import text_of
from racelint.extract.operators import AUGMENTED
from racelint.extract.targets import assign, delete
from racelint.facts import (
    NOTHING,
    Annotation,
    Branch,
    Break,
    Cast,
    Compute,
    Continue,
    Import,
    LoadAttr,
    LoadItem,
    Raise,
    Return,
    StoreAttr,
    StoreItem,
)

_SILENT = frozenset({cst.Ellipsis, cst.Integer})
"""Expressions that do nothing as a statement, as docstrings do."""


@statement(cst.SimpleStatementLine)
def _line(frame: Frame, node: cst.SimpleStatementLine) -> None:
    run(frame, node)


@statement(cst.Pass, cst.Global, cst.Nonlocal)
def _nothing(frame: Frame, node: cst.CSTNode) -> None:
    pass


@statement(cst.Expr)
def _expression(frame: Frame, node: cst.Expr) -> None:
    if type(node.value) not in _SILENT and text_of(node.value) is None:
        value(frame, node.value)


@statement(cst.Assign)
def _assign(frame: Frame, node: cst.Assign) -> None:
    assigned = value(frame, node.value)
    targets = node.targets
    single = len(targets) == 1 and not isinstance(targets[0].target, (cst.Tuple, cst.List))
    for target in targets:
        assign(frame, target.target, assigned, node if single else None)


@statement(cst.AnnAssign)
def _annotated(frame: Frame, node: cst.AnnAssign) -> None:
    annotation = annotation_type(node.annotation)
    assert annotation is not None
    target = node.target
    if isinstance(target, cst.Name) and frame.kind == "class":
        frame.annotations.append(Annotation(target.value, annotation, node.value is not None, frame.span(target)))
    assigned = NOTHING if node.value is None else value(frame, node.value)
    if isinstance(target, cst.Name) and frame.scope.place(target.value) is None:
        cast = frame.add(Cast(frame.fresh(), assigned, annotation))
        if node.value is not None:
            frame.define(target.value, assigned)
        elif target.value not in frame.environment:
            frame.define(target.value, cast)
    elif node.value is not None:
        assign(frame, target, assigned, node, annotation)
    elif isinstance(target, cst.Attribute):
        value(frame, target.value)


@statement(cst.AugAssign)
def _augmented(frame: Frame, node: cst.AugAssign) -> None:
    kind = AUGMENTED.get(type(node.operator), "?")
    target = node.target
    if isinstance(target, cst.Name):
        before = frame.load(target.value, target)
        result = _combined(frame, node, kind, before)
        frame.store(target.value, result, node, augmented=True)
    elif isinstance(target, cst.Attribute):
        base = value(frame, target.value)
        before = frame.add(LoadAttr(frame.fresh(), frame.span(target), base, target.attr.value))
        result = _combined(frame, node, kind, before)
        frame.add(StoreAttr(frame.fresh(), frame.span(node), base, target.attr.value, result, True, None))
    elif isinstance(target, cst.Subscript):
        base = value(frame, target.value)
        index = key(frame, target)
        before = frame.add(LoadItem(frame.fresh(), frame.span(target), base, index))
        result = _combined(frame, node, kind, before)
        frame.add(StoreItem(frame.fresh(), frame.span(node), base, index, result, True))


def _combined(frame: Frame, node: cst.AugAssign, kind: str, before: int) -> int:
    operand = value(frame, node.value)
    return frame.add(Compute(frame.fresh(), kind, (before, operand)))


@statement(cst.Del)
def _delete(frame: Frame, node: cst.Del) -> None:
    delete(frame, node.target)


@statement(cst.Return)
def _return(frame: Frame, node: cst.Return) -> None:
    result = NOTHING if node.value is None else value(frame, node.value)
    frame.stop(Return(frame.span(node), result))


@statement(cst.Raise)
def _raise(frame: Frame, node: cst.Raise) -> None:
    raised = NOTHING if node.exc is None else value(frame, node.exc)
    if node.cause is not None:
        value(frame, node.cause.item)
    frame.stop(Raise(frame.span(node), raised))


@statement(cst.Break)
def _break(frame: Frame, node: cst.Break) -> None:
    if frame.loops and frame.live:
        frame.loops[-1].breaks.append(dict(frame.environment))
    frame.stop(Break(frame.span(node)))


@statement(cst.Continue)
def _continue(frame: Frame, node: cst.Continue) -> None:
    if frame.loops and frame.live:
        frame.loops[-1].continues.append(dict(frame.environment))
    frame.stop(Continue(frame.span(node)))


@statement(cst.Assert)
def _assert(frame: Frame, node: cst.Assert) -> None:
    test = value(frame, node.test)
    after, live = dict(frame.environment), frame.live
    outer = frame.open()
    message = NOTHING if node.msg is None else value(frame, node.msg)
    frame.stop(Raise(frame.span(node), message))
    nodes = frame.close(outer)
    frame.out.append(Branch(frame.span(node.test), test, (), nodes))
    frame.environment, frame.live = after, live


@statement(cst.Import)
def _import(frame: Frame, node: Any) -> None:
    for alias in node.names:
        path = _dotted(alias.name)
        leaf = alias.asname is not None
        name = alias.asname.name.value if leaf else path.partition(".")[0]
        imported = frame.add(Import(frame.fresh(), frame.span(alias), path, "", 0, leaf))
        frame.store(name, imported, alias)


@statement(cst.ImportFrom)
def _import_from(frame: Frame, node: Any) -> None:
    module = "" if node.module is None else _dotted(node.module)
    level = len(node.relative)
    if isinstance(node.names, cst.ImportStar):
        frame.add(Import(frame.fresh(), frame.span(node.names), module, "*", level, False))
        return
    for alias in node.names:
        name = _dotted(alias.name)
        imported = frame.add(Import(frame.fresh(), frame.span(alias), module, name, level, False))
        frame.store(name if alias.asname is None else alias.asname.name.value, imported, alias)


def _dotted(node: cst.BaseExpression) -> str:
    parts: list[str] = []
    while isinstance(node, cst.Attribute):
        parts.append(node.attr.value)
        node = node.value
    assert isinstance(node, cst.Name)
    return ".".join([node.value, *reversed(parts)])


@statement(cst.TypeAlias)
def _type_alias(frame: Frame, node: cst.TypeAlias) -> None:
    # The value of the alias is evaluated when somebody asks for it, which is not here.
    alias = frame.add(Compute(frame.fresh(), "type", ()))
    frame.store(node.name.value, alias, node)


if hasattr(cst, "LazyImport"):
    statement(cst.LazyImport)(_import)
    statement(cst.LazyImportFrom)(_import_from)
