"""Part of the locksets stage: what the outcome of a test says about locks: try-locks, and acquires tied to a flag."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from racelint import facts
from racelint.program.dataflow.dataflow import Dataflow
from racelint.program.locking.locks import LockUse
from racelint.program.locking.lockstate import State, meet
from racelint.program.sources.branching import conditions, decided, unnegated
from racelint.program.sources.nodes import extent, parts
from racelint.program.sources.source import Code

Ties = dict[tuple[LockUse, tuple[str, bool]], frozenset[int]]
"""The acquires of a lock that go with what a test has come out as."""


class Conditions:
    """The tests of one function, as far as they tell which lock is held."""

    def __init__(self, code: Code, flow: Dataflow, tried_by: Callable[[int], LockUse | None]) -> None:
        """`tried_by` tells which lock a call tries to take: in a loop also one that is walked only later."""
        self._code = code
        self._flow = flow
        self._tried_by = tried_by
        self._answers: dict[int, LockUse] = {}
        self._asked: dict[int, tuple[LockUse, bool]] = {}
        self._releases: dict[int, LockUse] = {}
        self._tied: Ties = {}
        self._needed: dict[tuple[LockUse, tuple[str, bool]], int] = {}
        self.waivers: set[int] = set()
        """The tests that begin a critical section where nobody else is there, and no lock is needed."""
        self._arms: list[tuple[int, int]] | None = None

    def answer(self, id: int, use: LockUse) -> None:
        """Note that the value `id` tells whether the lock was taken."""
        self._answers[id] = use

    def released(self, id: int, use: LockUse) -> None:
        """Note that the call `id` releases the lock."""
        self._releases[id] = use

    def ask(self, id: int, use: LockUse, *, held: bool) -> None:
        """Note that the value `id` tells whether anybody holds the lock; `held`: it is this thread that does."""
        self._asked[id] = use, held

    def is_found_taken(self, id: int, use: LockUse) -> bool:
        """Whether an operation is only reached where somebody was found to hold the lock."""
        asked = {test for test, (lock, _) in self._asked.items() if lock == use}
        return bool(asked) and any(truth and test in asked for test, truth in conditions(self._code, id))

    def answered_by(self, id: int) -> LockUse | None:
        """The lock about which a value tells."""
        return self._answers.get(id)

    def tie(self, test: int, body: State, orelse: State) -> None:
        """Note which locks only one arm of a branch has taken: where the same test comes again, it tells about them."""
        for truth, arm, other in ((True, body, orelse), (False, orelse, body)):
            for use in arm.may.keys() - other.may.keys():
                self._tied[use, self._condition(test, truth)] = arm.may[use]

    def ties(self) -> Ties:
        """What has been noted so far."""
        return dict(self._tied)

    def begin_turn(self, ties: Ties) -> None:
        """What a turn of a loop has noted, its next turn knows nothing of: it comes to the very same tests."""
        self._tied = dict(ties)

    def is_own_flag(self, test: int) -> bool:
        """Whether a test is of a local variable that holds True on some paths, and False on others."""
        test, _ = unnegated(self._flow.code, test)
        ends = self._ends(test) if _meeting(self._flow.operation(test)) else ()
        return bool(ends) and all(is_literal(self._flow, id, ("True", "False")) for id in ends)

    def _ends(self, tested: int) -> set[int]:
        """What a variable may hold where it is tested, looked at through all paths that meet.

        Where it is unbound on one of them, the test itself fails there.
        """
        sources: set[int] = set()
        pending = [tested]
        while pending:
            id = pending.pop()
            if id not in sources:
                sources.add(id)
                pending.extend(_meeting(self._flow.operation(id)))
        return {id for id in sources if id >= 0 and not _meeting(self._flow.operation(id))}

    def _condition(self, test: int, truth: bool) -> tuple[str, bool]:
        """A test by what it says, so that the same test at another place is known again."""
        test, straight = unnegated(self._flow.code, test)
        return self._flow.key(test), truth is straight

    def refined(self, test: int, state: State, truth: bool) -> State:
        """The state on the branch where the value `test` is true, or false."""
        state = self._untied(test, state, truth)
        if not self._answers and not self._asked:
            return state
        if test in self._asked:
            asked, held = self._asked[test]
            if any(id > test for id in state.held.get(asked, set()) | state.may.get(asked, set())):
                # it was asked before it was taken
                return state
            if not truth:
                return state.refused(asked)
            return state.resume(asked, test).sure(asked) if held and asked in state.unsure else state
        use = self._answers.get(test)
        if use is not None:
            return state.take(use, test, explicit=True) if truth else state.failed(use, test)
        match self._flow.operation(test):
            case facts.Compute(kind="not", operands=(inner,)):
                return self.refined(inner, state, not truth)
            case facts.Compute(kind="is" | "==", operands=(inner, other)) if self._is_text(other, ("True", "False")):
                return self.refined(inner, state, truth == self._is_text(other, ("True",)))
            case facts.Choice(kind="and", operands=inners) if truth:
                return self._all(inners, state, True)
            case facts.Choice(kind="or", operands=inners) if not truth:
                return self._all(inners, state, False)
            case facts.Choice(kind="or", operands=(other, inner)) if (
                other not in self._answers and inner in self._answers
            ):
                return self._taken_unless(other, inner, state)
            case facts.Await(value=inner) if inner >= 0:
                return self.refined(inner, state, truth)
            case operation if _meeting(operation) and (told := self._told_by(test, state)) is not None:
                use, straight = told
                return state.resume(use, test).sure(use) if truth is straight else state.refused(use)
            case _:
                return state

    def _taken_unless(self, other: int, acquire: int, state: State) -> State:
        """Where a lock was taken unless something else is so: `if self.alone or self.lock.acquire(False)`."""
        use = self._answers[acquire]
        self._tied[use, self._condition(other, False)] = frozenset({acquire})
        self._needed[use, self._condition(other, False)] = acquire
        taken = state.take(use, acquire, explicit=True)
        self.waivers.add(other)
        # who needs no lock is alone, and so as good as one who holds it
        return replace(meet([taken, state]) or taken, held={**state.held, use: frozenset({acquire, other})})

    def _told_by(self, tested: int, state: State) -> tuple[LockUse, bool] | None:
        """The lock of which a variable tells on all paths that meet, and what it is where that was taken: it holds the
        answers of its acquires, all of them as they are or all negated, or True and False."""
        ends = self._ends(tested)
        asked = {id: unnegated(self._code, id) for id in ends}
        answers = {
            id: (use, straight)
            for id, (inner, straight) in asked.items()
            if (use := self._answers.get(inner) or self._tried_by(inner)) is not None
        }
        told = set(answers.values())
        values = ends - answers.keys()
        if len(told) != 1:
            return None
        use, straight = told.pop()
        acquires = state.may.get(use, frozenset())
        known = all(id in acquires or is_literal(self._flow, id, ("True", "False")) for id in values)
        return (use, straight) if known else None

    def _untied(self, test: int, state: State, truth: bool) -> State:
        """Where a test has the other answer than when a lock was taken, that acquire did not happen."""
        for use, acquired in list(state.may.items()):
            in_step = self._in_step(test, use) & acquired
            if in_step:
                state = state.sure(use) if truth else state.not_by(use, in_step)
                continue
            tied = self._tied.get((use, self._condition(test, not truth)), frozenset())
            tied |= self._flagged(test, acquired, truth)
            needed = self._needed.get((use, self._condition(test, truth)))
            if acquired <= tied:
                state = state.settle(use)
            elif needed in acquired:
                state = state.resume(use, needed).sure(use)
            elif use in state.unsure and self._is_set_beside(test, acquired, truth):
                state = state.resume(use, test).sure(use)
        return state

    def is_impossible(self, test: int, state: State, truth: bool) -> bool:
        """Whether a flag would be up that goes up with a lock where that cannot be held: it has not been tried yet, or
        the flag goes down with it, and it is not held."""
        test, straight = unnegated(self._code, test)
        if truth is not straight or not self._answers:
            return False
        if any(self._in_step(test, use) for use in state.free - state.held.keys()):
            return True
        given_back = {use for id, use in self._releases.items() if id < test}
        untried = set(self._answers.values()) - state.held.keys() - state.may.keys() - state.free - given_back
        taken = [frozenset(id for id, each in self._answers.items() if each == use) for use in untried]
        return any(self._is_set_beside(test, acquires, True) for acquires in taken)

    def _in_step(self, test: int, use: LockUse) -> frozenset[int]:
        """The acquires right after which the tested flag goes up, if it goes down right before each release.

        Where it is down, then, none of them is in force.
        """
        ends = self._ends(test) if self._releases and self.is_own_flag(test) else set()
        taken = {id for id, each in self._answers.items() if each == use}
        downs = {id for id in ends if self._flow.truth(id) is False}
        for down in downs:
            if self._releases.get(self._next_call(down, 1)) != use and any(id < down for id in taken):
                return frozenset()
        ups = frozenset(self._next_call(id, -1) for id in ends - downs)
        return ups if ups <= taken else frozenset()

    def _next_call(self, id: int, step: int) -> int:
        """The call before or after an operation in the same arm, if nothing else is done in between."""
        arm = self._arm_of(id)
        id += step
        while type(self._flow.operation(id)) in (facts.Const, facts.LoadName, facts.LoadAttr, facts.Await):
            id += step
        is_call = type(self._flow.operation(id)) is facts.Call
        return id if is_call and self._arm_of(id) == arm else facts.NOTHING

    def _is_set_beside(self, test: int, acquired: frozenset[int], truth: bool) -> bool:
        """Whether a local variable has a value only where one of the acquires has succeeded: `locked = True` there."""
        if not self.is_own_flag(test):
            return False
        arms = {self._taken_in(id) for id in acquired} - {(0, 0)}
        test, straight = unnegated(self._code, test)
        return all(self._arm_of(id) in arms for id in self._ends(test) if self._flow.truth(id) is (truth is straight))

    def _flagged(self, test: int, acquired: frozenset[int], truth: bool) -> frozenset[int]:
        """The acquires beside which the tested flag was set to the other value: `locked = True` in the same branch."""
        flag = self._flow.operation(test)
        if type(flag) is facts.Phi:
            other = [each for each in flag.inputs if self._flow.truth(each) is (not truth)]
        elif type(flag) is facts.LoadAttr:
            other = [
                each.id
                for each in self._code.operations
                if type(each) is facts.StoreAttr
                and each.name == flag.name
                and self._flow.path(each.base) == self._flow.path(flag.base)
                and self._flow.truth(each.value) is (not truth)
            ]
        else:
            return frozenset()
        return frozenset(
            id for id in acquired if any(self._taken_in(id) == self._arm_of(each) != (0, 0) for each in other)
        )

    def _taken_in(self, acquire: int) -> tuple[int, int]:
        """The arm of an acquire: of one that a branch tests it is that which the branch takes only if it succeeds."""
        for node in self._code.controls:
            if type(node) is facts.Branch and node.test >= 0:
                for truth, arm in ((True, node.body), (False, node.orelse)):
                    if arm and (acquire, True) in decided(self._code, node.test, truth):
                        return extent(arm)
        return self._arm_of(acquire)

    def _arm_of(self, id: int) -> tuple[int, int]:
        """The innermost arm of a branch (or body of a try or with) around an operation, as a range of ids."""
        if self._arms is None:
            self._arms = [extent(part) for node in self._code.controls for part in parts(node)]
        around = [(low, high) for low, high in self._arms if low <= id <= high]
        return min(around, key=lambda arm: arm[1] - arm[0]) if around else (0, 0)

    def _all(self, tests: tuple[int, ...], state: State, truth: bool) -> State:
        for test in tests:
            state = self.refined(test, state, truth)
        return state

    def _is_text(self, id: int, texts: tuple[str, ...]) -> bool:
        return is_literal(self._flow, id, texts)


def _meeting(operation: facts.Operation | None) -> tuple[int, ...]:
    """The values one of which a variable has where paths meet, or which `a if test else b` chooses from."""
    match operation:
        case facts.Phi(inputs=values) | facts.Choice(kind="if", operands=values):
            return values
        case _:
            return ()


def is_literal(flow: Dataflow, id: int, texts: tuple[str, ...]) -> bool:
    """Whether a value is one of these literals."""
    operation = flow.operation(id)
    if type(operation) is facts.Compute and operation.kind == "-":
        return "-1" in texts
    return type(operation) is facts.Const and operation.text in texts
