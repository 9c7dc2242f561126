"""What binds names and opens scopes: the pass before the walk, node by node."""

from __future__ import annotations

from typing import Any

import libcst as cst

from racelint.extract.scopes import Scope, Scopes
from racelint.extract.survey import Surveyor, binder


def find_scopes(module: cst.Module) -> Scopes:
    """All scopes of a module, each name of theirs resolved."""
    surveyor = Surveyor()
    surveyor.scope = surveyor.open(module, "module")
    for statement in module.body:
        surveyor.visit(statement)
    for scope in surveyor.of.values():
        scope.capture()
    return Scopes(surveyor.of, surveyor.rebound, surveyor.functions)


@binder(cst.IndentedBlock, cst.SimpleStatementLine, cst.SimpleStatementSuite)
def _block(surveyor: Surveyor, node: Any) -> None:
    for statement in node.body:
        surveyor.visit(statement)


@binder(cst.Assign)
def _assign(surveyor: Surveyor, node: cst.Assign) -> None:
    surveyor.visit(node.value)
    for target in node.targets:
        surveyor.target(target.target)


@binder(cst.AnnAssign)
def _annotated(surveyor: Surveyor, node: cst.AnnAssign) -> None:
    surveyor.visit(node.value)
    surveyor.target(node.target)


@binder(cst.AugAssign)
def _augmented(surveyor: Surveyor, node: cst.AugAssign) -> None:
    surveyor.visit(node.target)
    surveyor.visit(node.value)
    surveyor.target(node.target)


@binder(cst.NamedExpr)
def _named(surveyor: Surveyor, node: cst.NamedExpr) -> None:
    surveyor.visit(node.value)
    surveyor.target(node.target)


@binder(cst.Del)
def _delete(surveyor: Surveyor, node: cst.Del) -> None:
    surveyor.visit(node.target)
    surveyor.target(node.target)


@binder(cst.Global)
def _global(surveyor: Surveyor, node: cst.Global) -> None:
    surveyor.function.global_names.update(item.name.value for item in node.names)


@binder(cst.Nonlocal)
def _nonlocal(surveyor: Surveyor, node: cst.Nonlocal) -> None:
    surveyor.function.nonlocal_names.update(item.name.value for item in node.names)


@binder(cst.Import, cst.ImportFrom)
def _import(surveyor: Surveyor, node: Any) -> None:
    if isinstance(node.names, cst.ImportStar):
        return
    for alias in node.names:
        if alias.asname is not None:
            surveyor.target(alias.asname.name)
            continue
        name = alias.name
        while isinstance(name, cst.Attribute):
            name = name.value
        surveyor.bind(name.value)


@binder(cst.TypeAlias)
def _type_alias(surveyor: Surveyor, node: cst.TypeAlias) -> None:
    surveyor.bind(node.name.value)


@binder(cst.If)
def _if(surveyor: Surveyor, node: cst.If) -> None:
    branch: cst.If | cst.Else | None = node
    while isinstance(branch, cst.If):
        surveyor.visit(branch.test)
        _block(surveyor, branch.body)
        branch = branch.orelse
    if branch is not None:
        _block(surveyor, branch.body)


@binder(cst.While)
def _while(surveyor: Surveyor, node: cst.While) -> None:
    def turn() -> None:
        surveyor.visit(node.test)
        _block(surveyor, node.body)

    surveyor.loop(node, turn)
    if node.orelse is not None:
        _block(surveyor, node.orelse.body)


@binder(cst.For)
def _for(surveyor: Surveyor, node: cst.For) -> None:
    def turn() -> None:
        surveyor.target(node.target)
        _block(surveyor, node.body)

    surveyor.visit(node.iter)
    surveyor.loop(node, turn)
    if node.orelse is not None:
        _block(surveyor, node.orelse.body)


@binder(cst.With)
def _with(surveyor: Surveyor, node: cst.With) -> None:
    for item in node.items:
        surveyor.visit(item.item)
        if item.asname is not None:
            surveyor.target(item.asname.name)
    _block(surveyor, node.body)


@binder(cst.Try, cst.TryStar)
def _try(surveyor: Surveyor, node: Any) -> None:
    _block(surveyor, node.body)
    for handler in node.handlers:
        surveyor.visit(handler.type)
        if handler.name is not None:
            surveyor.target(handler.name.name)
        _block(surveyor, handler.body)
    for part in (node.orelse, node.finalbody):
        if part is not None:
            _block(surveyor, part.body)


@binder(cst.Match)
def _match(surveyor: Surveyor, node: cst.Match) -> None:
    surveyor.visit(node.subject)
    for case in node.cases:
        surveyor.visit(case.pattern)
        surveyor.visit(case.guard)
        _block(surveyor, case.body)


@binder(cst.MatchAs, cst.MatchStar)
def _capture(surveyor: Surveyor, node: Any) -> None:
    surveyor.visit(getattr(node, "pattern", None))
    if node.name is not None:
        surveyor.bind(node.name.value)


@binder(cst.MatchMapping)
def _match_mapping(surveyor: Surveyor, node: cst.MatchMapping) -> None:
    surveyor.visit_all(node.elements)
    if node.rest is not None:
        surveyor.bind(node.rest.value)


def _parameters(surveyor: Surveyor, node: cst.Parameters) -> tuple[str, ...]:
    """Read the defaults in the scope around the function and give back the names of its parameters."""
    parameters = [*node.posonly_params, *node.params, node.star_arg, *node.kwonly_params, node.star_kwarg]
    present = [parameter for parameter in parameters if isinstance(parameter, cst.Param)]
    for parameter in present:
        surveyor.visit(parameter.default)
    return tuple(parameter.name.value for parameter in present)


@binder(cst.FunctionDef)
def _function(surveyor: Surveyor, node: cst.FunctionDef) -> None:
    surveyor.visit_all([decorator.decorator for decorator in node.decorators])
    names = _parameters(surveyor, node.params)
    surveyor.bind(node.name.value)

    def body() -> None:
        surveyor.scope.bound.update(names)
        _block(surveyor, node.body)

    surveyor.inside(node, "function", body)


@binder(cst.Lambda)
def _lambda(surveyor: Surveyor, node: cst.Lambda) -> None:
    names = _parameters(surveyor, node.params)

    def body() -> None:
        surveyor.scope.bound.update(names)
        surveyor.visit(node.body)

    surveyor.inside(node, "lambda", body)


@binder(cst.ClassDef)
def _class(surveyor: Surveyor, node: cst.ClassDef) -> None:
    surveyor.visit_all([decorator.decorator for decorator in node.decorators])
    surveyor.visit_all([*node.bases, *node.keywords])
    surveyor.bind(node.name.value)
    surveyor.inside(node, "class", lambda: _block(surveyor, node.body))


@binder(cst.DictComp, cst.GeneratorExp, cst.ListComp, cst.SetComp)
def _comprehension(surveyor: Surveyor, node: Any) -> None:
    surveyor.visit(node.for_in.iter)
    outer = surveyor.scope
    surveyor.scope = scope = surveyor.open(node, "comprehension")

    def generators(clause: cst.CompFor) -> None:
        def turn() -> None:
            _comprehension_target(surveyor, scope, clause.target)
            surveyor.visit_all([condition.test for condition in clause.ifs])
            inner = clause.inner_for_in
            if inner is None:
                surveyor.visit_all([getattr(node, part) for part in ("key", "elt", "value") if hasattr(node, part)])
            else:
                surveyor.visit(inner.iter)
                generators(inner)

        surveyor.loop(clause, turn)

    generators(node.for_in)
    surveyor.scope = outer


def _comprehension_target(surveyor: Surveyor, scope: Scope, node: Any) -> None:
    kind = node.__class__
    if kind is cst.Name:
        scope.bound.add(node.value)
    elif kind in (cst.Tuple, cst.List):
        for element in node.elements:
            _comprehension_target(surveyor, scope, element.value)
    else:
        surveyor.visit(node)


if hasattr(cst, "LazyImport"):
    binder(cst.LazyImport, cst.LazyImportFrom)(_import)
if hasattr(cst, "StarredDictComp"):
    binder(cst.StarredDictComp)(_comprehension)
