"""Part of the races stage: what only becomes text, or part of a log record: somebody is told, nobody relies on it."""

from __future__ import annotations

from racelint import facts
from racelint.facts import Operation
from racelint.knowledge.logs import TELLS
from racelint.program.dataflow.dataflow import Dataflow
from racelint.program.memory.places import Access, Kind
from racelint.program.races.cases.case import Case
from racelint.program.sources.source import Code


def becomes_text(case: Case, read: Access) -> bool:
    """Whether a value is only put into text: `"%d" % number`, `f"{number}"`, `str(number)`."""
    flow = case.sharing.places.dataflow(read.code)
    return read.kind is Kind.READ and all(is_text(case, read.code, use) for use in flow.uses(read.id))


def is_text(case: Case, code: Code, use: Operation) -> bool:
    """Whether a use of a value makes text of it."""
    places = case.sharing.places
    flow = places.dataflow(code)
    made = flow.uses(use.id) if type(use) is facts.Build and use.kind == "tuple" else [use]
    return all(
        places.types.may_call(code, each, ("str", "repr")) or (type(each) is facts.Compute and _is_format(flow, each))
        for each in made
    )


def _is_format(flow: Dataflow, made: facts.Compute) -> bool:
    if made.kind != "%":
        return made.kind == 'f""'
    given = flow.operation(made.operands[1])
    return flow.text(made.operands[0]) is not None or (type(given) is facts.Build and given.kind == "tuple")


def is_record(code: Code, use: Operation | None) -> bool:
    """Whether a call writes a log record: `logger.info("%d", number)`."""
    method = code.fetched(use)
    return type(method) is facts.LoadAttr and method.name in TELLS


def is_filled_in(flow: Dataflow, use: Operation) -> bool:
    """Whether a text is filled in: `"{}".format(number)`."""
    method = flow.code.fetched(use)
    return type(method) is facts.LoadAttr and method.name == "format" and flow.text(method.base) is not None
