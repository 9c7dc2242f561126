"""Statements: each kind of `ast` node as the LibCST node that says the same."""

from __future__ import annotations

import ast
from typing import Any, Final

import libcst as cst

from racelint.extract.positions.twins import ALIAS, DEFINITION
from racelint.extract.translation.expressions import arguments, parameters
from racelint.extract.translation.nodes import AS_NAME, ELEMENT, NAME, TUPLE, annotation, dotted, maker
from racelint.extract.translation.tree import Translation, Untranslatable, translates

_OPERATORS: Final = {
    ast.Add: cst.AddAssign(),
    ast.Sub: cst.SubtractAssign(),
    ast.Mult: cst.MultiplyAssign(),
    ast.Div: cst.DivideAssign(),
    ast.FloorDiv: cst.FloorDivideAssign(),
    ast.Mod: cst.ModuloAssign(),
    ast.Pow: cst.PowerAssign(),
    ast.MatMult: cst.MatrixMultiplyAssign(),
    ast.LShift: cst.LeftShiftAssign(),
    ast.RShift: cst.RightShiftAssign(),
    ast.BitAnd: cst.BitAndAssign(),
    ast.BitOr: cst.BitOrAssign(),
    ast.BitXor: cst.BitXorAssign(),
}
_MODULE: Final = maker(cst.Module, "body")
_BLOCK: Final = maker(cst.IndentedBlock, "body")
_EXPRESSION: Final = maker(cst.Expr, "value")
_ASSIGN: Final = maker(cst.Assign, "targets", "value")
_TARGET: Final = maker(cst.AssignTarget, "target")
_ANNOTATED: Final = maker(cst.AnnAssign, "target", "annotation", "value")
_AUGMENTED: Final = maker(cst.AugAssign, "target", "operator", "value")
_DELETE: Final = maker(cst.Del, "target")
_RETURN: Final = maker(cst.Return, "value")
_RAISE: Final = maker(cst.Raise, "exc", "cause")
_FROM: Final = maker(cst.From, "item")
_ASSERT: Final = maker(cst.Assert, "test", "msg")
_NAME_ITEM: Final = maker(cst.NameItem, "name")
_SINGLE: Final = {ast.Pass: maker(cst.Pass), ast.Break: maker(cst.Break), ast.Continue: maker(cst.Continue)}
_NAMES: Final = {ast.Global: maker(cst.Global, "names"), ast.Nonlocal: maker(cst.Nonlocal, "names")}
_IMPORT: Final = maker(cst.Import, "names")
_IMPORT_FROM: Final = maker(cst.ImportFrom, "module", "names", "relative")
_ALIAS: Final = maker(cst.ImportAlias, "name", "asname")
_STAR: Final = maker(cst.ImportStar)
_IF: Final = maker(cst.If, "test", "body", "orelse")
_ELSE: Final = maker(cst.Else, "body")
_FINALLY: Final = maker(cst.Finally, "body")
_WHILE: Final = maker(cst.While, "test", "body", "orelse")
_FOR: Final = maker(cst.For, "target", "iter", "body", "orelse", "asynchronous")
_WITH: Final = maker(cst.With, "items", "body", "asynchronous")
_ITEM: Final = maker(cst.WithItem, "item", "asname")
_TRY: Final = maker(cst.Try, "body", "handlers", "orelse", "finalbody")
_HANDLER: Final = maker(cst.ExceptHandler, "type", "name", "body")
_FUNCTION: Final = maker(cst.FunctionDef, "decorators", "name", "params", "returns", "body", "asynchronous")
_CLASS: Final = maker(cst.ClassDef, "decorators", "name", "bases", "keywords", "body")
_DECORATOR: Final = maker(cst.Decorator, "decorator")


def block(tree: Translation, twins: list[ast.stmt]) -> Any:
    """The statements of a body."""
    return _BLOCK(tree.nodes(twins))


def _else(tree: Translation, twins: list[ast.stmt]) -> Any:
    return _ELSE(block(tree, twins)) if twins else None


@translates(ast.Module)
def module(tree: Translation, twin: ast.Module) -> Any:
    """The module itself."""
    return _MODULE(tree.nodes(twin.body))


@translates(ast.Pass, ast.Break, ast.Continue)
def _single(_tree: Translation, twin: Any) -> Any:
    return _SINGLE[twin.__class__]()


@translates(ast.Expr)
def _expression(tree: Translation, twin: ast.Expr) -> Any:
    return _EXPRESSION(tree.node(twin.value))


@translates(ast.Assign)
def _assign(tree: Translation, twin: ast.Assign) -> Any:
    return _ASSIGN(tuple([_TARGET(tree.node(target)) for target in twin.targets]), tree.node(twin.value))


@translates(ast.AnnAssign)
def _annotated(tree: Translation, twin: ast.AnnAssign) -> Any:
    return _ANNOTATED(tree.node(twin.target), annotation(tree.node(twin.annotation)), tree.optional(twin.value))


@translates(ast.AugAssign)
def _augmented(tree: Translation, twin: ast.AugAssign) -> Any:
    return _AUGMENTED(tree.node(twin.target), _OPERATORS[type(twin.op)], tree.node(twin.value))


@translates(ast.Delete)
def _delete(tree: Translation, twin: ast.Delete) -> Any:
    targets = tree.nodes(twin.targets)
    return _DELETE(targets[0] if len(targets) == 1 else TUPLE(tuple([ELEMENT(target) for target in targets])))


@translates(ast.Return)
def _return(tree: Translation, twin: ast.Return) -> Any:
    return _RETURN(tree.optional(twin.value))


@translates(ast.Raise)
def _raise(tree: Translation, twin: ast.Raise) -> Any:
    cause = None if twin.cause is None else _FROM(tree.node(twin.cause))
    return _RAISE(tree.optional(twin.exc), cause)


@translates(ast.Assert)
def _assert(tree: Translation, twin: ast.Assert) -> Any:
    return _ASSERT(tree.node(twin.test), tree.optional(twin.msg))


@translates(ast.Global, ast.Nonlocal)
def _names(_tree: Translation, twin: Any) -> Any:
    return _NAMES[twin.__class__](tuple([_NAME_ITEM(NAME(name)) for name in twin.names]))


@translates(ast.Import)
def _import(tree: Translation, twin: ast.Import) -> Any:
    return _IMPORT(tree.nodes(twin.names))


@translates(ast.ImportFrom)
def _import_from(tree: Translation, twin: ast.ImportFrom) -> Any:
    module = None if twin.module is None else dotted(twin.module)
    names: Any
    if twin.names[0].name == "*":
        names = _STAR()
        tree.twins[id(names)] = twin.names[0]
    else:
        names = tree.nodes(twin.names)
    return _IMPORT_FROM(module, names, (None,) * (twin.level or 0))


@translates(ast.alias)
def _alias(_tree: Translation, twin: ast.alias) -> Any:
    return _ALIAS(dotted(twin.name), None if twin.asname is None else AS_NAME(NAME(twin.asname)))


@translates(ast.If)
def _if(tree: Translation, twin: ast.If) -> Any:
    # Walked without recursion: chains of `elif`, which stands below its `if`, can be long.
    chain = [twin]
    while len(rest := chain[-1].orelse) == 1 and isinstance(rest[0], ast.If) and rest[0].col_offset == twin.col_offset:
        chain.append(rest[0])
    node = _else(tree, chain[-1].orelse)
    for each in reversed(chain):
        node = _IF(tree.node(each.test), block(tree, each.body), node)
        tree.twins[id(node)] = each
    return node


@translates(ast.While)
def _while(tree: Translation, twin: ast.While) -> Any:
    return _WHILE(tree.node(twin.test), block(tree, twin.body), _else(tree, twin.orelse))


@translates(ast.For, ast.AsyncFor)
def _for(tree: Translation, twin: Any) -> Any:
    asynchronous = twin.__class__ is ast.AsyncFor or None
    target, iterable = tree.node(twin.target), tree.node(twin.iter)
    return _FOR(target, iterable, block(tree, twin.body), _else(tree, twin.orelse), asynchronous)


@translates(ast.With, ast.AsyncWith)
def _with(tree: Translation, twin: Any) -> Any:
    items = [
        _ITEM(
            tree.node(item.context_expr),
            None if item.optional_vars is None else AS_NAME(tree.node(item.optional_vars)),
        )
        for item in twin.items
    ]
    return _WITH(tuple(items), block(tree, twin.body), twin.__class__ is ast.AsyncWith or None)


@translates(ast.Try, getattr(ast, "TryStar", ast.Try))
def _try(tree: Translation, twin: Any) -> Any:
    final = _FINALLY(block(tree, twin.finalbody)) if twin.finalbody else None
    return _TRY(block(tree, twin.body), tree.nodes(twin.handlers), _else(tree, twin.orelse), final)


@translates(ast.ExceptHandler)
def _handler(tree: Translation, twin: ast.ExceptHandler) -> Any:
    name = None
    if twin.name is not None:
        assert twin.type is not None
        name = NAME(twin.name)
        end = twin.type.end_lineno or 0, twin.type.end_col_offset or 0
        tree.twins[id(name)] = tree.pairs.name_after(*end, ALIAS, twin.name)
        name = AS_NAME(name)
    return _HANDLER(tree.optional(twin.type), name, block(tree, twin.body))


@translates(ast.FunctionDef, ast.AsyncFunctionDef)
def _function(tree: Translation, twin: Any) -> Any:
    return _FUNCTION(
        _decorators(tree, twin),
        _defined(tree, twin),
        parameters(tree, twin.args),
        annotation(tree.optional(twin.returns)),
        block(tree, twin.body),
        twin.__class__ is ast.AsyncFunctionDef or None,
    )


@translates(ast.ClassDef)
def _class(tree: Translation, twin: ast.ClassDef) -> Any:
    given = arguments(tree, twin.bases, twin.keywords)
    bases = given[: len(twin.bases)]
    if any(base.keyword is not None or base.star == "**" for base in bases):
        raise Untranslatable
    return _CLASS(
        _decorators(tree, twin), _defined(tree, twin), bases, given[len(twin.bases) :], block(tree, twin.body)
    )


def _decorators(tree: Translation, twin: Any) -> tuple[Any, ...]:
    return tuple([_DECORATOR(tree.node(decorator)) for decorator in twin.decorator_list])


def _defined(tree: Translation, twin: Any) -> Any:
    """The name in a definition, which `ast` tells no place of."""
    name = NAME(twin.name)
    tree.twins[id(name)] = tree.pairs.name_after(twin.lineno, twin.col_offset, DEFINITION, twin.name)
    return name
