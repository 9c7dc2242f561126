"""How findings speak of state over which somebody iterates while others change it."""

from __future__ import annotations

from racelint.explaining.phrases import (
    called,
    does_the_same,
    done,
    first_side,
    lock_name,
    other_side,
    state,
    usual,
)
from racelint.knowledge.iteration import Disturbance
from racelint.program import Program
from racelint.program.races.cases.disturbances import Harm
from racelint.program.races.kinds.race import Race


def iterated(race: Race) -> str:
    """What is iterated: "`self.jobs` is iterated (`items`)"; through a helper, who calls it."""
    if race.code is race.access.code:
        return f"{state(race.access)} is {done(race.access)}"
    return f"`{called(race.access.code)}` iterates over {state(race.access)} and is called here"


def meanwhile(program: Program, race: Race) -> str:
    """Who changes it at the same time: "by the main thread while the thread running `work` changes it"."""
    if race.evidence == "lock":
        guard = usual(race)
        if guard is None and race.other is not None:
            return f"without a lock, while `{called(race.other.code)}` changes it"
        return f"without {lock_name(guard.lock) if guard is not None else 'a lock'}, while {_changes(race)}"
    one, other, context = race.one, race.other, race.other_context
    if race.evidence is None and other is not None:
        return f"while `{called(other.code)}` changes it whenever a weak reference loses its object"
    if one is None or other is None or context is None:
        return "while other threads change it (--assume-shared)"
    if does_the_same(program, race):
        return f"by {first_side(program, race)} while others of them change it"
    verb = "change" if context.many else "changes"
    return f"by {first_side(program, race)} while {other_side(program, race)} {verb} it"


def leaving(program: Program, race: Race) -> str:
    """What is wrong with a view that is given away: "leaves `_lock`: whoever iterates over it does so without"."""
    guard, context, who_reads = usual(race), race.other_context, "whoever iterates over it does so"
    if race.evidence == "lock":
        lock = lock_name(guard.lock) if guard is not None else "the lock"
        return f"leaves {lock}: {who_reads} without the lock, while {_changes(race)}"
    changed = "other threads can change it (--assume-shared)"
    if race.evidence != "assumed" and context is not None:
        changed = f"{other_side(program, race)} {'change' if context.many else 'changes'} it"
    return f"is given away: {who_reads} while {changed}"


def _changes(race: Race) -> str:
    """Who changes it under the lock: "`Pool.put` changes it with the lock held"."""
    other = race.other
    return f"`{called(other.code)}` changes it with the lock held" if other is not None else "others change it"


def harmed(harm: Harm | None, *, needs_no_gil: bool = False) -> str:
    """What comes of it: "RuntimeError when its size changes"."""
    if harm is not None and harm.disturbance is Disturbance.SKIPS:
        return "items can be skipped or repeated"
    return f"RuntimeError when its size changes{' (without the GIL)' if needs_no_gil else ''}"


def advice(race: Race) -> str:
    """What to do about it: "Iterate over a copy (`list(...)`), or hold `_lock` here too."."""
    guard, harm = usual(race), race.harm
    if race.evidence is None:
        return "Iterate over a copy (`list(...)`): a lock keeps nobody out of a thread that has it."
    lock = f"hold {lock_name(guard.lock)} here too" if guard is not None else "hold one lock on both sides"
    if harm is not None and harm.can_be_copied:
        only = "" if harm.copied_anywhere else ", one step only with the GIL"
        return f"Iterate over a copy (`list(...)`{only}), or {lock}."
    return f"{lock[0].upper()}{lock[1:]}."
