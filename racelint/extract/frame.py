"""A function under construction: its operations in order, and which value each local name has at this point."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import libcst as cst

from racelint.extract.scopes import Scope, Scopes
from racelint.facts import (
    NOTHING,
    Annotation,
    Class,
    Function,
    LoadName,
    Node,
    Operation,
    Parameter,
    Phi,
    Span,
    StoreName,
    TypeRef,
)

Environment = dict[str, int]


class Unit:
    """The file under extraction: where its nodes stand, its scopes, and the functions and classes found so far."""

    __slots__ = ("classes", "functions", "scopes", "span")

    def __init__(self, span: Callable[[cst.CSTNode], Span], scopes: Scopes) -> None:
        self.span = span
        self.scopes = scopes
        self.functions: list[Function | None] = [None] * scopes.functions
        self.classes: list[Class | None] = []


@dataclass(eq=False, slots=True)
class Turns:
    """A loop under construction: its head block, the Phis at its start, and the values where turns end."""

    phis: list[tuple[int, str, int]]
    head: list[Node]
    breaks: list[Environment]
    continues: list[Environment]


class Frame:
    """One function's state during the walk.

    `out` is the block being filled, `environment` maps each local to the id of its value, `live` is false behind a
    return, raise, break or continue. Each entry of `recorders` collects what the part of a try being walked assigns.
    """

    __slots__ = (
        "annotations",
        "cls",
        "environment",
        "is_generator",
        "kind",
        "live",
        "loops",
        "next_id",
        "out",
        "qualname",
        "recorders",
        "scope",
        "span",
        "unit",
    )

    def __init__(self, unit: Unit, scope: Scope, kind: str, qualname: str) -> None:
        self.unit = unit
        self.span = unit.span
        self.scope = scope
        self.kind = kind
        self.qualname = qualname
        self.cls = NOTHING
        self.out: list[Node] = []
        self.next_id = 0
        self.environment: Environment = {}
        self.live = True
        self.loops: list[Turns] = []
        self.recorders: list[dict[str, list[int]]] = []
        self.annotations: list[Annotation] = []
        self.is_generator = False

    def fresh(self) -> int:
        """The id of the operation that comes next."""
        identifier = self.next_id
        self.next_id = identifier + 1
        return identifier

    def add(self, operation: Operation) -> int:
        """Append an operation; its id comes back."""
        self.out.append(operation)
        return operation.id

    def open(self) -> list[Node]:
        """Begin a nested block; give what comes back to `close`."""
        outer, self.out = self.out, []
        return outer

    def close(self, outer: list[Node]) -> tuple[Node, ...]:
        """End a nested block: its nodes."""
        nodes, self.out = tuple(self.out), outer
        return nodes

    def load(self, name: str, node: cst.CSTNode) -> int:
        """Read a name."""
        identifier = self.environment.get(name)
        if identifier is not None:
            return identifier
        place = self.scope.place(name)
        if place is None:
            return NOTHING
        return self.add(LoadName(self.fresh(), self.span(node), name, *place))

    def store(
        self,
        name: str,
        value: int,
        node: cst.CSTNode,
        augmented: bool = False,
        annotation: TypeRef | None = None,
    ) -> None:
        """Bind a name; `node` is what the store's span covers."""
        place = self.scope.place(name)
        if place is None:
            self.define(name, value)
        else:
            self.add(StoreName(self.fresh(), self.span(node), name, *place, value, augmented, annotation))

    def define(self, name: str, value: int) -> None:
        """Give a local a new value."""
        self.environment[name] = value
        # The target of a comprehension is gone before anything could catch what it raises.
        if self.recorders and not (self.scope.kind == "comprehension" and name in self.scope.bound):
            self.recorders[-1].setdefault(name, []).append(value)

    def stop(self, node: Node) -> None:
        """End the path at hand with a return, raise, break or continue."""
        self.out.append(node)
        self.live = False

    def join(self, ends: list[Environment]) -> None:
        """Let the paths that end in these environments meet here; none of them: nothing gets here."""
        self.live = bool(ends)
        if not ends:
            return
        first = ends[0]
        self.environment = first
        others = [end for end in ends[1:] if end != first]
        if not others:
            return
        self.environment = joined = dict(first)
        for end in others:
            for name in end:
                joined.setdefault(name, NOTHING)
        for name, value in joined.items():
            inputs = distinct([value, *(end.get(name, NOTHING) for end in others)])
            if len(inputs) > 1:
                joined[name] = self.add(Phi(self.fresh(), name, inputs))

    def record(self) -> None:
        """Begin to collect the values that locals are given."""
        self.recorders.append({})

    def recorded(self) -> dict[str, list[int]]:
        """End the innermost collection: all values by name; what is collected outside it gets them too."""
        names = self.recorders.pop()
        if self.recorders:
            outer = self.recorders[-1]
            for name, values in names.items():
                outer.setdefault(name, []).extend(values)
        return names

    def enter_loop(self, node: cst.CSTNode) -> Turns:
        """Begin a loop's head with a Phi for each local that the loop rebinds; `out` is the head from now on."""
        self.out = []
        phis = []
        for name in self.unit.scopes.rebound[node]:
            if self.scope.place(name) is None:
                phi = Phi(self.fresh(), name, ())
                phis.append((phi.id, name, self.environment.get(name, NOTHING)))
                self.environment[name] = self.add(phi)
        return Turns(phis, self.out, [], [])

    def close_loop(self, turns: Turns) -> tuple[Node, ...]:
        """End a loop's turns (`out` is its body still): its head, whose Phis now know all their inputs."""
        if self.live:
            turns.continues.append(self.environment)
        for position, (identifier, name, entry) in enumerate(turns.phis):
            values = [entry, *(end.get(name, NOTHING) for end in turns.continues)]
            inputs = tuple(value for value in distinct(values) if value != identifier)
            turns.head[position] = Phi(identifier, name, inputs)
        return tuple(turns.head)

    def finish(
        self,
        name: str,
        span: Span,
        is_async: bool = False,
        parameters: tuple[Parameter, ...] = (),
        decorators: tuple[int, ...] = (),
        returns: TypeRef | None = None,
    ) -> None:
        """Hand the finished function to the file's facts."""
        parent = self.scope.parent
        self.unit.functions[self.scope.index] = Function(
            index=self.scope.index,
            parent=NOTHING if parent is None else parent.index,
            cls=self.cls,
            name=name,
            qualname=self.qualname,
            kind=self.kind,
            is_async=is_async,
            is_generator=self.is_generator,
            parameters=parameters,
            decorators=decorators,
            returns=returns,
            span=span,
            body=tuple(self.out),
        )

    def nested_name(self, name: str) -> str:
        """The qualified name of a function or class defined here."""
        if self.kind == "module":
            return name
        return f"{self.qualname}.{name}" if self.kind == "class" else f"{self.qualname}.<locals>.{name}"


def distinct(values: Iterable[int]) -> tuple[int, ...]:
    """The values without repetitions, in their order."""
    return tuple(dict.fromkeys(values))
