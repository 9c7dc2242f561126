"""Part of the races stage: what is there before any thread that looks for it is started.

`self.members(); Thread(target=self._watch).start()`: where `members` makes on first use what `_watch` asks it for, the
thread always finds it, and so do callers while the thread runs.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from racelint import facts
from racelint.knowledge.containers import REMOVES
from racelint.program.callgraph.edges import Edge, on_own_object
from racelint.program.contexts.contexts import Context
from racelint.program.memory.places import Access, Kind
from racelint.program.races.cases.case import Case
from racelint.program.sequences.composites import Composite, Shape
from racelint.program.sources.branching import conditions
from racelint.program.sources.source import Code
from racelint.program.sources.surely import is_passed_before, unconditional

ABOVE: Final = 2
"""So many calls above the start it is looked for what is made before."""

BELOW: Final = 4
"""Over so many calls what is made before is made."""


def is_made_before_start(case: Case, sequence: Composite) -> bool:
    """Whether whoever starts a thread that may make something on first use, or set it, has come by the making himself,
    and it is only taken away by who has waited for the thread."""
    code = sequence.code
    if sequence.shape is not Shape.LAZY or sequence.first.code is not code or sequence.last.code is not code:
        return False
    if not _is_always_asked(code, sequence.first.id):
        return False
    storing = {
        each.code.key: each.code for each in (sequence.first, *case.accesses) if each.kind.writes or each.code is code
    }
    reached = {each.index: each for store in storing.values() for each in case.threads.of(store)}
    started = [each for each in reached.values() if not each.is_main]
    taken = [each for each in case.accesses if _takes_away(case, sequence, each)]
    return bool(started) and all(
        _Starts(case, code, each, not taken).are_after() and all(_has_ended(case, each, away) for away in taken)
        for each in started
    )


def _is_always_asked(code: Code, id: int) -> bool:
    """Whether each run of a function comes by an operation."""
    return not conditions(code, id) and id in unconditional(code)


def _takes_away(case: Case, sequence: Composite, access: Access) -> bool:
    """Whether an access leaves nothing to find; to those who only ask for its truth, an empty container is nothing."""
    if case.clears(access):
        return True
    first, flow = sequence.first, case.sharing.places.dataflow(access.code)
    if access.code is sequence.code or case.sharing.places.dataflow(first.code).is_told_apart(first.id):
        return False
    return access.method in REMOVES or (
        access.kind is Kind.WRITE and (flow.truth(access.value) is False or flow.is_empty(access.value))
    )


def _has_ended(case: Case, context: Context, away: Access) -> bool:
    """Whether who takes it away has waited for the context before, as well."""
    waited = away.id > context.joins.get(away.code.key, away.id)
    return waited or case.threads.is_waited_for(context, away.code, away.id)


class _Starts(msgspec.Struct):
    """Where a context is started, seen from the function that makes what it asks for."""

    case: Case
    maker: Code
    context: Context
    is_for_good: bool
    """Whether nobody takes away what has been made: else it may be gone when the thread is started again."""

    def are_after(self) -> bool:
        """Whether the function has been called before each of them, on the same object."""
        starts = self.context.starts
        return bool(starts) and all(self._has_come_by(starter, id, ABOVE) for starter, id in starts)

    def _has_come_by(self, code: Code, id: int, above: int) -> bool:
        """Whether a function has come by the maker, by whatever way, when it comes to an operation, or all callers."""
        calls, given = self.case.threads.calls, set(conditions(code, id))
        # that it fails, is caught, and the thread is started all the same is no usual case
        for each in _by_site(calls.calls(code)):
            if not is_passed_before(code, each[0].site, id, fails=False) or not given.issuperset(
                conditions(code, each[0].site)
            ):
                continue
            if all(self._is_on_same(edge, id) and self._leads_there(edge, BELOW) for edge in each):
                return True
        if self.is_for_good and self._is_made_in_constructor(code):
            return True
        callers = calls.callers(code) if above else ()
        return bool(callers) and all(self._has_come_by(each.caller, each.site, above - 1) for each in callers)

    def _is_made_in_constructor(self, code: Code) -> bool:
        """Whether the constructor of the object that a method is of has come by the maker."""
        if code.cls is None or not code.is_method:
            return False
        constructors = self.case.sharing.places.types.attributes.nearest(code.cls, "__init__")
        is_later = bool(constructors) and code not in constructors
        return is_later and all(self._comes_by(each, BELOW) for each in constructors)

    def _leads_there(self, edge: Edge, below: int) -> bool:
        """Whether a call surely comes by the maker."""
        if not self.case.threads.calls.runs_at_once(edge):
            return False
        return edge.callee is self.maker or (below > 0 and self._comes_by(edge.callee, below))

    def _comes_by(self, code: Code, below: int) -> bool:
        """Whether each run of a function calls the maker, on its own object."""
        return any(
            _is_always_asked(code, each[0].site)
            and all(_stays_on_object(edge) and self._leads_there(edge, below - 1) for edge in each)
            for each in _by_site(self.case.threads.calls.calls(code))
        )

    def _is_on_same(self, edge: Edge, start: int) -> bool:
        """Whether a call is not made on another object of the class whose thread is started.

        What a constructor has made counts where it is for good.
        """
        if edge.callee.key in self.case.threads.calls.constructing and not self.is_for_good:
            return False
        code, entered = edge.caller, (entry.cls for entry, _ in self.context.entries)
        of = edge.callee.cls
        if of is None or not any(map(of.is_related, (code.cls, *entered))):
            return True
        owners = _owners(self.case, code, edge.site)
        started = {*_owners(self.case, code, start)}
        if code is self.context.code:
            started.update(_owners(self.case, code, self.context.site))
        return not owners or not started or not started.isdisjoint(owners)


def _by_site(edges: Iterable[Edge]) -> list[list[Edge]]:
    """The calls that one place in a function may make, together."""
    found: dict[int, list[Edge]] = {}
    for edge in edges:
        found.setdefault(edge.site, []).append(edge)
    return list(found.values())


def _stays_on_object(edge: Edge) -> bool:
    """Whether a method does not call a method of another object of its class."""
    code = edge.caller
    fetched = code.operation(edge.site)
    is_own = type(fetched) is facts.LoadAttr and code.is_own(fetched.base)
    return is_own or on_own_object(edge) or edge.callee.cls is None or not edge.callee.cls.is_related(code.cls)


def _owners(case: Case, code: Code, id: int) -> list[str]:
    """The objects whose attributes a call fetches, to call or to hand them on; or what is fetched itself."""
    operation, flow = code.operation(id), case.sharing.places.dataflow(code)
    fetched = [operation]
    if type(operation) is facts.Call:
        fetched = [code.operation(each) for each in (operation.callee, *(each.value for each in operation.arguments))]
    return [flow.path(each.base) for each in fetched if type(each) is facts.LoadAttr]
