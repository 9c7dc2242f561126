"""The facts of all files linked into one read-only program. `link` is the table of contents, stage after stage."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from racelint.knowledge import Knowledge
from racelint.program.callgraph.calls import Calls
from racelint.program.callgraph.linking import link_calls
from racelint.program.contexts.spreading import link_threads
from racelint.program.contexts.threads import Threads
from racelint.program.deadlocks.blocking import Blocking, link_blocking
from racelint.program.deadlocks.finalizers import Intrusion, link_finalizers
from racelint.program.deadlocks.foreign import ForeignCall, link_foreign
from racelint.program.deadlocks.lockorder import LockOrder, link_lockorder
from racelint.program.deadlocks.rebinding import Rebound, link_rebinding
from racelint.program.locking.balance import Balance, link_balance
from racelint.program.locking.claims import Claims, link_claims
from racelint.program.locking.identities import Locks
from racelint.program.locking.locksets import LockSets, link_locksets
from racelint.program.memory.accesses import link_places
from racelint.program.memory.places import Places
from racelint.program.process.processwide import Disturbance, link_processwide
from racelint.program.process.registries import RegistryWalk, link_registries
from racelint.program.process.threadlocals import SetOnce, link_threadlocals
from racelint.program.races.breaches.breaches import Breaches, link_breaches
from racelint.program.races.candidates import candidates, concerned
from racelint.program.races.races import Races, link_races
from racelint.program.sequences.composites import Sequences
from racelint.program.sequences.sequences import link_sequences
from racelint.program.sharing.sharing import Sharing, link_sharing
from racelint.program.signals.signals import Signals, link_signals
from racelint.program.sources.source import SourceModule, Sources, assemble
from racelint.program.starting.birth import EarlyStart, link_birth
from racelint.program.starting.captures import Capture, link_captures
from racelint.program.starting.results import EarlyRead, link_results
from racelint.program.tasks.interleavings import Interleavings, link_interleavings
from racelint.program.tasks.loops import ForeignLock, link_loops
from racelint.program.tasks.suspension import link_suspension
from racelint.program.tasks.tasks import link_tasks
from racelint.program.values.inference import link_types
from racelint.program.values.names import Names, link_names
from racelint.program.values.types import Types
from racelint.program.values.values import Interner

__all__ = ["Program", "SourceModule", "link"]


class Program(msgspec.Struct, frozen=True, kw_only=True):
    """One field for the answer of each stage, in running order."""

    sources: Sources
    names: Names
    types: Types
    calls: Calls
    threads: Threads
    places: Places
    locks: Locks
    claims: Claims
    locksets: LockSets
    balance: Balance
    sequences: Sequences
    sharing: Sharing
    rebinding: list[Rebound]
    lockorder: LockOrder
    blocking: Blocking
    finalizers: list[Intrusion]
    foreign: list[ForeignCall]
    signals: Signals
    breaches: Breaches
    races: Races
    interleavings: Interleavings
    loops: list[ForeignLock]
    birth: list[EarlyStart]
    captures: list[Capture]
    results: list[EarlyRead]
    processwide: list[Disturbance]
    registries: list[RegistryWalk]
    threadlocals: list[SetOnce]


def link(modules: Sequence[SourceModule], knowledge: Knowledge, assume_shared: Sequence[str] = ()) -> Program:
    """Link the facts of all files. `assume_shared` are patterns of dotted names of what is to be taken as shared."""
    sources = assemble(modules)
    names = link_names(sources, knowledge, Interner())
    types = link_types(names, by_use=bool(assume_shared))
    calls = link_calls(types)
    threads = link_threads(calls)
    places = link_places(types, items_apart=bool(assume_shared))
    locks = Locks(places, by_use=bool(assume_shared))
    claims = link_claims(places, locks, threads)
    locksets = link_locksets(places, locks, threads, claims)
    balance = link_balance(locksets)
    sequences = link_sequences(places, calls)
    tasks = link_tasks(calls)
    sharing = link_sharing(threads, locksets, assume_shared, tasks=tasks)
    lockorder = link_lockorder(locksets)
    blocking = link_blocking(locksets, lockorder)
    finalizers = link_finalizers(locksets, lockorder)
    foreign = link_foreign(locksets)
    signals = link_signals(locksets, sharing)
    breaches = link_breaches(sharing, locksets)
    found = candidates(sharing, locksets)
    looked_at = sequences.narrowed(concerned(found, sharing, calls), frozenset(found))
    races = link_races(found, sharing, locksets, looked_at, breaches)
    suspensions = link_suspension(types)
    interleavings = link_interleavings(tasks, locksets, looked_at, suspensions, assume_shared)
    return Program(
        sources=sources,
        names=names,
        types=types,
        calls=calls,
        threads=threads,
        places=places,
        locks=locks,
        claims=claims,
        locksets=locksets,
        balance=balance,
        sequences=sequences,
        sharing=sharing,
        rebinding=link_rebinding(locksets, sharing),
        lockorder=lockorder,
        blocking=blocking,
        finalizers=finalizers,
        foreign=foreign,
        signals=signals,
        breaches=breaches,
        races=races,
        interleavings=interleavings,
        loops=link_loops(sharing, locksets),
        birth=link_birth(threads, locksets),
        captures=link_captures(places),
        results=link_results(sharing, locksets, races),
        processwide=link_processwide(threads, locksets, assume_shared),
        registries=link_registries(threads, places),
        threadlocals=link_threadlocals(threads, places),
    )
