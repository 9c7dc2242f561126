"""Part of the races stage: values that come out the same whoever computes them, so that either may be stored last."""

from __future__ import annotations

from collections.abc import Iterable

from racelint import facts
from racelint.facts import Operation
from racelint.knowledge.repeating import ALIKE, FETCHES, LOOKUPS, SAME, TEXTS
from racelint.program.memory.places import Access, Kind
from racelint.program.races.cases.case import Case
from racelint.program.races.excuses.flags import on_account, read_between
from racelint.program.races.excuses.repeats import DEPTH, Repeats
from racelint.program.sequences.composites import Composite, Shape
from racelint.program.sources.source import Code


def is_stored_alike(case: Case, sequence: Composite, other: Access) -> bool:
    """Whether another run of the same function stores what this one does: what the surroundings say, mostly.

    And nothing else depends on the test that may not be done twice.
    """
    act = sequence.last
    if sequence.shape not in (Shape.CHECK, Shape.LAZY) or sequence.asserted or act.kind is not Kind.WRITE:
        return False
    code = sequence.code
    if other.kind is not Kind.WRITE or not code is act.code is other.code is sequence.first.code:
        return False
    if case.is_constant(act) or not {*read_between(case, sequence)} <= {*sequence.tested}:
        return False
    alike = _Alike(case)
    stores = {each.id: each.value for each in case.accesses if each.kind is Kind.WRITE and each.code is code}
    flow = case.sharing.places.dataflow(code)
    if any(sequence.first.id in flow.sources(value) or not alike.comes_out(code, value) for value in stores.values()):
        return False
    done = (id for id in on_account(sequence) if id > sequence.first.id and id not in stores)
    return Repeats(case).may(code, sorted(done))


def comes_out_alike(case: Case, code: Code, value: int) -> bool:
    """Whether a function makes an equal value each time that it is given the same: parts of it are looked up by name,
    and only that is computed of them that leaves no trace."""
    return _Alike(case).comes_out(code, value, given=True)


class _Alike:
    """Asks of the values of functions how they are made; what is not known may be another each time."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._repeats = Repeats(case)

    def comes_out(self, code: Code, value: int, depth: int = DEPTH, *, given: bool = False) -> bool:
        """Whether a value is the same each time; `given`: of a function that is given the same each time."""
        flow = self._case.sharing.places.dataflow(code)

        def parts(operation: Operation | None) -> Iterable[int] | None:
            match operation:
                case facts.Const() | facts.LoadName(scope="global"):
                    return ()
                case facts.LoadAttr(base=base):
                    return () if code.is_own(base) else (base,)
                case facts.Build(kind="tuple", items=items):
                    return items
                case facts.Phi(inputs=inputs) | facts.Choice(operands=inputs) | facts.Compute(operands=inputs):
                    return inputs
                case facts.Call(callee=callee, arguments=arguments) if self._answers(code, operation, depth):
                    method = flow.operation(callee)
                    on = (method.base,) if type(method) is facts.LoadAttr else ()
                    return (*on, *(each.value for each in arguments))
                case None if given:
                    return ()
                case _:
                    return None

        return flow.consists(value, parts)

    def _answers(self, code: Code, call: facts.Call, depth: int) -> bool:
        """Whether a call gives the same for the same, and does nothing that may not be done twice."""
        places = self._case.sharing.places
        if places.types.surely_calls(code, call, ALIKE | SAME | FETCHES):
            return True
        edges = [each for each in self._case.threads.calls.calls(code) if each.site == call.id]
        if not edges:
            method = places.dataflow(code).operation(call.callee)
            if type(method) is not facts.LoadAttr:
                return False
            return method.name in TEXTS or (method.name in LOOKUPS and bool(call.arguments))
        return depth > 0 and all(
            bool(each.callee.returns)
            and self._repeats.may_run(each.callee)
            and all(self.comes_out(each.callee, id, depth - 1, given=True) for id in each.callee.returns)
            for each in edges
        )
