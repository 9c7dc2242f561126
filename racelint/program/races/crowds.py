"""Part of the races stage: one report for an object that is raced for everywhere, or a thread that races for all.

A lock that somebody forgot is missing in few places. A class that is raced for in many, with no lock in any of them,
is not written for several threads, or something keeps it to one at a time that no lock shows. That is one cause, and
it is mended in one place.

The same goes for a thread that meets others at many objects of many classes, with a lock at none of them: who wrote all
of those did not forget a lock each time, but knows something of when that thread runs. (That many failures beside no
success speak against the belief that is tested is what z-ranking builds on: Kremenek and Engler, SAS 2003.) None of
this is believed of what is said to be shared: each of its places is told.

So is what two do between a test and its act because neither keeps the other from going on: who holds a lock from the
test to the act holds it over that as well.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from racelint.program.contexts.contexts import Context
from racelint.program.memory.places import Place
from racelint.program.races.cases.case import HALF
from racelint.program.races.kinds.race import Problem, Race

FEW: Final = 8
"""So many are told one by one. No fix of `benchmarks/realbugs` that is reported by the threads that meet is among more
(one is among eight), and of 495 packages seven have a class that is. Of the findings in 103 packages that are, none of
7 that were judged is true, of the others every third.
"""

MANY: Final = 3 * FEW
"""So many races of one thread, over more than `FEW` owners, are told one by one: no case and no judged true finding of
`benchmarks` is among more.
"""

ORDER = (Problem.DOUBLE_READ, Problem.ITERATION, Problem.EMPTIED, Problem.REPLACED, Problem.UPDATE, Problem.LAZY)
"""What stands for the others: where the harm is the plainest."""

STEPS: Final = (Problem.WRITE, Problem.LEFT, Problem.UPDATE)
"""What is wrong with a single step: it is right as soon as another is kept out of what is around it."""

Key = tuple[bool, int, frozenset[Context]]
"""Whose memory it is, and of globals, which may have little to do with each other, also who comes there."""


def stand_ins(races: Sequence[Race], is_assumed: Callable[[Place], bool]) -> dict[Race, list[Race]]:
    """For each crowd of races the one that is told in place of all, and the others.

    `is_assumed` tells which Places are said to be shared: of those none is doubted for being among many.
    """
    crowds: dict[Key, list[Race]] = {}
    for race in races:
        key = _meeting(race)
        if key is not None:
            crowds.setdefault(key, []).append(race)
    found: dict[Race, list[Race]] = {}
    for crowd in crowds.values():
        doubted = [race for race in crowd if not is_assumed(race.place)]
        if len(doubted) > FEW:
            first, *others = sorted(doubted, key=_plainness)
            found[first] = others
        else:
            _fold(crowd, found)
    _gather([race for race in races if not is_assumed(race.place)], found)
    return found


def _gather(races: Sequence[Race], found: dict[Race, list[Race]]) -> None:
    """Let one race of a thread that meets others everywhere stand for all that it has."""
    untold = {race for others in found.values() for race in others}
    by_runner: dict[int, list[Race]] = {}
    for race in races:
        for runner in _runners(race) if _meeting(race) is not None else ():
            by_runner.setdefault(runner.index, []).append(race)
    for crowd in sorted(by_runner.values(), key=len, reverse=True):
        left = [race for race in crowd if race not in untold]
        if len(left) > MANY and len({race.place.owner for race in left}) > FEW:
            first, *others = sorted(left, key=_plainness)
            found.setdefault(first, []).extend(others)
            untold.update(others)


def _fold(crowd: Sequence[Race], found: dict[Race, list[Race]]) -> None:
    """Let a race between a test and its act stand for the single steps in between that both sides make.

    Of tests that one function makes while it is between another test and its act the same is true, where several run
    it: one lock over all of them is what is missing.
    """
    told = (each for each in crowd if not each.slight)
    checks = [each for each in told if each.problem in (Problem.CHECK, Problem.LAZY) and each.between]
    told_checks: list[Race] = []
    for race in sorted(checks, key=lambda each: (each.path, each.span.line, -max(each.between))):
        outer = next((each for each in told_checks if _goes_on(each, race)), None)
        if outer is None:
            told_checks.append(race)
        else:
            found.setdefault(outer, []).append(race)
    checks = told_checks
    for race in crowd:
        around = (each for each in checks if race.problem in STEPS and _is_within(each, race))
        if (whole := next(around, None)) is not None:
            found.setdefault(whole, []).append(race)


def _is_within(check: Race, step: Race) -> bool:
    """Whether both sides of a race are between the test and the act of another one."""
    sides = (step.access, step.other or step.access)
    return all(each.code is check.code and min(check.between) < each.id < max(check.between) for each in sides)


def _goes_on(check: Race, later: Race) -> bool:
    """Whether a test is made between another one and its act, by who runs the same function beside itself."""
    sides = [each.other for each in (check, later)]
    if later.code is not check.code or not all(each is not None and each.code is check.code for each in sides):
        return False
    is_one = check.access.base == later.access.base
    return is_one and min(later.between) <= max(check.between) and min(check.between) <= max(later.between)


def _meeting(race: Race) -> Key | None:
    """What a race has in common with others that threads are the evidence for, with a lock at hardly any of them."""
    if race.evidence != "threads" or (race.guard is not None and race.guard.share >= HALF):
        return None
    if race.place.kind not in ("global", "attribute", "class"):
        return None
    is_global = race.place.kind == "global"
    return is_global, race.place.owner, _runners(race) if is_global else frozenset()


def _runners(race: Race) -> frozenset[Context]:
    """Who comes there beside the main thread or callers outside."""
    return frozenset(each for each in (race.one, race.other_context) if each is not None and not each.is_main)


def _plainness(race: Race) -> tuple[bool, bool, int, str, int, int]:
    rank = ORDER.index(race.problem) if race.problem in ORDER else len(ORDER)
    return race.slight, race.needs_no_gil, rank, race.path, race.span.line, race.span.column
