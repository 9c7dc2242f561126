"""Part of the races stage: what shows that others come to a sequence, where no lock guards its Place."""

from __future__ import annotations

from racelint import facts
from racelint.knowledge.containers import GIVES_ELEMENT, INSERTS
from racelint.program.locking.holding import Acquisition
from racelint.program.memory.places import Access, Kind
from racelint.program.races.cases.case import Case
from racelint.program.races.cases.insiders import is_insider
from racelint.program.races.excuses.memos import makes_object
from racelint.program.sequences.composites import Composite, Shape
from racelint.program.sharing.beliefs import FOR_ALL, is_thread
from racelint.program.sharing.slots import is_drawn
from racelint.program.sources.source import Code


def shown_beside(case: Case, sequence: Composite) -> Acquisition | Access | None:
    """What shows that others come here, where the Place has no guard: a lock beside it, or the item of a thread."""
    first, last, beliefs = sequence.first, sequence.last, case.sharing.beliefs
    if case.has_guard or sequence.shape not in (Shape.UPDATE, Shape.CHECK, Shape.LAZY):
        return None
    if not case.is_reached(sequence.code):
        return None
    if is_drawn(last) and (slot := beliefs.of_keys(case.place)) is not None:
        return slot if is_insider(case, first) else None
    if case.place.kind not in FOR_ALL:
        found = beliefs.of_container(first, last) if first.code is last.code else None
        if found is None and (sequence.shape is Shape.UPDATE or _is_made_here(case, sequence)):
            found = beliefs.of_object(sequence.code, first, last)
        if found is None and _starts_worker(case, sequence):
            found = beliefs.of_class(sequence.code)
        return found if is_insider(case, first) else None
    if sequence.shape is not Shape.UPDATE and case.is_constant(last):
        # what is done once by such a flag is mostly right when it is done twice
        return None
    own = beliefs.of_function(sequence.code)
    if own is None and sequence.shape is Shape.LAZY and makes_object(case, sequence):
        return beliefs.of_module(case.place, sequence.code)
    return own


def _is_made_here(case: Case, sequence: Composite) -> bool:
    """Whether what is stored on first use is an object that the function has made, and goes on to use under a lock."""
    last, code = sequence.last, sequence.last.code
    if sequence.shape is not Shape.LAZY or type(code.operation(last.value)) is not facts.Call:
        return False
    flow = case.sharing.places.dataflow(code)
    later = (each for each in code.operations[last.id :] if type(each) is facts.Call)
    is_used = any(case.locksets.held(code, each.id) and flow.comes_from(each.callee, last.value) for each in later)
    return is_used and makes_object(case, sequence)


def _starts_worker(case: Case, sequence: Composite) -> bool:
    """Whether a method starts a thread of its object where none is there yet, and also leaves something for it, or is
    called by one that does.

    Who only starts it may be the owner, once. Who brings work is any of those for whom the object is there.
    """
    last, code = sequence.last, sequence.code
    if last.kind is not Kind.WRITE or last.code is not code or not last.is_of_self:
        return False
    if not any(map(is_thread, case.sharing.places.types.of(code, last.value))):
        return False
    callers = (edge.caller for edge in case.threads.calls.callers(code))
    return any(each.cls is code.cls and _brings(case, each, last) for each in (code, *callers))


def _brings(case: Case, code: Code, store: Access) -> bool:
    """Whether a method puts something into what its object has."""
    accesses = (each for each in case.sharing.places.of(code) if each.is_of_self and each.place is not store.place)
    return any(each.method in INSERTS | GIVES_ELEMENT and each.kind.is_of_contents for each in accesses)
