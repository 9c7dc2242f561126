"""Part of the races stage: what is there before any thread that looks for it is started.

`self.members(); Thread(target=self._watch).start()`: where `members` makes on first use what `_watch` asks it for, the
thread always finds it, and so do callers while the thread runs.
"""

from __future__ import annotations

from typing import Final

from racelint.program.contexts.contexts import Context
from racelint.program.races.cases.case import Case
from racelint.program.sequences.composites import Composite, Shape
from racelint.program.sources.branching import conditions
from racelint.program.sources.source import Code

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
    storing = {
        each.code.key: each.code for each in (sequence.first, *case.accesses) if each.kind.writes or each.code is code
    }
    reached = {each.index: each for store in storing.values() for each in case.threads.of(store)}
    started = [each for each in reached.values() if not each.is_main]
    return bool(started) and all(_is_made_for(case, code, each) and _stays_for(case, each) for each in started)


def _is_made_for(case: Case, maker: Code, context: Context) -> bool:
    return bool(context.starts) and all(_has_come_by(case, maker, starter, id, ABOVE) for starter, id in context.starts)


def _has_come_by(case: Case, maker: Code, code: Code, id: int, above: int) -> bool:
    """Whether a function has called another one, by whatever way, when it comes to an operation, or all its callers."""
    calls = case.threads.calls
    given = set(conditions(code, id))
    before = (each for each in calls.calls(code) if each.site < id and given.issuperset(conditions(code, each.site)))
    if any(calls.runs_at_once(each) and _leads_to(case, maker, each.callee, BELOW) for each in before):
        return True
    callers = calls.callers(code) if above else ()
    return bool(callers) and all(_has_come_by(case, maker, each.caller, each.site, above - 1) for each in callers)


def _leads_to(case: Case, maker: Code, code: Code, below: int) -> bool:
    if code is maker:
        return True
    calls = case.threads.calls
    return below > 0 and any(
        calls.runs_at_once(each) and _leads_to(case, maker, each.callee, below - 1) for each in calls.calls(code)
    )


def _stays_for(case: Case, context: Context) -> bool:
    """Whether what is kept at the Place is not taken away but by who waits for the context as well."""
    taken = (each for each in case.accesses if case.clears(each))
    return all(each.code.key in context.joins or each.code.key in context.joined_at for each in taken)
