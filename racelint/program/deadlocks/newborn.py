"""Part of the lock order stage: locks of objects that are made on the way to them, and that nobody else has yet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from racelint import facts
from racelint.knowledge.containers import GIVES_ELEMENT, KEEPS
from racelint.program.callgraph.calls import constructs
from racelint.program.callgraph.edges import Edge
from racelint.program.dataflow.dataflow import Dataflow
from racelint.program.dataflow.frames import operation_of, outward
from racelint.program.deadlocks.nesting import Nesting
from racelint.program.locking.locksets import LockSets
from racelint.program.sources.source import ClassInfo, Code
from racelint.program.values.values import Instance, Value

KEEPS_IT: Final = GIVES_ELEMENT | KEEPS
"""Methods of others who have what they are given from then on."""

OWN: Final = 0
"""The value of the object on which a method is called: its first parameter."""


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
    if any(use.id < edge.site and _tells(use, made) for use in locksets.places.dataflow(code).uses(made)):
        return False
    return not any(_gives_itself_away(locksets, each) for each in _called_before(locksets, edge, made))


def _called_before(locksets: LockSets, edge: Edge, made: int) -> Iterator[Code]:
    """The methods that the caller has called on the object till then."""
    for each in locksets.threads.calls.sure_calls(edge.caller):
        fetched = edge.caller.fetched(edge.caller.operation(each.site))
        if each.site < edge.site and type(fetched) is facts.LoadAttr and fetched.base == made:
            yield each.callee


def _are_new(locksets: LockSets, values: Iterable[Value], is_here: Callable[[int, int], bool]) -> bool:
    """Whether objects are all made at such a place, and their constructors start nothing and tell nobody of them.

    What is only known by an annotation is one of those, or none.
    """
    made = [each for each in values if not isinstance(each, Instance) or each.site]
    classes = [each.cls for each in made if isinstance(each, Instance) and each.site and is_here(*each.site)]
    return 0 < len(classes) == len(made) and not any(_is_known_at_once(locksets, each) for each in classes)


def _makes_parts(locksets: LockSets, code: Code, key: int) -> bool:
    """Whether a function makes parts of the object that a constructor is making: it is one of its constructors too."""
    maker = locksets.places.types.names.sources.codes[key]
    family = {*maker.cls.mro} & {*code.cls.mro} if maker.cls is not None and code.cls is not None else ()
    return bool(family) and key in locksets.threads.calls.constructing


def _tells(use: facts.Operation, made: int) -> bool:
    """Whether somebody else is given an object: as an argument, or as part of something else."""
    match use:
        case facts.LoadAttr() | facts.Compute():
            return False
        case facts.StoreAttr(base=base, value=value):
            return value == made != base
        case facts.Call(callee=callee, arguments=arguments):
            return callee != made or any(each.value == made for each in arguments)
        case _:
            return True


def _is_known_at_once(locksets: LockSets, cls: ClassInfo) -> bool:
    """Whether the constructor of a class starts anything, which then has the object, or gives that away itself."""
    threads = locksets.threads
    starters = {starter for context in threads.contexts for starter, _ in context.starts}
    if any(each.cls in cls.mro and each.key in threads.calls.constructing for each in starters):
        return True
    methods = threads.calls.types.attributes.all_methods(cls)
    return any(constructs(each) and _gives_itself_away(locksets, each) for each in methods)


def _gives_itself_away(locksets: LockSets, code: Code) -> bool:
    """Whether a method puts its object where others find it: `everybody.append(self)`, `current = self`."""
    flow = locksets.places.dataflow(code)
    return any(_puts_elsewhere(code, flow, use) for use in (flow.uses(OWN) if code.own_name else ()))


def _puts_elsewhere(code: Code, flow: Dataflow, use: facts.Operation) -> bool:
    """Whether an operation stores the object of a method in what is not part of it, or adds it there."""
    match use:
        case facts.StoreName():
            return use.scope == "global"
        case facts.StoreItem(base=base) | facts.StoreAttr(base=base):
            return use.value == OWN and not flow.comes_from(base, OWN)
        case facts.Call(arguments=arguments):
            fetched = code.fetched(use)
            if type(fetched) is not facts.LoadAttr or fetched.name not in KEEPS_IT:
                return False
            return any(each.value == OWN for each in arguments) and not flow.comes_from(fetched.base, OWN)
        case _:
            return False
