"""Part of the blocking stage: does an exception skip what alone ends a wait, in the one thread that is to do that?

`self.server.bind(); self.ready.set()`: where the first raises, the thread is gone, and who waits for it to be ready
waits for ever.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from typing import Final

from racelint import facts
from racelint.knowledge.raising import ENDS_PROCESS, SUPPRESSES
from racelint.knowledge.running import Blocking, BlockingOn
from racelint.program.callgraph.edges import Edge
from racelint.program.contexts.contexts import OWN_THREADS, Context
from racelint.program.locking.harmless_calls import catching, comes_back, exposed, finds_one
from racelint.program.locking.locksets import LockSets
from racelint.program.sources.branching import conditions, leaves
from racelint.program.sources.nodes import contains, extent, is_within, walk
from racelint.program.sources.source import AtOperation, Code
from racelint.program.values.passing import argument
from racelint.program.values.values import FunctionRef, LibraryMethod

DEPTH: Final = 4
"""So many calls away from where a thread begins it is still asked who catches an exception."""

PAUSES: Final = frozenset({BlockingOn.LOCK, BlockingOn.CONDITION, BlockingOn.EVENT, BlockingOn.QUEUE})
"""What a thread may wait for, and nothing is raised, however long that takes."""


class Risk(AtOperation, frozen=True):
    """A call that may raise."""


class Skip(AtOperation, frozen=True, eq=False):
    """What ends a wait, the operation `id` of `code`, is left out where `risk` raises: only `context` does it at all.

    `callee` names the method of the library that this is. `waits` is the call that waits, in `waiter`.
    """

    risk: Risk
    context: Context
    waiter: Code
    waits: int
    callee: str


class Skipping:
    """Asks of one wait: `answers` are the calls that end it, by function; what counts as a risk comes after `begun`."""

    def __init__(
        self, locksets: LockSets, answers: Mapping[int, Collection[int]], begun: Mapping[int, Collection[int]]
    ) -> None:
        self._locksets = locksets
        self._types = locksets.places.types
        self._calls = locksets.threads.calls
        self._codes = self._types.names.sources.codes
        self._answers = answers
        self._begun = begun
        self._ways = self._leading()

    def _leading(self) -> dict[int, set[int]]:
        """For each function the answers in it, and its calls that come to one."""
        ways = defaultdict(set, {key: set(ids) for key, ids in self._answers.items()})
        pending = [(key, 0) for key in self._answers]
        while pending:
            key, depth = pending.pop()
            for edge in self._calls.usual_callers(self._codes[key]) if depth < DEPTH else ():
                if edge.site not in ways[edge.caller.key]:
                    ways[edge.caller.key].add(edge.site)
                    pending.append((edge.caller.key, depth + 1))
        return ways

    def found(self, waiter: Code, wait: int) -> Skip | None:
        """The first answer that an exception skips, of those that one started thread has to give."""
        one = self._sole(waiter)
        if one is None:
            return None
        # what a thread does before it takes an item skips none
        ways = self._answers if self._begun else self._ways
        risks = (each for key, ids in ways.items() for id in sorted(ids) for each in self._skipping(key, id, one))
        risk = next(risks, None)
        if risk is None:
            return None
        key = risk.code.key if risk.code.key in self._answers else min(self._answers)
        id = max(self._answers[key])
        callees = (each for each in self._types.callees[key, id] if isinstance(each, LibraryMethod))
        return Skip(self._codes[key], id, risk, one, waiter, wait, next(callees).qualname)

    def _skipping(self, key: int, answer: int, context: Context) -> Iterator[Risk]:
        """The last call before an answer that may skip it: taken for the sake of what is then told, more often.

        What is told in a loop or after a test is told when somebody asks for it: nobody need be waiting yet.
        """
        code = self._codes[key]
        if any(type(each) is facts.Try and is_within(each.final, answer) for each in code.controls):
            return
        if not self._begun and any(
            type(each) in (facts.Loop, facts.Branch) and contains(each, answer) for each in code.controls
        ):
            return
        risks = [each for each in self._risks(code, answer) if self._escapes(code, each, answer, context)]
        yield from (Risk(code, each) for each in risks[-1:])

    def _sole(self, waiter: Code) -> Context | None:
        """The one thread, or kind of threads, that gives all answers; the waiting one is another."""
        threads = self._locksets.threads
        if not threads.offered.isdisjoint(self._answers):
            return None
        contexts = {each for key in self._answers for each in threads.of(self._codes[key])}
        one = contexts.pop() if len(contexts) == 1 else None
        if one is None or one.runs_on not in OWN_THREADS or one in threads.of(waiter):
            return None
        return one

    def _risks(self, code: Code, answer: int) -> Iterator[int]:
        """The calls on the way to an answer that may raise something, and are all that keeps from the answer."""
        ways = self._ways[code.key]
        begun = max((id for id in self._begun.get(code.key, ()) if id < answer), default=facts.NOTHING)
        given = [set(conditions(code, id)) for id in ways if begun < id < answer]
        for each in code.operations[begun + 1 : answer]:
            if type(each) is not facts.Call or each.id in ways or _is_apart(code, each.id, answer):
                continue
            is_given = any(one.issubset(conditions(code, each.id)) for one in given)
            if not is_given and self._is_due(code, each.id, answer) and self._may_raise(code, each):
                yield each.id

    def _may_raise(self, code: Code, call: facts.Call) -> bool:
        flow = self._locksets.places.dataflow(code)
        if comes_back(self._types, code, call) or finds_one(flow, call) or self._only_waits(code, call):
            return False
        if self._makes_coroutine(code, call):
            return False
        return not self._is_caught_around(code, call.id)

    def _is_due(self, code: Code, risk: int, answer: int) -> bool:
        """Whether who comes to the risk comes to an answer, if nothing is raised: he does not return before."""
        later = [node for node in code.controls if type(node) is facts.Branch and risk <= node.test < answer]
        early = (arm for node in later for arm in (node.body, node.orelse) if arm and type(arm[-1]) is facts.Return)
        return all(any(is_within(arm, each) for each in self._ways[code.key]) for arm in early)

    def _only_waits(self, code: Code, call: facts.Call) -> bool:
        """Whether a call waits as long as it takes, and for nothing that could fail."""
        callees = self._types.of(code, call.callee)
        blocking = self._types.names.knowledge.blocking
        rows = [blocking(each.qualname) if isinstance(each, LibraryMethod) else None for each in callees]
        return bool(rows) and all(row is not None and row.what in PAUSES and not _gives_up(call, row) for row in rows)

    def _makes_coroutine(self, code: Code, call: facts.Call) -> bool:
        """Whether a call only makes a coroutine: whatever that raises comes out where it is awaited."""
        callees = self._types.callees.get((code.key, call.id), ())
        coroutines = all(isinstance(each, FunctionRef) and each.code.function.is_async for each in callees)
        awaited = (each.value for each in code.operations if type(each) is facts.Await)
        return bool(callees) and coroutines and call.id not in awaited

    def _is_caught_around(self, code: Code, site: int) -> bool:
        """Whether a call runs what catches all that its calls may raise, or has a wrapper that does."""
        callees = [edge.callee for edge in self._calls.calls(code) if edge.site == site]
        return bool(callees) and all(
            each.key in self._calls.wrapping or self._is_wrapped(each) or _lets_nothing_out(each) for each in callees
        )

    def _is_wrapped(self, code: Code) -> bool:
        wrappers = self._calls.wrappers.get(code.key, ())
        return any(all(getattr(node, "id", None) != call for node in exposed(each)) for each, call in wrappers)

    def _escapes(self, code: Code, risk: int, answer: int, context: Context, depth: int = DEPTH) -> bool:
        """Whether an exception comes out of the thread, or to where it goes on without the answer."""
        around = [node for node in walk(code.function.body) if type(node) is facts.Try and is_within(node.body, risk)]
        for node in reversed(around):
            outcome = self._caught(code, node, answer)
            if outcome is not None:
                return outcome
        if self._is_suppressed(code, risk, answer) or self._is_wrapped(code):
            return False
        callers = self._calls.usual_callers(code) if depth else ()
        inside = [edge for edge in callers if context in self._locksets.threads.of(edge.caller)]
        return any(code is entry for entry, _ in context.entries) or any(
            self._passes(edge, context, depth) for edge in inside
        )

    def _passes(self, edge: Edge, context: Context, depth: int) -> bool:
        return self._escapes(edge.caller, edge.site, edge.site, context, depth - 1)

    def _caught(self, code: Code, node: facts.Try, answer: int) -> bool | None:
        """Whether the answer is skipped once a `try` has caught an exception; None where it goes on from there."""
        ways = self._ways[code.key]
        if any(is_within(part, id) for id in ways for part in (node.final, *(each.body for each in node.handlers))):
            return False
        calls = (each for handler in node.handlers for each in walk(handler.body) if type(each) is facts.Call)
        if any(self._types.surely_calls(code, each, ENDS_PROCESS) for each in calls):
            return False
        # who names what is raised there knows of no more
        handler = catching(code, node) or next((each for each in node.handlers if not _raises(each)), None)
        if handler is None:
            return None
        if leaves(handler.body):
            return type(handler.body[-1]) is facts.Return or _is_in_the_loop(code, node, answer)
        inside = contains(node, answer)
        return inside and (code.key in self._begun or not _is_tried_again(code, node))

    def _is_suppressed(self, code: Code, risk: int, answer: int) -> bool:
        """Whether a `with` around the risk, and not the answer, may be one that lets no exception out."""
        managers = (node for node in code.controls if type(node) is facts.With and is_within(node.body, risk))
        return any(
            not contains(node, answer) and self._types.surely_calls(code, code.operation(node.manager), SUPPRESSES)
            for node in managers
        )


def _lets_nothing_out(code: Code) -> bool:
    """Whether a function does nothing but try, and when it has caught whatever comes of that, tells of it at most."""
    match code.function.body:
        case [facts.Try(orelse=[], final=[]) as node] if (handler := catching(code, node)) is not None:
            return not any(isinstance(each, facts.Raise | facts.Await) for each in walk(handler.body))
        case _:
            return False


def _gives_up(call: facts.Call, row: Blocking) -> bool:
    """Whether a call raises something where what it waits for does not come in time: of a queue."""
    slots = [each for each in (row.timeout, row.only_if) if each is not None and row.what is BlockingOn.QUEUE]
    return any(argument(call, each.position, each.keyword) is not None for each in slots)


def _raises(handler: facts.Handler) -> bool:
    return any(type(each) is facts.Raise for each in walk(handler.body))


def _is_in_the_loop(code: Code, node: facts.Try, answer: int) -> bool:
    """Whether an answer is in the loop around a `try`: who leaves that by `break` or `continue` skips it."""
    loops = (each for each in code.controls if type(each) is facts.Loop and contains(each, answer))
    low, high = extent([node])
    return any(first <= low and high <= last for first, last in (extent([each]) for each in loops))


def _is_tried_again(code: Code, node: facts.Try) -> bool:
    """Whether a loop goes round a `try`."""
    low, high = extent([node])
    loops = (extent([each]) for each in code.controls if type(each) is facts.Loop)
    return any(first <= low and high <= last and (first, last) != (low, high) for first, last in loops)


def _is_apart(code: Code, risk: int, answer: int) -> bool:
    """Whether who comes to the risk does not mean to come to the answer: another arm, or one that leaves; a handler."""
    for node in code.controls:
        if type(node) is facts.Branch:
            for arm, other in ((node.body, node.orelse), (node.orelse, node.body)):
                if is_within(arm, risk) and (is_within(other, answer) or (leaves(arm) and not is_within(arm, answer))):
                    return True
        elif type(node) is facts.Try and any(is_within(each.body, risk) for each in node.handlers):
            return True
    return False
