"""What each name of a file means: which scope binds it, who else can see it, and what each loop rebinds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import libcst as cst

from racelint.facts import NameScope

ScopeKind = Literal["module", "class", "function", "lambda", "comprehension"]
Place = tuple[NameScope, int]
"""Where a name that several functions can see lives: its scope and the index of the function that owns it."""


@dataclass(eq=False, slots=True)
class Scope:
    """One scope: the names that it binds and reads, and where each of them lives.

    `index` is the index of the function whose code it is: a comprehension has that of the function around it.
    """

    kind: ScopeKind
    parent: Scope | None
    index: int
    bound: set[str] = field(default_factory=set)
    used: set[str] = field(default_factory=set)
    global_names: set[str] = field(default_factory=set)
    nonlocal_names: set[str] = field(default_factory=set)
    captured: set[str] = field(default_factory=set)
    places: dict[str, Place | None] = field(default_factory=dict)

    def place(self, name: str) -> Place | None:
        """Where `name`, written in this scope, lives; None for a local that no other function sees."""
        try:
            return self.places[name]
        except KeyError:
            place = self.places[name] = self._find(name)
            return place

    def _find(self, name: str) -> Place | None:
        if self.parent is None or name in self.global_names:
            return "global", 0
        if name in self.bound and name not in self.nonlocal_names:
            if self.kind == "class":
                return "class", self.index
            return ("cell", self.index) if name in self.captured else None
        if self.kind == "comprehension" and self.parent.kind != "class":
            return self.parent.place(name)
        owner = self.owner_outside(name)
        return ("free", owner.index) if owner is not None else ("global", 0)

    def owner_outside(self, name: str) -> Scope | None:
        """The scope around this one whose local `name` is; None for a global."""
        scope = self.parent
        while scope is not None and scope.parent is not None:
            if scope.kind != "class":
                if name in scope.global_names:
                    return None
                if name in scope.bound and name not in scope.nonlocal_names:
                    return scope
            scope = scope.parent
        return None

    def capture(self) -> None:
        """Tell the owners of the names that this scope uses but does not bind that they are seen from here."""
        for name in self.used | self.nonlocal_names:
            if name in self.global_names or (name in self.bound and name not in self.nonlocal_names):
                continue
            owner = self.owner_outside(name)
            if owner is not None and owner.index != self.index:
                owner.captured.add(name)


@dataclass(frozen=True, slots=True)
class Scopes:
    """All scopes of a file: `of` by the node that opens them, `rebound` the names that each loop binds.

    `functions` counts the scopes that are functions of their own; their indices follow the order of the source.
    """

    of: dict[cst.CSTNode, Scope]
    rebound: dict[cst.CSTNode, tuple[str, ...]]
    functions: int
