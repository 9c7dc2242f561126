"""A container is iterated while another thread adds to it or removes from it.

*What it does*: reports loops, comprehensions and calls that go over a dictionary, set, deque, list or weak container
(`max(d, key=f)`, `next(iter(d))`, `list(map(f, d))`, `copy.deepcopy(d)`), while another thread may change its size
without a lock that both hold. It also reports live views (`d.values()`) that leave their lock, or go to callers outside
while a thread changes what they show. In coroutines it reports loops that wait in a turn (`for peer in self.peers:
await peer.send()`) while another task may change the container. Where the callback of a weak reference takes items out,
it reports loops even in one thread: it comes in wherever an object is let go. Of `sys.modules`, which an `import` in
any thread adds to, it reports every loop in a thread. Copies in one step, `list(d)`, `d.copy()` or `sorted(d.items())`,
are silent, and so is who looks at what one thread makes that comes to its end and is joined somewhere else, unless a
lock is in use there or it is declared shared.

*Why is this bad?*: the iterator notices that the size has changed and raises RuntimeError; that of a list raises
nothing, but skips or repeats items where others were removed or inserted before it. Consumers in one call such as
`tuple(d)` or `sum(d.values())` are safe only as long as there is a GIL: those are reported for free-threaded builds.

*Fix*: iterates over a copy made under the program's own lock; unsafe where there is none, or unknown calls are inside.

*Known false alarms*: keys that are all there before the threads start, if it is not seen that a store replaces them.

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
        harm = f"{_harmed(race.harm, needs_no_gil=race.needs_no_gil)}. {_advice(race)}"
        yield check.finding(race, f"{_iterated(race)} {_meanwhile(program, race)}: {harm}", **details(program, race))
    for race in program.races.of(Problem.HANDED_OUT):
        view = f"A live view of {state(race.access)} (`{race.access.method}`) {_leaving(program, race)}"
        yield check.finding(race, f"{view}. Return a copy: `list(...)`.", **details(program, race))
    for found in program.interleavings.rounds:
        by = f"{task(program.interleavings.tasks, found.partner.other_context, found.partner.other.code)} can"
        runner = by if found.evidence == "threads" else "other tasks can (--assume-shared)"
        message = f"{state(found.access)} is {done(found.access)} with an `await` in its turns, at which {runner} "
        message += f"change it: {_harmed(found.harm)}. Iterate over a copy (`list(...)`), or hold an `asyncio.Lock` "
        message += "on both sides."
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


def _leaving(program: Program, race: Race) -> str:
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
