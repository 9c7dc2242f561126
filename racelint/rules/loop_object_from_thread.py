"""A thread calls what belongs to the event loop of another thread.

*What it does*: reports calls that must be made on the loop's own thread (`loop.call_soon`, `loop.create_task`,
`Future.set_result`, `Event.set`, `Queue.put_nowait`, `Task.cancel` and their like) where they are made in a started
thread, a pool or a request thread while coroutines use the object, by the starter of a thread that runs the loop, or
in a public method, called from outside, where only the loop of a started thread runs the coroutines that wait for it.
Also where a public method wakes a task, if `--assume-shared` names its class, and that takes locks for threads.

*Why is this bad?*: nothing in a loop is guarded against threads. The queue of callbacks can be damaged, and the loop,
which sleeps in `select`, does not notice: what was asked for happens much later or never. Only `call_soon_threadsafe`
and `run_coroutine_threadsafe` wake it. The fact is wrong in any program, and needs no other evidence than the threads.

*Known false alarms*: loops that are known not to run yet, or not any more, for reasons that are not in the source.

*References*: [CWE-662](https://cwe.mitre.org/data/definitions/662.html) (improper synchronization),
[CWE-663](https://cwe.mitre.org/data/definitions/663.html) (use of a non-reentrant function in a concurrent context);
[concurrency and multithreading](https://docs.python.org/3/library/asyncio-dev.html#concurrency-and-multithreading).
"""

from __future__ import annotations

from collections.abc import Iterator

from racelint.explaining.encounter import trespass
from racelint.explaining.phrases import called, kept_as, spelled_method, who
from racelint.findings import EVERY_BUILD, Finding, Location, note
from racelint.program import Program
from racelint.program.sources.source import span_of
from racelint.program.tasks.trespasses import Trespass
from racelint.rule import rule


@rule("RL603")
def check(program: Program) -> Iterator[Finding]:
    """Ask for the calls from the wrong thread."""
    for found in program.interleavings.trespasses:
        code, stranger, (where, at) = found.code, found.stranger, found.home
        method = _called(program, found)
        related = [note(Location(where.path, span_of(where, at)), _home(found), 1)]
        if stranger is not None:
            runner = who(program, stranger, code)
            related.append(note(stranger, f"{runner} {'start' if stranger.many else 'starts'} here", 0, "start"))
        else:
            runner = f"any caller of `{called(code)}`"
        message = f"`{method}` is called by {runner}, outside the thread of the event loop: it is not safe there, and "
        message += f"the loop may sleep on. {_instead(found.callee)}"
        yield check.finding(
            found,
            message,
            symbol=kept_as(program, code, found.id) or found.callee.rpartition(".")[0],
            function=code.qualname,
            evidence="assumed" if found.is_assumed else "threads",
            live_on=EVERY_BUILD,
            related=related,
            **trespass(program, found),
        )


def _called(program: Program, found: Trespass) -> str:
    """The method as the source spells it, or by its class."""
    owner, _, method = found.callee.rpartition(".")
    kind = owner.rpartition(".")[2].replace("AbstractEventLoop", "loop")
    return spelled_method(program, found.code, found.id) or f"{kind}.{method}"


def _home(found: Trespass) -> str:
    is_used = found.stranger is not None or found.is_assumed
    return "a coroutine uses it here" if is_used else "another thread runs the loop from here on"


def _instead(callee: str) -> str:
    """The call that is safe."""
    if callee.endswith(".create_task"):
        return "Use `asyncio.run_coroutine_threadsafe`."
    if "IOLoop" in callee:
        return "Hand it to `IOLoop.add_callback`."
    return "Hand it to `loop.call_soon_threadsafe`."
