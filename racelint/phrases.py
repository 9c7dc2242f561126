"""How findings speak of state, contexts and locks, so that every rule says the same thing in the same words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypedDict

from racelint.findings import EVERY_BUILD, FREE_THREADED_ONLY, Build, Evidence, Location, Related, note
from racelint.knowledge.model import LockKind
from racelint.knowledge.running import RunsOn
from racelint.program import Program
from racelint.program.balance import Unreleased
from racelint.program.calls import Edge
from racelint.program.guards import Guard
from racelint.program.lockorder import Nesting
from racelint.program.locks import Lock, LockUse
from racelint.program.places import Access, Kind
from racelint.program.races import Race
from racelint.program.source import Code
from racelint.program.threads import Context


class Details(TypedDict):
    """What a finding has beside its message: `check.finding(at, message, **details)`."""

    symbol: str
    function: str
    evidence: Evidence | None
    live_on: tuple[Build, ...]
    related: list[Related]


def details(program: Program, race: Race) -> Details:
    """Everything about a race that its message does not say."""
    return Details(
        symbol=race.place.symbol,
        function=race.code.qualname,
        evidence=race.evidence,
        live_on=FREE_THREADED_ONLY if race.plain_update else EVERY_BUILD,
        related=_ends(program, race),
    )


def lock_details(lock: Lock, code: Code, related: Iterable[Related] = (), evidence: Evidence | None = None) -> Details:
    """Everything about a finding on a lock that its message does not say."""
    notes = [*related, *defined(lock)]
    return Details(symbol=lock.symbol, function=code.qualname, evidence=evidence, live_on=EVERY_BUILD, related=notes)


# --- state ---


def state(access: Access) -> str:
    """The Place as its source spells it, `self.count`; by its class, `Counter.count`, where that has no short name."""
    place = access.place
    if place.kind in ("global", "closure"):
        return f"`{place.name}`"
    base = _spelled(access.base) if place.kind == "attribute" else ""
    return f"`{base or place.symbol.split('.')[-2]}.{place.name}`"


def _spelled(path: str) -> str:
    """A path of the dataflow as the source spells it; "" if it names no variable."""
    if path.startswith(("%", "?")):
        return ""
    return path.rpartition(":")[2] if path.startswith(("g:", "c:")) else path


def done(access: Access) -> str:
    """What an access does, for "`x` is ..."."""
    match access.kind:
        case Kind.ITEM_UPDATE:
            return "updated"
        case Kind.MUTATE if access.method.isidentifier() and access.method != "del":
            return f"changed (`{access.method}`)"
        case _:
            return str(access.kind.value)


def does(access: Access, *, many: bool) -> str:
    """What an access does, for "threads ... it"."""
    verb = {
        Kind.WRITE: "set",
        Kind.UPDATE: "update",
        Kind.ITEM_UPDATE: "update",
        Kind.DELETE: "delete",
        Kind.MUTATE: "change",
        Kind.ITERATE: "iterate over",
    }.get(access.kind, "read")
    return f"{verb if many else verb + 's'} it"


# --- contexts ---


def who(program: Program, context: Context, code: Code) -> str:
    """A context in words, as the one that runs `code`: "several threads running `worker`", "the main thread"."""
    if context.is_main:
        first = program.threads.trace(context, code)[0]
        return "the main thread" if first.function.kind == "module" else f"any caller of `{_short(first)}`"
    match context.runs_on:
        case RunsOn.POOL:
            one, several = "the pool task", "several pool tasks"
        case RunsOn.SERVER:
            one, several = "the request thread", "several request threads"
        case RunsOn.HANDLER:
            one, several = "the callback", "several callbacks"
        case _:
            one, several = "the thread", "several threads"
    return f"{several if context.many else one} running `{context.label}`"


def meanwhile(program: Program, race: Race) -> str:
    """What the other side does at the same time: " while several threads running `worker` update it"."""
    other, context = race.other, race.other_context
    if other is None or context is None:
        return ""
    too = " too" if other is race.access or other.kind is race.access.kind else ""
    return f" while {who(program, context, other.code)} {does(other, many=context.many)}{too}"


def _short(code: Code) -> str:
    return code.function.qualname.replace("<locals>.", "") or code.qualname


# --- locks ---


def lock_name(lock: Lock) -> str:
    """A lock by the name that its Place has; by where it is made, if it has no Place."""
    if lock.name.startswith("<"):
        return f"the {lock.name.strip('<>')}"
    return f"a lock of `{lock.name[:-2]}`" if lock.name.endswith("[]") else f"`{lock.name}`"


def lock_used(use: LockUse) -> str:
    """A lock as the expression that names it spells it: `self._lock`."""
    base = _spelled(use.base)
    return f"`{base}.{use.lock.name}`" if base and use.lock.key[0] == "attribute" else lock_name(use.lock)


def guarded(guard: Guard) -> str:
    """How consistently the program uses a lock for a Place."""
    return f"held at {guard.guarded} of its {guard.total} accesses"


def defined(lock: Lock) -> list[Related]:
    """Where a lock is made, if that is known."""
    return [note(lock, f"{lock_name(lock)} is made here")] if lock.path else []


def held_over(race: Race) -> str:
    """The lock to take: the one that the program uses for this Place, else a new one."""
    return lock_name(race.guard.lock) if race.guard is not None else "one lock"


def elsewhere(program: Program, race: Race) -> str:
    """What the other side of a race holds: "under `_lock`"."""
    other = race.other
    held = program.locksets.held(other.code, other.id) if other is not None else {}
    names = [lock_name(use.lock) for use in held if use.lock.kind is not None]
    return f"under {names[0]}" if names else "without it"


def weakness(lock: Lock) -> tuple[str, str]:
    """Why a lock keeps nobody out, for "is updated under ...", and what to do."""
    name = lock_name(lock)
    match lock.kind:
        case LockKind.SEMAPHORE:
            return f"{name}, a semaphore that lets several threads in at once", "Guard it with a `Lock`."
        case LockKind.EVENT | LockKind.BARRIER | LockKind.NONE:
            return f"{name}, which keeps nobody out", "Guard it with a `Lock`."
        case LockKind.READ_WRITE | LockKind.READER:
            return f"the reader side of {name}, which several threads hold at once", "Take the writer side."
        case _:
            return f"{name}, of which each object has its own", "Guard it with one lock for all objects."


# --- tests and acts ---


def act(race: Race) -> str:
    """What is done on the strength of a test."""
    return f"{done(race.access)} afterwards"


def runners(program: Program, race: Race) -> str:
    """The contexts that run into each other."""
    context = race.other_context or race.one
    return who(program, context, race.code) if context is not None else "other threads"


def resetter(program: Program, race: Race) -> str:
    """Who resets the Place between two reads of it."""
    if race.other is None:
        return "it can be reset"
    verb = "delete" if race.other.kind is Kind.DELETE else "reset"
    return f"`{_short(race.other.code)}` can {verb} it"


# --- the order of locks ---


def closing_first(cycle: tuple[Nesting, ...]) -> list[Nesting]:
    """The nestings of a circle, beginning with the one to report: the last in the order of the text."""
    last = max(range(len(cycle)), key=lambda index: _position(cycle[index]))
    return [*cycle[last:], *cycle[:last]]


def once_each(nestings: Iterable[Nesting]) -> list[Nesting]:
    """One nesting for each place in the source."""
    found: dict[tuple[str, int, int], Nesting] = {}
    for nesting in nestings:
        found.setdefault(_position(nesting), nesting)
    return list(found.values())


def _position(nesting: Nesting) -> tuple[str, int, int]:
    return nesting.path, nesting.span.line, nesting.span.column


def others_order(rest: list[Nesting]) -> str:
    """The other half of a circle: "`b` while `a` elsewhere"."""
    return " and ".join(f"{lock_used(each.inner)} while {lock_used(each.outer)}" for each in rest) + " elsewhere"


def nested(nesting: Nesting) -> Related:
    """One nesting as a related place."""
    inner, outer = lock_used(nesting.inner), lock_used(nesting.outer)
    return note(nesting, f"{inner} is taken here while {outer} is held{through(nesting.chain)}")


def inner_acquisition(nesting: Nesting) -> list[Related]:
    """Where the inner lock is taken, if that is behind a call."""
    taken = nesting.acquisition
    return [note(taken, f"{lock_used(taken.use)} is taken here")] if nesting.chain else []


def left_at(leak: Unreleased, message: str) -> list[Related]:
    """Where a path leaves a function with a lock."""
    return [note(Location(leak.path, leak.exit), message)] if leak.exit is not None else []


# --- the other ends ---


def _ends(program: Program, race: Race) -> list[Related]:
    """The other access, where the contexts start and how they come here, the lock and a place where it is held."""
    notes: list[Related] = []
    if race.other is not None and race.other is not race.access:
        runner = f" by {who(program, race.other_context, race.other.code)}" if race.other_context is not None else ""
        notes.append(note(at(race.other), f"{state(race.other)} is {done(race.other)} here{runner}"))
    for context, code in _sides(race):
        if not context.is_main:
            notes.append(note(context, f"here starts {who(program, context, code)}{path_to(program, context, code)}"))
    if race.guard is not None:
        lock = race.guard.lock
        if race.guard.example not in (race.other, race.access) and race.evidence == "lock":
            notes.append(note(at(race.guard.example), f"{lock_name(lock)} is held here"))
        notes.extend(defined(lock))
    if race.lock is not None and (race.guard is None or race.lock != race.guard.lock):
        notes.extend(defined(race.lock))
    return notes


def _sides(race: Race) -> list[tuple[Context, Code]]:
    sides: dict[Context, Code] = {}
    if race.one is not None:
        sides[race.one] = race.code
    if race.other_context is not None and race.other is not None:
        sides.setdefault(race.other_context, race.other.code)
    return list(sides.items())


def path_to(program: Program, context: Context, code: Code) -> str:
    """How a context comes to a function, unless it starts there: ", through `deposit` and `increment`"."""
    chain = program.threads.trace(context, code)[1:]
    return f", which comes through {' → '.join(f'`{_short(each)}`' for each in chain)}" if chain else ""


def through(chain: Iterable[Edge]) -> str:
    """The calls by which a function comes to a lock: ", through `f` → `g`"."""
    steps = " → ".join(f"`{_short(edge.callee)}`" for edge in chain)
    return f", through {steps}" if steps else ""


def at(access: Access) -> Location:
    """An access as something to point to."""
    return Location(access.code.path, access.span)
