"""The pass before the walk: it finds all scopes of a file, the names bound and used in each, and what loops rebind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import libcst as cst

from racelint.extract.scopes import Scope, ScopeKind, Scopes

CHILDREN: Final[dict[type[cst.CSTNode], tuple[str, ...]]] = {
    cst.Arg: ("value",),
    cst.Attribute: ("value",),
    cst.Await: ("expression",),
    cst.BinaryOperation: ("left", "right"),
    cst.BooleanOperation: ("left", "right"),
    cst.Call: ("func", "args"),
    cst.Comparison: ("left", "comparisons"),
    cst.ComparisonTarget: ("comparator",),
    cst.ConcatenatedString: ("left", "right"),
    cst.Dict: ("elements",),
    cst.DictElement: ("key", "value"),
    cst.Element: ("value",),
    cst.FormattedString: ("parts",),
    cst.FormattedStringExpression: ("expression", "format_spec"),
    cst.From: ("item",),
    cst.IfExp: ("test", "body", "orelse"),
    cst.Index: ("value",),
    cst.List: ("elements",),
    cst.MatchOr: ("patterns",),
    cst.MatchOrElement: ("pattern",),
    cst.MatchValue: ("value",),
    cst.MatchSingleton: (),
    cst.MatchList: ("patterns",),
    cst.MatchTuple: ("patterns",),
    cst.MatchSequenceElement: ("value",),
    cst.MatchMappingElement: ("key", "pattern"),
    cst.MatchKeywordElement: ("pattern",),
    cst.MatchClass: ("cls", "patterns", "kwds"),
    cst.Set: ("elements",),
    cst.Slice: ("lower", "upper", "step"),
    cst.StarredDictElement: ("value",),
    cst.StarredElement: ("value",),
    cst.Subscript: ("value", "slice"),
    cst.SubscriptElement: ("slice",),
    cst.TemplatedString: ("parts",),
    cst.TemplatedStringExpression: ("expression", "format_spec"),
    cst.Tuple: ("elements",),
    cst.UnaryOperation: ("expression",),
    cst.Yield: ("value",),
    cst.Assert: ("test", "msg"),
    cst.Expr: ("value",),
    cst.Return: ("value",),
    cst.Raise: ("exc", "cause"),
}
"""The parts of the nodes that bind nothing, in the order of the source."""

LEAVES: Final = frozenset(
    {
        *(cst.SimpleString, cst.Integer, cst.Float, cst.Imaginary, cst.Ellipsis, cst.Pass, cst.Break, cst.Continue),
        *(cst.FormattedStringText, cst.TemplatedStringText, cst.MaybeSentinel, type(None)),
    }
)

_REVERSED: Final = {kind: fields[::-1] for kind, fields in CHILDREN.items()}


def find_scopes(module: cst.Module) -> Scopes:
    """All scopes of a module, each name of theirs resolved."""
    surveyor = Surveyor()
    surveyor.scope = surveyor.open(module, "module")
    for statement in module.body:
        surveyor.visit(statement)
    for scope in surveyor.of.values():
        scope.capture()
    return Scopes(surveyor.of, surveyor.rebound, surveyor.functions)


class Surveyor:
    """The state of the pass: the scope that is being read and the loops that are open in it."""

    __slots__ = ("function", "functions", "loops", "of", "rebound", "scope")

    def __init__(self) -> None:
        self.of: dict[cst.CSTNode, Scope] = {}
        self.rebound: dict[cst.CSTNode, tuple[str, ...]] = {}
        self.functions = 0
        self.loops: list[dict[str, None]] = []
        self.scope: Scope
        self.function: Scope

    def open(self, node: cst.CSTNode, kind: ScopeKind) -> Scope:
        """A new scope inside the present one; comprehensions share the function index of their surroundings."""
        parent = None if kind == "module" else self.scope
        if parent is not None and kind == "comprehension":
            index = parent.index
        else:
            index = self.functions
            self.functions += 1
        scope = self.of[node] = Scope(kind, parent, index)
        if kind != "comprehension":
            self.function = scope
        return scope

    def inside(self, node: cst.CSTNode, kind: ScopeKind, read: Callable[[], None]) -> None:
        """Read what `read` visits as a new function's scope."""
        outer = self.scope, self.function, self.loops
        self.scope, self.loops = self.open(node, kind), []
        read()
        self.scope, self.function, self.loops = outer

    def bind(self, name: str) -> None:
        """A binding in the function at hand; all loops open in it rebind the name."""
        self.function.bound.add(name)
        if self.loops:
            self.loops[-1][name] = None

    def visit(self, root: object) -> None:
        """Read a statement, an expression, a pattern, or any wrapper of these."""
        stack = [root]
        pop = stack.pop
        used = self.scope.used
        while stack:
            node: Any = pop()
            kind = node.__class__
            if kind is cst.Name:
                used.add(node.value)
            elif kind in _REVERSED:
                for name in _REVERSED[kind]:
                    child = getattr(node, name)
                    if child.__class__ is tuple:
                        stack.extend(child[::-1])
                    else:
                        stack.append(child)
            elif kind not in LEAVES:
                BINDERS.get(kind, _unknown)(self, node)

    def visit_all(self, nodes: Sequence[object]) -> None:
        """Read several nodes in turn."""
        for node in nodes:
            self.visit(node)

    def loop(self, node: cst.CSTNode, read: Callable[[], None]) -> None:
        """Read what `read` visits as the turns of a loop."""
        self.loops.append({})
        read()
        names = self.loops.pop()
        self.rebound[node] = tuple(names)
        if self.loops:
            self.loops[-1].update(names)

    def target(self, node: Any) -> None:
        """Read an assignment target."""
        kind = node.__class__
        if kind is cst.Name:
            self.bind(node.value)
        elif kind in (cst.Tuple, cst.List):
            for element in node.elements:
                self.target(element.value)
        elif kind is cst.StarredElement:
            self.target(node.value)
        else:
            self.visit(node)


def _unknown(surveyor: Surveyor, node: Any) -> None:
    if isinstance(node, cst.CSTNode):
        surveyor.visit_all(node.children)


def _block(surveyor: Surveyor, node: Any) -> None:
    for statement in node.body:
        surveyor.visit(statement)


def _assign(surveyor: Surveyor, node: cst.Assign) -> None:
    surveyor.visit(node.value)
    for target in node.targets:
        surveyor.target(target.target)


def _annotated(surveyor: Surveyor, node: cst.AnnAssign) -> None:
    surveyor.visit(node.value)
    surveyor.target(node.target)


def _augmented(surveyor: Surveyor, node: cst.AugAssign) -> None:
    surveyor.visit(node.target)
    surveyor.visit(node.value)
    surveyor.target(node.target)


def _named(surveyor: Surveyor, node: cst.NamedExpr) -> None:
    surveyor.visit(node.value)
    surveyor.target(node.target)


def _delete(surveyor: Surveyor, node: cst.Del) -> None:
    surveyor.visit(node.target)
    surveyor.target(node.target)


def _global(surveyor: Surveyor, node: cst.Global) -> None:
    surveyor.function.global_names.update(item.name.value for item in node.names)


def _nonlocal(surveyor: Surveyor, node: cst.Nonlocal) -> None:
    surveyor.function.nonlocal_names.update(item.name.value for item in node.names)


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


def _type_alias(surveyor: Surveyor, node: cst.TypeAlias) -> None:
    surveyor.bind(node.name.value)


def _if(surveyor: Surveyor, node: cst.If) -> None:
    branch: cst.If | cst.Else | None = node
    while isinstance(branch, cst.If):
        surveyor.visit(branch.test)
        _block(surveyor, branch.body)
        branch = branch.orelse
    if branch is not None:
        _block(surveyor, branch.body)


def _while(surveyor: Surveyor, node: cst.While) -> None:
    def turn() -> None:
        surveyor.visit(node.test)
        _block(surveyor, node.body)

    surveyor.loop(node, turn)
    if node.orelse is not None:
        _block(surveyor, node.orelse.body)


def _for(surveyor: Surveyor, node: cst.For) -> None:
    def turn() -> None:
        surveyor.target(node.target)
        _block(surveyor, node.body)

    surveyor.visit(node.iter)
    surveyor.loop(node, turn)
    if node.orelse is not None:
        _block(surveyor, node.orelse.body)


def _with(surveyor: Surveyor, node: cst.With) -> None:
    for item in node.items:
        surveyor.visit(item.item)
        if item.asname is not None:
            surveyor.target(item.asname.name)
    _block(surveyor, node.body)


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


def _match(surveyor: Surveyor, node: cst.Match) -> None:
    surveyor.visit(node.subject)
    for case in node.cases:
        surveyor.visit(case.pattern)
        surveyor.visit(case.guard)
        _block(surveyor, case.body)


def _capture(surveyor: Surveyor, node: Any) -> None:
    surveyor.visit(getattr(node, "pattern", None))
    if node.name is not None:
        surveyor.bind(node.name.value)


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


def _function(surveyor: Surveyor, node: cst.FunctionDef) -> None:
    surveyor.visit_all([decorator.decorator for decorator in node.decorators])
    names = _parameters(surveyor, node.params)
    surveyor.bind(node.name.value)

    def body() -> None:
        surveyor.scope.bound.update(names)
        _block(surveyor, node.body)

    surveyor.inside(node, "function", body)


def _lambda(surveyor: Surveyor, node: cst.Lambda) -> None:
    names = _parameters(surveyor, node.params)

    def body() -> None:
        surveyor.scope.bound.update(names)
        surveyor.visit(node.body)

    surveyor.inside(node, "lambda", body)


def _class(surveyor: Surveyor, node: cst.ClassDef) -> None:
    surveyor.visit_all([decorator.decorator for decorator in node.decorators])
    surveyor.visit_all([*node.bases, *node.keywords])
    surveyor.bind(node.name.value)
    surveyor.inside(node, "class", lambda: _block(surveyor, node.body))


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


BINDERS: Final[dict[type, Callable[[Surveyor, Any], None]]] = {
    cst.AnnAssign: _annotated,
    cst.Assign: _assign,
    cst.AugAssign: _augmented,
    cst.ClassDef: _class,
    cst.Del: _delete,
    cst.DictComp: _comprehension,
    cst.For: _for,
    cst.FunctionDef: _function,
    cst.GeneratorExp: _comprehension,
    cst.Global: _global,
    cst.If: _if,
    cst.Import: _import,
    cst.ImportFrom: _import,
    cst.IndentedBlock: _block,
    cst.Lambda: _lambda,
    cst.ListComp: _comprehension,
    cst.Match: _match,
    cst.MatchAs: _capture,
    cst.MatchMapping: _match_mapping,
    cst.MatchStar: _capture,
    cst.NamedExpr: _named,
    cst.Nonlocal: _nonlocal,
    cst.SetComp: _comprehension,
    cst.SimpleStatementLine: _block,
    cst.SimpleStatementSuite: _block,
    cst.Try: _try,
    cst.TryStar: _try,
    cst.TypeAlias: _type_alias,
    cst.While: _while,
    cst.With: _with,
}
for _name in ("LazyImport", "LazyImportFrom"):
    if hasattr(cst, _name):
        BINDERS[getattr(cst, _name)] = _import
if hasattr(cst, "StarredDictComp"):
    BINDERS[cst.StarredDictComp] = _comprehension
