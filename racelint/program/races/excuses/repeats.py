"""Part of the races stage: what may as well be done twice, because the second time leaves all as the first has."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from typing import Final

import msgspec

from racelint import facts
from racelint.facts import Operation
from racelint.knowledge.logs import TELLS, WARNS, WRITES
from racelint.knowledge.model import Access as Effects
from racelint.knowledge.model import Effect
from racelint.knowledge.repeating import ALIKE, ANSWERS, ASKED, LOOKUPS, SAME, SETTLED, SHOWS, STARTS
from racelint.program.callgraph.edges import Edge
from racelint.program.memory.places import Access, Kind
from racelint.program.races.cases.case import Case
from racelint.program.races.excuses.drawn import is_drawn
from racelint.program.races.excuses.kept import are_parts_changed, may_differ
from racelint.program.sequences.misses import handled_misses
from racelint.program.sources.branching import leaves
from racelint.program.sources.nodes import walk
from racelint.program.sources.source import Code
from racelint.program.values.passing import argument
from racelint.program.values.values import ClassRef, FunctionRef, Library, LibraryObject, ModuleRef

DEPTH: Final = 5
"""How many calls deep it is looked what is done."""

ONLY_LOOKS: Final = frozenset({Effects.READ, Effects.SNAPSHOT, Effects.VIEW, Effects.ITERATE})
"""What a method does that leaves its object as it was."""

STORES: Final = (facts.StoreName, facts.StoreAttr)
"""How a function keeps a value in a variable or an attribute."""

REPEATABLE: Final = ANSWERS | SAME | WRITES | WARNS
"""What may be called once more, wherever it is."""


class Repeats(msgspec.Struct):
    """Asks of the operations of functions whether they may be done twice; what is not known may not.

    Asked `mildly`, it is only held against what is called what surely goes wrong twice, as far as one can see.
    """

    case: Case
    mildly: bool = False
    is_over: bool = True
    """Whether all of it is done by when the others are told that it need not be done again."""
    _asked: dict[int, bool] = msgspec.field(default_factory=dict)

    def may(self, code: Code, ids: Iterable[int], depth: int = DEPTH) -> bool:
        """Whether all of these operations of a function may be done once more."""
        edges: dict[int, list[Edge]] = {}
        for edge in self.case.threads.calls.calls(code):
            edges.setdefault(edge.site, []).append(edge)
        misses = handled_misses(code, self.case.sharing.places.dataflow(code))
        # an exception that is made to be raised ends both alike
        raised = {node.value for node in walk(code.function.body) if type(node) is facts.Raise}
        for id in ids:
            operation = code.operations[id]
            if operation is None or (id in raised and id not in edges):
                continue
            called = edges.get(id, [])
            if called and depth and all(self.may_run(edge.callee, depth - 1) for edge in called):
                continue
            if not called and self._may_be_done(code, operation, id in misses):
                continue
            if depth == DEPTH and self.mildly and self._is_loaded(code, operation):
                continue
            if not self.mildly or depth == DEPTH or self._goes_wrong(code, operation, id in misses):
                return False
        return True

    def _is_loaded(self, code: Code, operation: Operation) -> bool:
        """Whether what a library gives that is imported for it, and asked for nothing of this run, is kept where the
        same is put each time."""
        flow = self.case.sharing.places.dataflow(code)
        if not isinstance(operation, facts.Call):
            value = flow.operation(operation.value) if isinstance(operation, STORES) else None
            return type(value) is facts.Call and self._is_loaded(code, value)
        uses = flow.uses(operation.id)
        return (
            self.is_over
            and bool(uses)
            and not self._is_followed(code, operation.id)
            and type(flow.operation(operation.callee)) is facts.Import
            and all(flow.is_constant(each.value) for each in operation.arguments)
            and all(isinstance(each, STORES) and self._is_put_there_again(code, each.id) for each in uses)
        )

    def _goes_wrong(self, code: Code, operation: Operation, is_missed: bool) -> bool:
        """Whether an operation that may not be done twice is known to change what others see, or to be seen itself."""
        places = self.case.sharing.places
        if any(each.id == operation.id and each.kind.writes for each in places.of(code)):
            return not is_missed and not (self.is_over and self._is_put_there_again(code, operation.id))
        match operation:
            case facts.DeleteAttr() | facts.DeleteName() | facts.DeleteItem():
                return not is_missed
            case facts.Call(callee=callee):
                method = places.dataflow(code).operation(callee)
                starts = type(method) is facts.LoadAttr and method.name in STARTS
                return starts or places.types.may_call(code, operation, SHOWS) or self._is_followed(code, operation.id)
            case _:
                return False

    def _is_followed(self, code: Code, site: int) -> bool:
        """Whether it is known what a call runs, and so has been looked at."""
        return any(edge.site == site for edge in self.case.threads.calls.calls(code))

    def may_run(self, callee: Code, depth: int = DEPTH) -> bool:
        """Whether a function of the program may be run twice; where it calls itself, by what else it does."""
        if callee.function.is_async:
            return False
        if callee.key not in self._asked:
            self._asked[callee.key] = True
            once = _done_once(self.case, callee)
            ids = (id for id in range(len(callee.operations)) if id not in once)
            self._asked[callee.key] = self.may(callee, ids, depth)
        return self._asked[callee.key]

    def _may_be_done(self, code: Code, operation: Operation, is_missed: bool) -> bool:
        match operation:
            case facts.Call():
                return self._may_be_called(code, operation)
            case facts.StoreAttr() | facts.StoreName() | facts.StoreItem():
                return not operation.augmented and self._is_equal(code, operation.value)
            case facts.DeleteAttr() | facts.DeleteName() | facts.DeleteItem():
                return is_missed
            case facts.Await() | facts.Yield() | facts.MakeClass():
                return False
            case _:
                return True

    def _may_be_called(self, code: Code, call: facts.Call) -> bool:
        """Whether a call of something outside the program may be made twice."""
        holding = self.case.locksets.holdings.get(code.key)
        if holding is not None and call.id in holding.acquisitions.keys() | holding.releases.keys():
            return True
        places = self.case.sharing.places
        callee = places.dataflow(code).operation(call.callee)
        values = places.types.of(code, call.callee)
        if any(isinstance(each, ClassRef | FunctionRef) for each in values):
            return False
        if places.types.surely_calls(code, call, REPEATABLE) or places.types.may_call(code, call, ALIKE):
            return True
        if type(callee) is not facts.LoadAttr or self._is_module(code, callee.base):
            return False
        if type(places.dataflow(code).operation(callee.base)) is facts.Const:
            return True
        looked_up = callee.name in LOOKUPS and any(each.name == "" for each in call.arguments)
        return looked_up or callee.name in SETTLED | ASKED | TELLS or self._only_looks(code, callee, call)

    def _is_module(self, code: Code, base: int) -> bool:
        """Whether what a name is fetched from is a module or class, and so a function: `os.close(descriptor)`."""
        values = self.case.sharing.places.types.of(code, base)
        return any(isinstance(each, Library | ModuleRef | ClassRef) for each in values)

    def _only_looks(self, code: Code, method: facts.LoadAttr, call: facts.Call) -> bool:
        """Whether a method of a library object leaves it alone, or takes away what may be gone: `pop(key, None)`."""
        types = self.case.sharing.places.types
        values = types.of(code, method.base)
        known = [each.qualname for each in values if isinstance(each, LibraryObject)]
        if not known or len(known) < len(values):
            return False
        effects = [types.names.knowledge.effect(each, method.name) for each in known]
        return all(each is not None and (each.access in ONLY_LOOKS or _is_spared(each, call)) for each in effects)

    def _is_equal(self, code: Code, value: int) -> bool:
        """Whether both store the same: literals, modules, what is looked up by its name, and what is made of these."""

        def parts(operation: Operation | None) -> Iterable[int] | None:
            match operation:
                case facts.Const() | facts.LoadName() | facts.Import():
                    return ()
                case facts.LoadAttr(id=load, base=base) if not self._is_own_place(code, load, value):
                    return () if base < len(code.function.parameters) else (base,)
                case facts.Build(items=items, keys=keys, comprehension=False):
                    return (*items, *keys)
                case facts.Phi(inputs=inputs) | facts.Choice(operands=inputs) | facts.Compute(operands=inputs):
                    return inputs
                case _:
                    return None

        return self.case.sharing.places.dataflow(code).consists(value, parts)

    def _is_put_there_again(self, code: Code, id: int) -> bool:
        """Whether an operation stores what nobody else stores or changes there, and not what was given or made of what
        was there."""
        places = self.case.sharing.places
        flow = places.dataflow(code)
        given = [each for each in range(len(code.function.parameters)) if not code.is_own(each)]
        for access in (each for each in places.of(code) if each.id == id and each.kind.writes):
            if access.kind is not Kind.WRITE and (access.method != "[]=" or not flow.is_constant(access.key)):
                return False
            if is_drawn(self.case, code, access.value) or any(flow.comes_from(access.value, each) for each in given):
                return False
            behind = {each.id for each in flow.behind(access.value)}
            users = places.by_place[access.place]
            others = [each for each in users if each.kind.writes or each.code is code]
            if not all(self._is_kept(access, each, behind) for each in others):
                return False
            if any(are_parts_changed(self.case, each) for each in users):
                return False
            if any(may_differ(self.case, each) for each in places.types.of(code, access.value)):
                return False
        return True

    def _is_kept(self, store: Access, other: Access, behind: Container[int]) -> bool:
        """Whether an access of the same Place leaves there what a store puts in, and is not what that was made of."""
        code = other.code
        if not other.kind.writes:
            return other.read_id not in behind
        if code.key in self.case.threads.calls.constructing or code.function.kind in ("class", "module"):
            return True
        if (other.kind, other.method) != (store.kind, store.method):
            return False
        dataflow = self.case.sharing.places.dataflow
        if code is store.code or store.kind is Kind.WRITE:
            return code is store.code
        if other.value in range(len(code.function.parameters)) and not dataflow(code).is_constant(other.key):
            # who is told under which key, and what, may be told that of any
            return False
        # what is put in elsewhere has a key of its own
        return dataflow(code).key(other.key) != dataflow(store.code).key(store.key)

    def _is_own_place(self, code: Code, load: int, value: int) -> bool:
        """Whether what is read is what the value is stored to: it is another one the second time."""
        flow = self.case.sharing.places.dataflow(code)
        stores = (use for use in flow.uses(value) if type(use) is facts.StoreAttr)
        return any(f"{flow.path(each.base)}.{each.name}" == flow.path(load) for each in stores)


def _is_spared(effect: Effect, call: facts.Call) -> bool:
    """Whether a call says what it gives where nothing is left: it does not fail then."""
    default = effect.spared_by
    return default is not None and argument(call, default.position, default.keyword) is not None


def _done_once(case: Case, code: Code) -> set[int]:
    """What a function does only as long as a flag is not set that it sets itself: called twice, it does that once."""
    flow = case.sharing.places.dataflow(code)
    found: set[int] = set()
    for node in code.function.body:
        if type(node) is facts.Branch and node.body and not node.orelse and leaves(node.body):
            read = {flow.path(id) for id in flow.sources(node.test)}
            if any(store.id > node.test and path in read for store, path in _flags(case, code)):
                found.update(id for id, each in enumerate(code.operations) if each is not None and id > node.test)
    return found


def _flags(case: Case, code: Code) -> Iterator[tuple[facts.StoreAttr, str]]:
    flow = case.sharing.places.dataflow(code)
    for each in walk(code.function.body):
        if type(each) is facts.StoreAttr and flow.is_constant(each.value):
            yield each, f"{flow.path(each.base)}.{each.name}"
