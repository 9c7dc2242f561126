"""How findings speak of state, contexts and locks, so that every rule says the same thing in the same words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from racelint import facts
from racelint.knowledge.model import LockKind
from racelint.knowledge.running import RunsOn
from racelint.program import Program
from racelint.program.callgraph.calls import is_public
from racelint.program.contexts.contexts import Context
from racelint.program.contexts.threads import Threads
from racelint.program.dataflow.frames import as_written
from racelint.program.locking.guards import Guard
from racelint.program.locking.locks import HANDED, Lock, LockKey, LockUse
from racelint.program.memory.places import Access, Kind
from racelint.program.process.processwide import Disturbance
from racelint.program.races.kinds.race import Race
from racelint.program.sources.source import Code
from racelint.program.tasks.interleavings import Interleaving

NOUNS = {RunsOn.POOL: "pool task", RunsOn.SERVER: "request thread", RunsOn.HANDLER: "callback", RunsOn.LOOP: "task"}
VERBS = {
    Kind.WRITE: "set",
    Kind.UPDATE: "update",
    Kind.ITEM_UPDATE: "update",
    Kind.DELETE: "delete",
    Kind.MUTATE: "change",
    Kind.ITERATE: "iterate",
}
PARTICIPLES = {
    Kind.WRITE: "set",
    Kind.UPDATE: "updated",
    Kind.ITEM_UPDATE: "updated",
    Kind.DELETE: "deleted",
    Kind.MUTATE: "changed",
    Kind.ITERATE: "iterated",
}


# --- state ---


def state(access: Access) -> str:
    """The Place as its source spells it, `self.count`; by its class, `Counter.count`, where that has no short name."""
    place = access.place
    if place.kind in ("global", "closure", "default"):
        return f"`{place.name}`"
    if place.kind == "object":
        return f"`{_spelled(access.base) or place.name}`"
    if access.is_lent:
        return f"`{_spelled(access.given_by) or place.name}`"
    base = _spelled(access.base) if place.kind == "attribute" else ""
    return f"`{base or place.symbol.split('.')[-2]}.{place.name}`"


def spelled(program: Program, code: Code, id: int) -> str:
    """A value of a function as the source spells it: `self.jobs`; "the object" if it has no name."""
    name = _spelled(program.places.dataflow(code).path(id))
    return f"`{name}`" if name else "the object"


def spelled_method(program: Program, code: Code, call: int) -> str:
    """The method that is called, as the source spells it: "self.ready.set"; "" if its object has no name."""
    fetched = code.fetched(code.operation(call))
    base = spelled(program, code, fetched.base) if type(fetched) is facts.LoadAttr else ""
    return f"{base.strip('`')}.{fetched.name}" if type(fetched) is facts.LoadAttr and base.startswith("`") else ""


def kept_as(program: Program, code: Code, call: int) -> str:
    """The variable or attribute that holds the object whose method is called, by its dotted name; "" if none does."""
    fetched = code.fetched(code.operation(call))
    held = code.operation(fetched.base) if type(fetched) is facts.LoadAttr else None
    if type(held) is facts.Phi:
        return f"{code.qualname}.{held.name}"
    located = program.places.located(code, held) if held is not None else []
    return located[0][0].symbol if located else ""


def _spelled(path: str) -> str:
    """A path of the dataflow as the source spells it; "" if it leads through a value without a name."""
    if "%" in path or "?" in path:
        return ""
    return as_written(path)


def done(access: Access) -> str:
    """What an access does: "`self.jobs` is *changed (`append`)*"."""
    named = access.method.replace(".", "").isidentifier() and access.method not in ("del", "in")
    method = f" (`{access.method}`)" if named else ""
    return PARTICIPLES.get(access.kind, "read") + method


def where(access: Access, seen_from: Code) -> str:
    """Where an access is, said in the function `seen_from`: "at line 12", or "in `Stock.take`"."""
    return f"at line {access.span.line}" if access.code is seen_from else f"in `{called(access.code)}`"


# --- contexts ---


def called(code: Code) -> str:
    """A function by its name and those of the classes and functions around it."""
    return _label(code.function.qualname) or code.qualname


def _label(qualname: str) -> str:
    return qualname.replace("<locals>.", "")


def who(program: Program, context: Context, code: Code, way: Sequence[Code] = ()) -> str:
    """A context in words, as the one that runs `code`: "several threads running `worker`", "the main thread".

    `way` is by which functions it comes there, where that is known better than for `code` alone.
    """
    begun = (way or program.threads.trace(context, code))[0]
    if context.is_main:
        if _is_called_by_loop(program, begun):
            return f"the event loop running `{called(begun)}`"
        return f"any caller of `{called(begun)}`" if begun.function.kind == "function" else "the main thread"
    noun = _noun(context)
    return f"{f'several {noun}s' if context.is_several else f'the {noun}'} running `{_started(context, begun)}`"


def _is_called_by_loop(program: Program, code: Code) -> bool:
    """Whether nobody but an event loop is seen to call a function."""
    handed = program.threads.other_loops.called_in_main.values()
    return code in handed and not is_public(code) and not program.calls.callers(code)


def _started(context: Context, begun: Code) -> str:
    """What a context runs; where it starts with one of several functions, the one by which it comes here."""
    entries = {entry.function.qualname for entry, _ in context.entries}
    return called(begun) if len(entries) > 1 and begun.function.qualname in entries else _label(context.label)


def way(program: Program, race: Race) -> list[Code]:
    """By which functions the context of this side comes to where a race is told of, on what both sides share."""
    one, other, code = race.one, race.other_context, race.code
    if one is None:
        return []
    here = next((each for each in (race.first, race.access) if each is not None and each.code is code), None)
    if here is None or other is None or race.other is None:
        return program.threads.trace(one, code)
    return program.sharing.trace(here, one, race.other, other)


def other_way(program: Program, race: Race) -> list[Code]:
    """By which functions the context of the other side comes to its access, on what both sides share."""
    one, other = race.one, race.other_context
    if other is None or race.other is None:
        return []
    if one is None:
        return program.threads.trace(other, race.other.code)
    return program.sharing.trace(race.other, other, race.access, one)


def first_side(program: Program, race: Race) -> str:
    """Who is on this side of a race."""
    return who(program, race.one, race.code, way(program, race)) if race.one is not None else "other threads"


def other_side(program: Program, race: Race) -> str:
    """Who is on the other side of a race."""
    if race.other_context is None or race.other is None:
        return "other threads"
    return who(program, race.other_context, race.other.code, other_way(program, race))


def does_the_same(program: Program, race: Race) -> bool:
    """Whether both sides are of one context and start with the same function."""
    return race.one is race.other_context and first_side(program, race) == other_side(program, race)


def task(tasks: Threads, context: Context, code: Code) -> str:
    """A task in words, as the one that runs `code`: "several tasks running `fetch`"."""
    if context.is_main:
        return f"the task running `{called(tasks.trace(context, code)[0])}`"
    return f"{'several tasks' if context.many else 'the task'} running `{_label(context.label)}`"


def others_come_in(program: Program, found: Interleaving) -> str:
    """Who runs meanwhile: "several tasks running `fetch` can set it meanwhile"."""
    partner = found.partner
    if partner is None or found.evidence != "threads":
        assumed = " (--assume-shared)" if found.evidence == "assumed" else ""
        return f"other tasks can {VERBS.get(found.sequence.last.kind, 'change')} it meanwhile{assumed}"
    who = task(program.interleavings.tasks, partner.other_context, partner.other.code)
    return f"{who} can {VERBS.get(partner.other.kind, 'change')} it meanwhile"


def stale_answer(program: Program, found: Interleaving) -> str:
    """What is tested and done, and who runs between: "`busy` is tested here and changed after the `await` ..."."""
    first, last = found.sequence.first, found.sequence.last
    waited = f"after the `await` at line {found.pause_span.line}"
    tested = f"{state(first)} is tested here and {done(last)} {waited}"
    if found.sequence.puts_in:
        tested = f"{state(first)} gets an item at line {first.span.line} that is taken out again here {waited}"
    return f"{tested}, and {others_come_in(program, found)}"


def _noun(context: Context) -> str:
    return NOUNS.get(context.runs_on, "thread") if context.runs_on is not None else "thread"


def runners(program: Program, race: Race) -> str:
    """Both sides of a race: "several threads running `work`", "the main thread and the thread running `poll`"."""
    one, other = race.one, race.other_context
    if one is None or other is None or race.other is None:
        return "other threads"
    if one is other and does_the_same(program, race):
        return first_side(program, race)
    if one.label == other.label and not one.is_main:
        begun = [way(program, race)[0], other_way(program, race)[0]]
        work = " and ".join(dict.fromkeys(f"`{_started(one, each)}`" for each in begun))
        return f"{'several' if one.is_several or other.is_several else 'two'} {_noun(one)}s running {work}"
    return f"{first_side(program, race)} and {other_side(program, race)}"


def by(program: Program, race: Race) -> str:
    """Who does the same thing at once, or what else is done meanwhile: " by several threads running `work`"."""
    one, other, context = race.one, race.other, race.other_context
    if one is None or other is None or context is None:
        return " by any threads (--assume-shared)" if race.evidence == "assumed" else ""
    verb = VERBS.get(other.kind, "read")
    if verb == VERBS.get(race.access.kind):
        return f" by {runners(program, race)}"
    what = f"{verb} it" if context.is_several else f"{verb}s it"
    return f" by {first_side(program, race)} while {other_side(program, race)} {what}"


def others_change(program: Program, race: Race) -> str:
    """Why what was found does not stay: "several threads running `book` can change it in between"."""
    if race.other is not None and race.other_context is not None:
        alike = race.one is not None and race.one.label == race.other_context.label
        subject = runners(program, race) if alike else other_side(program, race)
        return f"{subject} can {VERBS.get(race.other.kind, 'change')} it in between"
    return f"other threads can change it in between{' (--assume-shared)' if race.evidence == 'assumed' else ''}"


def emptied(access: Access) -> str:
    """How an access ends what was there: "cleared", "set anew"."""
    return "cleared" if access.kind is Kind.MUTATE else "set anew"


def adds(program: Program, race: Race) -> str:
    """Who adds to what is taken over: "several threads running `collect` can add to it"."""
    if race.other is not None and race.other_context is not None:
        return f"{other_side(program, race)} can add to it"
    return f"other threads can add to it{' (--assume-shared)' if race.evidence == 'assumed' else ''}"


# --- locks ---


def lock_name(lock: Lock) -> str:
    """A lock by the name of its Place; by where it is made, if it has none."""
    return _quoted(lock, lock.name)


def lock_used(use: LockUse) -> str:
    """A lock as the expression that names it spells it: `self._lock`."""
    path, handed, name = use.base.partition(HANDED)
    base = _spelled(path)
    if base and use.lock.key[0] == "attribute":
        return f"`{base}.{name if handed else use.lock.name}`"
    return lock_name(use.lock)


def lock_names(locks: Iterable[Lock]) -> dict[LockKey, str]:
    """The locks of one message by names that tell them apart, and no longer than that takes: `orders.lock`."""
    symbols = {lock.key: lock for lock in locks}
    for length in range(1, 9):
        names = {key: _quoted(lock, ".".join(lock.symbol.split(".")[-length:])) for key, lock in symbols.items()}
        if len(set(names.values())) == len(names):
            break
    return names


def _quoted(lock: Lock, name: str) -> str:
    if lock.name.startswith("<"):
        return f"the {lock.name.strip('<>').replace(' at ', ' made at ')}"
    return f"a lock of `{name.removesuffix('[]')}`" if name.endswith("[]") else f"`{name}`"


def guarded(guard: Guard) -> str:
    """How consistently the program holds its lock for a Place, said at an access that forgot it."""
    others = guard.steps - 1
    if guard.guarded_steps == others > 1:
        return f"held at its {others} other accesses"
    return f"held at {guard.guarded_steps} of its {guard.steps} accesses"


def owner(race: Race) -> str:
    """The class or module whose memory is raced for, in short."""
    return race.place.symbol.rpartition(".")[0].rpartition(".")[2]


def usual(race: Race) -> Guard | None:
    """The lock that the program uses for the Place, if it does so for at least half of the accesses."""
    guard = race.guard
    return guard if guard is not None and (race.evidence == "lock" or guard.share >= 0.5) else None


def missing(race: Race, new: str = "one lock") -> str:
    """The lock to take: the one that the program uses for this Place, else a new one."""
    guard = usual(race)
    return lock_name(guard.lock) if guard is not None else new


class Done(Protocol):
    """What somebody does somewhere: an access, a call."""

    @property
    def code(self) -> Code: ...
    @property
    def id(self) -> int: ...


def held_by(program: Program, done: Done) -> list[Lock]:
    """The locks that are held where something is done, and known to be locks; what only signals is held by nobody."""
    held = (use.lock for use in program.locksets.held(done.code, done.id))
    return [lock for lock in held if lock.kind is not None and lock.kind not in (LockKind.EVENT, LockKind.BARRIER)]


# --- lists ---


def steps(codes: Sequence[Code]) -> str:
    """A chain of calls: "`f` → `g`"; the middle of a long one is left out."""
    names = [f"`{called(code)}`" for code in codes]
    return " → ".join(names if len(names) <= 5 else [*names[:2], "…", *names[-2:]])


def listed(words: Sequence[str]) -> str:
    """Words as a list in prose: "a, b and c"."""
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


# --- the whole process ---


def disturbs(program: Program, found: Disturbance, how: str) -> str:
    """Who changes what, and who is met: "Several threads running `build` change the working directory here at once"."""
    one, other, partner = found.one, found.other, found.partner
    if found.evidence == "assumed":
        return f"Any threads (--assume-shared) change {found.change.state.what} here{how} at once"
    what = f"change{'' if one.many else 's'} {found.change.state.what} here{how}"
    text = f"{who(program, one, found.change.code)} {what}"
    if partner is not None:
        text += " at once" if one is other else f", and {who(program, other, partner.code)} can do so meanwhile"
    return text[0].upper() + text[1:]
