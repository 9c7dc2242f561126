"""Part of the sequences stage: what is replaced first, and then judged by what was there before.

`was, self.state = self.state, READY` and `if was != READY: tell()`: of two at once both find the old state, and tell.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from racelint import facts
from racelint.facts import Node
from racelint.knowledge.logs import TELLS
from racelint.program.memory.places import Access, Kind
from racelint.program.sequences.composites import Composite, Sequences, Shape
from racelint.program.sequences.exclusive import Exclusive
from racelint.program.sequences.ways import between
from racelint.program.sources.nodes import walk
from racelint.program.sources.source import Code


def find_replacing(sequences: Sequences, code: Code) -> Iterator[Composite]:
    """The sequences of a function that replace what they have read, and act on the difference afterwards."""
    stores = [
        each for each in sequences.places.of(code) if each.kind is Kind.WRITE and sequences.is_asked(code, each.place)
    ]
    if not stores or code.key in sequences.calls.constructing:
        return
    flow = sequences.places.dataflow(code)
    exclusive = Exclusive(flow)
    for store in stores:
        if not _is_named(code, store.value):
            continue
        reads = _read_before(sequences, code, store)
        for test in _tests_behind(code, store) if reads else ():
            sources = flow.sources(test.test)
            read = next((each for each in reads if each.id in sources), None)
            if read is not None and not exclusive.exclude(store.id, test.test):
                ids = (read.id, store.id)
                yield Composite(code, Shape.CHECK, read, store, store.id, read.span, ids, ())
                break


def _is_named(code: Code, id: int) -> bool:
    """Whether a value is a literal, or has a name of its own: one of the states that there are.

    Where None is put in the place of something, that was there to be taken.
    """
    match code.operation(id):
        case facts.Const(kind=kind):
            return kind != "none"
        case facts.LoadName(scope=scope):
            return scope == "global"
        case facts.LoadAttr(base=base):
            return _is_named(code, base)
        case _:
            return False


def _tests_behind(code: Code, store: Access) -> Iterator[facts.Branch]:
    """The tests that a run comes to from the store, and that lead to something that others get to know."""
    for node in code.controls:
        if type(node) is not facts.Branch or node.test <= store.id:
            continue
        acts = _acts(code, node.body) or _acts(code, node.orelse)
        if acts and between(code, store.id, node.test) is not None:
            yield node


def _read_before(sequences: Sequences, code: Code, store: Access) -> list[Access]:
    """The reads of what the store replaces from which a run comes straight to it, the nearest first.

    Where more is done in between, the old state is remembered for other reasons than to know who has replaced it.
    """
    reads = [
        each
        for each in sequences.places.of(code)
        if each.place is store.place and each.base == store.base and each.kind is Kind.READ and each.id < store.id
    ]
    return [each for each in reversed(reads) if _is_straight(code, each.id, store.id)]


def _is_straight(code: Code, first: int, last: int) -> bool:
    """Whether nothing is called between two operations."""
    steps = between(code, first, last)
    return steps is not None and not any(type(each) is facts.Call for each in steps)


def _acts(code: Code, body: Sequence[Node]) -> bool:
    """Whether a body calls something, and not only to tell of it."""
    fetched = [code.fetched(node) for node in walk(body) if type(node) is facts.Call and node.callee >= 0]
    return any(type(each) is not facts.LoadAttr or each.name not in TELLS for each in fetched)
