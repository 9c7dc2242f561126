"""Part of the races stage: flags that say that something has been asked for, and is not yet begun."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from racelint import facts
from racelint.program.memory.places import Access, Kind
from racelint.program.races.cases.case import Case
from racelint.program.sequences.composites import Composite
from racelint.program.sources.source import Code
from racelint.program.values.values import FunctionRef

DEPTH: Final = 2
"""How often a function is handed on: `loop.call(lambda: loop.call_later(1, self.flush))`."""


def is_asked_for(case: Case, sequence: Composite) -> bool:
    """Whether a function sets a flag and hands over what begins with taking it back: `later(self.flush)`.

    Two that come through hand it over twice. It would run twice as well if the second came after the first run.
    """
    code, last = sequence.code, sequence.last
    if last.code is not code or last.kind is not Kind.WRITE or not case.is_constant(last):
        return False
    made = case.threads.calls.constructing
    stores = [
        each for each in case.sharing.places.by_place[case.place] if each.kind.writes and each.code.key not in made
    ]
    raised = case.literal(last)
    back = [each for each in stores if case.literal(each) != raised]
    if not back or any(each.kind is not Kind.WRITE or not case.is_constant(each) for each in stores):
        return False
    handed = set(_handed(case, code, sequence.act, DEPTH))
    return all(each.code.key in handed and _is_first(each) for each in back)


def _handed(case: Case, code: Code, after: int, depth: int) -> Iterator[int]:
    """The functions that a function hands to what it calls, or that these hand on or call."""
    types = case.sharing.places.types
    for call in code.operations:
        if type(call) is facts.Call and call.id > after:
            for value in (value for given in call.arguments for value in types.of(code, given.value)):
                if isinstance(value, FunctionRef):
                    yield value.code.key
                    if depth > 1:
                        yield from _handed(case, value.code, facts.NOTHING, depth - 1)
                        yield from (edge.callee.key for edge in case.threads.calls.calls(value.code))


def _is_first(store: Access) -> bool:
    """Whether a function takes the flag back before it calls anything, whatever the case."""
    body = store.code.function.body
    before = (each for each in store.code.operations if each is not None and each.id < store.id)
    return any(getattr(node, "id", None) == store.id for node in body) and not any(
        isinstance(each, facts.Call | facts.Await | facts.Yield) for each in before
    )
