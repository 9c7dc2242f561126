"""Part of the races stage: what only becomes text, or part of a log record: somebody is told, nobody relies on it."""

from __future__ import annotations

from racelint import facts
from racelint.facts import Operation
from racelint.program.memory.places import Access, Kind, Places
from racelint.program.races.cases.case import Case
from racelint.program.sources.source import Code
from racelint.program.values.texts import makes_text


def becomes_text(case: Case, read: Access) -> bool:
    """Whether a value is only put into text: `"%d" % number`, `f"{number}"`, `str(number)`."""
    flow = case.sharing.places.dataflow(read.code)
    return read.kind is Kind.READ and all(is_text(case.sharing.places, read.code, use) for use in flow.uses(read.id))


def is_text(places: Places, code: Code, use: Operation) -> bool:
    """Whether a use of a value makes text of it."""
    flow = places.dataflow(code)
    made = flow.uses(use.id) if type(use) is facts.Build and use.kind == "tuple" else [use]
    return all(makes_text(places.types, code, each) for each in made)
