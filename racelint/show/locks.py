"""`show locksets` and `show lockorder`: what is held at each access, and which lock is taken with which one held."""

from __future__ import annotations

from racelint.explaining.deadlock_phrases import through
from racelint.explaining.phrases import called, done, lock_name, lock_names, lock_used, state
from racelint.program import Program
from racelint.program.deadlocks.nesting import Nesting
from racelint.program.locking.lockstate import ON_ENTRY, Section
from racelint.program.memory.places import Access
from racelint.program.sources.source import Code, span_of
from racelint.show.entry import Entry, Line, by_place, is_asked


def show_locksets(program: Program, paths: frozenset[str]) -> list[Entry]:
    """The locks that are surely held at each access, in these files, of what changes after it was made."""
    accesses = [
        access
        for accesses in program.places.by_place.values()
        if any(access.kind.writes and not program.sharing.is_early(access) for access in accesses)
        for access in accesses
        if is_asked(access, paths) and not program.sharing.is_early(access)
    ]
    return by_place([_lockset(program, access) for access in accesses])


def _lockset(program: Program, access: Access) -> Entry:
    held = program.locksets.held(access.code, access.id)
    lines = [
        Line(f"{lock_used(use)} is held{_since(program, access.code, section)}")
        for use, section in held.items()
        if use.lock.kind is not None
    ]
    title = f"{state(access)} is {done(access)} in `{called(access.code)}`"
    return Entry(title, tuple(lines) or (Line("nothing is held"),), access.code.path, access.span.line)


def _since(program: Program, code: Code, section: Section) -> str:
    if section == ON_ENTRY:
        return " by all callers"
    holding = program.locksets.holdings.get(code.key)
    taken = {id: each.span for id, each in holding.acquisitions.items()} if holding is not None else {}
    begun = sorted({taken.get(id, span_of(code, id)).line for id in section if id >= 0})
    return f" since line {' or '.join(map(str, begun))}" if begun else ""


def show_lockorder(program: Program, paths: frozenset[str]) -> list[Entry]:
    """Which locks are taken with others held, in these files, and whether that order is part of a cycle."""
    circular = {id(nesting) for cycle in program.lockorder.cycles for nesting in cycle}
    entries = [_nesting(nesting, id(nesting) in circular) for nesting in program.lockorder.nestings]
    return by_place([entry for entry in dict.fromkeys(entries) if entry.path in paths])


def _nesting(nesting: Nesting, is_circular: bool) -> Entry:
    names = lock_names([nesting.outer.lock, nesting.inner.lock])
    inner, outer = names[nesting.inner.lock.key], names[nesting.outer.lock.key]
    title = f"{inner} is taken with {outer} held, in `{called(nesting.code)}`{through(nesting.chain)}"
    taken = nesting.acquisition
    lines = [Line(f"{lock_name(nesting.inner.lock)} is taken here", taken.path, taken.span.line)]
    if is_circular:
        lines.append(Line("part of a cycle: elsewhere the order is another"))
    return Entry(title, tuple(lines), nesting.path, nesting.span.line)
