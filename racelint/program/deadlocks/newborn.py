"""Part of the lock order stage: locks of objects that are made on the way to them, and that nobody else has yet."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from racelint import facts
from racelint.program.callgraph.edges import Edge
from racelint.program.dataflow.frames import operation_of, outward
from racelint.program.deadlocks.nesting import Nesting
from racelint.program.locking.locksets import LockSets
from racelint.program.sources.source import ClassInfo, Code
from racelint.program.values.values import Instance, Value


def is_of_new(nesting: Nesting, locksets: LockSets) -> bool:
    """Whether a caller on the way to a lock has just made the object that has it: `Store(path).connect(client)`."""
    places, base = locksets.places, nesting.acquisition.use.base
    for edge in reversed(nesting.chain):
        paths = places.passed(edge.caller, edge.callee, edge.site, edge.receiver)
        base = places.dataflow(edge.caller).shortest(outward(base, paths))
        if _is_made_here(locksets, edge, base):
            return True
    return False


def _is_made_here(locksets: LockSets, edge: Edge, base: str) -> bool:
    """Whether the caller has made an object itself and told nobody of it, or it is part of the one that is made."""
    code, types = edge.caller, locksets.places.types
    own, _, name = base.partition(".")
    if own and own == code.own_name and name and code.key in locksets.threads.calls.constructing:
        receiver = types.attributes.receiver_of(code)
        values = types.of_attribute(receiver, name) if receiver is not None and "." not in name else ()
        return _are_new(locksets, values, lambda key, _: _makes_parts(locksets, code, key))
    made = operation_of(base)
    if made == facts.NOTHING or not _are_new(locksets, types.of(code, made), lambda *site: site == (code.key, made)):
        return False
    return not any(use.id < edge.site and _tells(use, made) for use in locksets.places.dataflow(code).uses(made))


def _are_new(locksets: LockSets, values: Iterable[Value], is_here: Callable[[int, int], bool]) -> bool:
    """Whether objects are all made at such a place, and start nothing that would have them then.

    What is only known by an annotation is one of those, or none.
    """
    made = [each for each in values if not isinstance(each, Instance) or each.site]
    classes = [each.cls for each in made if isinstance(each, Instance) and each.site and is_here(*each.site)]
    return 0 < len(classes) == len(made) and not any(_starts(locksets, each) for each in classes)


def _makes_parts(locksets: LockSets, code: Code, key: int) -> bool:
    """Whether a function makes parts of the object that a constructor is making: it is one of its constructors too."""
    maker = locksets.places.types.names.sources.codes[key]
    family = {*maker.cls.mro} & {*code.cls.mro} if maker.cls is not None and code.cls is not None else ()
    return bool(family) and key in locksets.threads.calls.constructing


def _tells(use: facts.Operation, made: int) -> bool:
    """Whether somebody else is given an object: as an argument, or as part of something else than an attribute."""
    match use:
        case facts.LoadAttr() | facts.StoreAttr() | facts.Compute():
            return False
        case facts.Call(callee=callee, arguments=arguments):
            return callee != made or any(each.value == made for each in arguments)
        case _:
            return True


def _starts(locksets: LockSets, cls: ClassInfo) -> bool:
    """Whether the constructor of a class starts anything, which then has the object."""
    threads = locksets.threads
    starters = {starter for context in threads.contexts for starter, _ in context.starts}
    return any(each.cls in cls.mro and each.key in threads.calls.constructing for each in starters)
