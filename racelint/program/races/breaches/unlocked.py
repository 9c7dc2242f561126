"""Part of the breaches stage: accesses of a variable and calls of a function without the lock that a claim names."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec.structs import replace

from racelint import facts
from racelint.knowledge.model import LockKind
from racelint.program.callgraph.edges import Edge
from racelint.program.dataflow.frames import operation_of, outward
from racelint.program.locking.claims import GuardClaim, Requirement
from racelint.program.locking.guards import Guard, may_be_same, relation
from racelint.program.locking.locks import Lock, LockUse
from racelint.program.locking.locksets import LockSets
from racelint.program.locking.lockstate import Held
from racelint.program.memory.places import Access, Kind
from racelint.program.races.breaches.breach import Breach, How
from racelint.program.races.cases.case import Case
from racelint.program.races.excuses.single import is_snapshot, is_swapped_out
from racelint.program.sharing.sharing import Sharing
from racelint.program.sources.source import Code, span_of
from racelint.program.values.values import Instance


class Unlocked:
    """Finds what is done without the lock that it takes by a claim."""

    def __init__(self, sharing: Sharing, locksets: LockSets) -> None:
        self._sharing = sharing
        self._locksets = locksets
        self._threads = sharing.threads
        self._calls = sharing.threads.calls
        self._places = sharing.places
        self._codes = sharing.places.types.names.sources.codes

    # --- guarded-by ---

    def accesses(self, guard: GuardClaim) -> list[Access]:
        """The accesses of a variable without its lock."""
        if guard.place not in self._places.by_place:
            return []
        case = Case(guard.place, self._sharing, self._locksets)
        held = [access for access in case.accesses if self._holds(guard, access)]
        if not held and (guard.meant.is_wrapped or not self._is_seen(guard.lock)):
            return []
        return [
            access
            for access in case.accesses
            if access not in held and not self._is_exempt(access) and not self._is_own_copy(case, guard, access)
        ]

    def by_line(self, guard: GuardClaim, accesses: list[Access]) -> list[Breach]:
        """One breach for each line of some accesses: that of a write if there is one."""
        lines: dict[tuple[int, int], Access] = {}
        for access in accesses:
            known = lines.setdefault((access.code.key, access.span.line), access)
            if access.kind.writes and not known.kind.writes:
                lines[access.code.key, access.span.line] = access
        return [
            Breach(How.ACCESS, guard.claim, access.code, access.span, access, guard=guard) for access in lines.values()
        ]

    def _is_seen(self, lock: Lock) -> bool:
        """Whether the program shows how the lock is taken: what a library makes and takes may be out of sight."""
        return lock.kind is not None or any(each.use.lock.key == lock.key for each in self._locksets.acquisitions())

    def _holds(self, guard: GuardClaim, access: Access) -> bool:
        return any(_is_held(guard, held, access) for held in self._held_around(access.code, access.id))

    def _held_around(self, code: Code, id: int) -> Iterator[Held]:
        """What is held at an operation; and in a function that is used where it is made, what is held there."""
        yield self._locksets.held(code, id)
        yield from self._held_where_made(code)

    def _held_where_made(self, code: Code) -> Iterator[Held]:
        parent = code.parent
        if parent is None or code.function.kind not in ("function", "lambda"):
            return
        if any(entry is code for context in self._threads.contexts for entry, _ in context.entries):
            return
        made = [each for each in parent.operations if type(each) is facts.MakeFunction]
        for operation in made:
            if operation.function == code.function.index:
                uses = self._places.dataflow(parent).uses(operation.id)
                ids = [each.id for each in uses if type(each) is facts.Call] or [operation.id]
                for held in self._held_around(parent, min(ids)):
                    yield {_captured(use, parent): section for use, section in held.items()}

    def _is_exempt(self, access: Access) -> bool:
        code = access.code
        if access.is_of_self and code.name == "__del__":
            return True
        return not self._threads.may_be_beside(code, access.id)

    def _is_own_copy(self, case: Case, guard: GuardClaim, access: Access) -> bool:
        """Whether the lock was held where the reference was read, and nobody else changes what it leads to."""
        if access.load < 0 or access.load == access.id or not self._at_load(guard, access):
            return False
        if not any(each.kind in (Kind.MUTATE, Kind.ITEM_UPDATE) for each in case.accesses):
            return True
        known = Guard(guard.lock, guard.relation, 1, 1, access, 1)
        return is_swapped_out(case, access, known) or is_snapshot(case, access)

    def _at_load(self, guard: GuardClaim, access: Access) -> bool:
        return any(_is_held(guard, held, access) for held in self._held_around(access.code, access.load))

    # --- requires ---

    def calls(self, key: int) -> Iterator[Breach]:
        """The calls of a function, and the starts of contexts with it, without the locks that it requires."""
        code = self._codes[key]
        for needed in self._locksets.claims.required[key]:
            if not self._is_seen(needed.use.lock) or any(
                use.lock.key == needed.use.lock.key
                for wrapper, _ in self._calls.wrappers.get(key, ())
                for use in self._in(wrapper)
            ):
                continue
            for edge in self._calls.callers(code):
                if edge in self._calls.sure_calls(edge.caller) and not self._is_kept(needed, edge):
                    breach = Breach(How.CALL, needed.claim, edge.caller, span_of(edge.caller, edge.site), callee=code)
                    yield replace(breach, needed=needed)
            for context in self._threads.contexts[1:]:
                if context.code is not None and any(entry is code for entry, _ in context.entries):
                    breach = Breach(How.START, needed.claim, context.code, context.span, callee=code)
                    yield replace(breach, needed=needed, context=context)

    def _in(self, wrapper: Code) -> list[LockUse]:
        """The locks that a decorator's function takes."""
        holding = self._locksets.holdings.get(wrapper.key)
        return [each.use for each in holding.acquisitions.values()] if holding is not None else []

    def _is_kept(self, needed: Requirement, edge: Edge) -> bool:
        caller, site = edge.caller, edge.site
        if self._calls.is_alone(edge) or not self._threads.may_be_beside(caller, site):
            return True
        flow = self._places.dataflow(caller)
        base = flow.shortest(outward(needed.use.base, self._places.passed(caller, edge.callee, site, edge.receiver)))
        if needed.use.lock.per_instance and self._is_fresh(caller, base):
            return True
        return any(
            use.lock.key == needed.use.lock.key and may_be_same(use.base, base)
            for held in self._held_around(caller, site)
            for use in held
        )

    def _is_fresh(self, code: Code, base: str) -> bool:
        """Whether the object was made in this very function."""
        made = operation_of(base.partition(".")[0])
        values = self._places.types.of(code, made) if code.operation(made) is not None else ()
        return any(isinstance(value, Instance) and value.site == (code.key, made) for value in values)


def _captured(use: LockUse, around: Code) -> LockUse:
    """A lock as a function names it that is nested in the one that holds it."""
    root = re.split(r"[.\[]", use.base)[0]
    if all(each.name != root for each in around.function.parameters):
        return use
    return replace(use, base=f"c:{around.module}:{around.function.index}:{use.base}")


def _is_held(guard: GuardClaim, held: Held, access: Access) -> bool:
    """Whether the guard is among the locks held, for writing if the access writes."""
    if guard.meant.is_wrapped:
        name = guard.meant.name.rpartition(".")[2]
        return any(name in re.split(r"[.:]", use.base) or use.lock.key == guard.lock.key for use in held)
    for use in held:
        if use.lock.key != guard.lock.key or (use.mode is LockKind.READER and access.kind.writes):
            continue
        if may_be_same(guard.relation, relation(use, access)) or _is_entered(access):
            return True
    return False


def _is_entered(access: Access) -> bool:
    """Whether the object is what a `with` statement gave: it may be the one whose lock was taken there."""
    made = re.match(r"%(\d+)", access.base)
    return made is not None and type(access.code.operations[int(made[1])]) is facts.Entered
