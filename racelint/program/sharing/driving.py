"""Part of the sharing stage: what do callers outside run only in place of the thread that an object starts?

Whoever has a loop of an object run by a thread (`start()`) does not run it himself (`run()`, `step()`): that a method
which the thread runs is public is no evidence that somebody calls it beside the thread.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from racelint import facts
from racelint.knowledge.running import RunsOn
from racelint.program.callgraph.calls import finalizes
from racelint.program.callgraph.edges import Edge, on_own_object
from racelint.program.contexts.contexts import Context
from racelint.program.contexts.threads import Threads
from racelint.program.memory.places import Access, Place, Places
from racelint.program.sources.branching import conditions, found_equal
from racelint.program.sources.source import Code
from racelint.program.sources.surely import passed


@dataclass(slots=True)
class Driving:
    """Tells of functions whether the main context comes to them beside a thread, or only in its place."""

    threads: Threads
    places: Places
    _ways: dict[int, set[int]] = field(default_factory=dict)
    """By context: what the main context runs otherwise than as that context's loop."""
    _owned: dict[tuple[int, Place], bool] = field(default_factory=dict)
    _codes: list[Code] = field(init=False)
    _roots: list[Code] = field(init=False)
    """What code outside may call while others use the object."""
    _into: dict[int, list[Edge]] = field(default_factory=dict)
    """By function: the ways to it."""
    _methods: dict[int, list[Code]] = field(default_factory=dict)
    """By class: what stands in it."""

    def __post_init__(self) -> None:
        codes = self._codes = self.threads.calls.types.names.sources.codes
        roots = (codes[key] for (index, key), step in self.threads.found_by.items() if index == 0 and step is None)
        self._roots = [code for code in roots if _is_for_callers(code)]

    def is_instead(self, context: Context, access: Access, beside: Context) -> bool:
        """Whether the main context comes to an access only by what it may run in place of the thread `beside`.

        That is so of state which nobody changes but by what the thread runs; and of all that is only run when nobody
        has the object any more.
        """
        if not context.is_main or beside.is_main:
            return False
        if access.code.key not in self._other_ways(None):
            return True
        if not _is_own_loop(beside) or access.code.key in self._other_ways(beside):
            return False
        return self._is_owned(access.place, beside)

    def _is_owned(self, place: Place, context: Context) -> bool:
        """Whether nobody changes a Place but by what a context runs, once the object is made."""
        known = self._owned.get((context.index, place))
        if known is None:
            made = self.threads.calls.constructing
            writes = [each for each in self.places.by_place[place] if each.kind.writes and each.code.key not in made]
            known = all(context in self.threads.of(each.code) for each in writes)
            self._owned[context.index, place] = known
        return known

    def _other_ways(self, context: Context | None) -> set[int]:
        """What the main context runs without a step of a context's loop on the way; for None, all but finalizers."""
        index = facts.NOTHING if context is None else context.index
        known = self._ways.get(index)
        if known is None:
            known = self._ways[index] = self._reached(context)
        return known

    def _reached(self, context: Context | None) -> set[int]:
        """What the roots reach. Of what a context's loop has no part in, that is the same for all contexts."""
        calls = self.threads.calls
        if context is None:
            return set(calls.reachable(self._roots))
        steps = self._steps(context)
        barred = {
            edge
            for edge in (*self._ways_to(steps), *self._ways_of_keepers(context))
            if (edge.callee.key in steps and on_own_object(edge)) or self._is_without(edge, context)
        }
        heads = steps | {edge.callee.key for edge in barred}
        open_ = set(calls.reachable([self._codes[key] for key in sorted(heads)]))
        found = self._other_ways(None) - open_
        pending = [code for code in self._roots if code.key in open_ and code.key not in steps]
        pending += [edge.callee for edge in self._ways_to(open_) if edge.caller.key in found and edge not in barred]
        while pending:
            code = pending.pop()
            if code.key not in found:
                found.add(code.key)
                pending.extend(edge.callee for edge in calls.ways(code) if edge not in barred)
        return found

    def _ways_to(self, keys: Iterable[int]) -> Iterator[Edge]:
        """The ways on which the main context may come to some functions."""
        if not self._into:
            for key in self._other_ways(None):
                for edge in self.threads.calls.ways(self._codes[key]):
                    self._into.setdefault(edge.callee.key, []).append(edge)
        return (edge for key in keys for edge in self._into.get(key, ()))

    def _ways_of_keepers(self, context: Context) -> Iterator[Edge]:
        """The ways from methods of the class whose objects keep what is started, if any do."""
        if not self._methods:
            for code in self._codes:
                if code.cls is not None:
                    self._methods.setdefault(code.cls.key, []).append(code)
        kept = self.threads.kept_as(context)
        keeper = self.threads.calls.types.names.sources.classes[kept[0]] if kept is not None else None
        classes = (keeper, *keeper.subclasses) if keeper is not None else ()
        methods = (code for each in classes for code in self._methods.get(each.key, ()))
        return (edge for code in methods for edge in self.threads.calls.ways(code))

    def _steps(self, context: Context) -> set[int]:
        """The functions of which a context's loop is made: nobody else calls them on the object.

        Others may give on what is done in each turn: `def step(self): return self._step()`.
        """
        steps = {code.key for code, _ in context.entries}
        pending = [code for code, _ in context.entries]
        while pending:
            code = pending.pop()
            in_turn = set(_in_each_turn(code))
            for edge in self.threads.calls.calls(code):
                if edge.callee.key in steps or not on_own_object(edge):
                    continue
                callers = [each for each in self.threads.calls.callers(edge.callee) if on_own_object(each)]
                others = [
                    each for each in callers if each.caller.key not in steps and not self._is_without(each, context)
                ]
                if all(edge.site in in_turn and each.site in each.caller.returns for each in others):
                    steps.add(edge.callee.key)
                    pending.append(edge.callee)
        return steps

    def _is_without(self, edge: Edge, context: Context) -> bool:
        """Whether a call is only made while the object has no thread: `if self._thread is None: self.step()`."""
        kept, cls = self.threads.kept_as(context), edge.caller.cls
        if kept is None or cls is None or all(each.key != kept[0] for each in cls.mro):
            return False
        return any(_is_absent(edge.caller, *outcome, kept[1]) for outcome in conditions(edge.caller, edge.site))


def _is_for_callers(code: Code) -> bool:
    """Whether code outside may call a function while others use the object: no finalizer, nor of a private class."""
    if finalizes(code):
        return False
    cls = code.cls
    return (
        cls is None or not code.is_method or any(not each.facts.name.startswith("_") for each in (cls, *cls.subclasses))
    )


def _is_own_loop(context: Context) -> bool:
    """Whether an object starts a thread for a method of its own, or is the thread itself."""
    return context.is_of_own_object or (context.own_instance and context.runs_on is RunsOn.THREAD)


def _in_each_turn(code: Code) -> Iterator[int]:
    """What every turn of an endless loop of a function passes."""
    for node in code.controls:
        if type(node) is facts.Loop and node.kind == "while":
            yield from passed(code, (*node.head, *node.body))


def _is_absent(code: Code, test: int, truth: bool, slot: str) -> bool:
    """Whether a test that has come out so says that there is nothing in the slot of the own object."""
    fetched = code.operation(test)
    if type(fetched) is facts.LoadAttr:
        return code.own_attribute(fetched) == slot and not truth
    are_equal, operands = found_equal(code, test, truth)
    own = (code.own_attribute(code.operation(each)) for each in operands)
    return are_equal and any(map(code.is_none, operands)) and slot in own
