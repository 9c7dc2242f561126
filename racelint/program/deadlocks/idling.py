"""Part of the blocking stage: who else needs the lock meanwhile, of waits for an item for something else than that?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Final

from msgspec.structs import replace

from racelint import facts
from racelint.knowledge.running import BlockingOn
from racelint.program.callgraph.arms import literal
from racelint.program.callgraph.calls import is_public
from racelint.program.deadlocks.awaited import Waiting
from racelint.program.deadlocks.stall import Stall
from racelint.program.locking.holding import Acquisition
from racelint.program.locking.locks import LockKey
from racelint.program.locking.locksets import LockSets
from racelint.program.sources.source import Code

ASKS: Final = frozenset({"empty", "qsize"})
"""Who asks whether there is an item does not mean to wait for one."""


def idle(locksets: LockSets, stalls: Iterable[Stall], waitings: list[Waiting]) -> Iterator[Stall]:
    """Of calls that are slow with a lock held, those that may last for ever: nobody need ever bring an item."""
    takers = {each.code.key for each in waitings if _takes_item(each)}
    for stall in stalls:
        if stall.chain or not _takes_item(stall.waiting) or _asks(stall.code) or _gives_up(stall.waiting):
            continue
        entrance = _entrance(locksets, stall, takers)
        if entrance is not None:
            yield replace(stall, entrance=entrance)


def _takes_item(waiting: Waiting) -> bool:
    return waiting.what is BlockingOn.QUEUE and waiting.name.endswith(".get")


def _gives_up(waiting: Waiting) -> bool:
    """Whether a time is given, as a number, after which nobody waits any more: what a caller gives may be none."""
    call = waiting.code.operations[waiting.id]
    given = [literal(waiting.code, each.value) for each in call.arguments] if type(call) is facts.Call else ()
    return waiting.bounded and any(text[:1] in "0123456789." for text in given if text)


def _asks(code: Code) -> bool:
    return any(type(each) is facts.LoadAttr and each.name in ASKS for each in code.operations)


def _entrance(locksets: LockSets, stall: Stall, takers: set[int]) -> Acquisition | None:
    """Where a public function takes the lock, and no item: the lock is not there to let one at a time wait."""
    for each in locksets.acquisitions():
        code = each.code
        if each.use.lock.key != stall.lock.lock.key or not each.waits or code is stall.code:
            continue
        if is_public(code) and code.name != "__init__" and code.key not in takers:
            return each
    return None


def with_entrances(locksets: LockSets, stalls: Sequence[Stall]) -> Iterator[Stall]:
    """The same waits, each with who else takes the lock: rather what callers outside call, and rather another one."""
    takers: dict[LockKey, list[Acquisition]] = defaultdict(list)
    for each in locksets.acquisitions() if stalls else ():
        if each.waits and each.code.name != "__init__":
            takers[each.use.lock.key].append(each)
    for stall in stalls:
        found = takers[stall.lock.lock.key]
        yield replace(stall, entrance=min(found, key=partial(_distance, stall), default=None))


def _distance(stall: Stall, taker: Acquisition) -> tuple[bool, bool]:
    return taker.code is stall.code, not is_public(taker.code)
