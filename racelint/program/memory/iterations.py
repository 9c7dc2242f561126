"""Part of the places stage: what walks over a container, and whether it does so in one step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from racelint import facts
from racelint.facts import Operation, Span
from racelint.knowledge.containers import VIEWS
from racelint.knowledge.iteration import GENERATOR
from racelint.knowledge.model import Access as Effected
from racelint.knowledge.model import Effect, Slot
from racelint.program.dataflow.dataflow import LOADS, Dataflow
from racelint.program.sources.source import Code
from racelint.program.values.passing import argument
from racelint.program.values.types import Types
from racelint.program.values.values import FunctionRef, Generator, Library, LibraryMethod, LibraryObject, Value


class Walk(msgspec.Struct, frozen=True):
    """Operation `id` goes over all of a container; `method` is the function that does, "" for a loop."""

    id: int
    span: Span
    method: str
    one_step_with_gil: bool


class Walks(msgspec.Struct, frozen=True):
    """What goes over containers in one function."""

    types: Types
    code: Code
    flow: Dataflow

    def containers(self, id: int) -> tuple[str, ...]:
        """The library classes that a value may be of."""
        values = self.types.of(self.code, id)
        return tuple(dict.fromkeys(name for value in values for name in self.types.container_classes(value)))

    def is_generator(self, id: int) -> bool:
        """Whether a value surely is a generator: of a function of the program, or of an expression."""
        values = self.types.of(self.code, id)
        return bool(values) and all(map(_is_generator, values))

    def over_view(self, load: int, call: facts.Call, name: str) -> Iterator[Walk]:
        """What goes over the view of the container `load` that its method `name` has returned."""
        for use in self.flow.uses(call.id):
            walk = self.of(load, call.id, use, f"dict_{name}")
            if walk is not None:
                yield walk

    def view(self, load: int, id: int, use: Operation) -> str:
        """The view of `id` that a function makes (`six.iteritems`), by the name of a dictionary's."""
        name, effect = self.effect(load, id, use) if isinstance(use, facts.Call) and use.callee != id else ("", None)
        method = name.rpartition(".")[2].removeprefix("iter").removeprefix("view")
        if effect is not None and effect.access is Effected.VIEW and method in VIEWS:
            return method
        return self._passed_on(id, use) if isinstance(use, facts.Call) and use.callee != id else ""

    def _passed_on(self, id: int, call: facts.Call) -> str:
        """The view of its argument `id` that a function of the program does nothing but return."""
        given = [each.value for each in call.arguments if each.name == ""]
        for callee in self.types.of(self.code, call.callee):
            match callee:
                case FunctionRef(code=code, receiver=None) if len(code.returns) == 1 and not code.is_method:
                    made = code.operation(code.returns[0])
                case _:
                    continue
            method = code.fetched(made)
            if isinstance(method, facts.LoadAttr) and method.base < min(len(code.function.parameters), len(given)):
                name = method.name.removeprefix("iter").removeprefix("view")
                if given[method.base] == id and name in VIEWS:
                    return name
        return ""

    def of(self, load: int, id: int, use: Operation, view: str = "") -> Walk | None:
        """The walk that `use` makes over `id`: the container `load`, or a view of it."""
        match use:
            case facts.Element(span=span):
                return Walk(use.id, span, "", False)
            case facts.Yield(span=span, delegates=True):
                return Walk(use.id, span, "", False)
            case facts.Call(span=span) if use.callee != id:
                name, effect = self.effect(load, id, use, view)
                return None if effect is None or (walk := walked(effect)) is None else Walk(use.id, span, name, walk)
            case _:
                return None

    def effect(self, load: int, id: int, call: facts.Call, view: str = "") -> tuple[str, Effect | None]:
        """What a call does to its argument `id`, and the name of the function."""
        for qualname, is_method in self._callees(call):
            effects = [
                effect
                for container in self.containers(load) or ("",)
                if (effect := self.types.names.knowledge.builtin_effect(qualname, container, view)) is not None
                and effect.attribute is None
                and _is_at(effect.subject, call, id)
            ]
            if not effects:
                continue
            # of what it may be, the container that takes it best
            effect = max(effects, key=lambda each: (each.atomic_free_threaded, each.atomic_gil))
            if is_method and walked(effect) is None:
                continue
            return qualname, self._with_arguments(effect, call)
        return "", None

    def _callees(self, call: facts.Call) -> Iterator[tuple[str, bool]]:
        """The library functions that a call may run, and whether each is a method."""
        match self.flow.operation(call.callee):
            case facts.LoadAttr(base=base, name=name) if self.flow.text(base) is not None:
                yield f"str.{name}", True
            case _:
                for callee in self.types.of(self.code, call.callee):
                    if isinstance(callee, Library | LibraryMethod):
                        yield callee.qualname, isinstance(callee, LibraryMethod)

    def _with_arguments(self, effect: Effect, call: facts.Call) -> Effect:
        """The effect with the arguments of this call, some of which decide how many steps it takes."""
        spared = effect.spared_by
        if spared is not None and not effect.can_miss and argument(call, spared.position, spared.keyword) is not None:
            return Effect(Effected.SNAPSHOT, True, True, effect.reason, effect.source, subject=effect.subject)
        by = effect.stepwise_by
        given = argument(call, by.position, by.keyword) if by is not None else None
        if given is None or not self._is_stepwise(given):
            return effect
        return Effect(Effected.ITERATE, False, False, effect.reason, effect.source, subject=effect.subject)

    def _is_stepwise(self, given: int) -> bool:
        """Whether an argument surely lets Python code run between the items."""
        if self.flow.is_constant(given):
            return not self.flow.is_none(given)
        return any(isinstance(value, FunctionRef) for value in self.types.of(self.code, given))


class Given(msgspec.Struct, frozen=True):
    """What a function of the program gives away: the container that `load` fetches there, or a `view` of it."""

    code: Code
    receiver: Value | None
    load: facts.LoadName | facts.LoadAttr
    view: str


def _is_generator(value: Value) -> bool:
    if isinstance(value, Generator):
        return not value.code.function.is_async
    return isinstance(value, LibraryObject) and value.qualname == GENERATOR


def given_away(types: Types, code: Code, site: int) -> Given | None:
    """What the function returns that a call or a property runs, if there is one such function, which has one result."""
    runs = types.callees.get((code.key, site)) or types.implicit.get((code.key, site))
    run = next(iter(runs)) if runs is not None and len(runs) == 1 else None
    if not isinstance(run, FunctionRef):
        return None
    callee, receiver = run.code, run.receiver
    if len(callee.returns) != 1 or callee.function.is_async or callee.function.is_generator:
        return None
    match callee.operations[callee.returns[0]] if callee.returns[0] >= len(callee.function.parameters) else None:
        case facts.LoadName() | facts.LoadAttr() as load:
            return None if _is_replaced(callee, load) else Given(callee, receiver, load, "")
        case facts.Call(callee=method):
            match callee.operation(method):
                case facts.LoadAttr(base=base, name=("keys" | "values" | "items") as name):
                    seen = callee.operation(base)
                    return Given(callee, receiver, seen, f"dict_{name}") if isinstance(seen, LOADS) else None
    return None


def _is_replaced(code: Code, load: facts.LoadName | facts.LoadAttr) -> bool:
    """Whether a function puts something else in the place of what it has fetched: that belongs to who gets it."""
    for later in code.operations[load.id + 1 :]:
        match load, later:
            case facts.LoadName(name=name), facts.StoreName(name=stored) if name == stored:
                return True
            case facts.LoadAttr(base=base, name=name), facts.StoreAttr(base=of, name=stored):
                if (base, name) == (of, stored):
                    return True
            case _:
                pass
    return False


def walked(effect: Effect) -> bool | None:
    """Whether an effect that goes over the container does so in one step with the GIL; None: in any case, or not at
    all."""
    if effect.access is Effected.ITERATE:
        return effect.atomic_gil
    if effect.access is Effected.SNAPSHOT and not effect.atomic_free_threaded:
        return effect.atomic_gil
    return None


def _is_at(subject: Slot | None, call: facts.Call, id: int) -> bool:
    """Whether the argument `id` stands where the function takes the container."""
    if subject is None:
        return False
    given: Sequence[int] = [each.value for each in call.arguments if each.name == ""]
    position = subject.position or 0
    return id in given[position:] if subject.rest else given[position : position + 1] == [id]
