"""State is tested and then read a second time, after another thread may have reset it.

*What it does*: reports `if self.x: self.x.f()` and `if self.x is not None: return self.x.y` without a lock, where
another thread sets `x` to None or deletes it; also where a property or a method says that it is there, and where a
method that is called then uses `x` at once. Where the test and a later change of `x` belong together,
[RL201](RL201.md) tells of the reads in between as well.

*Why is this bad?*: the second read may find None although the test did not: AttributeError or TypeError, rarely and
far from the cause.

*Fix*: reads the state once, into a local variable, and uses that up to where it is set again.

*Known false alarms*: state that is reset only when nobody uses it any more, where racelint does not see that it is.

*References*: [CWE-362](https://cwe.mitre.org/data/definitions/362.html) (race condition),
[CWE-367](https://cwe.mitre.org/data/definitions/367.html) (time of check, time of use); [what kinds of global value
mutation are
thread-safe?](https://docs.python.org/3/faq/library.html#what-kinds-of-global-value-mutation-are-thread-safe).
"""

from __future__ import annotations

from collections.abc import Iterator

from racelint.explaining.notes import details
from racelint.explaining.phrases import called, held_by, lock_name, other_side, state, usual
from racelint.findings import Finding
from racelint.program import Program
from racelint.program.memory.places import Kind
from racelint.program.races.kinds.race import Problem, Race
from racelint.rule import rule


@rule("RL205")
def check(program: Program) -> Iterator[Finding]:
    """Ask for the second reads."""
    for race in program.races.of(Problem.DOUBLE_READ):
        where = "here" if race.access.code is race.code else f"in `{called(race.access.code)}`, which is called here"
        message = f"{state(race.access)} was tested and is read again {where}: {_reset(program, race)}. "
        message += _remedy(program, race)
        yield check.finding(race, message, **details(program, race))


def _remedy(program: Program, race: Race) -> str:
    """Who uses it in a critical section wants it as it is there: a local variable would only keep what is gone."""
    guard = usual(race)
    if guard is not None and guard.lock in held_by(program, race.access):
        return f"Test it with {lock_name(guard.lock)} held as well."
    used = "use that" if race.access.code is race.code else f"give that to `{called(race.access.code)}`"
    return f"Read it once into a local variable; test and {used}."


def _reset(program: Program, race: Race) -> str:
    """Who makes the second read find nothing: "the thread running `close` can set it to None in between"."""
    other, context = race.other, race.other_context
    if other is None or context is None:
        return f"another thread can reset it in between{' (--assume-shared)' if race.evidence == 'assumed' else ''}"
    runner, function = other_side(program, race), f"`{called(other.code)}`"
    if function not in runner:
        runner = f"{function}, run by {runner},"
    if other.kind is Kind.DELETE:
        return f"{runner} can delete it in between"
    reset = "set it to None" if program.places.dataflow(other.code).is_none(other.value) else "reset it"
    return f"{runner} can {reset} in between"
