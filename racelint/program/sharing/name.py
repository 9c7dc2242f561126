"""Part of the sharing stage: the name of an object, by the way on which a context comes to it."""

from __future__ import annotations

from typing import Final, NamedTuple, TypeGuard

from racelint import facts
from racelint.program.dataflow.frames import split_path
from racelint.program.sources.source import Code
from racelint.program.values.types import Types
from racelint.program.values.values import ModuleRef

Root = tuple[str, int, str]
"""Where a name begins: ("self", class key, ""), ("made", code key, "id by context"), ("global", module, name), or
("class", class key, name) of what a class has for all its objects."""

MODULES: Final = 3
"""So many modules deep a variable is looked for."""

FOR_ALL: Final = frozenset({"global", "class"})
"""Roots of what there is once, whoever looks."""


class Made(NamedTuple):
    """Operation `id` of the function with the key `code`, as the context with the number `context` runs it."""

    code: int
    id: int
    context: int


def made_root(code: int, id: int, context: int) -> Root:
    """The root of what an operation of a function makes, by the function's key and the number of the context."""
    return "made", code, f"{id} by {context}"


def made_at(root: Root) -> Made | None:
    """What has made the object at a root; None if it is known in another way."""
    kind, code, text = root
    id, _, context = text.partition(" by ")
    return Made(code, int(id), int(context)) if kind == "made" and id.isdigit() else None


class Name(NamedTuple):
    """An object by the way to it: a root and the attributes from there, as `.pool.stats`.

    What a container holds is `.jobs[]`, and there may be many of it; `.jobs['first']` under a literal key is one.
    """

    root: Root
    path: str

    @property
    def is_item(self) -> bool:
        """Whether it is one of many in a container, or belongs to one."""
        return "[]" in self.path


NameSet = dict[Name, None]
Bindings = dict[int, dict[str, NameSet]]


def owners(methods: NameSet, code: Code) -> NameSet:
    """The names of the objects of bound methods that are named: those of `code`, which is such a method."""
    end = f".{code.name}"
    return {Name(each.root, each.path.removesuffix(end)): None for each in methods if each.path.endswith(end)}


def stores_cell(operation: facts.Operation | None, name: str) -> TypeGuard[facts.StoreName]:
    """Whether an operation stores a closure variable of this name."""
    return type(operation) is facts.StoreName and operation.name == name and operation.scope == "cell"


def by_global(types: Types, module: int, variable: str, rest: str) -> Name | None:
    """The name of what is reached over a variable of a module, under which another module may be: `state.registry`.

    What is imported goes by the name of the variable that it is imported from. None for what is none of the program.
    """
    for _ in range(MODULES):
        target = types.names.variable(module, variable)
        if not isinstance(target, tuple):
            return None
        module, variable = types.names.home(target)
        held = list(types.of_global(module, variable))
        if len(held) != 1 or not isinstance(held[0], ModuleRef) or rest[:1] != ".":
            break
        step, left = split_path(rest[1:])
        inner = types.names.member(held[0].module, step)
        if not isinstance(inner, tuple):
            break
        module, variable, rest = *inner, left
    return Name(("global", module, variable), rest)
