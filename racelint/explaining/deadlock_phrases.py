"""How findings speak of locks that are waited for: by a call with another lock held, by code that comes in anywhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from racelint.explaining.phrases import called, steps, who
from racelint.knowledge.running import RunsOn
from racelint.program import Program
from racelint.program.callgraph.edges import Edge
from racelint.program.deadlocks.finalizers import Entry
from racelint.program.deadlocks.foreign import ForeignCall
from racelint.program.deadlocks.nesting import Nesting
from racelint.program.deadlocks.stall import Stall
from racelint.program.deadlocks.wakers import Need

# --- waiting with a lock held ---


def once_at_each_place(stalls: Iterable[Stall]) -> list[Stall]:
    """One stall for each place in the source, the first that was found."""
    return list({(stall.path, stall.span): stall for stall in reversed(list(stalls))}.values())[::-1]


def waits(stall: Stall) -> str:
    """Who waits, and how: "`Thread.join` is called", "`Pump.stop` calls `Thread.join`"."""
    waiting = stall.waiting
    owner, _, method = waiting.name.rpartition(".")
    owner = owner.rpartition(".")[2]
    name = f"`{owner}.{method}`" if owner[:1].isupper() else f"`{waiting.name}`"
    if waiting.leaves:
        name = f"`with {waiting.name.rpartition('.')[2]}`"
        return f"`{called(stall.chain[0].callee)}` leaves {name}" if stall.chain else f"leaving {name} waits"
    return f"`{called(stall.chain[0].callee)}` calls {name}" if stall.chain else f"{name} is called"


def needed(program: Program, need: Need) -> str:
    """Who needs the lock, and for what: "the thread running `poll` must take before it ends"."""
    if need.context is None:
        return f"a caller of `{need.answer}` must take first"
    return f"{who(program, need.context, need.code)} must take before {'they end' if need.context.many else 'it ends'}"


def comes_in(entry: Entry) -> str:
    """What comes in anywhere: "`Handle.__del__`, which may run in the middle of any code"."""
    name = f"`{called(entry.code)}`"
    if entry.runs_on is RunsOn.SIGNAL:
        return f"the signal handler {name}, which interrupts the main thread anywhere"
    if entry.by is None:
        return f"{name}, which may run in the middle of any code"
    return f"{name}, which is called when an object dies, in the middle of any code"


# --- locks inside locks ---


def once_each(nestings: Iterable[Nesting]) -> list[Nesting]:
    """One nesting for each place in the source."""
    return list({nesting.position: nesting for nesting in reversed(list(nestings))}.values())[::-1]


def takes(nesting: Nesting, inner: str) -> str:
    """Who takes the inner lock: "`b` is taken", or "`Ledger.total` takes `b`" where that is a call."""
    return f"`{called(nesting.chain[0].callee)}` takes {inner}" if nesting.chain else f"{inner} is taken"


def through(chain: Sequence[Edge]) -> str:
    """The calls by which a function comes to a lock: ", through `f` → `g`"."""
    return f", through {steps([edge.callee for edge in chain])}" if chain else ""


def given(found: ForeignCall) -> str:
    """What of the user's is called, to begin a message: "`self._hook`", "`tick` of what is in `self._clients`"."""
    what = f"`{found.name}`" if found.name else "a listener"
    if found.drawn and found.name:
        what = f"what is in {what}"
    return f"`{found.method}` of {what}" if found.method else f"{what[0].upper()}{what[1:]}"
