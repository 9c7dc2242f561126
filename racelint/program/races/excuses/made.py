"""Part of the races stage: objects that stay as they were made, so that one is as good as another made alike; and what
is not made for a store at all."""

from __future__ import annotations

from collections.abc import Iterable

from racelint import facts
from racelint.facts import Operation
from racelint.knowledge.containers import PLAIN
from racelint.knowledge.model import SafetyKind
from racelint.knowledge.records import ENDS, RECORDS
from racelint.program.callgraph.calls import Calls
from racelint.program.callgraph.edges import passed
from racelint.program.memory.places import Access, Places
from racelint.program.races.cases.case import Case
from racelint.program.races.cases.disturbances import takes_away
from racelint.program.sequences.composites import Composite
from racelint.program.sources.source import ClassInfo, Code
from racelint.program.values.handing_back import returned
from racelint.program.values.types import Types
from racelint.program.values.values import ClassRef, Instance, LibraryObject, Value


def is_left_as_made(places: Places, calls: Calls, made: Instance, around: frozenset[int] = frozenset()) -> bool:
    """Whether nobody changes an object, or what it holds, once it is made.

    `around` are the classes of the objects that hold it.
    """
    types, cls = places.types, made.cls
    classes = {each.key: each for each in (cls, *cls.mro, *(cls.subclasses if made.site is None else ()))}
    if any(not RECORDS.issuperset(each.library_bases) for each in classes.values()):
        return False
    if has_to_be_ended(types, classes.values()):
        return False
    held = around | classes.keys()
    return all(
        _is_left(places, calls, access) and all(_is_plain(places, calls, value, held) for value in places.values(place))
        for key in classes
        for place in places.by_class.get(key, ())
        for access in places.by_place[place]
        if access.kind.writes
    )


def has_to_be_ended(types: Types, classes: Iterable[ClassInfo]) -> bool:
    """Whether one of the classes has a method by which its objects are ended."""
    return any(ref.code.name in ENDS for each in classes for ref in types.attributes.methods(each))


def _is_left(places: Places, calls: Calls, write: Access) -> bool:
    """Whether an attribute is written while its object is made, and not with what came of a call out of sight."""
    if write.code.key not in calls.constructing and write.code.function.kind not in ("class", "module"):
        return False
    made = places.dataflow(write.code).operation(write.value)
    return type(made) is not facts.Call or bool(places.types.of(write.code, write.value))


def _is_plain(places: Places, calls: Calls, value: Value, around: frozenset[int]) -> bool:
    """Whether a value that an object holds has no state of its own that is changed later."""
    if isinstance(value, Instance):
        return value.cls.key in around or is_left_as_made(places, calls, value, around)
    if not isinstance(value, LibraryObject) or value.qualname in PLAIN:
        return True
    safety = places.types.names.knowledge.safety(value.qualname)
    return safety is not None and safety.kind is SafetyKind.IMMUTABLE


def is_there_already(case: Case, sequence: Composite) -> bool:
    """Whether what is stored was there before, in a parameter or in some attribute: nothing is made for the store."""
    code, value = sequence.last.code, sequence.last.value
    if value in range(len(code.function.parameters)) and code is not sequence.code:
        edges = [each for each in case.threads.calls.calls(sequence.code) if each.site == sequence.act]
        given = [passed(each, value) for each in edges if each.callee is code]
        return bool(given) and all(each is not None and _is_no_product(case, sequence.code, each) for each in given)
    return _is_no_product(case, code, value)


def is_there_from_the_start(case: Case, sequence: Composite) -> bool:
    """Whether a variable of the module is given something where it is defined, and nothing takes that away: `primes =
    [2, 3]`. Who looks whether it is missing takes care; what others give it is something, too."""
    places, last = case.sharing.places, sequence.last
    accesses = places.by_place[case.place]
    if case.place.kind != "global" or any(takes_away(each) and not each.kind.rebinds for each in accesses):
        return False
    stores = [each for each in accesses if each.kind.rebinds and each is not last]
    first = [each for each in stores if each.code.function.kind == "module"]
    return bool(first) and not any(_may_be_nothing(case, each, each in first) for each in stores)


def _may_be_nothing(case: Case, store: Access, is_first: bool) -> bool:
    """Whether nothing may be stored: of what is defined it must be known that it is something."""
    places = case.sharing.places
    flow = places.dataflow(store.code)
    if any(flow.is_none(way) or flow.truth(way) is False or flow.is_empty(way) for way in flow.ways(store.value)):
        return True
    made = flow.operation(store.value)
    is_known = type(made) is facts.Build or any(
        isinstance(each, Instance) for each in places.types.of(store.code, store.value)
    )
    return is_first and not is_known


def _is_no_product(case: Case, code: Code, value: int) -> bool:
    """Whether a value is a parameter, what was read from an attribute that no property stands for, or an object that a
    metaclass keeps, whatever the way."""
    fetched = {each.site for each in case.threads.calls.calls(code)}

    def parts(operation: Operation | None) -> Iterable[int] | None:
        match operation:
            case None | facts.Const() | facts.LoadName():
                return ()
            case facts.LoadAttr(id=id) if id not in fetched:
                return ()
            case facts.Call(callee=callee) if _gives_kept(case.sharing.places.types, code, callee):
                return ()
            case facts.Phi(inputs=inputs) | facts.Choice(operands=inputs):
                return inputs
            case _:
                return None

    return case.sharing.places.dataflow(code).consists(value, parts)


def _gives_kept(types: Types, code: Code, callee: int) -> bool:
    """Whether a class is called whose metaclass looks up what it gives: all who call it get one and the same."""
    classes = [each.cls for each in types.of(code, callee) if isinstance(each, ClassRef)]
    return bool(classes) and all(any(_keeps(types, meta) for meta in types.names.metaclasses(cls)) for cls in classes)


def _keeps(types: Types, metaclass: ClassInfo) -> bool:
    calls = [each.code for each in types.attributes.methods(metaclass) if each.code.name == "__call__"]
    given = [code.operation(value) for code in calls for value in returned(code).values]
    return bool(given) and all(type(each) in (facts.LoadItem, facts.LoadAttr) for each in given)


def makes_empty(case: Case, store: Access) -> bool:
    """Whether a container is stored in which nothing is: `[]`, `set()`."""
    return is_empty(case, store.code, store.value)


def is_empty(case: Case, code: Code, id: int) -> bool:
    """Whether a value is made there as a container in which nothing is."""
    flow = case.sharing.places.dataflow(code)
    made = flow.operation(id)
    if type(made) is facts.Call and not made.arguments:
        return case.sharing.places.types.surely_calls(code, made, PLAIN)
    return flow.is_empty(id)
