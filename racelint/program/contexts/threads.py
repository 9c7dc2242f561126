"""Stage 4: which contexts run which functions, how many of each there may be, and which of them may overlap?"""

from __future__ import annotations

from dataclasses import dataclass, field

from racelint import facts
from racelint.knowledge.running import RunsOn
from racelint.program.callgraph.calls import Calls, constructs, is_public
from racelint.program.contexts.alternatives import Alternatives, are_arms, is_begun_anew
from racelint.program.contexts.contexts import OTHER_LOOP, Context
from racelint.program.contexts.daemons import Daemons
from racelint.program.contexts.distances import Distances
from racelint.program.contexts.endings import has_waited
from racelint.program.contexts.other_loops import OtherLoops
from racelint.program.contexts.own_loops import OwnLoops
from racelint.program.sources.source import END, Code


@dataclass(slots=True)
class Threads:
    """Which contexts there are and what they run. Context 0 is the main one."""

    calls: Calls
    contexts: list[Context]
    running: dict[int, list[Context]] = field(default_factory=dict)
    """For each function: the contexts that run it, main first."""
    found_by: dict[tuple[int, int], tuple[Code, int] | None] = field(default_factory=dict)
    """For (context, function): the call by which the context came to it; None for an entry."""
    outside: set[int] = field(default_factory=set)
    """The functions that callers outside the program may be running at any time."""
    apart: set[int] = field(default_factory=set)
    """The contexts that are started where no caller outside is: by a command, or a test."""
    at_exit: set[int] = field(default_factory=set)
    """The functions that the main context only runs when the process ends: nothing else of it is beside them."""
    windows: dict[int, dict[int, tuple[int, int]]] = field(default_factory=dict)
    """For each started context, by function: the ids of the main context's operations that may run beside it."""

    distances: Distances = field(init=False)
    _alternatives: Alternatives | None = None
    _daemons: Daemons | None = None
    _other_loops: OtherLoops | None = None
    _own_loops: OwnLoops | None = None
    _first_starts: dict[int, int] | None = None
    _offered: frozenset[int] | None = None
    _kept: dict[int, tuple[int, str] | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.distances = Distances(self.calls)

    @property
    def offered(self) -> frozenset[int]:
        """The functions that callers outside may run if they call what is public, whoever of the program calls it."""
        if self._offered is None:
            started = {code.key for context in self.contexts for code, _ in context.entries}
            public = [code for code in self.calls.types.names.sources.codes if is_public(code) and not constructs(code)]
            self._offered = frozenset(self.calls.reachable([code for code in public if code.key not in started]))
        return self._offered

    @property
    def other_loops(self) -> OtherLoops:
        """What is known of the event loops of other threads."""
        if self._other_loops is None:
            self._other_loops = OtherLoops(self.calls, self.contexts, self.running)
        return self._other_loops

    def first_start(self, code: Code) -> int:
        """The operation by which a function starts its first context; a number beyond all others if it starts none."""
        if self._first_starts is None:
            self._first_starts = {}
            for context in self.contexts[1:]:
                for starter, id in context.starts:
                    self._first_starts[starter.key] = min(id, self._first_starts.get(starter.key, END))
        return self._first_starts.get(code.key, END)

    def of(self, code: Code) -> list[Context]:
        """The contexts that run a function."""
        return self.running.get(code.key, [])

    def trace(self, context: Context, code: Code) -> list[Code]:
        """How a context comes to a function: from its entry to the function."""
        chain = [code]
        while (step := self.found_by.get((context.index, chain[-1].key))) is not None and len(chain) < 30:
            chain.append(step[0])
        return chain[::-1]

    def overlap(self, first: Context, code: Code, id: int, second: Context, other: Code, other_id: int) -> bool:
        """Whether operation `id` of `code`, run by `first`, may run at the same time as that of the other side."""
        if first is second:
            return first.is_several
        if first.worker is not None and (first.worker, first.runs_on) == (second.worker, second.runs_on):
            # a pool has a thread for its tasks, and another one for what it calls back
            return False
        if id > second.joins.get(code.key, id) or other_id > first.joins.get(other.key, other_id):
            # whoever runs it, the function has waited for the end of the other one
            return False
        if not self._may_be_elsewhere(second, first, code, id):
            return False
        if not self._may_be_elsewhere(first, second, other, other_id):
            return False
        if first.is_main:
            return self.may_live(second, code, id, other)
        if second.is_main:
            return self.may_live(first, other, other_id, code)
        if self._alternatives is None:
            self._alternatives = Alternatives(self.calls.types)
        return not (
            self._has_it_elsewhere(first, code, id, second)
            or self._has_it_elsewhere(second, other, other_id, first)
            or self._one_after_the_other(first, second)
            or self._are_started_in_turn(first, second)
            or self._one_of_two(first, second)
            or _are_mixed_up(first, second)
            or are_arms(first, second)
            or is_begun_anew(self.calls, first, second)
            or self._alternatives.exclude(first, second)
        )

    def _may_be_elsewhere(self, context: Context, beside: Context, code: Code, id: int) -> bool:
        """Whether a context surely runs a function on another thread than that of the loop of a coroutine."""
        if context.worker != OTHER_LOOP:
            return True
        return self.other_loops.is_beside(context, beside, code, id) and not self.other_loops.is_over(context, code, id)

    def is_waited_for(self, context: Context, code: Code, id: int) -> bool:
        """Whether a function has waited for the end of a context before an operation, be it for some time only."""
        if context.worker == OTHER_LOOP:
            return self.other_loops.is_waited_for(context, code, id)
        return has_waited(code, context.joined_at.get(code.key, id), id)

    def may_be_beside(self, code: Code, id: int) -> bool:
        """Whether anything else may be running at that operation; a module body runs once, before what it starts."""
        if code.function.kind != "module":
            return True
        return any(self.may_live(context, code, id) for context in self.contexts[1:])

    def may_live(self, context: Context, code: Code, id: int, beside: Code | None = None) -> bool:
        """Whether the main context may be at that operation while `context` lives, or is in a function `beside` it."""
        if id > context.joins.get(code.key, id):
            return False
        if self.is_beside_callers(context, code) and not (beside and self._may_be_on_loop(context, beside, code)):
            return True
        if code.key in self.at_exit:
            return context.ends is None and self._outlives(context)
        window = self.windows.get(context.index, {}).get(code.key)
        return window is not None and window[0] <= id <= window[1]

    def is_beside_callers(self, context: Context, code: Code) -> bool:
        """Whether callers outside may be running a function at any time while `context` lives."""
        return context.ends is None and code.key in self.outside and context.index not in self.apart

    def _may_be_on_loop(self, context: Context, code: Code, other: Code) -> bool:
        """Whether it may be the loop of a context, in which that runs a function, by which others outside are run."""
        if self._own_loops is None:
            self._own_loops = OwnLoops(self.trace, self.contexts[0])
        return self._own_loops.may_be_there(context, code, other)

    def _outlives(self, context: Context) -> bool:
        """Whether a context may still be at work when the process ends."""
        if self._daemons is None:
            self._daemons = Daemons(self.calls.types, self.of)
        return self._daemons.outlive(context)

    def _has_it_elsewhere(self, context: Context, code: Code, id: int, started: Context) -> bool:
        """Whether a thread alone starts a context, waits for its end, and is not in between at an operation.

        While a coroutine waits, others on its loop go on: of it is only known what it does itself.
        """
        starter = started.code
        if started.ends is None or starter is None or context.is_several or self.of(starter) != [context]:
            return False
        if starter.function.is_async:
            end = _awaited_at(starter, started.site)
            return code is starter and end is not None and not started.site <= id <= end
        window = self.windows.get(started.index, {}).get(code.key)
        return window is None or not window[0] <= id <= window[1]

    def _one_of_two(self, first: Context, second: Context) -> bool:
        """Whether an object keeps the task that it has started, here or there, in one and the same attribute."""
        kept = self.kept_as(first) if first.runs_on is second.runs_on is RunsOn.LOOP else None
        return kept is not None and kept == self.kept_as(second)

    def kept_as(self, context: Context) -> tuple[int, str] | None:
        """The attribute of its own object in which a method keeps what it starts: the class, and the name."""
        if context.index not in self._kept:
            self._kept[context.index] = kept_as(context)
        return self._kept[context.index]

    @staticmethod
    def _one_after_the_other(first: Context, second: Context) -> bool:
        if first.code is not second.code or first.ends is None or second.ends is None:
            return False
        return first.ends[1] < second.ends[0] or second.ends[1] < first.ends[0]

    def _are_started_in_turn(self, first: Context, second: Context) -> bool:
        """Whether the main context starts both where it waits for the end, and neither while the other one lives."""
        main = self.contexts[0]
        for one, other in ((first, second), (second, first)):
            starter = other.code
            if starter is None or other.ends is None or self.of(starter) != [main]:
                return False
            if starter.function.is_async or starter.function.is_generator:
                # others go on while it waits, or whoever goes over what it yields
                return False
            if self.may_live(one, starter, other.ends[0]):
                return False
        return True


def _awaited_at(code: Code, call: int) -> int | None:
    """Where a function awaits what a call gives; None if it does not do so itself."""
    awaits = (each.id for each in code.operations if type(each) is facts.Await and each.value == call)
    return max(awaits, default=None)


def _are_mixed_up(first: Context, second: Context) -> bool:
    """Whether what both run goes through one helper, `Thread(target=wrapped(self.run))`: each seems to run either."""
    if first.many or second.many:
        return False
    theirs = {code.key for code, _ in second.entries}
    both = {code.key: code for code, _ in first.entries if code.key in theirs}
    named = [code for code in both.values() if code.parent is None or code.parent.function.kind != "function"]
    return len(named) > 1


def kept_as(context: Context) -> tuple[int, str] | None:
    """The attribute of its own object in which a method keeps what it starts: the class, and the name."""
    code = context.code
    if code is None or code.cls is None:
        return None
    calls = (each for each in code.operations if type(each) is facts.Call)
    started = {context.site, *(call.id for call in calls if any(each.value == context.site for each in call.arguments))}
    return next(((code.cls.key, each.name) for each in code.own_stores() if each.value in started), None)
