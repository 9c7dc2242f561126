"""Who meets whom where something comes too early or too late, and the steps that go wrong.

A wait, an answer, a start or a result: each side is right by itself, and only their order is not kept up (*order
violations*, as against those of atomicity: Lu et al., "Learning from mistakes", ASPLOS 2008).
"""

from __future__ import annotations

from dataclasses import dataclass

from racelint.explaining.encounter import ANYBODY, A, B, Encounter, caller_of, one_of
from racelint.explaining.phrases import Done, called, held_by, lock_name, lock_used, spelled, state, who
from racelint.explaining.turns import does
from racelint.findings import Located, Side, Turn
from racelint.knowledge.model import LockDomain
from racelint.program import Program
from racelint.program.deadlocks.skipped import Skip
from racelint.program.signals.notifying import Loss, LostSignal
from racelint.program.signals.overtaken import Overtaken
from racelint.program.signals.questions import OldAnswer
from racelint.program.signals.waiting import BadWait, Flaw
from racelint.program.signals.waits import Limit, Signal
from racelint.program.sources.source import Code, span_of
from racelint.program.starting.birth import EarlyStart
from racelint.program.starting.results import EarlyRead


@dataclass(frozen=True, slots=True)
class _Call:
    code: Code
    id: int


def _turn(program: Program, side: int, done: Done, effect: str) -> Turn:
    return Turn(side, done.code.path, span_of(done.code, done.id), effect, _held(program, done))


def _side(program: Program, runner: str, done: Done) -> Side:
    return Side(runner, _held(program, done))


def _held(program: Program, done: Done) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(lock_name, held_by(program, done))))


def _in(program: Program, signal: Signal, done: Done | None = None) -> Side:
    """Who does something, a signal if nothing else is meant, by the function that it stands in."""
    done = signal if done is None else done
    kind = "task" if signal.domain is LockDomain.TASK else "thread"
    return _side(program, f"a {kind} in `{called(done.code)}`", done)


# --- conditions and events ---


def skipped_signal(program: Program, skip: Skip, waits: Located) -> Encounter:
    """A thread ends, or goes on, without what another one waits for."""
    own = Side(one_of(skip.context, who(program, skip.context, skip.code)))
    steps = (
        Turn(B, waits.path, waits.span, "waits, with no timeout"),
        Turn(A, skip.risk.path, skip.risk.span, "raises something: the line that B waits for is not run any more"),
    )
    return Encounter(sides=(own, Side(caller_of(skip.waiter))), turns=steps)


def missed_wait(program: Program, bad: BadWait) -> Encounter:
    """A wait that misses its notify, or goes on without another look."""
    condition, tested = lock_used(bad.wait.use), bad.tested
    steps = [_turn(program, A, tested, f"tests {state(tested)}")] if tested is not None else []
    if bad.flaw is Flaw.ONCE and tested is not None:
        again = f"goes on, though a third may have changed {state(tested)} again"
        steps += [_turn(program, B, bad.waker, f"notifies {condition}"), _turn(program, A, bad.wait, again)]
    else:
        waits = f"waits {'until its timeout' if bad.wait.limit is Limit.SOME_TIME else 'for ever'}"
        steps += [
            _turn(program, B, bad.waker, f"notifies {condition}, for which nobody waits"),
            _turn(program, A, bad.wait, waits),
        ]
    return Encounter(sides=(_in(program, bad.wait), _in(program, bad.waker)), turns=tuple(steps))


def overtaken_wait(program: Program, each: Overtaken) -> Encounter:
    """A wait for an event after which another one is faster."""
    claim = each.claim
    steps = (
        _turn(program, A, each.tested, f"tests {state(each.tested)}"),
        _turn(program, A, each.wait, "waits until the event is set"),
        _turn(program, B, claim, f"comes just then, and {does(claim)}"),
        _turn(program, A, claim, f"{does(claim)} as well"),
    )
    return Encounter(sides=(_in(program, each.wait), _in(program, each.wait, claim)), turns=steps)


def lost_signal(program: Program, lost: LostSignal) -> Encounter:
    """A notify, or the clearing of an event, by which who waits misses what has happened."""
    signal, wait, change, other = lost.signal, lost.wait, lost.change, lost.other
    name, others, steps = lock_used(signal.use), wait, []
    if lost.loss is Loss.EARLY and change is not None:
        steps = [
            _turn(program, A, signal, f"notifies {name}"),
            _turn(program, B, wait, f"wakes up, finds the old {state(change)}, and waits again"),
            _turn(program, A, change, f"{does(change)}, and nobody is told"),
        ]
    elif lost.loss is Loss.AHEAD and change is not None:
        steps = [
            _turn(program, A, signal, f"sets {name}"),
            _turn(program, B, wait, f"wakes up, and reads the old {state(change)}"),
            _turn(program, A, change, does(change)),
        ]
    elif lost.loss is Loss.CLEARED and change is not None and other is not None:
        others = other
        steps = [
            _turn(program, A, wait, f"has waited, and looks at {state(change)}"),
            _turn(program, B, change, does(change)),
            _turn(program, B, other, f"sets {name}"),
            _turn(program, A, signal, f"clears {name}, and does not look again"),
        ]
    elif other is not None:
        steps = [
            _turn(program, A, other, f"sets {name}"),
            _turn(program, A, signal, f"clears {name}"),
            _turn(program, B, wait, "waits only now, for what is over"),
        ]
    return Encounter(sides=(_in(program, signal), _in(program, others)) if steps else (), turns=tuple(steps))


def old_answer(program: Program, old: OldAnswer) -> Encounter:
    """A question that was answered, and an act that relies on it, though another one has changed that."""
    name, act = old.act.method, old.act
    asked = f"asks: {spelled(program, act.code, act.receiver)} {old.question.found}"
    outcome = f"calls `{name}`, which {'waits for ever' if name == 'get' else 'waits' if old.waits else 'raises'}"
    rival = one_of(old.other, who(program, old.other, old.rival.code))
    if old.evidence == "assumed":
        rival = ANYBODY
    elif old.one is old.other and old.other.many:
        rival = "another of them"
    own = one_of(old.one, who(program, old.one, act.code))
    steps = (
        _turn(program, A, old.asked, asked),
        _turn(program, B, old.rival, f"calls `{old.rival.method}`"),
        _turn(program, A, act, "sets it as well" if name == "set" else outcome),
    )
    return Encounter(sides=(_side(program, own, act), _side(program, rival, old.rival)), turns=steps)


# --- starts and results ---


def early_start(program: Program, early: EarlyStart) -> Encounter:
    """A start before what the started one reads is set."""
    late = early.late[0]
    name = f"`self.{late.place.name}`"
    began, read, store = (_Call(*frame) for frame in (early.began, late.read[-1], late.store))
    found = "None" if late.was_none else "no such attribute"
    begins = f"makes itself known to `{early.label}`" if early.registers else f"starts `{early.label}`"
    steps = (
        _turn(program, A, began, begins),
        _turn(program, B, read, f"reads {name}, and finds {found}"),
        _turn(program, A, store, f"sets {name}, too late"),
    )
    own = _side(program, caller_of(early.code), began)
    return Encounter(sides=(own, _side(program, f"`{early.label}`", read)), turns=steps)


def early_read(program: Program, early: EarlyRead) -> Encounter:
    """A read of what a thread has not yet made."""
    written, wait = early.written, _Call(early.code, early.wait)
    reads = _turn(program, A, early, f"reads {state(early.seen)}")
    makes = _turn(program, B, written, f"{does(written)} only now")
    if early.cut_short or early.is_of_another:
        waits = "waits for another one" if early.is_of_another else "waits, and gives up"
        steps = (_turn(program, A, wait, waits), reads, makes)
    else:
        steps = (reads, makes, _turn(program, A, wait, "waits only now"))
    maker = one_of(early.context, who(program, early.context, written.code))
    return Encounter(sides=(_side(program, caller_of(early.code), early), _side(program, maker, written)), turns=steps)
