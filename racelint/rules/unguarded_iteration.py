"""A container is iterated while another thread adds to it or removes from it.

*What it does*: reports loops, comprehensions and calls that go over a dictionary, set, deque, list or weak container
(`max(d, key=f)`, `next(iter(d))`, `list(map(f, d))`, `copy.deepcopy(d)`), while another thread may change its size
without a lock that both hold. It also reports live views (`d.values()`) that a function returns out of its lock, and
those that it gives to callers outside while a thread changes what they show.
In coroutines it reports loops that wait in a turn (`for peer in self.peers: await peer.send()`) while another task may
change the container. Where the callback of a weak reference takes items out, it reports loops even in one thread: it
comes in wherever an object is let go. Of `sys.modules`, which an `import` in any thread adds to, it reports every loop
in a thread.
Copies in one step, `list(d)`, `d.copy()` or `sorted(d.items())`, are silent, and so is who looks at what one thread
makes that comes to its end and is joined somewhere else, unless a lock is in use there or it is declared shared.

*Why is this bad?*: the iterator notices that the size has changed and raises RuntimeError; that of a list raises
nothing, but skips or repeats items where others were removed or inserted before it. Consumers in one call such as
`tuple(d)` or `sum(d.values())` are safe only as long as there is a GIL: those are reported for free-threaded builds.

*Fix*: iterates over a copy that is made under the program's own lock; unsafe where there is none, or where functions
are called that racelint does not know.

*Known false alarms*: containers whose keys are all there before the threads start, if racelint does not see that a
store replaces what was there.

*References*: [CWE-362](https://cwe.mitre.org/data/definitions/362.html) (race condition),
[CWE-820](https://cwe.mitre.org/data/definitions/820.html) (missing synchronization),
[CWE-567](https://cwe.mitre.org/data/definitions/567.html) (unsynchronized access to shared data); [thread safety
guarantees](https://docs.python.org/3/library/threadsafety.html).
"""

from __future__ import annotations

from collections.abc import Iterator

from racelint.findings import Finding
from racelint.knowledge.iteration import Disturbance
from racelint.notes import details, registry_details, round_details
from racelint.phrases import called, does_the_same, done, first_side, lock_name, other_side, state, task, usual, who
from racelint.program import Program
from racelint.program.races.cases.disturbances import Harm
from racelint.program.races.kinds.race import Problem, Race
from racelint.rule import rule


@rule("RL104")
def check(program: Program) -> Iterator[Finding]:
    """Ask for the iterations, and for the views that leave their lock."""
    for race in program.races.of(Problem.ITERATION):
        harm = _harmed(race.harm, needs_no_gil=race.needs_no_gil)
        message = f"{_iterated(race)} {_meanwhile(program, race)}: {harm}. {_advice(race)}"
        yield check.finding(race, message, **details(program, race))
    for race in program.races.of(Problem.HANDED_OUT):
        guard = usual(race)
        lock = lock_name(guard.lock) if guard is not None else "the lock"
        view = f"A live view of {state(race.access)} (`{race.access.method}`)"
        message = f"{view} leaves {lock}: whoever iterates over it does so without the lock, while {_changes(race)}. "
        if race.evidence != "lock":
            message = f"{view} is given away: whoever iterates over it does so {_meanwhile_given(program, race)}. "
        message += "Return a copy: `list(...)`."
        yield check.finding(race, message, **details(program, race))
    for found in program.interleavings.rounds:
        partner = found.partner
        runner = task(program.interleavings.tasks, partner.other_context, partner.other.code)
        runner = f"{runner} can" if found.evidence == "threads" else "other tasks can (--assume-shared)"
        harm = _harmed(found.harm)
        message = f"{state(found.access)} is {done(found.access)} with an `await` in its turns, at which {runner} "
        message += f"change it: {harm}. Iterate over a copy (`list(...)`), or hold an `asyncio.Lock` on both sides."
        yield check.finding(found, message, **round_details(program, found))
    for walk in program.registries:
        message = f"`{walk.name}` is iterated by {who(program, walk.context, walk.code)} while {walk.by} adds to it: "
        message += "RuntimeError when its size changes. Iterate over a copy (`list(...)`)."
        yield check.finding(walk, message, **registry_details(program, walk))


def _iterated(race: Race) -> str:
    """What is iterated: "`self.jobs` is iterated (`items`)"; through a helper, who calls it."""
    if race.code is race.access.code:
        return f"{state(race.access)} is {done(race.access)}"
    return f"`{called(race.access.code)}` iterates over {state(race.access)} and is called here"


def _meanwhile(program: Program, race: Race) -> str:
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


def _meanwhile_given(program: Program, race: Race) -> str:
    """Who changes what is given away: "while the thread running `work` changes it"."""
    context = race.other_context
    if race.evidence == "assumed" or context is None:
        return "while other threads can change it (--assume-shared)"
    return f"while {other_side(program, race)} {'change' if context.many else 'changes'} it"


def _changes(race: Race) -> str:
    """Who changes it under the lock: "`Pool.put` changes it with the lock held"."""
    other = race.other
    return f"`{called(other.code)}` changes it with the lock held" if other is not None else "others change it"


def _harmed(harm: Harm | None, *, needs_no_gil: bool = False) -> str:
    if harm is not None and harm.disturbance is Disturbance.SKIPS:
        return "items can be skipped or repeated"
    return f"RuntimeError when its size changes{' (without the GIL)' if needs_no_gil else ''}"


def _advice(race: Race) -> str:
    guard, harm = usual(race), race.harm
    if race.evidence is None:
        return "Iterate over a copy (`list(...)`): a lock keeps nobody out of a thread that has it."
    lock = f"hold {lock_name(guard.lock)} here too" if guard is not None else "hold one lock on both sides"
    if harm is not None and harm.can_be_copied:
        only = "" if harm.copied_anywhere else ", one step only with the GIL"
        return f"Iterate over a copy (`list(...)`{only}), or {lock}."
    return f"{lock[0].upper()}{lock[1:]}."
