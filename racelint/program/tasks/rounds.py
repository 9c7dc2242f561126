"""Part of the interleavings stage: which walks over a container wait in a turn, while other tasks change its size?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final

import msgspec

from racelint import facts
from racelint.facts import Node, Span
from racelint.findings import Evidence
from racelint.program.locking.guards import BETWEEN_TASKS, Protection
from racelint.program.locking.locksets import LockSets
from racelint.program.memory.places import Access, Kind, Place, Places
from racelint.program.races.cases.case import Case, Partner
from racelint.program.races.cases.disturbances import Harm, harm, harms, is_retried, is_taken_out
from racelint.program.sharing.sharing import Sharing
from racelint.program.sources.nodes import contains, is_within, parts, walk
from racelint.program.sources.source import Code, span_of
from racelint.program.tasks.outsiders import Outsiders
from racelint.program.tasks.suspension import Suspensions

LEAVES: Final = (facts.Return, facts.Raise, facts.Break)


class Round(msgspec.Struct, frozen=True):
    """A walk (`access`) that waits at the operation `pause` and then goes on, and who changes the container there."""

    access: Access
    pause: int
    evidence: Evidence
    partner: Partner
    harm: Harm

    @property
    def code(self) -> Code:
        """The function with the walk."""
        return self.access.code

    @property
    def path(self) -> str:
        """The file of the finding."""
        return self.code.path

    @property
    def span(self) -> Span:
        """Where the walk is."""
        return self.access.span

    @property
    def pause_span(self) -> Span:
        """Where the task waits."""
        return span_of(self.code, self.pause)


def paused_walks(places: Places, suspensions: Suspensions) -> dict[Place, list[tuple[Access, int]]]:
    """The walks in coroutines that wait in a turn and come to another one, each with that pause."""
    found: dict[Place, list[tuple[Access, int]]] = defaultdict(list)
    for code in places.types.names.sources.codes:
        points = suspensions.points.get(code.key, ())
        for access in places.of(code) if points else ():
            if access.kind is Kind.ITERATE:
                pause = _pause(code, access, points)
                if pause is not None:
                    found[access.place].append((access, pause))
    return found


def link_rounds(sharing: Sharing, locksets: LockSets, walks: dict[Place, list[tuple[Access, int]]]) -> Iterator[Round]:
    """Ask for the walks that another task upsets: each once, of whatever class its object may be."""
    told: set[tuple[int, int]] = set()
    outsiders = Outsiders(sharing)
    for place in sorted(walks, key=lambda place: (place.symbol, place.kind, place.owner)):
        case = Case(place, sharing, locksets, BETWEEN_TASKS)
        for access, pause in walks[place]:
            if access not in case.accesses or is_retried(case, access) or is_taken_out(case, access):
                continue
            if (access.code.key, access.id) in told:
                continue
            held, is_harmful = case.protections(access), harms(case, access)
            partner = case.partner(access, held, partial(_upsets, outsiders, is_harmful))
            evidence: Evidence = "threads"
            if partner is None:
                partner, evidence = case.assumed_partner(access, held, is_harmful), "assumed"
            harmed = harm(case, access, partner.other) if partner is not None else None
            if partner is not None and harmed is not None and not _comes_locked(case, partner, held):
                told.add((access.code.key, access.id))
                yield Round(access, pause, evidence, partner, harmed)


def _upsets(outsiders: Outsiders, is_harmful: Callable[[Access], bool], other: Access) -> bool:
    return is_harmful(other) and outsiders.is_run_by_tasks(other.code)


def _comes_locked(case: Case, partner: Partner, held: Sequence[Protection]) -> bool:
    """Whether the other task comes to its change by a call that it makes with a lock held that the walk holds too."""
    mine, code = {each.lock.key for each in held if each.lock.excludes}, partner.other.code
    while mine and (step := case.threads.found_by.get((partner.other_context.index, code.key))) is not None:
        code, site = step
        if any(use.lock.key in mine for use in case.locksets.held(code, site)):
            return True
    return False


def _pause(code: Code, access: Access, points: Sequence[int]) -> int | None:
    """The first point in a turn of the walk at which the task waits before it draws the next element."""
    for node in walk(code.function.body):
        if type(node) is facts.Loop and any(getattr(each, "id", facts.NOTHING) == access.id for each in node.head):
            inside = (id for id in points if is_within(node.body, id))
            return next((id for id in inside if not isinstance(_left_by(node.body, id), LEAVES)), None)
    return None


def _left_by(nodes: Sequence[Node], id: int) -> Node | None:
    """The statement with which control leaves some nodes after an operation in them, if not at their end."""
    for index, node in enumerate(nodes):
        if contains(node, id):
            inner = next((part for part in parts(node) if is_within(part, id)), ())
            left = _left_by(inner, id) if type(node) is not facts.Loop else None
            following = (each for each in nodes[index + 1 :] if isinstance(each, (*LEAVES, facts.Continue)))
            return left or next(following, None)
    return None
