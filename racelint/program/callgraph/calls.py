"""Stage 3: who calls whom, from which call site, on which object; and what code outside the program may call."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from racelint import facts
from racelint.knowledge.containers import GIVES_ELEMENT
from racelint.knowledge.running import RunsOn
from racelint.program.callgraph.edges import (
    NO_EDGES,
    Edge,
    are_dispatched,
    called_at,
    on_own_object,
    overridden,
    passed,
    step_of,
)
from racelint.program.sources.branching import conditions
from racelint.program.sources.source import Code, Sources
from racelint.program.values.types import Types
from racelint.program.values.values import FunctionRef, Site

OPERATORS: Final = frozenset({"__init__", "__new__", "__post_init__", "__init_subclass__", "__set_name__"})
"""Special methods that run while an object or class is being made: nobody else can hold it yet."""

UNPICKLES: Final = "__setstate__"
"""The method that makes a new object of what is left of another one: like a constructor."""

CHOICES: Final = 2
"""A call that may run more functions than this is not taken as evidence that a context reaches one of them."""


@dataclass(slots=True)
class Calls:
    """The call graph. Calls that start another context (`Thread(target=f)`) are not in it."""

    types: Types
    out: dict[int, list[Edge]]
    into: dict[int, list[Edge]]
    handed_at: dict[int, set[Site]]
    """For the functions whose reference is stored or handed on: where."""
    handed_out: set[int] = field(default_factory=set)
    """Inner functions that outlive the call that makes them: returned, or kept in what others can reach."""
    lent: set[int] = field(default_factory=set)
    """Inner functions that do not, as far as one can see, but are given to calls as arguments."""
    escaping: set[int] = field(init=False)
    """The functions that are handed on anywhere: somebody that we do not see may call them."""
    constructing: set[int] = field(default_factory=set)
    """Constructors, and the methods that only they call on the object that they make."""
    after_fork: set[int] = field(default_factory=set)
    """What only runs in the child of a `fork`, where no other thread is yet."""
    asking_for_child: dict[int, bool] = field(default_factory=dict)
    """For functions that were asked about: whether any of their tests tells that this is a process of its own."""
    put_off: set[tuple[int, int]] = field(default_factory=set)
    """The calls, by function and operation, that make a coroutine which the function hands on and does not await."""
    wrappers: dict[int, list[tuple[Code, int]]] = field(default_factory=dict)
    """For a decorated function: the wrapper that its decorator makes, and the call in it that runs the function."""
    _sure: dict[int, list[Edge]] = field(default_factory=dict, init=False)
    _ways: dict[int, list[Edge]] = field(default_factory=dict, init=False)
    run_in_loop: dict[int, list[Edge]] = field(default_factory=dict)
    """For each function: the coroutine functions that it gives to the loop which it is on, or runs."""
    called_by_loop: set[int] = field(default_factory=set)
    """The coroutine functions that are given to a loop so."""
    runners: dict[int, set[int]] = field(default_factory=dict)
    """For each function: the parameters that it calls, or gives to what calls them."""
    _lent: dict[int, list[Edge]] = field(default_factory=dict, init=False)
    _is_lent: set[int] = field(default_factory=set)
    _given_to_started: set[int] = field(default_factory=set)
    _only: dict[int, list[Edge]] = field(default_factory=dict, init=False)
    _usual: dict[int, list[Edge]] = field(default_factory=dict, init=False)
    wrapping: set[int] = field(default_factory=set)
    """The functions that are such wrappers."""
    _forgetting: frozenset[int] | None = None

    def __post_init__(self) -> None:
        self.escaping = set(self.handed_at)

    @property
    def forgetting(self) -> frozenset[int]:
        """The callbacks of weak references, run in the middle of what lets the object go, and what they surely call."""
        if self._forgetting is None:
            spawned = (each for each in self.types.spawned if each.spawn.runs_on is RunsOn.FINALIZER)
            entries = [each.target.code for each in spawned if isinstance(each.target, FunctionRef)]
            edges = (edge for code in entries for edge in self.sure_calls(code))
            called = {edge.callee.key for edge in edges if not any(conditions(edge.caller, edge.site))}
            self._forgetting = frozenset(called | {code.key for code in entries})
        return self._forgetting

    def callers(self, code: Code) -> list[Edge]:
        """The known calls of a function."""
        return self.into.get(code.key, NO_EDGES)

    def calls(self, code: Code) -> list[Edge]:
        """The known calls that a function makes."""
        return self.out.get(code.key, NO_EDGES)

    def runs_at_once(self, edge: Edge) -> bool:
        """Whether the callee runs before its caller goes on: a coroutine does so only where it is awaited."""
        return not edge.callee.function.is_async or (edge.caller.key, edge.site) not in self.put_off

    def is_construction(self, edge: Edge) -> bool:
        """Whether a constructor calls a method of the object that it is making; what its class keeps is everybody's."""
        if edge.caller.key not in self.constructing or self.types.attributes.is_class_method(edge.callee):
            return False
        return on_own_object(edge) and self.runs_at_once(edge)

    def is_alone(self, edge: Edge) -> bool:
        """Whether a call is made where nobody else has the object: not yet, no longer, or in a new process."""
        if edge.caller.key in self.after_fork:
            return True
        return self.is_construction(edge) or (finalizes(edge.caller) and on_own_object(edge))

    def reachable(self, roots: list[Code], *, surely: bool = False, alone: bool = True) -> dict[int, Edge | None]:
        """All functions that run when the roots run, each with the call by which it was found first.

        `surely`: only through calls of which it is known what they run; a call with many possible callees tells little.
        Unless `alone`, not through calls on what nobody else has.
        """
        found: dict[int, Edge | None] = {root.key: None for root in roots}
        pending = deque(roots)
        while pending:
            code = pending.popleft()
            for edge in self.reaching(code) if surely else self.ways(code):
                if edge.callee.key not in found and (alone or not self.is_alone(edge)):
                    found[edge.callee.key] = edge
                    pending.append(edge.callee)
        return found

    def sure_calls(self, code: Code) -> list[Edge]:
        """The calls of a function that have at most `CHOICES` possible callees."""
        found = self._sure.get(code.key)
        if found is None:
            found = self.calls(code)
            if len(found) > CHOICES:
                steps = {(step_of(edge), edge.callee.key) for edge in found if edge.callee.key not in self.wrapping}
                counts = Counter(step for step, _ in steps)
                found = [edge for edge in found if counts[step_of(edge)] <= CHOICES]
            self._sure[code.key] = found
        return found

    def dispatched_calls(self, code: Code) -> list[Edge]:
        """The other calls of a function where the class of an object decides which override of one method runs.

        Each of the objects is known to be made somewhere, and any of them may be the one that is there.
        """
        edges = self.calls(code)
        if len(edges) <= CHOICES:
            return NO_EDGES
        sure = self.sure_calls(code)
        by_site: dict[int, list[Edge]] = defaultdict(list)
        for edge in edges:
            if edge not in sure and edge.callee.key not in self.wrapping:
                by_site[edge.site].append(edge)
        return [edge for there in by_site.values() if are_dispatched(there) for edge in there]

    def lent_calls(self, code: Code) -> list[Edge]:
        """The calls that a function has made for it by those that it gives functions to: `retry(self.connect)`.

        Who runs what it is given runs what any caller gives it; of one caller it is known.
        """
        found = self._lent.get(code.key)
        if found is None:
            lent = [each for edge in self.sure_calls(code) for each in self._lent_at(edge)]
            targets = {(each.site, each.lent, each.callee.key) for each in lent}
            counts = Counter((site, given) for site, given, _ in targets)
            found = [each for each in lent if counts[each.site, each.lent] <= CHOICES]
            found = [*found, *self.run_in_loop.get(code.key, NO_EDGES)] or NO_EDGES
            self._lent[code.key] = found
        return found

    def _lent_at(self, edge: Edge) -> Iterator[Edge]:
        """The functions that a caller gives to what it calls, for that to run them."""
        caller = edge.caller
        for given in self._given_to_run(edge):
            for value in self.types.of(caller, given) if given not in self.runners.get(caller.key, ()) else ():
                if isinstance(value, FunctionRef) and (caller.function.is_async or not value.code.function.is_async):
                    yield Edge(caller, edge.site, value.code, value.receiver, given)

    def _given_to_run(self, edge: Edge) -> Iterator[int]:
        """The arguments of a call that the callee calls in turn."""
        for index in sorted(self.runners.get(edge.callee.key, ())):
            given = passed(edge, index)
            if given is not None:
                yield given

    def reaching(self, code: Code) -> list[Edge]:
        """The calls by which a started context comes from a function to others: those of which it is known what they
        run, and those that others make for it."""
        edges = self.sure_calls(code)
        own = [each for each in edges if not self._is_of_lender(each) or self._is_run_for_others(each.callee)]
        return [*own, *self.lent_calls(code)]

    def _is_run_for_others(self, code: Code) -> bool:
        """Whether a function that callers lend may be run for others too: `Thread(target=keep_doing, args=(step,))`."""
        return code.key in self.escaping or code.key in self._given_to_started

    def _is_of_lender(self, edge: Edge) -> bool:
        """Whether a call runs what callers lend the function: it is counted as the call of who lends it."""
        runs = self.runners.get(edge.caller.key, ())
        return edge.callee.key in self._is_lent and called_at(edge.caller, edge.site) in runs

    def ways(self, code: Code) -> list[Edge]:
        """All calls of a function, each of what is lent as a call by who lends it."""
        found = self._ways.get(code.key)
        if found is None:
            found = self._ways[code.key] = self._find_ways(code)
        return found

    def _find_ways(self, code: Code) -> list[Edge]:
        edges = [*self.calls(code), *self.run_in_loop[code.key]] if code.key in self.run_in_loop else self.calls(code)
        runs = self.runners.get(code.key, ())
        if not runs and all(edge.callee.key not in self.runners for edge in edges):
            return edges
        own = [each for each in edges if not self._is_of_lender(each)]
        return [*own, *(each for edge in edges if edge.callee.key in self.runners for each in self._lent_at(edge))]

    def find_runners(self, sources: Sources) -> None:
        """Find the parameters that functions call, or give to who calls them, and what they are given as these.

        What is given to who is started is found as well.
        """
        for code in sources.codes:
            called = {called_at(code, each.site) for each in self.calls(code)}
            found = {id for id in called if 0 <= id < len(code.function.parameters)}
            found = {id for id in found if not _is_put_off(code, id)}
            if found:
                self.runners[code.key] = found
        pending = [sources.codes[key] for key in self.runners]
        while pending:
            callee = pending.pop()
            for edge in self.callers(callee):
                known = self.runners.setdefault(edge.caller.key, set())
                parameters = len(edge.caller.function.parameters)
                for given in self._given_to_run(edge):
                    if 0 <= given < parameters and given not in known:
                        known.add(given)
                        pending.append(edge.caller)
        self._is_lent.update(
            each.callee.key for key in self.runners for edge in self.into.get(key, ()) for each in self._lent_at(edge)
        )
        for spawned in self.types.spawned:
            values = (value for node in spawned.given.nodes for value in self.types.of_node(node))
            self._given_to_started.update(each.code.key for each in values if isinstance(each, FunctionRef))

    def only_calls(self, code: Code) -> list[Edge]:
        """The calls of a function that have one possible callee: what they run is certain."""
        found = self._only.get(code.key)
        if found is None:
            edges = self.calls(code)
            counts = self._targets(edges)
            found = self._only[code.key] = [edge for edge in edges if counts[edge.site] == 1]
        return found

    def _targets(self, edges: list[Edge]) -> Counter[int]:
        """How many functions each site may run; a wrapper runs with its function and is no other."""
        targets = {(each.site, each.callee.key) for each in edges if each.callee.key not in self.wrapping}
        return Counter(site for site, _ in targets)

    def only_callers(self, code: Code) -> list[Edge]:
        """The calls of a function by sites that have no other possible callee."""
        return [edge for edge in self.callers(code) if edge in self.only_calls(edge.caller)]

    def usual_calls(self, code: Code) -> list[Edge]:
        """The calls of a function that have one possible callee, or one that all others there override."""
        found = self._usual.get(code.key)
        if found is None:
            found = self.only_calls(code)
            if len(found) < len(self.calls(code)):
                found = [*found, *overridden(self.calls(code), self.wrapping)]
            self._usual[code.key] = found
        return found

    def usual_callers(self, code: Code) -> list[Edge]:
        """The calls of a function by sites that have no other possible callee, or only such as override it."""
        return [edge for edge in self.callers(code) if edge in self.usual_calls(edge.caller)]

    def is_open(self, code: Code) -> bool:
        """Whether code outside the program may call the function directly: public, and nobody in the program does."""
        is_called = self.callers(code) or code.key in self.called_by_loop
        return not is_called and code.function.kind == "function" and is_public(code)


def _is_put_off(code: Code, parameter: int) -> bool:
    """Whether a function keeps what it is given as well: it may be somebody else who runs it then."""
    for operation in code.operations:
        match operation:
            case facts.StoreAttr(value=value) | facts.StoreItem(value=value) | facts.StoreName(value=value):
                if value == parameter:
                    return True
            case facts.Build(items=items) if parameter in items:
                return True
            case facts.Call(callee=callee, arguments=arguments) if any(each.value == parameter for each in arguments):
                fetched = code.operation(callee)
                if type(fetched) is facts.LoadAttr and fetched.name in GIVES_ELEMENT:
                    return True
            case _:
                pass
    return False


def is_public(code: Code) -> bool:
    """Whether a function is part of what its module offers: no leading underscore in its name, nor in its class's."""
    name = code.name
    special = name.startswith("__") and name.endswith("__")
    if name.startswith("_") and not special:
        return False
    return code.parent is not None and code.parent.function.kind in ("module", "class")


def constructs(code: Code) -> bool:
    """Whether a function runs only while its object is being made."""
    return code.is_method and code.name in OPERATORS


def unpickles(code: Code) -> bool:
    """Whether a function works on an object that is made of what is left of another one, and that nobody has yet."""
    return code.is_method and code.name == UNPICKLES


def finalizes(code: Code) -> bool:
    """Whether a function runs only when nobody has its object any more."""
    return code.is_method and code.name == "__del__"
