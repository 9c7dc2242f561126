"""How findings speak of contexts, locks and evidence, so that every rule says the same thing in the same words."""

from __future__ import annotations

from racelint.findings import Build, Related, note
from racelint.program.guards import Guard
from racelint.program.locks import Lock
from racelint.program.places import Access, Place
from racelint.program.races import Race
from racelint.program.source import Code
from racelint.program.threads import Context


def name_of(place: Place, base: str = "") -> str:
    """A Place as its code spells it: `self.count`, `counter.count`, `registry`."""
    if place.kind == "attribute":
        owner = base if base and not base.startswith(("%", "?", "g:", "c:")) else place.symbol.split(".")[-2]
        return f"{owner}.{place.name}"
    return f"{place.symbol.split('.')[-2]}.{place.name}" if place.kind == "class" else place.name


def function_of(code: Code) -> str:
    """The dotted name of a function, for a finding."""
    return code.qualname


def who(context: Context) -> str:
    """A context in words: "several threads running `worker`", "the thread running `_poll`"."""
    if context.is_main:
        return "the thread that calls from outside"
    what = "thread"
    return f"several {what}s running `{context.label}`" if context.many else f"the {what} running `{context.label}`"


def sides(race: Race) -> str:
    """The two sides of a race: who runs it, against whom."""
    one, other = race.one, race.other_context
    if one is None or other is None:
        return ""
    if one is other:
        return who(one)
    return f"{who(one)} and {who(other)}"


def reason(race: Race) -> str:
    """Why the Place is believed to be shared, as a sentence."""
    if race.evidence == "threads":
        return f"It is reached by {sides(race)}."
    if race.evidence == "lock" and race.guard is not None:
        return f"{guarded(race.guard)}, so it is meant to be shared."
    return "It is taken to be shared because of --assume-shared."


def guarded(guard: Guard) -> str:
    """How consistently the program uses a lock for a Place."""
    return f"`{guard.lock.name}` is held at {guard.guarded} of the {guard.total} accesses"


def missing(race: Race) -> str:
    """The lock to take: the one that the program uses for this Place, else a new one."""
    return f"`{race.guard.lock.name}`" if race.guard is not None else "one lock"


def related(race: Race) -> list[Related]:
    """The other ends: the other access, where the contexts start, the lock at its definition."""
    notes: list[Related] = []
    if race.other is not None and race.other is not race.access:
        runner = f" by {who(race.other_context)}" if race.other_context is not None else ""
        notes.append(note(Accessed(race.other), f"`{race.place.name}` is {race.other.kind.value} here{runner}"))
    for context in dict.fromkeys(each for each in (race.one, race.other_context) if each is not None):
        if not context.is_main:
            notes.append(note(context, f"here starts {who(context)}"))
    lock = race.lock or (race.guard.lock if race.guard is not None else None)
    if lock is not None:
        notes.extend(defined(lock))
    if race.evidence == "lock" and race.guard is not None and race.guard.example is not race.other:
        notes.append(note(Accessed(race.guard.example), f"guarded by `{race.guard.lock.name}` here"))
    return notes


def defined(lock: Lock) -> list[Related]:
    """Where a lock is made, if that is known."""
    return [note(lock, f"`{lock.name}` is made here")] if lock.path else []


def builds(race: Race) -> tuple[Build, ...]:
    """Where a race can strike: a plain update has no switch point since CPython 3.10 with the GIL."""
    return ("free-threaded",) if race.plain_update else ("gil", "free-threaded")


class Accessed:
    """An access as something to point to."""

    def __init__(self, access: Access) -> None:
        self.path = access.code.path
        self.span = access.span
