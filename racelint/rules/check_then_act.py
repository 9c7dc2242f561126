"""Shared state is tested, then acted upon, and others can change it in between.

*What it does*: reports `if k not in d: d[k] = v`, `if items: items.pop()`, `if not self.running: self.running = True;
start()` and their likes, where no lock is held from the test to the act; so is a search that finds nothing, where what
was looked for is then made and put in. It also reports a thread that is started on account of a count or flag which the
thread changes itself, whatever lock is held: others test before it has begun. That callers outside do the same as one
thread is no evidence where they would have to meet in a moment that is hardly there: one in which no build with a GIL
lets others in, or the first time of a flag or a key that stays. A table that only spares work is not told of: what is
in there stays as calls have made it of its key, and has no identity that is known, nor is anything counted, started or
put in elsewhere on the way, nor anybody refused who finds it there. Where others are said to come it is, and so is what
is put in under a key and taken out again later, with no default, though others take out as well, and what is taken out
by its name on account of how it is. Nor is told of a test to which a thread comes only over more than four calls, or
over more than two where the same would be made once more, or another function outdates what callers have found, if no
lock shows that others are reckoned with.

*Why is this bad?*: the test is old news when the act is done. Two threads both find the seat free and both book it,
both find one element and the second one fails.

*Fix*: holds the program's own lock from the test to the act; unsafe if functions are called in between that racelint
does not know. Of a dictionary without such a lock: writes `setdefault`, or `pop` with a default, if that says the same.

*Known false alarms*: acts that do no harm when they are done twice; state that only one thread ever changes, where
racelint does not see that it does.

*References*: [CWE-362](https://cwe.mitre.org/data/definitions/362.html) (race condition),
[CWE-367](https://cwe.mitre.org/data/definitions/367.html) (time of check, time of use),
[CWE-820](https://cwe.mitre.org/data/definitions/820.html) (missing synchronization); [lock
objects](https://docs.python.org/3/library/threading.html#lock-objects),
[`dict.setdefault`](https://docs.python.org/3/library/stdtypes.html#dict.setdefault).
"""

from __future__ import annotations

from collections.abc import Iterator

from racelint.explaining.notes import details
from racelint.explaining.phrases import called, done, guarded, lock_name, missing, others_change, state, where
from racelint.findings import Finding
from racelint.program import Program
from racelint.program.races.kinds.race import Problem, Race
from racelint.rule import rule


@rule("RL201")
def check(program: Program) -> Iterator[Finding]:
    """Ask for the tests that are out of date when they are acted upon."""
    for race in program.races.of(Problem.CHECK):
        tested = state(race.first or race.access)
        act = f"{done(race.access)} {where(race.access, race.code)}"
        if race.again is not None:
            act += f", then read again {where(race.again, race.code)},"
        if race.taken is not None:
            yield check.finding(race, _pair(program, race, tested, act), **details(program, race))
            continue
        if race.clears is not None and race.guard is not None:
            lock, used = lock_name(race.guard.lock), f"{state(race.access)} {where(race.access, race.code)}"
            message = f"{tested} is tested here, and {used} is used on account of that without {lock} over both: "
            message += f"`{called(race.clears.code)}` takes both away at once under {lock}, and may do so in "
            message += f"between. Hold {lock} from the test to the use."
            yield check.finding(race, message, **details(program, race))
            continue
        if race.begun:
            message = f"{tested} is tested here, and {act} by the thread that is then started: until it has come to "
            message += "that, whoever tests finds the same. Change it here, before the start."
            yield check.finding(race, message, **details(program, race))
            continue
        if race.first is race.access:
            message = f"{tested} is {done(race.access)} here on account of how the thing is that is taken out: "
            message += "another thread can have taken it out already (--assume-shared), and this fails. "
            message += "Test whether it is still there, or take it out with a default."
        elif race.first is not None and race.first.kind.writes:
            message = f"{tested} gets an item at line {race.first.span.line} that is taken out again here: "
            message += f"{others_change(program, race)}, and where they have taken it out already this fails. "
            message += "Take it out with a default."
        elif race.evidence == "lock" and race.guard is not None:
            lock = lock_name(race.guard.lock)
            message = f"{tested} is tested here and {act} without {lock} over both, which is {guarded(race.guard)}: "
            message += f"it can change in between. Hold {lock} from the test to the act."
        else:
            message = f"{tested} is tested here and {act} with no lock over both: {others_change(program, race)}. "
            message += f"Hold {missing(race)} from the test to the act."
        yield check.finding(race, message, **details(program, race))


def _pair(program: Program, race: Race, tested: str, act: str) -> str:
    """What is wrong where a flag and a container belong together."""
    taken = race.taken or race.access
    over = missing(race, "one lock") if race.evidence == "lock" else "one lock"
    message = f"{tested} is tested here and {state(race.access)} {act} with no lock over both: "
    message += f"{others_change(program, race)}, and `{called(taken.code)}`, which then looks at {state(taken)}, "
    return message + f"misses what is added. Hold {over} from the test to the act, and there over both as well."
