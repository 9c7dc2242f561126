"""Part of the threads stage: may several of what is started by one call run at once?"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from racelint import facts
from racelint.knowledge.running import EntryMethod, Many
from racelint.program.callgraph.calls import Calls
from racelint.program.contexts.gathered import Gathered, keeps_off, takes_down
from racelint.program.contexts.lifetimes import Lifetimes
from racelint.program.contexts.pools import Pools
from racelint.program.contexts.turns import captured, is_given_turns, is_handed_to_turns
from racelint.program.sources.loops import loop_around
from racelint.program.sources.source import Code
from racelint.program.values.types import Spawned
from racelint.program.values.values import FunctionRef, Instance, LibraryObject, Partial, Site


class Several(msgspec.Struct, frozen=True):
    """The questions are `are_started`, of a call that starts something, and `are_made`, of one that makes an object
    with a thread of its own."""

    calls: Calls
    lifetimes: Lifetimes
    pools: Pools
    gathered: Gathered

    def are_started(self, group: Sequence[Spawned], starts: list[tuple[Code, int]]) -> bool:
        """Whether several may run at once of what one call starts, the `group`; `starts` is where that begins."""
        spawn, site = group[0].spawn, group[0].site
        code = self.calls.types.names.sources.codes[site[0]]
        repeated = loop_around(code, site[1])
        match spawn.many:
            case Many.ALWAYS:
                return True
            case Many.NEVER:
                return False
            case Many.BY_SPAWNER if any(self.pools.serves_at_once(each.pool) for each in group):
                return True
            case Many.WORKERS:
                pools = [spawned.pool for spawned in group]
                made = [pool for pool in pools if isinstance(pool, LibraryObject) and pool.site is not None]
                if all(self.pools.is_single(pool, spawn) for pool in made or pools):
                    return False
                if repeated is not None or spawn.passing.value.endswith("each"):
                    return True
                return any(self.pools.is_long_lived(pool, code) for pool in pools)
            case _ if repeated is not None:
                in_turn = self.lifetimes.joins_in_turn(code, site[1], group[0].by, starts)
                return not in_turn and not self._has_one_each(code, site[1], group[0].by)
            case _:
                given = {id for spawned in group for id in _given(code, spawned)}
                own = _receivers_made_in(code, group)
                if any(self._is_started_often(code, given, each) for each in (group[0].by, *own)):
                    return True
                return not self._is_told_what(code, group) and self._is_handed_to_turns(code, site)

    def are_made(self, site: Site, row: EntryMethod) -> bool:
        """Whether objects are made at a site in a loop, and one is started before the last one has ended."""
        code = self.calls.types.names.sources.codes[site[0]]
        starts = self.lifetimes.method_calls(site, row.started_by or "start")
        if loop_around(code, site[1]) is not None:
            return not self.lifetimes.joins_in_turn(code, site[1], site, starts)
        return self._is_started_often(code, _handed(code, site[1]), site) or self._is_handed_to_turns(code, site)

    def _waiting(self, made: Site) -> set[int]:
        """The functions, by key, that wait for the end of what is made at a site."""
        return {where.key for where, _ in self.lifetimes.method_calls(made, "join")}

    def _is_started_often(self, code: Code, given: set[int], made: Site) -> bool:
        """Whether a function runs again while what it has started is at work, which has been `given` some values."""
        waiting = self._waiting(made)
        if is_given_turns(self.calls, code, given, waiting):
            return True
        again = code.function.kind == "function" and code.key not in self.calls.constructing | waiting
        return again and self.gathered.is_kept(made) and not keeps_off(code, made[1] if made[0] == code.key else -1)

    def _has_one_each(self, code: Code, start: int, made: Site) -> bool:
        """Whether a method starts it only where its object has none yet, and nobody forgets that but who has waited.

        `if self._pinger is None: self._pinger = Thread(...)` in each turn of a loop.
        """
        flags = keeps_off(code, start)
        if not flags or code.cls is None:
            return False
        in_time = self.calls.constructing | self._waiting(made)
        methods = self.calls.types.attributes.all_methods(code.cls)
        return not any(takes_down(each, flags) for each in methods if each.key not in in_time)

    def _is_handed_to_turns(self, code: Code, made: Site) -> bool:
        return is_handed_to_turns(self.calls, code, made[1], self.lifetimes.method_calls(made, "join"))

    def _is_told_what(self, code: Code, group: Sequence[Spawned]) -> bool:
        """Whether callers tell a function what to start: each turn of a loop may tell something else."""
        parameters = range(len(code.function.parameters))
        return any(each.target in self.calls.types.of(code, index) for each in group for index in parameters)


def _given(code: Code, spawned: Spawned) -> set[int]:
    """The values of a function that what it starts is given: as arguments, by a partial, as variables around it."""
    found = {node - code.offset for node in spawned.given.nodes}
    match spawned.target:
        case FunctionRef(code=inner):
            found |= captured(code, inner)
        case Partial(site=(key, id)) if key == code.key:
            found |= _handed(code, id)
        case _:
            pass
    return found


def _handed(code: Code, id: int) -> set[int]:
    """The arguments of a call."""
    call = code.operation(id)
    return {each.value for each in call.arguments} if type(call) is facts.Call else set()


def _receivers_made_in(code: Code, group: Sequence[Spawned]) -> list[Site]:
    """Where a function makes the objects whose methods it starts."""
    found: list[Site] = []
    for each in group:
        match each.target:
            case FunctionRef(receiver=Instance(site=(key, id))) if key == code.key:
                found.append((key, id))
            case _:
                pass
    return found
