"""Part of the types stage: what a call of a library gives, and what it does to the containers that it is given."""

from __future__ import annotations

from functools import cache

from racelint.knowledge.containers import (
    DEFAULTDICT,
    DRAWS,
    DUPLICATES,
    GIVES_ARGUMENT,
    GIVES_ELEMENT,
    MAPPINGS,
    PUTS_ONE,
    REFERENCES,
    ROWS,
    SHARES_ELEMENTS,
    TAKES_ELEMENT,
    TAKES_ONE,
)
from racelint.knowledge.definitions import FIELD_FACTORIES
from racelint.knowledge.threads import RUNS_FIRST
from racelint.program.sources.source import ClassInfo, Code
from racelint.program.values.binding import Binding
from racelint.program.values.elements import Elements
from racelint.program.values.flow import Flow
from racelint.program.values.passing import Call
from racelint.program.values.spawning import Spawning
from racelint.program.values.texts import literal_text
from racelint.program.values.types import Passed, Types
from racelint.program.values.values import (
    ClassRef,
    FunctionRef,
    Instance,
    Library,
    LibraryMethod,
    LibraryObject,
    Site,
    Value,
)


class LibraryCalls:
    """Turns calls of libraries into flows. `call` follows a call of what a library calls in turn."""

    def __init__(self, types: Types, flow: Flow, elements: Elements, binding: Binding, call: Call) -> None:
        self._types = types
        self._flow = flow
        self._elements = elements
        self._binding = binding
        self._call = call
        self._values = types.names.values
        self._spawning = Spawning(types, flow, elements, call)
        self.spawn = self._spawning.spawn
        self.task_starts = self._spawning.task_starts
        # the same few names are asked for at every call of the program
        self._returns = cache(types.names.knowledge.returns)
        self._is_class = cache(types.names.knowledge.is_class)

    def function(self, site: Site, qualname: str, passed: Passed, result: int | None) -> None:
        """A function or class of a library is called."""
        if qualname == "functools.partial":
            if result is not None:
                self._flow.add(result, self._values.partial(site))
            return
        if qualname == "object.__new__" and result is not None and passed.positional:
            self._flow.watch(passed.positional[0], self._fresh, site, result)
            return
        if qualname == "type" and result is not None and len(passed.positional) == 1:
            self._flow.watch(passed.positional[0], self._class_of, result)
            return
        if qualname == "super":
            self._super(site, passed, result)
            return
        owner = qualname.rpartition(".")[0]
        if self._is_class(owner) and passed.positional:
            # the unbound form, `Thread.__init__(self, ...)`: the first argument is the receiver
            self._flow.watch(passed.positional[0], self._spawning.spawn, site, qualname, passed.after_first())
        if qualname in PUTS_ONE and len(passed.positional) > 1:
            self._flow.watch(passed.positional[0], self._put_one, passed.positional[1])
        if result is not None:
            self._library_result(site, qualname, passed, result)
        self._spawning.spawn(site, qualname, passed, None)

    def _put_one(self, given: int, container: Value) -> None:
        if isinstance(container, LibraryObject) and container.site is not None:
            self._flow.copy(given, self._elements.held(container.site))

    def _class_of(self, result: int, value: Value) -> None:
        if isinstance(value, Instance):
            self._flow.add(result, self._values.cls(value.cls))

    def _library_result(self, site: Site, qualname: str, passed: Passed, result: int) -> None:
        if self._is_class(qualname):
            self._flow.add(result, self._values.library_object(qualname, site))
            for node in passed.positional if qualname == "itertools.chain" else passed.positional[:1]:
                self._fill(site, qualname, node)
            self._fill_named(site, qualname, passed)
            return
        if qualname in GIVES_ARGUMENT:
            slot = GIVES_ARGUMENT[qualname]
            if slot < len(passed.positional):
                self._give_back(site, passed.positional[slot])
                if slot:
                    self._flow.copy(passed.positional[slot], result)
                    self._flow.watch(passed.positional[0], self._some_instance, result)
                else:
                    self._flow.watch(passed.positional[slot], self._same_object, result)
            return
        if qualname in DUPLICATES:
            for node in passed.positional[:1]:
                self._flow.watch(node, self._duplicate, site, result)
            return
        if qualname in DRAWS or qualname in TAKES_ONE:
            self._iteration(site, qualname, passed, result)
            return
        if qualname in FIELD_FACTORIES:
            for node in (node for name, node in passed.keywords if name == FIELD_FACTORIES[qualname]):
                self._flow.watch(node, self._for_each_object, result)
            return
        returned = self._returns(qualname)
        if returned is not None:
            self._flow.add(result, self._values.library_object(returned, site))

    def _for_each_object(self, result: int, factory: Value) -> None:
        """What a factory makes for a field: another one for each object, which is made where nobody sees it."""
        match factory:
            case FunctionRef(code=code, receiver=None):
                self._flow.watch(self._flow.node("returns", code.key), self._some_such, result)
            case Library(qualname=qualname) if self._is_class(qualname):
                self._flow.add(result, self._values.library_object(qualname, None))
            case _:
                self._some_instance(result, factory)

    def _some_such(self, result: int, value: Value) -> None:
        if isinstance(value, LibraryObject):
            self._flow.add(result, self._values.library_object(value.qualname, None, value.holds))
        elif isinstance(value, Instance):
            self._flow.add(result, self._values.instance(value.cls, None))

    def _give_back(self, site: Site, given: int) -> None:
        code = self._types.names.sources.codes[site[0]]
        if 0 <= given - code.offset < site[1]:
            self._types.given_back[site] = given - code.offset

    def _same_object(self, result: int, value: Value) -> None:
        """A proxy of a library's object is none of these: it may be gone."""
        if isinstance(value, Instance):
            self._flow.add(result, value)

    def _duplicate(self, site: Site, result: int, value: Value) -> None:
        """Of two containers each has the same in it; of two objects each has attributes of its own."""
        if isinstance(value, Instance):
            self._flow.add(result, self._values.instance(value.cls, site))
        elif isinstance(value, LibraryObject):
            self._flow.add(result, self._values.library_object(value.qualname, site))
            if value.qualname in MAPPINGS:
                self._elements.pour(site, value)
                self._keep_keys(site, value)
            else:
                self._elements.draw(self._elements.held(site), value)

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
            self._flow.watch(given, self._elements.pour, site)
            self._flow.watch(given, self._keep_keys, site)
            if qualname == DEFAULTDICT:
                self._flow.watch(given, self._from_factory, site)
        else:
            self._flow.watch(given, self._elements.draw, held)

    def _fill_named(self, site: Site, qualname: str, passed: Passed) -> None:
        """`dict(name=value)`, `names.update(name=value, **others)`."""
        if qualname in MAPPINGS:
            for name, node in passed.keywords:
                self._elements.put(site, name, node)
            for node in passed.mappings:
                self._flow.watch(node, self._elements.pour, site)

    def _keep_keys(self, site: Site, container: Value) -> None:
        if isinstance(container, LibraryObject) and container.qualname in MAPPINGS:
            self._elements.draw(self._elements.keys(site), container)

    def _from_factory(self, site: Site, factory: Value) -> None:
        made = self._flow.node("made", site)
        self._elements.put(site, None, made)
        self._call(site, Passed((), ()), made, factory)

    def _iteration(self, site: Site, qualname: str, passed: Passed, result: int) -> None:
        if not passed.positional:
            return
        if qualname in TAKES_ONE:
            if qualname in ("min", "max") and len(passed.positional) > 1:
                for node in passed.positional:
                    self._flow.copy(node, result)
            else:
                self._flow.watch(passed.positional[0], self._elements.draw, result)
            return
        self._flow.add(result, self._values.library_object("list", site))
        held = self._elements.held(site)
        if qualname == "iter" and len(passed.positional) > 1:
            # it gives what the function returns, until that is the second argument
            self._flow.watch(passed.positional[0], self._call, site, Passed((), ()), held)
            return
        if qualname in ROWS:
            if not passed.starred:
                self._flow.add(held, self._values.row(passed.positional))
            return
        give = self._elements.pair if qualname == "enumerate" else self._elements.draw
        for node in passed.positional[DRAWS[qualname] :]:
            self._flow.watch(node, give, held)

    def _super(self, site: Site, passed: Passed, result: int | None) -> None:
        code: Code | None = self._types.names.sources.codes[site[0]]
        while code is not None and code.cls is None:
            code = code.parent
        if code is None or code.cls is None or result is None or not code.function.parameters:
            return
        self._flow.watch(code.offset, self._add_super, code.cls, result)

    def _add_super(self, cls: ClassInfo, result: int, receiver: Value) -> None:
        if isinstance(receiver, Instance | ClassRef):
            self._flow.add(result, self._values.super(cls, receiver))

    def method(self, site: Site, callee: LibraryMethod, passed: Passed, result: int | None) -> None:
        """A method of a library is called."""
        if callee.qualname in RUNS_FIRST and passed.positional:
            self._flow.watch(passed.positional[0], self._call, site, passed.after_first(), result)
            return
        receiver, method = callee.receiver, callee.qualname.rpartition(".")[2]
        holds = isinstance(receiver, LibraryObject) and (receiver.site is not None or receiver.holds)
        if isinstance(receiver, LibraryObject) and receiver.site is not None and passed.positional:
            self._put(receiver, receiver.site, method, passed)
        if method == "update" and isinstance(receiver, LibraryObject) and receiver.site is not None:
            self._fill_named(receiver.site, receiver.qualname, passed)
        if result is None:
            return
        if method == "__new__" and passed.positional:
            self._flow.watch(passed.positional[0], self._fresh, site, result)
        returned = self._returns(callee.qualname)
        by_key = isinstance(receiver, LibraryObject) and receiver.qualname in MAPPINGS and method in TAKES_ELEMENT
        named = self._literal(passed.positional[0]) if by_key and passed.positional else None
        if named is not None:
            self._binding.take_item(result, receiver, named)
            for node in passed.positional[1:]:
                self._flow.copy(node, result)
        elif holds and method in TAKES_ELEMENT:
            give = self._elements.pair if method == "popitem" else self._elements.take
            give(result, receiver)
        elif holds and method in SHARES_ELEMENTS:
            self._flow.add(result, self._values.library_object(returned or "list", site))
            give = {"items": self._elements.pair, "keys": self._elements.draw}.get(method, self._elements.take)
            give(self._elements.held(site), receiver)
            if method == "copy":
                self._elements.pour(site, receiver)
        elif returned is not None:
            self._flow.add(result, self._values.library_object(returned, site))

    def _put(self, container: LibraryObject, site: Site, method: str, passed: Passed) -> None:
        """What a method puts into the container made at a site."""
        first, last = passed.positional[0], passed.positional[-1]
        if method in GIVES_ELEMENT and container.qualname in MAPPINGS:
            self._elements.put(site, self._literal(first), last)
            if method == "setdefault":
                self._flow.copy(first, self._elements.keys(site))
        elif method in GIVES_ELEMENT:
            self._flow.copy(last if method == "insert" else first, self._elements.held(site))
        elif method in ("extend", "update", "extendleft"):
            if container.qualname in MAPPINGS:
                self._flow.watch(first, self._elements.pour, site)
            else:
                self._flow.watch(first, self._elements.draw, self._elements.held(site))

    def _literal(self, node: int) -> str | None:
        """The literal text that an argument is."""
        if node >= self._types.names.sources.size:
            return None
        code, _ = self._types.names.sources.operation_at(node)
        return literal_text(code, node - code.offset)

    def _fresh(self, site: Site, result: int, cls: Value) -> None:
        """`super().__new__(cls)` makes an object of that class."""
        if isinstance(cls, ClassRef):
            self._flow.add(result, self._values.instance(cls.cls, site))
