"""Part of the threads stage: which pool runs what a call hands over, and how many workers it has."""

from __future__ import annotations

from racelint import facts
from racelint.knowledge.running import Many, RunsOn, Spawn
from racelint.program.callgraph.calls import constructs
from racelint.program.sources.source import Code
from racelint.program.values.passing import argument
from racelint.program.values.types import Spawned, Types
from racelint.program.values.values import Instance, LibraryObject, Site, Value


class Pools:
    """Answers what is known of the pools of the program, by where they are made."""

    def __init__(self, types: Types) -> None:
        self._types = types
        self._knowledge = types.names.knowledge
        self._sources = types.names.sources

    def given(self, spawn: Spawn, code: Code, call: facts.Call) -> list[LibraryObject]:
        """The pools that a call may name as the one to run in, if it is seen where they are made."""
        given = argument(call, spawn.executor.position, spawn.executor.keyword) if spawn.executor else None
        found = self._types.of(code, given) if given is not None and given >= 0 else ()
        return [each for each in found if isinstance(each, LibraryObject) and each.site is not None]

    def runs_on(self, pool: LibraryObject) -> RunsOn | None:
        """What its tasks run on."""
        submit = self._knowledge.spawn(f"{pool.qualname}.submit")
        return None if submit is None else submit.runs_on

    def is_alone(self, pool: LibraryObject) -> bool:
        """Whether nothing runs beside its tasks here: it surely has one worker, or they run in other processes."""
        submit = self._knowledge.spawn(f"{pool.qualname}.submit")
        return submit is not None and (submit.runs_on is RunsOn.PROCESS or self.is_single(pool, submit))

    def is_single(self, pool: Value | None, spawn: Spawn) -> bool:
        """Whether a pool surely has one worker, by the argument that tells how many."""
        if not isinstance(pool, LibraryObject) or pool.site is None or spawn.workers is None:
            return False
        code = self._sources.codes[pool.site[0]]
        call = code.operations[pool.site[1]]
        if type(call) is not facts.Call:
            return False
        given = argument(call, spawn.workers.position, spawn.workers.keyword)
        operation = code.operations[given] if given is not None and given < len(code.operations) else None
        return type(operation) is facts.Const and operation.text == "1"

    def only_worker(self, group: list[Spawned]) -> Site | None:
        """Where that is made whose one thread runs all that is started there: a pool with one worker, a server."""
        if not all(self._has_one_thread(each.pool, each.spawn) for each in group):
            return None
        sites = {each.pool.site for each in group if isinstance(each.pool, Instance | LibraryObject)}
        return sites.pop() if len(sites) == 1 else None

    def _has_one_thread(self, pool: Value | None, spawn: Spawn) -> bool:
        """Whether what is handed over is run in turn with all else that is handed to the same object."""
        match spawn.many:
            case Many.WORKERS:
                return self.is_single(pool, spawn)
            case Many.BY_SPAWNER:
                return not self.serves_at_once(pool)
            case _:
                return spawn.runs_on is RunsOn.HANDLER

    def serves_at_once(self, server: Value | None) -> bool:
        """Whether a server runs several requests at once, by its class: `class Server(ThreadingMixIn, TCPServer)`."""
        bases = server.cls.library_bases if isinstance(server, Instance) else ()
        rows = map(self._knowledge.spawn, bases)
        return any(row is not None and row.many is Many.ALWAYS for row in rows)

    def is_long_lived(self, pool: Value | None, code: Code) -> bool:
        """Whether work of several calls meets in the pool: it was made elsewhere, and this function runs again."""
        if not isinstance(pool, LibraryObject) or pool.site is None:
            return False
        return pool.site[0] != code.key and not constructs(code) and code.function.kind == "function"
