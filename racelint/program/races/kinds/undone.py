"""Part of the races stage: a thread that begins by telling itself to go on, and undoes what it was told before.

`def run(self): self.running = True`, and then `while self.running: ...`: who stops the thread between its start and its
first step has set the flag to False for nothing, and waits for ever if he waits for the thread. No lock helps: the flag
has to be set before the start.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from racelint import facts
from racelint.facts import Node
from racelint.program.callgraph.calls import is_public
from racelint.program.contexts.contexts import OWN_THREADS, Context
from racelint.program.memory.places import Access, Kind
from racelint.program.races.cases.case import Case
from racelint.program.races.excuses.flags import FLAGS
from racelint.program.races.kinds.begun import first_steps, waits
from racelint.program.races.kinds.race import Problem, Race
from racelint.program.sequences.retests import comes_out
from racelint.program.sources.nodes import parts
from racelint.program.sources.source import Code

DEPTH: Final = 2
"""So many calls deep it is looked for what waits."""


def undone(case: Case, access: Access) -> Iterator[Race]:
    """A write that tells the running thread to go on, where others may have told it to stop before it got there."""
    code = access.code
    started = [
        each
        for each in case.threads.of(code)
        if each.runs_on in OWN_THREADS and any(entry is code for entry, _ in each.entries)
    ]
    if not started or case.literal(access) not in FLAGS or access.id not in first_steps(code):
        return
    if not _goes_round(case, access) or any(_is_awaited(case, *start) for each in started for start in each.starts):
        return

    def harms(other: Access) -> bool:
        return _stops(case, access, other) and not _prepares(case, other, started)

    partner = case.partner(access, [], harms)
    if partner is not None and partner.one in started:
        one, beside = partner.one, partner.other_context
        yield Race(Problem.UNDONE, code, access.span, access, "threads", partner.other, one, beside)


def _goes_round(case: Case, access: Access) -> bool:
    """Whether the function has a loop that goes on as the flag says, and on no other account."""
    places = case.sharing.places
    flow = places.dataflow(access.code)
    own = [each for each in places.of(access.code) if each.place is access.place and not each.kind.writes]
    known = {id for each in own for id in (each.id, each.load)}
    for loop in access.code.controls:
        if type(loop) is facts.Loop and loop.kind == "while" and flow.sources(loop.test) <= known:
            goes_on = any(comes_out(flow, loop.test, read, flow, access) for read in own)
            if goes_on and not any(flow.sources(test).isdisjoint(known) for test in _exits(loop.body)):
                return True
    return False


def _exits(nodes: Sequence[Node], test: int = facts.NOTHING, inside: bool = False) -> Iterator[int]:
    """For each way out of a loop the test that it depends on; `inside` another loop, only those that leave both."""
    for node in nodes:
        if type(node) is facts.Return or (type(node) is facts.Break and not inside):
            yield test
        around = node.test if type(node) is facts.Branch else test
        for part in parts(node):
            yield from _exits(part, around, inside or type(node) is facts.Loop)


def _stops(case: Case, access: Access, other: Access) -> bool:
    """Whether another function sets the flag the other way, not for what it was nor after it has waited."""
    told, code = case.literal(other), other.code
    if other.kind is not Kind.WRITE or code is access.code or told not in FLAGS or told == case.literal(access):
        return False
    return other not in case.asked_stores and not _goes_on_later(case, code, range(other.id))


def _prepares(case: Case, other: Access, started: list[Context]) -> bool:
    """Whether the flag is set only where its object is made, or by who starts the thread, before that."""
    starts = [start for each in started for start in each.starts]
    if any(starter is other.code and other.id < at for starter, at in starts):
        return True
    edges = case.threads.calls.callers(other.code) if not is_public(other.code) else []
    return bool(edges) and all(
        edge.caller.key in case.threads.calls.constructing
        or any(starter is edge.caller and edge.site < at for starter, at in starts)
        for edge in edges
    )


def _is_awaited(case: Case, starter: Code, start: int, depth: int = DEPTH) -> bool:
    """Whether the starter, or all who call it, go on only when the thread has begun, or look whether it has."""
    if _goes_on_later(case, starter, range(start + 1, len(starter.operations))):
        return True
    edges = case.threads.calls.callers(starter) if depth > 0 and not is_public(starter) else []
    return bool(edges) and all(_is_awaited(case, edge.caller, edge.site, depth - 1) for edge in edges)


def _goes_on_later(case: Case, code: Code, ids: range, depth: int = DEPTH) -> bool:
    """Whether a function, in one of these operations, waits or looks at the flag, itself or by what it calls.

    Who waits when it has set the flag does so for the end of the thread.
    """
    if any(each.id in ids for each in _of_flag(case, code, False)) or waits(case.locksets, code, ids):
        return True
    edges = (edge for edge in case.threads.calls.only_calls(code) if edge.site in ids) if depth > 0 else ()
    called = (each.callee for each in edges if not _of_flag(case, each.callee, True))
    return any(_goes_on_later(case, each, range(len(each.operations)), depth - 1) for each in called)


def _of_flag(case: Case, code: Code, writes: bool) -> list[Access]:
    """What a function itself does to the flag: the writes, or all else."""
    return [each for each in case.sharing.places.of(code) if each.place is case.place and each.kind.writes is writes]
