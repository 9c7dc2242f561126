"""Part of the locksets stage: every function is walked, and its callers until it is known what calls do to locks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from racelint import facts
from racelint.program.callgraph.calls import Calls
from racelint.program.locking.counted import counted
from racelint.program.locking.holding import NO_EFFECT, Effect, Holding
from racelint.program.locking.identities import Locks
from racelint.program.locking.occupied import occupied
from racelint.program.locking.walking import Walk
from racelint.program.memory.places import Places
from racelint.program.sources.source import Code

ROUNDS: Final = 4
"""How deep wrappers around wrappers of acquire and release are followed."""

_OTHER_METHODS: Final = frozenset({"acquire", "release", "enter_context", "enter_async_context"})


def walk_all(places: Places, locks: Locks, calls: Calls) -> dict[int, Holding]:
    """What each function that has to do with locks does to them, by the function's key."""
    codes = places.types.names.sources.codes
    names = _OTHER_METHODS | places.types.names.knowledge.lock_method_names()
    holdings: dict[int, Holding] = {}
    effects: dict[int, Effect] = {}
    pending = {code.key: code for code in codes if _names_locks(code, names)}
    _walk(pending, places, locks, calls, holdings, effects, {})
    readers = counted(holdings.values(), places.dataflow)
    readers |= occupied(holdings.values(), places, readers)
    effects.update(readers)
    callers = {edge.caller.key: edge.caller for key in readers for edge in calls.callers(codes[key])}
    _walk(callers, places, locks, calls, holdings, effects, readers)
    return holdings


def _walk(
    pending: dict[int, Code],
    places: Places,
    locks: Locks,
    calls: Calls,
    holdings: dict[int, Holding],
    effects: dict[int, Effect],
    known: Mapping[int, Effect],
) -> None:
    """Walk functions, and their callers for as long as the effects change; those that are `known` stay as they are."""
    for _ in range(ROUNDS if pending else 0):
        changed: list[Code] = []
        for key in sorted(pending):
            code = pending[key]
            flow = places.dataflow(code)
            walked = Walk(code, places.types, locks, flow, lambda callee: effects.get(callee.key, NO_EFFECT))
            holdings[key] = walked.run()
            effect = known.get(key, holdings[key].effect)
            if effect != effects.get(key, NO_EFFECT):
                effects[key] = effect
                changed.append(code)
        pending = {edge.caller.key: edge.caller for code in changed for edge in calls.callers(code)}
        if not pending:
            break


def _names_locks(code: Code, names: frozenset[str]) -> bool:
    """Whether a function enters a `with` or calls a method by which locks are taken: the others hold none."""
    for operation in code.operations:
        if type(operation) is facts.LoadAttr and operation.name in names:
            return True
    return any(type(node) is facts.With for node in code.controls)
