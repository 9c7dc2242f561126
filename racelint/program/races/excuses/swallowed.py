"""Part of the races stage: what may fail and nobody hears of it: a race that ends in such a failure is put up with."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from racelint import facts
from racelint.facts import Node
from racelint.knowledge.logs import ASIDE
from racelint.knowledge.raising import CATCH_ALL, SUPPRESSES
from racelint.program.memory.places import Access, Kind
from racelint.program.races.cases.case import Case
from racelint.program.races.excuses.flags import on_account, read_between
from racelint.program.races.excuses.repeats import Repeats
from racelint.program.sequences.composites import Composite
from racelint.program.sequences.misses import expects
from racelint.program.sources.nodes import ids_in, walk
from racelint.program.sources.source import Code

WITHOUT_TRACE: Final = (
    *(facts.Const, facts.LoadName, facts.LoadAttr, facts.Caught, facts.Phi),
    *(facts.Return, facts.Continue, facts.Break),
)
"""What leaves everything as it was."""


def swallowed(case: Case, code: Code) -> set[int]:
    """The operations of a function after whose failure it goes on, or ends, without a word."""
    flow, types = case.sharing.places.dataflow(code), case.sharing.places.types
    found: set[int] = set()
    for node in code.controls:
        if type(node) is facts.Try:
            silent = (each for each in node.handlers if _is_silent(code, each.body))
            if any(expects(each, flow, CATCH_ALL) for each in silent):
                found |= ids_in(node.body)
        elif type(node) is facts.With and types.surely_calls(code, code.operation(node.manager), SUPPRESSES):
            made = code.operation(node.manager)
            given = [flow.operation(each.value) for each in made.arguments] if type(made) is facts.Call else []
            if any(type(each) is facts.LoadName and each.name in CATCH_ALL for each in given):
                found |= ids_in(node.body)
    return found


def _is_silent(code: Code, body: Iterable[Node]) -> bool:
    return all(isinstance(node, WITHOUT_TRACE) or _is_aside(code, node) for node in walk(list(body)))


def _is_aside(code: Code, node: Node) -> bool:
    """Whether a call only notes something for who looks for it."""
    method = code.fetched(node) if type(node) is facts.Call else None
    return type(method) is facts.LoadAttr and method.name in ASIDE


def is_let_go_alike(case: Case, sequence: Composite, other: Access) -> bool:
    """`if self.link: try: self.link.close() except Exception: pass` and `self.link = None`: so does the other one.

    Who comes second fails to close what is gone, and nobody hears of it; what else is done may be done twice.
    """
    code, last = sequence.code, sequence.last
    if (
        code is not last.code
        or code is not sequence.first.code
        or not _lets_go(case, last)
        or not _lets_go(case, other)
    ):
        return False
    silent = swallowed(case, code)
    if not silent.issuperset(read_between(case, sequence)):
        return False
    done = (id for id in on_account(sequence) if id > sequence.first.id and id not in silent)
    return Repeats(case).may(code, sorted(done))


def _lets_go(case: Case, store: Access) -> bool:
    return store.kind is Kind.WRITE and case.sharing.places.dataflow(store.code).is_none(store.value)
