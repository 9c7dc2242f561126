"""Which variables of a loop does a function read that is started in the loop and runs when the loop may have moved on?

A function that is made in a loop shares the loop's variables: it finds the value of the moment at which it reads, not
of the moment at which it was made or started. That is right where each turn waits for what it has started.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from racelint import facts
from racelint.facts import Node, Span
from racelint.knowledge.containers import DRAINS
from racelint.knowledge.running import BlockingOn, RunsOn, WaitFor
from racelint.knowledge.waits import END_NAMES
from racelint.program.memory.places import Place, Places
from racelint.program.sources.nodes import contains, parts, walk
from racelint.program.sources.source import Code, InCode, span_of
from racelint.program.sources.surely import surely_after
from racelint.program.values.types import Spawned
from racelint.program.values.values import (
    FunctionRef,
    Generator,
    Library,
    LibraryMethod,
    LibraryObject,
    Partial,
    Site,
    Value,
)

LATER: Final = frozenset({RunsOn.THREAD, RunsOn.POOL, RunsOn.HANDLER, RunsOn.LOOP, RunsOn.GREENLET})
"""Where a function runs later than it is started, with the same variables."""

WAITS: Final = frozenset(
    {BlockingOn.THREAD, BlockingOn.RESULT, BlockingOn.EVENT, BlockingOn.CONDITION, BlockingOn.QUEUE}
)
"""What a turn of a loop may wait for to see what it has started come to its end."""


class Variable(msgspec.Struct, frozen=True):
    """A variable that is read too late, at `read` in `reader`; the loop gives it its next value at `moves`."""

    place: Place
    reader: Code
    read: int
    moves: int


class Capture(InCode, frozen=True):
    """A start in a loop: `code` starts at `site` what reads the `variables` too late.

    `runs` is what is started; `handed_over`: it is a generator that was given along.
    """

    site: int
    runs: Code
    handed_over: bool
    variables: tuple[Variable, ...]

    @property
    def span(self) -> Span:
        """Where the start is."""
        return span_of(self.code, self.site)


def link_captures(places: Places) -> list[Capture]:
    """Find the starts in loops that read too late, in the order of the program."""
    finder = _Finder(places)
    found: dict[tuple[Site, Code], Capture] = {}
    for spawned in sorted(places.types.spawned, key=lambda each: each.site):
        # a helper may wait for what it starts
        if spawned.spawn.runs_on in LATER and spawned.by[0] == spawned.site[0]:
            for capture in finder.of(spawned):
                found.setdefault((spawned.site, capture.runs), capture)
    return list(found.values())


class _Finder:
    def __init__(self, places: Places) -> None:
        self._places = places
        self._types = places.types
        self._knowledge = places.types.names.knowledge
        self._sources = places.types.names.sources

    def of(self, spawned: Spawned) -> Iterator[Capture]:
        """The variables that one started function reads too late."""
        code, site = self._sources.codes[spawned.site[0]], spawned.site[1]
        loops = [node for node in code.controls if type(node) is facts.Loop and contains(node, site)]
        if not loops:
            return
        for runs, handed_over in self._readers(code, site, spawned.target):
            variables = [
                Variable(self._place(code, name), *read, moves)
                for name, read in self._captured(code, runs).items()
                for loop, moves in _moved_by(loops, name)
                if not self._is_shared(code, name, site, loop) and not self._waits(code, site, loop)
                if not _is_same_each_turn(code, moves, loop)
            ]
            # a function that is made in each turn counts only if that is all: what it reads itself is told as well
            told = [each for each in variables if not self._is_function(code, each.moves)] or variables
            if told:
                yield Capture(code, site, runs, handed_over, tuple(told))

    def _is_function(self, code: Code, store: int) -> bool:
        operation = code.operations[store]
        return type(operation) is facts.StoreName and type(code.operations[operation.value]) is facts.MakeFunction

    def _readers(self, code: Code, site: int, target: Value) -> Iterator[tuple[Code, bool]]:
        """The functions inside `code` that run when what is started at the site runs."""
        match target:
            case FunctionRef(code=function) if _is_inside(function, code):
                yield function, False
            case Partial(site=(key, id)):
                call = self._sources.codes[key].operations[id]
                for given in call.arguments if type(call) is facts.Call else ():
                    for value in self._types.of(self._sources.codes[key], given.value):
                        if isinstance(value, FunctionRef) and _is_inside(value.code, code):
                            yield value.code, False
            case _:
                pass
        call = code.operations[site]
        for given in call.arguments if type(call) is facts.Call else ():
            for value in self._types.of(code, given.value):
                if isinstance(value, Generator) and _is_inside(value.code, code):
                    yield value.code, True

    def _captured(self, code: Code, reader: Code) -> dict[str, tuple[Code, int]]:
        """The variables of `code` that a function inside it reads, itself or in others inside: by name, one read."""
        found: dict[str, tuple[Code, int]] = {}
        seen: set[int] = set()
        pending = [reader]
        while pending:
            function = pending.pop()
            if function.key in seen:
                continue
            seen.add(function.key)
            pending.extend(self._sources.children(function))
            for operation in function.operations:
                if type(operation) is facts.LoadName and self._is_variable_of(code, operation, function is reader):
                    found.setdefault(operation.name, (function, operation.id))
                    values = self._types.of(function, operation.id)
                    pending.extend(
                        each.code for each in values if isinstance(each, FunctionRef) and each.code.parent is code
                    )
        return found

    def _place(self, code: Code, name: str) -> Place:
        if code.function.kind == "module":
            return self._places.place("global", code.module, name)
        return self._places.place("closure", code.key, name)

    def _is_variable_of(self, code: Code, operation: facts.LoadName, own: bool) -> bool:
        if operation.scope == "global":
            return own and code.function.kind == "module"
        owner = self._sources.function(code.module, operation.owner)
        return operation.scope == "free" and owner is code

    def _is_shared(self, code: Code, name: str, site: int, loop: facts.Loop) -> bool:
        """Whether the function is meant to see changes: the turn goes on to set the variable, or a function does."""
        if any(type(each) is facts.StoreName and each.name == name and each.id > site for each in walk(loop.body)):
            return True
        inside = [each for each in self._sources.codes if each.module == code.module and _is_inside(each, code)]
        scope = "global" if code.function.kind == "module" else "free"
        return any(
            type(each) is facts.StoreName and each.name == name and each.scope == scope
            for function in inside
            for each in function.operations
        )

    # --- turns that wait ---

    def _waits(self, code: Code, site: int, loop: facts.Loop) -> bool:
        """Whether a turn of the loop waits for what it has started, or is the last one."""
        if self._waits_itself(code, site) or _leaves(loop.body, site):
            return True
        after = surely_after(code, (*loop.head, *loop.body), site)
        if any(id > site and self._is_wait(code, site, code.operations[id]) for id in after):
            return True
        around = (node for node in walk(loop.body) if type(node) is facts.With and contains(node, site))
        managers = (value for node in around for value in self._types.of(code, node.manager))
        return any(
            isinstance(value, LibraryObject) and self._knowledge.joins_on_exit(value.qualname) for value in managers
        )

    def _waits_itself(self, code: Code, site: int) -> bool:
        for value in self._types.callees.get((code.key, site), ()):
            if isinstance(value, Library | LibraryMethod):
                wait = self._knowledge.wait(value.qualname)
                if wait is not None and wait.what is WaitFor.CALL and not wait.lazy and not wait.awaited:
                    return True
        return False

    def _is_wait(self, code: Code, site: int, operation: facts.Operation | None) -> bool:
        flow = self._places.dataflow(code)
        match operation:
            case facts.Await(value=value) | facts.Element(iterable=value):
                return flow.comes_from(value, site)
            case facts.Call(callee=callee, arguments=arguments):
                values = self._types.of(code, callee)
                for called in values:
                    if isinstance(called, Library | LibraryMethod):
                        blocking = self._knowledge.blocking(called.qualname)
                        if blocking is not None and blocking.what in WAITS:
                            return True
                        if called.qualname in DRAINS and any(flow.comes_from(each.value, site) for each in arguments):
                            return True
                fetched = flow.operation(callee)
                plain = not any(each.name == "" and not flow.is_constant(each.value) for each in arguments)
                return not values and type(fetched) is facts.LoadAttr and fetched.name in END_NAMES and plain
            case _:
                return False


def _is_inside(function: Code, code: Code) -> bool:
    """Whether a function stands in another, however deep."""
    around = function.parent
    while around is not None and around is not code:
        around = around.parent
    return around is code


def _moved_by(loops: Sequence[facts.Loop], name: str) -> list[tuple[facts.Loop, int]]:
    """The innermost of some loops that gives the variable a value, and where it does; nothing if none does."""
    for loop in reversed(loops):
        for node in walk((*loop.head, *loop.body)):
            if type(node) is facts.StoreName and node.name == name:
                return [(loop, node.id)]
    return []


def _is_same_each_turn(code: Code, moves: int, loop: facts.Loop) -> bool:
    """Whether each turn gives the variable what an attribute of an object from before the loop has, unchanged."""
    store = code.operations[moves]
    fetched = code.operations[store.value] if type(store) is facts.StoreName and store.value >= 0 else None
    if type(fetched) is not facts.LoadAttr:
        return False
    name, id = fetched.name, fetched.base
    while type(base := code.operation(id)) is facts.LoadAttr:
        id = base.base
    inside = [each for each in walk((*loop.head, *loop.body)) if not isinstance(each, facts.Control)]
    is_set = any(type(each) is facts.StoreAttr and each.name == name for each in inside)
    return not is_set and not any(each.id == id for each in inside if type(each) is not facts.LoadName)


def _leaves(nodes: Sequence[Node], id: int) -> bool:
    """Whether the nodes that follow an operation leave the loop."""
    for index, node in enumerate(nodes):
        if contains(node, id):
            if any(isinstance(each, facts.Break | facts.Return | facts.Raise) for each in nodes[index:]):
                return True
            return any(_leaves(part, id) for part in parts(node))
    return False
