"""Part of the sequences stage: updates of which one method answers with the old value, and another stores the new one.

`self.put(key, self.get(key) + 1)`
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from racelint import facts
from racelint.program.callgraph.edges import Edge, passed
from racelint.program.dataflow.dataflow import UNKNOWN
from racelint.program.dataflow.frames import outward
from racelint.program.memory.places import Access, Kind
from racelint.program.sequences.composites import Composite, Sequences, Shape
from racelint.program.sources.source import Code, span_of


def find_relayed(sequences: Sequences, code: Code) -> Iterator[Composite]:
    """The updates that a function makes by calls alone. Whoever awaits one of them is told of in another way."""
    if code.function.is_async or code.key in sequences.calls.constructing:
        return
    # a call is told of once for each object that it may be made on
    by_site = {edge.site: edge for edge in sequences.calls.sure_calls(code) if _is_plain(sequences, edge)}
    edges = sorted(by_site.values(), key=lambda edge: edge.site)
    for setting in edges:
        for store in _stores(sequences, setting.callee):
            behind = _behind(sequences, setting, store) if sequences.is_asked(code, store.place) else frozenset()
            for asking in edges if behind else ():
                is_asked = asking.site < setting.site and asking.site in behind
                first = _answered(sequences, asking, setting, store) if is_asked else None
                if first is not None:
                    ids = (asking.site, setting.site)
                    span = span_of(code, setting.site)
                    yield Composite(code, Shape.UPDATE, first, store, setting.site, span, ids)


def _is_plain(sequences: Sequences, edge: Edge) -> bool:
    """Whether the call surely runs this function alone, at once."""
    is_call = type(edge.caller.operation(edge.site)) is facts.Call and edge.callee is not edge.caller
    callees = {each.callee.key for each in sequences.edges_at(edge.caller, edge.site)}
    return is_call and not edge.callee.function.is_async and len(callees) == 1


def _stores(sequences: Sequences, code: Code) -> list[Access]:
    """The accesses by which a function stores one of its parameters, itself or under the key that is another one.

    Not where it looks first what is there: it may refuse to store what is out of date.
    """
    found = sequences.stores.get(code.key)
    if found is None:
        found = sequences.stores[code.key] = _find_stores(sequences, code)
    return found


def _find_stores(sequences: Sequences, code: Code) -> list[Access]:
    parameters = range(len(code.function.parameters))
    accesses = sequences.places.of(code)
    found = [each for each in accesses if _stored(each) in parameters and _is_keyed(each)]
    looks = [each for each in accesses if not each.kind.writes] if found else []
    return [each for each in found if all(look.place != each.place or look.id == each.load for look in looks)]


def _stored(access: Access) -> int:
    """What an access stores in a Place, or in a container there."""
    match access.code.operation(access.id):
        case facts.StoreItem(value=value) if access.method == "[]=":
            return value
        case facts.StoreAttr(value=value) | facts.StoreName(value=value) if access.kind is Kind.WRITE:
            return value
        case _:
            return facts.NOTHING


def _is_keyed(access: Access) -> bool:
    """Whether an access is of the whole, or of an item under a key that the function is given."""
    return access.key < len(access.code.function.parameters)


def _behind(sequences: Sequences, setting: Edge, store: Access) -> frozenset[int]:
    """The values of which it was made what a call gives to be stored: not one that is stored as it is."""
    flow = sequences.places.dataflow(setting.caller)
    given = passed(setting, _stored(store))
    if given is None or type(flow.operation(given)) is facts.Choice:
        return frozenset()
    return flow.origins(given) - {given}


def _answered(sequences: Sequences, asking: Edge, setting: Edge, store: Access) -> Access | None:
    """What one call answers with, if another one stores what was made of that in the same place."""
    paths = sequences.places.passed(setting.caller, setting.callee, setting.site, setting.receiver)
    base = outward(store.base, paths)
    if base == UNKNOWN:
        return None
    paths = sequences.places.passed(asking.caller, asking.callee, asking.site, asking.receiver)
    for read in _reads(sequences, asking.callee):
        if (
            read.place == store.place
            and outward(read.base, paths) == base
            and _is_one_key(sequences, asking, read, setting, store)
        ):
            return msgspec.structs.replace(read, base=base)
    return None


def _reads(sequences: Sequences, code: Code) -> list[Access]:
    """What a function answers with, and does not change itself."""
    found = sequences.reads.get(code.key)
    if found is None:
        found = sequences.reads[code.key] = list(_find_reads(sequences, code))
    return found


def _find_reads(sequences: Sequences, code: Code) -> Iterator[Access]:
    accesses, flow = sequences.places.of(code), sequences.places.dataflow(code)
    written = {each.place for each in accesses if each.kind.writes}
    for each in accesses:
        is_value = each.kind is Kind.READ or each.method in ("[]", "get")
        is_returned = is_value and any(flow.comes_from(returned, each.id) for returned in code.returns)
        if is_returned and each.place not in written and _is_keyed(each):
            yield each


def _is_one_key(sequences: Sequences, asking: Edge, read: Access, setting: Edge, store: Access) -> bool:
    """Whether both are of the whole, or of the item under one key."""
    if read.key < 0 or store.key < 0:
        return read.key < 0 and store.key < 0
    one, two = passed(asking, read.key), passed(setting, store.key)
    flow = sequences.places.dataflow(asking.caller)
    return one is not None and two is not None and flow.key(one) == flow.key(two)
