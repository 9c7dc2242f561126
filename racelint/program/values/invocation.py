"""Part of the types stage: what happens at a call, to parameters, results, containers and spawned functions."""

from __future__ import annotations

from collections.abc import Callable

from racelint import facts
from racelint.knowledge.containers import CALLED, REFERENCES
from racelint.program.sources.source import ClassInfo, Code
from racelint.program.values.binding import Binding
from racelint.program.values.elements import Elements
from racelint.program.values.flow import Flow
from racelint.program.values.handing_back import returned
from racelint.program.values.library_calls import LibraryCalls
from racelint.program.values.passing import arguments
from racelint.program.values.types import Passed, Types
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
        self._libraries = LibraryCalls(types, flow, elements, self.binding, self.call)
        self.task_starts = self._libraries.task_starts
        self._partials: set[tuple[Site, Site]] = set()
        self._returned: dict[int, tuple[int, ...]] = {}

    # --- calling ---

    def call(self, site: Site, passed: Passed, result: int | None, callee: Value) -> None:
        """One possible callee of the call at `site`: pass the arguments, give the result."""
        self._types.note(self._types.callees, site, callee)
        match callee:
            case FunctionRef(code=code, receiver=receiver):
                self.function(code, receiver, passed, result)
            case ClassRef(cls=cls):
                self._construct(site, cls, passed, result)
            case Library(qualname=qualname):
                self._libraries.function(site, qualname, passed, result)
            case LibraryMethod(qualname=qualname, receiver=receiver):
                self._libraries.method(site, callee, passed, result)
                self._libraries.spawn(site, qualname, passed, receiver)
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
            self._flow.watch(node, self._implicit, site, receiver, passed, result)
            found = True
        return found

    def _implicit(self, site: Site, receiver: Instance, passed: Passed, result: int | None, value: Value) -> None:
        if isinstance(value, FunctionRef):
            bound = self._values.function(value.code, receiver)
            self._types.note(self._types.implicit, site, bound)
            self.function(value.code, receiver, passed, result)

    def function(self, code: Code, receiver: Value | None, passed: Passed, result: int | None) -> None:
        """Call a function of the program: pass the arguments, give the result."""
        self.bind(code, receiver, passed)
        if result is None:
            return
        if code.function.is_generator:
            self._flow.add(result, self._values.generator(code))
        else:
            self._flow.copy(self._flow.node("returns", code.key), result)
            for index in self._given_back(code):
                self.binding.hand_back(code, receiver, passed, index, result)

    def _given_back(self, code: Code) -> tuple[int, ...]:
        found = self._returned.get(code.key)
        if found is None:
            found = self._returned[code.key] = returned(code).parameters
        return found

    def _construct(self, site: Site, cls: ClassInfo, passed: Passed, result: int | None) -> None:
        made = self._values.instance(cls, site)
        if result is not None:
            self._flow.add(result, made)
        self._make(site, cls, passed)
        for meta in self._types.names.metaclasses(cls):
            # of a class it is asked what its metaclass does; what comes out of it is taken to be the object
            self.method(site, self._values.instance(meta, None), "__call__", passed, None)
        for _, decorator in self._types.names.class_decorators(cls):
            self._flow.watch(self._flow.node("returns", decorator.key), self._wrapped, site, decorator, passed)
        if not self.method(site, made, "__init__", passed, None):
            self._fill_fields(cls, passed)
        for base in cls.library_bases:
            self._libraries.spawn(site, base, self._handed_on(cls, passed), made)

    def _handed_on(self, cls: ClassInfo, passed: Passed) -> Passed:
        """The arguments, but for those that a constructor of the program keeps from that of a library's class."""
        own = next(iter(self._types.attributes.nearest(cls, "__init__")), None)
        parameters = own.function.parameters if own is not None else ()
        if own is None or any(each.kind in ("vararg", "kwarg") for each in parameters):
            return passed
        given = {argument.value for call in own.operations if type(call) is facts.Call for argument in call.arguments}
        kept = self._flow.node("kept", cls.key)
        positional = (node if id in given else kept for id, node in enumerate(passed.positional, 1))
        return Passed(tuple(positional), passed.keywords, passed.starred, passed.mappings)

    def _make(self, site: Site, cls: ClassInfo, passed: Passed) -> None:
        defining = self._types.attributes.defining(cls, "__new__")
        if defining is not None:
            node = self._flow.node("class", defining.key, "__new__")
            self._flow.watch(node, self._new, site, cls, passed)

    def _new(self, site: Site, cls: ClassInfo, passed: Passed, value: Value) -> None:
        if isinstance(value, FunctionRef):
            receiver = self._values.cls(cls)
            self._types.note(self._types.implicit, site, self._values.function(value.code, receiver))
            self.bind(value.code, receiver, passed)

    def _wrapped(self, site: Site, decorator: Code, passed: Passed, value: Value) -> None:
        """`@singleton` around a class: its name means the function that the decorator returns, which makes the object.

        What knows the class otherwise, as its own methods do, calls the class itself.
        """
        code = self._types.names.sources.codes[site[0]]
        call = code.operation(site[1])
        callee = code.operation(call.callee) if type(call) is facts.Call else None
        is_named = type(callee) is facts.LoadAttr or (type(callee) is facts.LoadName and callee.scope == "global")
        if isinstance(value, FunctionRef) and value.code.parent is decorator and is_named:
            self._types.note(self._types.implicit, site, value)
            self.function(value.code, None, passed, None)

    def _fill_fields(self, cls: ClassInfo, passed: Passed) -> None:
        """The constructor that a dataclass or NamedTuple gets: arguments go to the annotated fields in order."""
        attributes = self._types.attributes
        names = attributes.fields(cls)
        given = [*zip(names, passed.positional, strict=False), *passed.keywords]
        for name, node in given:
            if name in names:
                self._flow.copy(node, self._flow.node("instance", attributes.owner(cls, name).key, name))

    def _follow(self, site: Site, qualname: str) -> None:
        """What calling a weak reference gives goes by the name of the reference."""
        code = self._types.names.sources.codes[site[0]]
        call = code.operation(site[1])
        if qualname in REFERENCES and type(call) is facts.Call:
            self._types.given_back[site] = call.callee

    def _partial(self, site: Site, made: Site, passed: Passed, result: int | None) -> None:
        code = self._types.names.sources.codes[made[0]]
        call = code.operations[made[1]]
        if type(call) is not facts.Call or (site, made) in self._partials:
            # a partial of itself (`f = partial(f, x)` in a loop) ends here
            return
        self._partials.add((site, made))
        first = arguments(code, call)
        if first.positional:
            joined = Passed(
                first.positional[1:] + passed.positional,
                passed.keywords + first.keywords,
                first.starred + passed.starred,
                first.mappings + passed.mappings,
            )
            self._flow.watch(first.positional[0], self.call, site, joined, result)
