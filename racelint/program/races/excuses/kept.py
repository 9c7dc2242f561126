"""Part of the races stage: containers that nobody changes once they are kept, so that another made alike is as good."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from racelint import facts
from racelint.facts import Operation
from racelint.knowledge.containers import CHANGES, PLAIN, SNAPSHOTS
from racelint.knowledge.model import SafetyKind
from racelint.knowledge.repeating import ANSWERS, FETCHES, TEXTS
from racelint.program.callgraph.edges import passed
from racelint.program.dataflow.dataflow import Dataflow
from racelint.program.memory.places import Access, Kind
from racelint.program.races.cases.case import Case
from racelint.program.races.excuses.made import is_empty, is_left_as_made
from racelint.program.sequences.composites import Composite
from racelint.program.sources.branching import conditions
from racelint.program.sources.source import Code
from racelint.program.values.types import Types
from racelint.program.values.values import Instance, Library, LibraryObject, Value

DEPTH: Final = 3
"""How many calls far a container is followed."""


def stays_as_made(case: Case, store: Access) -> bool:
    """Whether a container is stored of which nobody changes anything from then on, nor hands it out of sight.

    What is in it must be known, and alike as well: no locks, nor objects of the program.
    """
    types = case.sharing.places.types
    values = types.of(store.code, store.value)
    sites = [each.site for each in values if isinstance(each, LibraryObject) and each.qualname in PLAIN]
    if not sites or len(sites) < len(values):
        return False
    held = [each for site in sites if site is not None for each in types.elements(site)]
    if None in sites or any(_is_its_own(case, each) for each in held) or not _is_known(case, store):
        return False
    return all(_leaves_it(case, access) for access in case.accesses if access is not store)


def is_left_alone(case: Case, store: Access) -> bool:
    """Whether containers are stored that were filled before, and that nobody is seen to change where they are kept.

    What is in them must not be known to be another one each time.
    """
    code, types = store.code, case.sharing.places.types
    values = types.of(code, store.value)
    plain = [each for each in values if isinstance(each, LibraryObject) and each.qualname in PLAIN]
    if not plain or len(plain) < len(values) or not _comes_filled(case, store):
        return False
    if any(may_differ(case, each) for value in plain for each in _within(types, value)):
        return False
    return not any(_changes(case, each) for each in case.accesses if each is not store)


def _within(types: Types, value: LibraryObject, depth: int = DEPTH) -> Iterator[Value]:
    """What is in a container, and in those that are in it."""
    for each in types.elements(value.site) if value.site is not None else ():
        yield each
        if depth and isinstance(each, LibraryObject):
            yield from _within(types, each, depth - 1)


def may_differ(case: Case, value: Value) -> bool:
    """Whether what is in a container may be another one each time that it is made, or become so."""
    if isinstance(value, Instance):
        return not is_left_as_made(case.sharing.places, case.threads.calls, value)
    return _is_its_own(case, value) and not (isinstance(value, LibraryObject) and value.qualname in PLAIN)


def _comes_filled(case: Case, store: Access) -> bool:
    """Whether a container is given by a call, or is a table with entries, if it is not just what was there before:
    `table = table or read()`; a list that is written down may be there to be added to."""
    flow = case.sharing.places.dataflow(store.code)
    before = {each.id for each in case.accesses if each.code is store.code and not each.kind.writes}
    ways = [way for way in flow.ways(store.value) if way not in before]
    return bool(ways) and all(_is_table(case, store.code, way) for way in map(flow.operation, ways))


def _is_table(case: Case, code: Code, made: Operation | None) -> bool:
    types = case.sharing.places.types
    if type(made) is facts.Call:
        return not types.surely_calls(code, made, PLAIN) or _is_made_of_answers(case, code, made)
    if type(made) is not facts.Build or made.kind != "dict" or not made.items:
        return False
    behind = case.sharing.places.dataflow(code).behind(made.id)
    calls = [each for each in behind if type(each) is facts.Call]
    return all(types.of(code, each.id) or types.surely_calls(code, each, ANSWERS | FETCHES) for each in calls)


def _is_made_of_answers(case: Case, code: Code, made: facts.Call) -> bool:
    """Whether a container is a copy of what was there, or of what functions say that leave all as it was."""
    types = case.sharing.places.types
    calls = [each for each in case.sharing.places.dataflow(code).behind(made.id) if type(each) is facts.Call]
    if not made.arguments or any(is_empty(case, code, each.value) for each in made.arguments):
        return False
    return all(
        types.surely_calls(code, each, ANSWERS | FETCHES) or _is_plain_method(case, code, each) for each in calls
    )


def _is_plain_method(case: Case, code: Code, call: facts.Call) -> bool:
    """Whether a container is asked for another one: `known.union(found)`."""
    method = code.fetched(call)
    values = case.sharing.places.types.of(code, method.base) if type(method) is facts.LoadAttr else ()
    plain = (isinstance(each, LibraryObject) and each.qualname in PLAIN for each in values)
    return bool(values) and all(plain) and type(method) is facts.LoadAttr and method.name not in CHANGES


def _changes(case: Case, access: Access) -> bool:
    """Whether an access changes what a container holds, or who gets that from it does."""
    in_place = access.kind in (Kind.UPDATE, Kind.MUTATE, Kind.ITEM_UPDATE)
    return in_place or is_changed(case, access.code, access.id)


def are_items_changed(case: Case) -> bool:
    """Whether an item is changed where it is kept, or by who gets it."""
    used = (each for each in case.accesses if each.kind not in (Kind.READ, Kind.WRITE))
    return any(each.kind is Kind.ITEM_UPDATE or is_changed(case, each.code, each.id) for each in used)


def are_parts_changed(case: Case, access: Access) -> bool:
    """Whether what is in a container is changed by who takes it out: of the container itself, or of what gives that."""
    is_taken = access.kind not in (Kind.READ, Kind.WRITE)
    return (is_taken and is_changed(case, access.code, access.id)) or _is_taken_to_change(case, access.code, access.id)


def _is_taken_to_change(case: Case, code: Code, id: int, depth: int = DEPTH) -> bool:
    if depth < 0:
        return False
    edges = case.threads.calls.callers(code) if id in code.returns else ()
    if any(_is_taken_to_change(case, edge.caller, edge.site, depth - 1) for edge in edges):
        return True
    uses = case.sharing.places.dataflow(code).uses(id)
    return any(type(use) is facts.LoadItem and is_changed(case, code, use.id) for use in uses)


def is_changed(case: Case, code: Code, id: int, depth: int = DEPTH) -> bool:
    """Whether a function that has a container or an object, or one that gets it back, changes what that holds.

    Who it is lent to by a call is not followed.
    """
    if depth < 0:
        return False
    edges = case.threads.calls.callers(code) if id in code.returns else ()
    if any(is_changed(case, edge.caller, edge.site, depth - 1) for edge in edges):
        return True
    for use in case.sharing.places.dataflow(code).uses(id):
        match use:
            case facts.StoreItem() | facts.DeleteItem():
                return True
            case facts.StoreAttr(base=base) if base == id:
                return True
            case facts.LoadAttr(name=name) if name in CHANGES:
                return True
            case facts.Choice() | facts.Phi() if is_changed(case, code, use.id, depth - 1):
                return True
            case _:
                pass
    return False


def is_put_in_form(case: Case, sequence: Composite) -> bool:
    """`if not isinstance(self.names, list): self.names = self.names.split()`: whoever does it makes the same of it.

    Nobody else stores there, and it is of that kind from then on.
    """
    store, code = sequence.last, sequence.code
    if (
        store.code is not code
        or not store.kind.rebinds
        or any(each.kind.rebinds and each is not store for each in case.accesses)
    ):
        return False
    flow, types = case.sharing.places.dataflow(code), case.sharing.places.types
    reads = {each.id for each in case.accesses if each.code is code and each.kind is Kind.READ}
    if len(reads) != 1 or not all(id in reads or _is_of_text(flow, id) for id in flow.sources(store.value)):
        return False
    made = {each.qualname for each in types.of(code, store.value) if isinstance(each, LibraryObject)}
    tests = (flow.operation(test) for test, truth in conditions(code, store.id) if not truth)
    asked = [test for test in tests if types.surely_calls(code, test, ("isinstance",))]
    return any(
        type(test) is facts.Call
        and len(test.arguments) > 1
        and test.arguments[0].value in reads
        and {each.qualname for each in types.of(code, test.arguments[1].value) if isinstance(each, Library)} == made
        for test in asked
    ) and stays_as_made(case, store)


def _is_of_text(flow: Dataflow, id: int) -> bool:
    """Whether what is read is a method of text."""
    method = flow.operation(id)
    return type(method) is facts.LoadAttr and method.name in TEXTS


def _is_known(case: Case, store: Access) -> bool:
    """Whether it is known of each call of which a value has come what that gives, or at least that it is text."""
    code, types = store.code, case.sharing.places.types
    for made in case.sharing.places.dataflow(code).behind(store.value):
        method = code.fetched(made)
        is_text = type(method) is facts.LoadAttr and method.name in TEXTS
        if type(made) is facts.Call and not is_text and not types.of(code, made.id):
            return False
    return True


def _is_its_own(case: Case, value: Value) -> bool:
    """Whether two objects made alike are not the same to who has one of them."""
    if not isinstance(value, LibraryObject):
        return isinstance(value, Instance)
    safety = case.sharing.places.types.names.knowledge.safety(value.qualname)
    return safety is None or safety.kind is not SafetyKind.IMMUTABLE


def _leaves_it(case: Case, access: Access) -> bool:
    if access.kind is Kind.READ:
        return _is_only_looked_at(case, access.code, access.id, DEPTH)
    return access.kind in (Kind.WRITE, Kind.DELETE) or not access.kind.writes


def _is_only_looked_at(case: Case, code: Code, id: int, depth: int) -> bool:
    """Whether a function, those that it gives a container and those that get it back do no more than look into it."""
    if depth < 0:
        return False
    if id in code.returns:
        edges = case.threads.calls.callers(code)
        if not edges or not all(_is_only_looked_at(case, each.caller, each.site, depth - 1) for each in edges):
            return False
    for use in case.sharing.places.dataflow(code).uses(id):
        match use:
            case facts.Compute() | facts.Element() | facts.LoadItem() | facts.Unpack():
                pass
            case facts.LoadAttr(name=name) if name not in CHANGES:
                pass
            case facts.Choice() | facts.Phi() if _is_only_looked_at(case, code, use.id, depth - 1):
                pass
            case facts.Call() if _is_lent_to_look(case, code, use, id, depth):
                pass
            case _:
                return False
    return True


def _is_lent_to_look(case: Case, code: Code, call: facts.Call, given: int, depth: int) -> bool:
    """Whether a call gives a container to nobody but who only looks into it."""
    if case.sharing.places.types.surely_calls(code, call, ANSWERS | SNAPSHOTS):
        return True
    edges = [edge for edge in case.threads.calls.sure_calls(code) if edge.site == call.id]
    return bool(edges) and all(
        _is_only_looked_at(case, edge.callee, parameter, depth - 1)
        for edge in edges
        for parameter in range(len(edge.callee.function.parameters))
        if passed(edge, parameter) == given
    )
