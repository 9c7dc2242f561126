"""Part of the races stage: containers that are emptied, or left as they are, for how much is in them."""

from __future__ import annotations

from typing import Final

from racelint import facts
from racelint.knowledge.containers import ADDS, CLEARS, FROM_ENDS, INSERTS
from racelint.program.memory.places import Access, Kind
from racelint.program.races.cases.case import Case
from racelint.program.races.cases.disturbances import takes_away
from racelint.program.races.excuses.flags import on_account
from racelint.program.races.excuses.made import makes_empty
from racelint.program.races.excuses.repeats import Repeats
from racelint.program.races.excuses.rough import LIMITS
from racelint.program.sequences.composites import Composite
from racelint.program.sources.branching import conditions
from racelint.program.sources.nodes import walk
from racelint.program.sources.source import END

FEW: Final = frozenset({"0", "1", "2"})
"""Limits that say which one comes first, and not how much there is room for."""


def is_capped(case: Case, sequence: Composite) -> bool:
    """Whether a container is emptied for how much is in it, and nothing else is done: it forgets a little earlier.

    `if len(self.seen) > limit: self.seen = set()`
    """
    if sequence.last.code is not sequence.code:
        return _empties_for_size(case, sequence.last)
    return _is_about_size(case, sequence) and _only_empties(case, sequence)


def _empties_for_size(case: Case, last: Access) -> bool:
    """Whether who is called to add something empties the container first, for how much is in it: that has nothing to
    do with what the caller has looked for."""
    if last.kind is not Kind.WRITE or not makes_empty(case, last):
        return False
    code, flow = last.code, case.sharing.places.dataflow(last.code)
    asked = {id for test, _ in conditions(code, last.id) for id in flow.calls(test)}
    sizes = [each for each in case.accesses if each.code is code and each.method == "len" and each.base == last.base]
    return any(each.id in asked for each in sizes)


def is_emptied_twice(case: Case, sequence: Composite, other: Access) -> bool:
    """Whether a container is emptied because something is in it, and another access leaves it there, with less in it.

    `if self.arrived: self.arrived.clear()`, and nothing else: to empty what is empty fails nowhere.
    """
    return sequence.last.method in CLEARS and not other.kind.rebinds and _only_empties(case, sequence)


def _only_empties(case: Case, sequence: Composite) -> bool:
    """Whether a test leads to a container being emptied, and to nothing else that may not be done twice."""
    first, last = sequence.first, sequence.last
    if last.method not in CLEARS and not (last.kind is Kind.WRITE and makes_empty(case, last)):
        return False
    done = (id for id in on_account(sequence) if id > first.id and id not in (sequence.act, last.value))
    return Repeats(case).may(sequence.code, sorted(done))


def is_evened_out(case: Case, sequence: Composite) -> bool:
    """Whether a function has put in one before it takes out one where there are too many, and nobody else takes any.

    `self.lines.append(line)`, and `if len(self.lines) > self.most: self.lines.pop(0)`: of two who do so at once, both
    have put in what they take out. One that is named, or taken out for use, may be gone.
    """
    code, first, last = sequence.code, sequence.first, sequence.last
    if not _is_about_size(case, sequence) or last.method not in FROM_ENDS or not _is_branch(sequence):
        return False
    flow, call = case.sharing.places.dataflow(code), code.operation(last.id)
    if type(call) is not facts.Call or flow.uses(call.id) or call.id in code.returns:
        return False
    if not all(flow.is_constant(each.value) for each in call.arguments):
        return False
    if any(takes_away(each) for each in case.accesses if each is not last):
        return False
    given = set(conditions(code, first.id))
    return any(
        each.code is code
        and each.base == last.base
        and each.method in ADDS
        and each.id < first.id
        and given.issuperset(conditions(code, each.id))
        for each in case.accesses
    )


def _is_branch(sequence: Composite) -> bool:
    """Whether the test is that of an `if`, and of no loop: what follows is done once."""
    branches = (node for node in sequence.code.controls if type(node) is facts.Branch)
    return any(node.span == sequence.test for node in branches)


def has_room(case: Case, sequence: Composite) -> bool:
    """Whether a table from which nothing is ever taken away is added to as long as it is not too large: it is only
    there to spare work, and becomes larger by one for each who comes at once.

    `if len(self.known) < 1000: self.known[name] = found`. What counts what is in use is taken from again, and who is
    told that there is no room takes it that there is none.
    """
    if case.is_assumed or not sequence.stores_item or not _is_about_size(case, sequence) or _is_refused(sequence):
        return False
    flow = case.sharing.places.dataflow(sequence.code)
    against = {id for use in flow.uses(sequence.first.id) if type(use) is facts.Compute for id in use.operands}
    texts = {made.text for made in map(flow.operation, against) if type(made) is facts.Const}
    return texts.isdisjoint(FEW) and not any(map(takes_away, case.accesses))


def _is_refused(sequence: Composite) -> bool:
    """Whether a function fails on account of a test, or answers yes or no."""
    code = sequence.code
    branches = (node for node in code.controls if type(node) is facts.Branch and node.span == sequence.test)
    answers = [each for node in branches for each in walk([*node.body, *node.orelse])]
    given = (code.operation(each.value) for each in answers if type(each) is facts.Return)
    failed = any(type(each) is facts.Raise for each in answers)
    return failed or any(type(each) is facts.Const and each.text in ("True", "False") for each in given)


def _is_about_size(case: Case, sequence: Composite) -> bool:
    """Whether a function tests how much is in a container that it then changes: `len(self.seen) > limit`."""
    first, code = sequence.first, sequence.code
    if first.method != "len" or first.code is not code or sequence.last.code is not code:
        return False
    uses = case.sharing.places.dataflow(code).uses(first.id)
    return bool(uses) and all(type(use) is facts.Compute and use.kind in LIMITS for use in uses)


def is_taken_whole(case: Case, sequence: Composite) -> bool:
    """Whether the act's critical section takes all that is there by then, if only to go over it, and leaves nothing.

    `if self.new:`, and under the lock `fresh, self.new = self.new, []`; or something else, where there was anything.
    """
    code, last = sequence.code, sequence.last
    flow = case.sharing.places.dataflow(code)
    if last.code is not code or last.kind is not Kind.WRITE or case.is_constant(last):
        return False
    if not makes_empty(case, last) and not (sequence.wants and _is_added_to(case, last)):
        return False
    fetched = [
        each.id
        for each in case.accesses
        if each.code is code and each.kind is Kind.READ and each.base == last.base and each is not sequence.first
        if case.locksets.in_one_section(code, each.id, sequence.act, exclusive=True)
    ]
    return bool(fetched) and not any(type(use) is facts.LoadItem for id in fetched for use in flow.uses(id))


def _is_added_to(case: Case, store: Access) -> bool:
    """Whether the others leave the container in place, and take nothing out of it."""
    others = [each for each in case.accesses if each is not store and each.kind.writes]
    return bool(others) and all(each.method in INSERTS | {"[]"} or each.kind is Kind.ITEM_UPDATE for each in others)


def is_wound_up(case: Case, access: Access) -> bool:
    """Whether a function has waited before for the end of all that take out what is added: more of it comes too late,
    with a lock as well as without."""
    taking = [each.code for each in case.accesses if takes_away(each) and each.code is not access.code]
    ends = [context.joins.get(access.code.key, END) for code in taking for context in case.threads.of(code)]
    return bool(ends) and all(end < access.id for end in ends)
