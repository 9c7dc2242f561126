"""The state of the pass before the walk, which finds all scopes of a file; what binds names is in `bindings`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

import libcst as cst

from racelint.extract.scopes import Scope, ScopeKind

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


Binder = TypeVar("Binder", bound=Callable[["Surveyor", Any], None])
BINDERS: Final[dict[type, Callable[[Surveyor, Any], None]]] = {}


def binder(*kinds: type) -> Callable[[Binder], Binder]:
    """Register a function that reads nodes of these types, which bind names or open scopes."""

    def register(read: Binder) -> Binder:
        BINDERS.update(dict.fromkeys(kinds, read))
        return read

    return register


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
