"""Part of the types stage: what happens at a call, to parameters, results, containers and spawned functions."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from typing import Final

from racelint import facts
from racelint.knowledge.model import Slot
from racelint.knowledge.running import Form, Passing, Spawn
from racelint.program.sources.source import ClassInfo, Code
from racelint.program.values.binding import Binding
from racelint.program.values.elements import CALLED, MAPPINGS, REFERENCES, Elements
from racelint.program.values.flow import Flow
from racelint.program.values.types import (
    DATACLASSES,
    GIVES_ELEMENT,
    SHARES_ELEMENTS,
    TAKES_ELEMENT,
    Passed,
    Spawned,
    Types,
)
from racelint.program.values.values import (
    ClassRef,
    FunctionRef,
    Instance,
    Library,
    LibraryMethod,
    LibraryObject,
    Partial,
    Site,
    Value,
)

Reflect = Callable[[Code, facts.Call, str], None]

GIVES_ARGUMENT: Final = {"weakref.proxy": 0, "typing.cast": 1}
"""Functions that give one of their arguments back, and which."""
DRAWS: Final = {
    **dict.fromkeys(("sorted", "iter", "enumerate", "reversed"), 0),
    **dict.fromkeys(("filter", "itertools.filterfalse", "itertools.takewhile", "itertools.dropwhile"), 1),
}
"""Functions whose result has what is in their arguments, from which position on."""
TAKES_ONE: Final = frozenset({"next", "min", "max", "random.choice", "heapq.heappop"})
"""Functions that give one of what is in their first argument."""


class Invocation:
    """Turns calls into flows. `reflect` is called for `getattr` and its like with a literal name."""

    def __init__(self, types: Types, flow: Flow, elements: Elements, reflect: Reflect) -> None:
        self._types = types
        self._flow = flow
        self._elements = elements
        self.binding = Binding(types.names.sources, flow, elements)
        self.bind = self.binding.bind
        self._reflect = reflect
        self._values = types.names.values
        # the same few names are asked for at every call of the program
        self._returns = cache(types.names.knowledge.returns)
        self._spawns = cache(types.names.knowledge.spawns)
        self._is_class = cache(types.names.knowledge.is_class)
        self._partials: set[tuple[Site, Site]] = set()

    # --- passing arguments ---

    def arguments(self, code: Code, call: facts.Call) -> Passed:
        """The arguments of a call as nodes."""
        given = [(each.name, code.offset + each.value) for each in call.arguments if each.value >= 0]
        return Passed(
            tuple(node for name, node in given if name == ""),
            tuple((name, node) for name, node in given if name not in ("", "*", "**")),
            tuple(node for name, node in given if name == "*"),
            tuple(node for name, node in given if name == "**"),
        )

    # --- calling ---

    def call(self, site: Site, passed: Passed, result: int | None, callee: Value) -> None:
        """One possible callee of the call at `site`: pass the arguments, give the result."""
        self._types.note(self._types.callees, site, callee)
        match callee:
            case FunctionRef(code=code, receiver=receiver):
                self._function(code, receiver, passed, result)
            case ClassRef(cls=cls):
                self._construct(site, cls, passed, result)
            case Library(qualname=qualname):
                self._library(site, qualname, passed, result)
            case LibraryMethod(qualname=qualname, receiver=receiver):
                self._library_method(site, callee, passed, result)
                self._spawn(site, qualname, passed, receiver)
            case Partial(site=made):
                self._partial(site, made, passed, result)
            case Instance(cls=cls):
                self.method(site, callee, "__call__", passed, result)
            case LibraryObject(qualname=qualname) if result is not None and qualname in CALLED:
                self._elements.take(result, callee)
                self._follow(site, qualname)
            case _:
                pass

    def method(self, site: Site, receiver: Instance, name: str, passed: Passed, result: int | None) -> bool:
        """Call a method of the program by name on an object, as an operator or `with` does. Whether there is one."""
        found = False
        defining = self._types.attributes.defining(receiver.cls, name)
        if defining is not None:
            node = self._flow.node("class", defining.key, name)
            self._flow.watch(node, partial(self._implicit, site, receiver, passed, result))
            found = True
        return found

    def _implicit(self, site: Site, receiver: Instance, passed: Passed, result: int | None, value: Value) -> None:
        if isinstance(value, FunctionRef):
            bound = self._values.function(value.code, receiver)
            self._types.note(self._types.implicit, site, bound)
            self._function(value.code, receiver, passed, result)

    def _function(self, code: Code, receiver: Value | None, passed: Passed, result: int | None) -> None:
        self.bind(code, receiver, passed)
        if result is None:
            return
        if code.function.is_generator:
            self._flow.add(result, self._values.generator(code))
        else:
            self._flow.copy(self._flow.node("returns", code.key), result)

    def _construct(self, site: Site, cls: ClassInfo, passed: Passed, result: int | None) -> None:
        made = self._values.instance(cls, site)
        if result is not None:
            self._flow.add(result, made)
        self._make(site, cls, passed)
        if not self.method(site, made, "__init__", passed, None):
            self._fill_fields(cls, passed)
        for base in cls.library_bases:
            self._spawn(site, base, passed, made)

    def _make(self, site: Site, cls: ClassInfo, passed: Passed) -> None:
        defining = self._types.attributes.defining(cls, "__new__")
        if defining is not None:
            node = self._flow.node("class", defining.key, "__new__")
            self._flow.watch(node, partial(self._new, site, cls, passed))

    def _new(self, site: Site, cls: ClassInfo, passed: Passed, value: Value) -> None:
        if isinstance(value, FunctionRef):
            receiver = self._values.cls(cls)
            self._types.note(self._types.implicit, site, self._values.function(value.code, receiver))
            self.bind(value.code, receiver, passed)

    def _fill_fields(self, cls: ClassInfo, passed: Passed) -> None:
        """The constructor that a dataclass or NamedTuple gets: arguments go to the annotated fields in order."""
        names = [name.name for each in reversed(cls.mro) for name in each.facts.annotations if self._has_fields(each)]
        attributes = self._types.attributes
        given = [*zip(dict.fromkeys(names), passed.positional, strict=False), *passed.keywords]
        for name, node in given:
            if name in names:
                self._flow.copy(node, self._flow.node("instance", attributes.owner(cls, name).key, name))

    def _has_fields(self, cls: ClassInfo) -> bool:
        names = self._types.names
        decorators = [
            value
            for id in cls.facts.decorators
            for value in names.static(cls.parent, self._callee_of(cls.parent, id))
            if isinstance(value, Library)
        ]
        return any(each.qualname in DATACLASSES for each in decorators) or "typing.NamedTuple" in cls.library_bases

    @staticmethod
    def _callee_of(code: Code, id: int) -> int:
        operation = code.operations[id]
        return operation.callee if type(operation) is facts.Call else id

    def _follow(self, site: Site, qualname: str) -> None:
        """What calling a weak reference gives goes by the name of the reference."""
        code = self._types.names.sources.codes[site[0]]
        call = code.operations[site[1]] if site[1] >= 0 else None
        if qualname in REFERENCES and type(call) is facts.Call:
            self._types.given_back[site] = call.callee

    # --- libraries ---

    def _library(self, site: Site, qualname: str, passed: Passed, result: int | None) -> None:
        if qualname == "functools.partial":
            if result is not None:
                self._flow.add(result, self._values.partial(site))
            return
        if qualname == "object.__new__" and result is not None and passed.positional:
            self._flow.watch(passed.positional[0], partial(self._fresh, site, result))
            return
        if qualname == "super":
            self._super(site, passed, result)
            return
        owner = qualname.rpartition(".")[0]
        if self._is_class(owner) and passed.positional:
            # the unbound form, `Thread.__init__(self, ...)`: the first argument is the receiver
            rest = Passed(passed.positional[1:], passed.keywords, passed.starred, passed.mappings)
            self._flow.watch(passed.positional[0], partial(self._spawn, site, qualname, rest))
        if result is not None:
            self._library_result(site, qualname, passed, result)
        self._spawn(site, qualname, passed, None)

    def _library_result(self, site: Site, qualname: str, passed: Passed, result: int) -> None:
        if self._is_class(qualname):
            self._flow.add(result, self._values.library_object(qualname, site))
            for node in passed.positional if qualname == "itertools.chain" else passed.positional[:1]:
                self._fill(site, qualname, node)
            return
        if qualname in GIVES_ARGUMENT:
            slot = GIVES_ARGUMENT[qualname]
            if slot < len(passed.positional):
                self._give_back(site, passed.positional[slot])
                if slot:
                    self._flow.copy(passed.positional[slot], result)
                    self._flow.watch(passed.positional[0], partial(self._some_instance, result))
                else:
                    self._flow.watch(passed.positional[slot], partial(self._same_object, result))
            return
        if qualname in DRAWS or qualname in TAKES_ONE:
            self._iteration(site, qualname, passed, result)
            return
        returned = self._returns(qualname)
        if returned is not None:
            self._flow.add(result, self._values.library_object(returned, site))

    def _give_back(self, site: Site, given: int) -> None:
        code = self._types.names.sources.codes[site[0]]
        if 0 <= given - code.offset < site[1]:
            self._types.given_back[site] = given - code.offset

    def _same_object(self, result: int, value: Value) -> None:
        """A proxy of a library's object is none of these: it may be gone."""
        if isinstance(value, Instance):
            self._flow.add(result, value)

    def _some_instance(self, result: int, cls: Value) -> None:
        if isinstance(cls, ClassRef):
            self._flow.add(result, self._values.instance(cls.cls, None))

    def _fill(self, site: Site, qualname: str, given: int) -> None:
        """What a new object of a library class is given first is what it holds, or has in it what that holds."""
        held = self._elements.held(site)
        if qualname in REFERENCES:
            self._give_back(site, given)
            self._flow.copy(given, held)
        elif qualname in MAPPINGS:
            self._flow.watch(given, partial(self._elements.unpair, held))
            self._flow.watch(given, partial(self._keep_keys, site))
            if qualname == "collections.defaultdict":
                self._flow.watch(given, partial(self._from_factory, site, held))
        else:
            self._flow.watch(given, partial(self._elements.draw, held))

    def _keep_keys(self, site: Site, container: Value) -> None:
        if isinstance(container, LibraryObject) and container.qualname in MAPPINGS:
            self._elements.draw(self._elements.keys(site), container)

    def _from_factory(self, site: Site, elements: int, factory: Value) -> None:
        self.call((site[0], site[1]), Passed((), ()), elements, factory)

    def _iteration(self, site: Site, qualname: str, passed: Passed, result: int) -> None:
        if not passed.positional:
            return
        if qualname in TAKES_ONE:
            if qualname in ("min", "max") and len(passed.positional) > 1:
                for node in passed.positional:
                    self._flow.copy(node, result)
            else:
                self._flow.watch(passed.positional[0], partial(self._elements.draw, result))
            return
        self._flow.add(result, self._values.library_object("list", site))
        held = self._elements.held(site)
        give = self._elements.pair if qualname == "enumerate" else self._elements.draw
        for node in passed.positional[DRAWS[qualname] :]:
            self._flow.watch(node, partial(give, held))

    def _super(self, site: Site, passed: Passed, result: int | None) -> None:
        code: Code | None = self._types.names.sources.codes[site[0]]
        while code is not None and code.cls is None:
            code = code.parent
        if code is None or code.cls is None or result is None or not code.function.parameters:
            return
        self._flow.watch(code.offset, partial(self._add_super, code.cls, result))

    def _add_super(self, cls: ClassInfo, result: int, receiver: Value) -> None:
        if isinstance(receiver, Instance | ClassRef):
            self._flow.add(result, self._values.super(cls, receiver))

    def _library_method(self, site: Site, callee: LibraryMethod, passed: Passed, result: int | None) -> None:
        receiver, method = callee.receiver, callee.qualname.rpartition(".")[2]
        holds = isinstance(receiver, LibraryObject) and (receiver.site is not None or receiver.holds)
        if isinstance(receiver, LibraryObject) and receiver.site is not None and passed.positional:
            held = self._elements.held(receiver.site)
            if method in GIVES_ELEMENT:
                self._flow.copy(passed.positional[-1 if method in ("insert", "setdefault") else 0], held)
                if method == "setdefault":
                    self._flow.copy(passed.positional[0], self._elements.keys(receiver.site))
            if method in ("extend", "update", "extendleft"):
                give = self._elements.unpair if receiver.qualname in MAPPINGS else self._elements.draw
                self._flow.watch(passed.positional[0], partial(give, held))
        if result is None:
            return
        if method == "__new__" and passed.positional:
            self._flow.watch(passed.positional[0], partial(self._fresh, site, result))
        returned = self._returns(callee.qualname)
        named = self._named(receiver, passed) if method in TAKES_ELEMENT else None
        if named is not None:
            self._flow.copy(named, result)
            for node in passed.positional[1:]:
                self._flow.copy(node, result)
        elif holds and method in TAKES_ELEMENT:
            give = self._elements.pair if method == "popitem" else self._elements.take
            give(result, receiver)
        elif holds and method in SHARES_ELEMENTS:
            self._flow.add(result, self._values.library_object(returned or "list", site))
            give = {"items": self._elements.pair, "keys": self._elements.draw}.get(method, self._elements.take)
            give(self._elements.held(site), receiver)
        elif returned is not None:
            self._flow.add(result, self._values.library_object(returned, site))

    def _named(self, container: Value, passed: Passed) -> int | None:
        """The node of what a call takes out of `**kwargs` by its name."""
        if not passed.positional or passed.positional[0] >= self._types.names.sources.size:
            return None
        code, _ = self._types.names.sources.operation_at(passed.positional[0])
        return self.binding.named(container, code, passed.positional[0] - code.offset)

    def _fresh(self, site: Site, result: int, cls: Value) -> None:
        """`super().__new__(cls)` makes an object of that class."""
        if isinstance(cls, ClassRef):
            self._flow.add(result, self._values.instance(cls.cls, site))

    def _partial(self, site: Site, made: Site, passed: Passed, result: int | None) -> None:
        code = self._types.names.sources.codes[made[0]]
        call = code.operations[made[1]]
        if type(call) is not facts.Call or (site, made) in self._partials:
            # a partial of itself (`f = partial(f, x)` in a loop) ends here
            return
        self._partials.add((site, made))
        first = self.arguments(code, call)
        if first.positional:
            joined = Passed(
                first.positional[1:] + passed.positional,
                passed.keywords + first.keywords,
                first.starred + passed.starred,
                first.mappings + passed.mappings,
            )
            self._flow.watch(first.positional[0], partial(self.call, site, joined, result))

    # --- spawning ---

    def _spawn(self, site: Site, qualname: str, passed: Passed, receiver: Value | None) -> None:
        if site[1] < 0:
            # what is started is itself a library function that starts something: both stand at the one call
            site = (site[0], -site[1] - 1)
        if isinstance(receiver, Instance | LibraryObject | None):
            for spawn in self._spawns(qualname.removesuffix(".__init__")):
                if spawn.form in (Form.COROUTINE, Form.COROUTINES):
                    self._spawn_coroutines(spawn, passed, receiver)
                    continue
                target = passed.at(spawn.callee)
                if target is not None:
                    given = self._handed_over(spawn, passed)
                    self._flow.watch(target, partial(self._start, site, spawn, given, receiver))

    def _spawn_coroutines(self, spawn: Spawn, passed: Passed, receiver: Value | None) -> None:
        """A coroutine runs what was called to make it: each such call counts as the start of a task."""
        target = None if spawn.callee.rest else passed.at(spawn.callee)
        nodes = [*passed.positional, *passed.starred] if spawn.callee.rest else [] if target is None else [target]
        for code, call in self._coroutine_calls(nodes):
            given = self.arguments(code, call)
            start = partial(self._start_coroutine, (code.key, call.id), spawn, given, receiver)
            self._flow.watch(code.offset + call.callee, start)

    def _coroutine_calls(self, nodes: Iterable[int], depth: int = 2) -> Iterator[tuple[Code, facts.Call]]:
        """The calls whose results stand at the nodes, or in the containers that are displayed there."""
        for node in nodes:
            if node >= self._types.names.sources.size:
                continue
            code, operation = self._types.names.sources.operation_at(node)
            if type(operation) is facts.Call and operation.callee >= 0:
                yield code, operation
            elif type(operation) is facts.Build and depth:
                yield from self._coroutine_calls((code.offset + id for id in operation.items if id >= 0), depth - 1)

    def _start_coroutine(self, site: Site, spawn: Spawn, given: Passed, pool: Value | None, target: Value) -> None:
        if isinstance(target, FunctionRef) and target.code.function.is_async:
            self._types.spawned[Spawned(site, spawn, target, pool, given)] = None

    def _start(self, site: Site, spawn: Spawn, given: Passed, pool: Value | None, target: Value) -> None:
        self._types.spawned[Spawned(site, spawn, target, pool, given)] = None
        if spawn.form is Form.FUNCTION or spawn.form is Form.COROUTINE_FUNCTION:
            self.call((site[0], -site[1] - 1), given, None, target)
        elif spawn.keeper and isinstance(target, ClassRef) and isinstance(pool, Instance | LibraryObject):
            owner = self._types.attributes.owner(target.cls, spawn.keeper)
            self._flow.add(self._flow.node("instance", owner.key, spawn.keeper), pool)

    def _handed_over(self, spawn: Spawn, passed: Passed) -> Passed:
        if spawn.passing is Passing.REST:
            after = (spawn.callee.position or 0) + 1
            return Passed(passed.positional[after:], passed.keywords, passed.starred, passed.mappings)
        if spawn.passing is Passing.ARGS_KWARGS:
            return self._displayed(spawn.args, spawn.kwargs, passed)
        if spawn.passing is Passing.EACH and spawn.args is not None:
            first = spawn.args.position or 0
            iterables = passed.positional[first:] if spawn.args.rest else passed.positional[first : first + 1]
            return Passed(tuple(self._drawn(node) for node in iterables), ())
        return Passed((), ())

    def _is_dict(self, code: Code, call: facts.Call) -> bool:
        return any(
            isinstance(value, Library) and value.qualname == "dict"
            for value in self._types.names.static(code, call.callee)
        )

    def _drawn(self, iterable: int) -> int:
        element = self._flow.node("drawn", iterable)
        self._flow.watch(iterable, partial(self._elements.draw, element))
        return element

    def _displayed(self, args: Slot | None, kwargs: Slot | None, passed: Passed) -> Passed:
        """`args=(a, b), kwargs={"c": d}` as positionals and keywords, where they are written out."""
        positional: tuple[int, ...] = ()
        keywords: list[tuple[str, int]] = []
        sequence = passed.at(args) if args else None
        mapping = passed.at(kwargs) if kwargs else None
        if sequence is not None:
            code, build = self._types.names.sources.operation_at(sequence)
            if type(build) is facts.Build and not build.comprehension:
                positional = tuple(code.offset + item for item in build.items)
        if mapping is not None:
            code, build = self._types.names.sources.operation_at(mapping)
            if type(build) is facts.Call and self._is_dict(code, build):
                keywords.extend((each.name, code.offset + each.value) for each in build.arguments if each.name)
            if type(build) is facts.Build and build.kind == "dict":
                for key, item in zip(build.keys, build.items, strict=False):
                    name = code.operations[key] if key >= 0 else None
                    if type(name) is facts.Const and name.kind == "str":
                        keywords.append((ast.literal_eval(name.text), code.offset + item))
        return Passed(positional, tuple(keywords))
