"""Part of the birth stage: which steps of a method start a function that gets hold of the method's own object?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import msgspec

from racelint import facts
from racelint.knowledge.loops import TO_OTHER_THREAD
from racelint.knowledge.running import Form, Starts
from racelint.knowledge.threads import TIMER
from racelint.program.callgraph.steps import Frame, Step, Walker
from racelint.program.contexts.contexts import OWN_THREADS, Context
from racelint.program.contexts.threads import Threads
from racelint.program.dataflow.dataflow import operands
from racelint.program.memory.places import Places
from racelint.program.sources.source import ClassInfo, Code, is_super
from racelint.program.starting.registrations import Dispatch, Registrations
from racelint.program.values.passing import argument
from racelint.program.values.values import FunctionRef, Instance, Library, LibraryMethod, LibraryObject, Site


class Entry(msgspec.Struct, frozen=True):
    """A started function; `elsewhere`: it belongs to another object, which was given this one."""

    code: Code
    elsewhere: bool


class Launch(msgspec.Struct, frozen=True):
    """A step that starts something: `label` names what. `context` is None for an object that is a thread itself.

    `registers`: it runs already, and by the step comes to know the object, which it may call at any time.
    """

    step: Step
    label: str
    entries: tuple[Entry, ...]
    context: Context | None
    registers: bool = False


class Launches:
    """Finds the launches among steps."""

    def __init__(self, threads: Threads, places: Places) -> None:
        self._registrations = Registrations(threads, places)
        self._types = threads.calls.types
        self._knowledge = self._types.names.knowledge
        self._sources = self._types.names.sources
        self._now: set[Site] = {
            each.site
            for each in self._types.spawned
            if each.spawn.starts is Starts.NOW and each.spawn.form is Form.FUNCTION
        }
        self._contexts: dict[Frame, list[Context]] = defaultdict(list)
        for context in threads.contexts[1:]:
            for code, id in context.starts:
                if self._is_prompt(context, code, id):
                    self._contexts[code, id].append(context)
        self._coroutines = self._find_coroutines()
        self._launching = {code.key for code, _ in (*self._contexts, *self._coroutines)} | self._registrations.codes
        self._around = {each.key for key in self._launching for each in _around(self._sources.codes[key])}
        """The functions with a launch in them, or in a function inside."""
        self._rows: dict[int, list[tuple[str, str]]] = {}

    def may_launch(self, cls: ClassInfo, code: Code) -> bool:
        """Whether a method of the class may have a launch in it, or in a function inside it."""
        return code.key in self._around or (bool(self._thread_rows(cls)) and self._may_start(cls, code))

    def _may_start(self, cls: ClassInfo, code: Code) -> bool:
        """Whether a method of a class of threads, or a function inside it, may start one."""
        inside = (self._may_start(cls, child) for child in self._sources.children(code))
        return self._has_start(cls, code) or any(inside)

    def _has_start(self, cls: ClassInfo, code: Code) -> bool:
        """Whether something may be launched in a function itself."""
        starts = {start for start, _ in self._thread_rows(cls)}
        if starts and any(type(each) is facts.LoadAttr and each.name in starts for each in code.operations):
            return True
        return code.key in self._launching

    def starting(self, cls: ClassInfo, walker: Walker, code: Code) -> Iterator[int]:
        """Of a method of the class and the functions inside it those with a launch, by their keys."""
        if self._has_start(cls, code) and any(self._in(cls, walker, code)):
            yield code.key
        for child in self._sources.children(code):
            yield from self.starting(cls, walker, child)

    def _in(self, cls: ClassInfo, walker: Walker, code: Code) -> Iterator[bool]:
        for call in code.operations:
            if type(call) is facts.Call:
                yield any(self.of(cls, walker, Step(call, "", ((code, call.id),))))

    def of(self, cls: ClassInfo, walker: Walker, step: Step) -> Iterator[Launch]:
        """What a step starts."""
        call = step.operation
        if type(call) is not facts.Call:
            return
        own = self._own_start(cls, walker, step.code, call)
        if own:
            entries = tuple(Entry(each, False) for each in own)
            yield Launch(step, f"{cls.facts.qualname}.{own[0].name}", entries, None)
            return
        for target in self._coroutines.get((step.code, step.id), ()):
            method = walker.method(target.code.name) if self._gives(walker, step.code, call) else None
            if method is not None and isinstance(target.receiver, Instance) and target.receiver.cls in cls.mro:
                yield Launch(step, method.function.qualname, (Entry(method, False),), None)
        for context in self._contexts.get((step.code, step.id), ()):
            entries = tuple(self._entries(cls, walker, context))
            if entries:
                yield Launch(step, context.label, entries, context)
        for value, dispatch in self._registrations.of(step.code, call):
            entries = tuple(self._registered(walker, step.code, value, dispatch))
            if entries:
                yield Launch(step, dispatch.context.label, entries, None, registers=True)

    def _registered(self, walker: Walker, code: Code, id: int, dispatch: Dispatch) -> Iterator[Entry]:
        """What a thread comes to run on the object, or on another one that is given it as it is made."""
        fetched = code.operation(id)
        bound = type(fetched) is facts.LoadAttr and walker.is_receiver(code, fetched.base)
        own = walker.is_receiver(code, id)
        for run in dispatch.runs:
            if own or (bound and type(fetched) is facts.LoadAttr and fetched.name == run.name):
                if walker.method(run.name) is run:
                    yield Entry(run, False)
                continue
            for value in self._types.of(code, id):
                if isinstance(value, Instance) and value.site is not None and run.cls in value.cls.mro:
                    maker = self._sources.codes[value.site[0]]
                    call = maker.operation(value.site[1])
                    if type(call) is facts.Call and self._gives(walker, maker, call):
                        yield Entry(run, True)

    def _find_coroutines(self) -> dict[Frame, list[FunctionRef]]:
        """The coroutines that are handed to an event loop which another thread runs."""
        made: dict[Site, list[FunctionRef]] = defaultdict(list)
        for each in self._types.spawned:
            if isinstance(each.target, FunctionRef) and each.target.code.function.is_async:
                made[each.site].append(each.target)
        found: dict[Frame, list[FunctionRef]] = {}
        for (key, id), values in self._types.callees.items() if made else ():
            if id >= 0 and any(isinstance(each, Library) and each.qualname in TO_OTHER_THREAD for each in values):
                code = self._sources.codes[key]
                call = code.operations[id]
                given = argument(call, 0, "coro") if type(call) is facts.Call else None
                if given is not None and (key, given) in made:
                    found[code, id] = made[key, given]
        return found

    def _is_prompt(self, context: Context, code: Code, id: int) -> bool:
        """Whether what a context runs begins at that call, and at once."""
        call = code.operation(id)
        if type(call) is not facts.Call or self._is_delayed(context):
            return False
        return (code, id) != (context.code, context.site) or (code.key, id) in self._now

    def _is_delayed(self, context: Context) -> bool:
        """Whether it is a timer, which gives its starter time."""
        if context.code is None:
            return False
        for made in self._types.of(context.code, context.site):
            if isinstance(made, LibraryObject) and made.qualname == TIMER:
                return True
            if isinstance(made, Instance) and TIMER in made.cls.library_bases:
                return True
        return False

    def _thread_rows(self, cls: ClassInfo) -> list[tuple[str, str]]:
        """For a class of threads: the method that starts one, and the one that it runs."""
        found = self._rows.get(cls.key)
        if found is None:
            found = self._rows[cls.key] = [
                (row.started_by, row.name)
                for base in cls.library_bases
                if base != TIMER
                for row in self._knowledge.entry_methods(base)
                if row.started_by and row.runs_on in OWN_THREADS
            ]
        return found

    def _own_start(self, cls: ClassInfo, walker: Walker, code: Code, call: facts.Call) -> list[Code]:
        """The functions that `self.start()` runs, where the object is a thread itself."""
        fetched = code.operation(call.callee)
        if type(fetched) is not facts.LoadAttr or not 0 <= fetched.base < len(code.operations):
            return []
        if not walker.is_receiver(code, fetched.base) and not is_super(code, code.operation(fetched.base)):
            return []
        if not any(isinstance(value, LibraryMethod) for value in self._types.of(code, fetched.id)):
            return []
        names = [name for start, name in self._thread_rows(cls) if start == fetched.name]
        return [found for name in names if (found := walker.method(name)) is not None]

    def _entries(self, cls: ClassInfo, walker: Walker, context: Context) -> Iterator[Entry]:
        for code, receiver in context.entries:
            maker, id = context.code, context.site
            if context.own_instance and isinstance(receiver, Instance) and receiver.site is not None:
                maker, id = self._sources.codes[receiver.site[0]], receiver.site[1]
            call = maker.operations[id] if maker is not None and id >= 0 else None
            if maker is None or type(call) is not facts.Call or not self._gives(walker, maker, call):
                continue
            if isinstance(receiver, Instance) and receiver.cls in cls.mro and not context.own_instance:
                method = walker.method(code.name)
                if method is not None:
                    yield Entry(method, False)
            else:
                inside = code.parent is not None and code.parent.function.kind == "function"
                yield Entry(code, not inside)

    def _gives(self, walker: Walker, code: Code, call: facts.Call) -> bool:
        """Whether the object, a method of it, or a function that knows it, is among what a call is given."""
        pending = [each.value for each in call.arguments]
        seen: set[int] = set()
        while pending:
            id = pending.pop()
            if id in seen or id < 0:
                continue
            seen.add(id)
            given = code.operation(id)
            match given:
                case _ if walker.is_receiver(code, id):
                    return True
                case facts.LoadAttr(base=base, name=name):
                    if walker.is_receiver(code, base) and walker.method(name) is not None:
                        return True
                case facts.MakeFunction(function=index):
                    made = self._sources.function(code.module, index)
                    if any(each is not None and walker.is_receiver(made, each.id) for each in made.operations):
                        return True
                case None:
                    pass
                case _:
                    pending.extend(operands(given))
        return False


def _around(code: Code | None) -> Iterator[Code]:
    """A function and those around it."""
    while code is not None:
        yield code
        code = code.parent
