"""Part of the races stage: what others leave alone from now on, as a flag says that they find under their lock.

`with self._lock: self._closed = True`, and then a walk over what others add to only `if not self._closed`, with the
lock held from that question on. An event does as well as a flag.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from racelint import facts
from racelint.knowledge.model import LockKind
from racelint.program.locking.locks import LockKey
from racelint.program.locking.lockstate import ON_ENTRY
from racelint.program.memory.places import Access, Kind
from racelint.program.races.cases.case import Case
from racelint.program.sources.branching import conditions
from racelint.program.sources.source import Code

CALLERS: Final = 3
"""How many calls up a flag is looked for."""


def is_closed_to(case: Case, access: Access, other: Access) -> bool:
    """Whether a flag was set under a lock before, at which the other side looks first, in its critical section."""
    return any(
        _asks(case, other.code, other.id, flag, lock, CALLERS)
        for flag in _set_before(case, access)
        for lock in (use.lock.key for use in case.locksets.held(flag.code, flag.id) if use.lock.excludes)
    )


def _set_before(case: Case, access: Access) -> Iterator[Access]:
    """The flags that a function has set when it comes to an access, itself or by what it has surely called."""
    places = case.sharing.places
    own = (each for each in places.of(access.code) if each.id < access.id and each.base == access.base)
    behind = (edge for edge in case.threads.calls.sure_calls(access.code) if edge.site < access.id)
    passed = [(each, each.id) for each in own]
    passed += [(each, edge.site) for edge in behind for each in places.of(edge.callee)]
    for flag, site in passed:
        is_flag = flag.kind is Kind.WRITE and case.literal(flag) in ("True", "False", "None")
        if is_flag or (flag.kind is Kind.READ and _is_event_set(case, flag) and _is_sure(case, flag, site, access)):
            yield flag


def _is_sure(case: Case, flag: Access, site: int, access: Access) -> bool:
    """Whether who comes to an access has come to a flag, by an operation of the same function, where it was not set."""
    known = set(conditions(access.code, access.id))
    tests = [(access.code, test) for test, truth in conditions(access.code, site) if (test, truth) not in known]
    if flag.code is not access.code:
        tests += [(flag.code, test) for test, _ in conditions(flag.code, flag.id)]
    return all(_comes_from(case, code, test, _looks(case, code, flag)) for code, test in tests)


def _comes_from(case: Case, code: Code, value: int, looks: Iterable[int]) -> bool:
    flow = case.sharing.places.dataflow(code)
    return any(flow.comes_from(value, each) for each in looks)


def _is_event_set(case: Case, read: Access) -> bool:
    """Whether what is read is an event, which is set here and never taken back: `self._done.set()`."""
    use = case.locksets.locks.use(read.code, read.id)
    if use is None or use.lock.kind is not LockKind.EVENT or "set" not in _methods(case, read):
        return False
    return not any("clear" in _methods(case, each) for each in case.sharing.places.by_place[read.place])


def _methods(case: Case, read: Access) -> set[str]:
    """The methods that are fetched from what an access reads."""
    uses = case.sharing.places.dataflow(read.code).uses(read.id)
    return {each.name for each in uses if type(each) is facts.LoadAttr}


def _asks(case: Case, code: Code, id: int, flag: Access, lock: LockKey, depth: int) -> bool:
    """Whether a flag is read before an operation in the same critical section of a lock, by a caller if not here."""
    held = {use: section for use, section in case.locksets.held(code, id).items() if use.lock.key == lock}
    reads = [each for each in _looks(case, code, flag) if each < id and _decides(case, code, flag, each, id)]
    if any(section == case.locksets.held(code, each).get(use) for each in reads for use, section in held.items()):
        return True
    edges = case.threads.calls.callers(code) if ON_ENTRY in held.values() and depth else []
    return bool(edges) and all(_asks(case, edge.caller, edge.site, flag, lock, depth - 1) for edge in edges)


def _decides(case: Case, code: Code, flag: Access, look: int, id: int) -> bool:
    """Whether an operation is only done where an event, as it has been looked at, is not set; of flags that is taken
    for granted."""
    if flag.kind is not Kind.READ:
        return True
    return any(not truth and _comes_from(case, code, test, [look]) for test, truth in conditions(code, id))


def _looks(case: Case, code: Code, flag: Access) -> Iterator[int]:
    """Where a function reads a flag, itself or by a call of what only answers: `if self.done`."""
    places = case.sharing.places
    for each in places.of(code):
        if each.place is flag.place and each.kind is Kind.READ:
            yield each.id
    for edge in case.threads.calls.sure_calls(code) if flag.kind is Kind.READ else ():
        inside = places.of(edge.callee)
        if any(each.place is flag.place for each in inside) and not any(each.kind.writes for each in inside):
            yield edge.site
