"""How code can write the lock that the program uses for some state, and what speaks against taking it there."""

from __future__ import annotations

import re
from collections.abc import Iterator

from racelint import facts
from racelint.facts import Span
from racelint.knowledge.model import LockDomain, LockKind
from racelint.program import Program
from racelint.program.callgraph.edges import Edge
from racelint.program.dataflow.frames import as_written, outward
from racelint.program.locking.guards import Guard
from racelint.program.locking.locks import HANDED, LockKey
from racelint.program.races.kinds.race import Race
from racelint.program.sources.source import ClassInfo, Code, span_of
from racelint.program.values.values import Instance, Library, LibraryMethod, Value

DEPTH = 3
"""How many calls deep it is looked whether a function only computes."""

CALM = frozenset(
    {"bool", "dict", "float", "frozenset", "id", "int", "isinstance", "len", "list", "range", "set", "str", "tuple"}
    | {"collections.OrderedDict", "collections.defaultdict", "collections.deque", "queue.Queue"}
    | {"time.monotonic", "time.perf_counter", "time.time"}
)
"""Functions and classes of libraries that neither wait nor run code of others."""

TAKEN_BY_WITH = frozenset({LockKind.MUTEX, LockKind.REENTRANT, LockKind.CONDITION})
PATH = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")


def lock_here(program: Program, race: Race, guard: Guard) -> tuple[str, str] | None:
    """By which expression the guard is reached ("" by none), and the lock itself, as the race's code can write them."""
    lock = guard.lock
    if lock.kind not in TAKEN_BY_WITH or lock.domain is LockDomain.TASK or lock.is_semaphore:
        return None
    if lock.kind is not LockKind.REENTRANT and _may_be_held(program, race.code, lock.key):
        return None
    kind, owner, name = lock.key
    if guard.relation == "global":
        shared = _shared(program, race.code, kind, owner, name)
        return ("", shared) if shared else None
    base = _base(program, race)
    if base is None or kind != "attribute":
        return None
    path, handed, other_name = guard.relation.partition(HANDED)
    if guard.relation != "own" and not guard.relation.startswith("."):
        return None
    cls = program.sources.classes[owner]
    if not handed and guard.relation == "own" and not _has(race, base, cls):
        return None
    name = other_name if handed else name
    is_private = name.startswith("__") and not name.endswith("__")
    if is_private and race.code.cls is not cls:
        return None
    holder = base if guard.relation == "own" else base + path
    return (holder, f"{holder}.{name}") if PATH.fullmatch(holder) else None


def _shared(program: Program, code: Code, kind: str, owner: int, name: str) -> str:
    """A lock that all objects share as the code names it; "" if it has no name there."""
    if kind == "global":
        return name if owner == code.module else ""
    if kind == "class":
        cls = program.sources.classes[owner]
        at_top = cls.parent.function.kind == "module" and cls.module == code.module
        return f"{cls.facts.name}.{name}" if at_top and not name.startswith("__") else ""
    around: Code | None = code
    while kind == "closure" and around is not None:
        if around.key == owner:
            return name
        around = around.parent
    return ""


def _base(program: Program, race: Race) -> str | None:
    """The object whose state it is, as the race's code names it: `self`."""
    own = [each for each in (race.access, race.first) if each is not None and each.code is race.code]
    if own:
        return _spelled(own[0].base)
    for edge in _edges_at(program, race.code, race.span):
        if edge.callee is race.access.code:
            paths = program.places.passed(race.code, edge.callee, edge.site, edge.receiver)
            return _spelled(outward(race.access.base, paths))
    return None


def _spelled(path: str) -> str | None:
    name = as_written(path)
    return name if PATH.fullmatch(name) else None


def _edges_at(program: Program, code: Code, span: Span) -> list[Edge]:
    return [edge for edge in program.calls.calls(code) if span_of(code, edge.site) == span]


def _has(race: Race, base: str, cls: ClassInfo) -> bool:
    """Whether the object at a path is one of the class that has the lock."""
    code = race.code
    if code.cls is not None and base and base == code.own_name:
        return cls is code.cls or cls in code.cls.mro
    known: tuple[Value, ...] = race.access.bases if race.access.code is code else ()
    return bool(known) and all(isinstance(each, Instance) and cls in (each.cls, *each.cls.mro) for each in known)


# --- what speaks against it ---


def _may_be_held(program: Program, code: Code, key: LockKey) -> bool:
    """Whether somebody who comes to the function may hold the lock already."""
    seen: set[int] = set()
    pending = [code]
    while pending:
        each = pending.pop()
        holding = program.locksets.holdings.get(each.key)
        acquisitions = holding.acquisitions.values() if holding is not None and each is code else ()
        if any(taken.explicit and taken.use.lock.key == key for taken in acquisitions):
            return True
        for edge in program.calls.callers(each):
            if any(use.lock.key == key for use in program.locksets.held(edge.caller, edge.site)):
                return True
            if edge.caller.key not in seen:
                seen.add(edge.caller.key)
                pending.append(edge.caller)
    return False


def taking(program: Program, code: Code, key: LockKey) -> Iterator[Span]:
    """Where the function takes the lock, itself or by what it calls."""
    holding = program.locksets.holdings.get(code.key)
    for taken in holding.acquisitions.values() if holding is not None else ():
        if taken.use.lock.key == key:
            yield taken.span
    for edge in program.calls.calls(code):
        below = program.lockorder.taken.get(edge.callee.key, {})
        if any(use.lock.key == key for use in below):
            yield span_of(code, edge.site)


def runs_others(program: Program, key: LockKey) -> bool:
    """Whether code of which nobody knows what it does, or that may wait, is run anywhere with a lock held.

    Such code may come back to the place that is about to take the lock, or keep it waiting for as long as it likes.
    """
    return any(
        type(each) is facts.Call
        and any(use.lock.key == key for use in program.locksets.held(code, each.id))
        and not _is_calm(program, code, each, DEPTH)
        for code in {each.code for each in program.locksets.acquisitions() if each.use.lock.key == key}
        for each in code.operations
    )


def doubtful(program: Program, code: Code) -> Iterator[Span]:
    """The calls of a function that may wait, or run code of which nobody knows what it does."""
    for operation in code.operations:
        match operation:
            case facts.Await() | facts.Yield():
                yield operation.span
            case facts.Call() if not _is_calm(program, code, operation, DEPTH):
                yield operation.span
            case _:
                pass


def _is_calm(program: Program, code: Code, call: facts.Call, depth: int) -> bool:
    edges = [edge for edge in program.calls.calls(code) if edge.site == call.id]
    callees = [*program.types.of(code, call.callee)] if call.callee >= 0 else []
    libraries = [each for each in callees if isinstance(each, Library | LibraryMethod)]
    if not (edges or libraries) or not all(_is_calm_library(program, each) for each in libraries):
        return False
    return all(depth > 0 and _only_computes(program, edge.callee, depth - 1) for edge in edges)


def _is_calm_library(program: Program, callee: Library | LibraryMethod) -> bool:
    owner, _, method = callee.qualname.rpartition(".")
    knowledge = program.types.names.knowledge
    if isinstance(callee, LibraryMethod):
        return owner in ("str", "bytes") or (
            knowledge.effect(owner, method) is not None and knowledge.blocking(callee.qualname) is None
        )
    makes_lock = knowledge.is_class(callee.qualname) and knowledge.lock(callee.qualname) is not None
    return callee.qualname in CALM or makes_lock


def _only_computes(program: Program, code: Code, depth: int) -> bool:
    if code.key in program.locksets.holdings and program.locksets.holdings[code.key].acquisitions:
        return False
    return not code.function.is_async and all(
        _is_calm(program, code, each, depth) for each in code.operations if type(each) is facts.Call
    )
