"""Part of the races stage: over how many calls a thread is still believed to come into what another one has tested.

Each call on the way is made under conditions of its own, of which little is known: the more there are, the less it says
that a thread comes there at all. Where nothing but that speaks for a race, what goes wrong decides what is asked of it.
"""

from __future__ import annotations

from typing import Final

from racelint.program.contexts.contexts import Context
from racelint.program.memory.places import Kind
from racelint.program.races.cases.case import Case, Partner
from racelint.program.races.cases.disturbances import takes_away
from racelint.program.races.excuses.flags import FLAGS, is_only_raised
from racelint.program.races.excuses.lookups import is_missed_and_stored
from racelint.program.races.excuses.made import has_to_be_ended
from racelint.program.races.excuses.memos import is_plain
from racelint.program.sequences.composites import Composite, Shape
from racelint.program.sources.source import Code
from racelint.program.values.values import Instance, LibraryObject, Value

TESTED: Final = 4
"""The calls over which it is believed that a thread outdates a test."""

ELSEWHERE: Final = 2
"""The same where another function does so, and one of the two is whoever calls: neither has the other in mind then."""

MADE: Final = 2
"""The calls over which it is believed where the thread would only make what is there for good once more."""


def is_deep_down(case: Case, sequence: Composite, partner: Partner) -> bool:
    """Whether one of the two that meet has come there over more calls than are evidence: to the test, or to what
    outdates it.

    Of 38 reports in packages that nobody had looked at before, for which a thread had to make more than one call, and
    another function outdates what was tested, 2 were true (November 2026).
    """
    by_callers = partner.one.is_main or partner.other_context.is_main
    is_own = partner.other.code in (sequence.code, sequence.last.code)
    limit = ELSEWHERE if by_callers and not is_own else TESTED
    if is_deep(case, sequence, partner.one, limit=limit):
        return True
    return is_deep(case, sequence, partner.other_context, partner.other.code, limit=limit)


def is_deep(
    case: Case, sequence: Composite, context: Context, other: Code | None = None, *, limit: int = TESTED
) -> bool:
    """Whether a started context comes to a test by more calls than are evidence, if nobody guards or claims anything;
    and to another function that outdates it, be that nearer.

    Of 57 reports in packages that nobody had looked at before, for which a thread had to make more than one call, 5
    were true, of 55 nearer ones 19 (November 2026).
    """
    if context.is_main or case.guard is not None or case.is_assumed:
        return False
    if sequence.shape not in (Shape.CHECK, Shape.LAZY):
        return False
    is_made = _is_made_for_good(case, sequence)
    if is_made and _must_be_one(case, sequence):
        return False
    codes = [code for code in (sequence.code, other or sequence.code) if context in case.threads.of(code)]
    away = min((len(case.threads.trace(context, code)) - 1 for code in codes), default=0)
    return away > (MADE if is_made else limit)


def _is_made_for_good(case: Case, sequence: Composite) -> bool:
    """Whether on account of the test something that was not there is made, stored or noted with a flag, and stays."""
    last = sequence.last
    if sequence.stores_item:
        return is_missed_and_stored(sequence) and not any(map(takes_away, case.accesses))
    if last.kind is not Kind.WRITE:
        return False
    return sequence.shape is Shape.LAZY or (case.literal(last) in FLAGS and is_only_raised(case, sequence))


def _must_be_one(case: Case, sequence: Composite) -> bool:
    """Whether what is made is known to be something of which two do harm: a lock, a thread, what has to be ended."""
    last = sequence.last
    return any(_has_to_be_one(case, each) for each in case.sharing.places.types.of(last.code, last.value))


def _has_to_be_one(case: Case, value: Value) -> bool:
    types = case.sharing.places.types
    if isinstance(value, Instance):
        return has_to_be_ended(types, (value.cls, *value.cls.mro))
    is_known = isinstance(value, LibraryObject) and types.names.knowledge.safety(value.qualname) is not None
    return is_known and not is_plain(value)
