"""Part of the races stage: may another thread come in between two operations of a function, with the GIL as well?

With the GIL, CPython from 3.11 on lets others run only where a function or generator starts or goes on, where a loop
turns, after a call, and inside what waits; 3.10 also at a test that does not hold, older ones and builds without the
GIL anywhere. Calls of `len`, `isinstance` and a few more are no such point once their line has run some times; in its
first runs they are, so here all calls are.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Final

from racelint import facts
from racelint.facts import Node, Operation
from racelint.knowledge.operators import TRUTH
from racelint.program.locking.guards import exclude_each_other
from racelint.program.memory.places import Access, Kind
from racelint.program.races.cases.case import Case
from racelint.program.races.excuses.excuses import can_outdate, is_excused
from racelint.program.races.kinds.operators import has_python, runs_python
from racelint.program.sequences.composites import Composite, Shape
from racelint.program.sequences.ways import between
from racelint.program.sources.source import Code, is_operation
from racelint.program.values.types import Types

POINTS: Final = (facts.Call, facts.Await, facts.Yield, facts.Import, facts.MakeClass, facts.With, facts.Loop)
"""Where others may run whatever the values are."""


def can_interleave(case: Case, sequence: Composite, others: Sequence[Composite]) -> bool:
    """Whether with the GIL others may come into a sequence, or it comes whole into what others do in several steps."""
    if sequence.shape is Shape.REPLACED:
        return any(_is_added_late(case, sequence, other) for other in case.accesses)
    if is_interruptible(case, sequence):
        return True
    if not sequence.last.kind.writes:
        return False
    held = case.protections(sequence.last)
    return _breaks_section(case, sequence) or any(
        is_interruptible(case, other)
        and can_outdate(case, other, sequence.last)
        and case.may_meet(sequence.last, other.last)
        and not is_excused(case, other)
        and not exclude_each_other(held, case.over(other))
        for other in others
        if other is not sequence
    )


def _is_added_late(case: Case, sequence: Composite, other: Access) -> bool:
    """Whether others may come in between where a container is fetched and where something is added to it."""
    types = case.sharing.places.types
    return can_outdate(case, sequence, other) and may_switch(types, other.code, other.load, other.id)


def is_interruptible(case: Case, sequence: Composite) -> bool:
    """Whether others may come into a sequence; a part of it that lies behind a call always leaves room for them."""
    code, (first, last) = sequence.code, _ends(sequence)
    own = sequence.first.code is code and sequence.last.code is code
    return not own or first == last or may_switch(case.sharing.places.types, code, first, last)


def _ends(sequence: Composite) -> tuple[int, int]:
    """The operations between which nobody may come: of `x[i()] += 1`, what reads the item, not what finds it."""
    operations, last = sequence.code.operations, max(sequence.between)
    match operations[sequence.act]:
        case facts.StoreItem(augmented=True, value=value):
            made = operations[value]
            return (made.operands[0] if type(made) is facts.Compute else min(sequence.between)), last
        case _:
            return min(sequence.between), last


def _breaks_section(case: Case, sequence: Composite) -> bool:
    """Whether its end may come into a critical section in which others look at the Place more than once."""
    held = case.protections(sequence.last)
    for one, other in itertools.pairwise(case.accesses):
        if one.code is other.code and not exclude_each_other(held, case.protections(other)):
            same = case.locksets.in_one_section(one.code, one.id, other.id, exclusive=True)
            if same and may_switch(case.sharing.places.types, one.code, one.id, other.id):
                return True
    return False


def are_read_at_once(case: Case) -> bool:
    """Whether the Place is only read right behind a write in the same function, before others can come in."""
    types = case.sharing.places.types
    writes = [access for access in case.accesses if access.kind is Kind.WRITE]
    return all(
        any(
            write.code is read.code
            and write.base == read.base
            and write.id < read.id
            and not may_switch(types, read.code, write.id, read.id)
            for write in writes
        )
        for read in case.accesses
        if not read.kind.writes
    )


def may_switch(types: Types, code: Code, first: int, last: int) -> bool:
    """Whether others may come in after the operation `first` is done and before `last` has stored, taken or read.

    Where `last` only follows in another turn of a loop they may.
    """
    nodes = between(code, first, last)
    return (
        nodes is None
        or _is_point(types, code, _operation(code, first))
        or _starts_late(types, code, _operation(code, last))
        or any(_is_point(types, code, node) for node in nodes)
    )


def _operation(code: Code, id: int) -> Operation | None:
    return code.operation(id)


def _is_point(types: Types, code: Code, node: Node | None) -> bool:
    match node:
        case facts.Branch(test=test):
            return has_python(types, code, [test], TRUTH)
        case facts.MakeFunction(function=function):
            return bool(types.names.sources.modules[code.module].facts.functions[function].decorators)
        case _ if isinstance(node, POINTS):
            return True
        case _:
            return is_operation(node) and runs_python(types, code, node)


def _starts_late(types: Types, code: Code, act: Operation | None) -> bool:
    """Whether an operation does its work in a function in Python, at whose start others may come in."""
    return act is not None and (type(act) is facts.Await or runs_python(types, code, act))
