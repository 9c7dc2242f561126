"""A container is iterated while another thread adds to it or removes from it.

*What it does*: reports loops, comprehensions and calls that go over a dictionary, set, deque, list or weak container
(`max(d, key=f)`, `next(iter(d))`, `list(map(f, d))`, `copy.deepcopy(d)`), while another thread may change its size
without a lock that both hold. It also reports live views (`d.values()`) that leave their lock, or go to callers outside
while a thread changes what they show. In coroutines it reports loops that wait in a turn (`for peer in self.peers:
await peer.send()`) while another task may change the container. Where the callback of a weak reference takes items out,
it reports loops even in one thread: it comes in wherever an object is let go. Of `sys.modules`, which an `import` in
any thread adds to, it reports every loop in a thread. Copies in one step, `list(d)`, `d.copy()` or `sorted(d.items())`,
are silent, and so is who looks at what one thread makes that comes to its end and is joined somewhere else, unless a
lock is in use there or it is declared shared. So is who only looks at the items of a list: one that is passed over
could as well have been gone. What is done to each item misses that one.

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

from racelint.explaining.iterations import advice, harmed, iterated, leaving, meanwhile
from racelint.explaining.notes import details, registry_details, round_details
from racelint.explaining.phrases import done, state, task, who
from racelint.findings import Finding
from racelint.program import Program
from racelint.program.races.kinds.race import Problem
from racelint.rule import rule


@rule("RL104")
def check(program: Program) -> Iterator[Finding]:
    """Ask for the iterations, and for the views that leave their lock."""
    for race in program.races.of(Problem.ITERATION):
        harm = f"{harmed(race.harm, needs_no_gil=race.needs_no_gil)}. {advice(race)}"
        yield check.finding(race, f"{iterated(race)} {meanwhile(program, race)}: {harm}", **details(program, race))
    for race in program.races.of(Problem.HANDED_OUT):
        view = f"A live view of {state(race.access)} (`{race.access.method}`) {leaving(program, race)}"
        yield check.finding(race, f"{view}. Return a copy: `list(...)`.", **details(program, race))
    for found in program.interleavings.rounds:
        by = f"{task(program.interleavings.tasks, found.partner.other_context, found.partner.other.code)} can"
        runner = by if found.evidence == "threads" else "other tasks can (--assume-shared)"
        message = f"{state(found.access)} is {done(found.access)} with an `await` in its turns, at which {runner} "
        message += f"change it: {harmed(found.harm)}. Iterate over a copy (`list(...)`), or hold an `asyncio.Lock` "
        message += "on both sides."
        yield check.finding(found, message, **round_details(program, found))
    for walk in program.registries:
        message = f"`{walk.name}` is iterated by {who(program, walk.context, walk.code)} while {walk.by} adds to it: "
        message += "RuntimeError when its size changes. Iterate over a copy (`list(...)`)."
        yield check.finding(walk, message, **registry_details(program, walk))
