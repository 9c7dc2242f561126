"""Stage 10: which functions that the user gave are called while a lock is held that public functions take?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from racelint import facts
from racelint.facts import Span
from racelint.knowledge.model import LockDomain
from racelint.program.callgraph.calls import is_public
from racelint.program.dataflow.dataflow import Dataflow
from racelint.program.deadlocks.listeners import Keeping, Listeners
from racelint.program.deadlocks.origins import origin
from racelint.program.locking.holding import Acquisition
from racelint.program.locking.locks import EXCLUSIVE, LockKey, LockUse
from racelint.program.locking.locksets import LockSets
from racelint.program.memory.draws import put_in
from racelint.program.sources.source import ClassInfo, Code, InCode


class ForeignCall(InCode, frozen=True, eq=False):
    """A call of what the user gave, with `lock` held, which `entrance` takes for any caller.

    `name` is what it is in the source; or, if it is `drawn` out of a container, the name of that, "" where it has none.
    """

    id: int
    span: Span
    name: str
    drawn: bool
    lock: LockUse
    entrance: Acquisition
    keeping: Keeping | None = None
    """Where a listener was put in with the same lock held: then it cannot be taken out, or another be put in."""
    method: str = ""
    """Which of its methods is called, where it is an object."""


def link_foreign(locksets: LockSets) -> list[ForeignCall]:
    """Look at every call that is made with a lock held, and whose answer nobody waits for."""
    entrances: dict[LockKey, list[Acquisition]] = defaultdict(list)
    for acquisition in locksets.acquisitions():
        if acquisition.waits and is_public(acquisition.code) and acquisition.code.name != "__init__":
            entrances[acquisition.use.lock.key].append(acquisition)
    finder = _Finder(locksets, entrances)
    return [
        found
        for code in locksets.places.types.names.sources.codes
        if code.key in locksets.holdings or code.key in locksets.entry
        for found in finder.calls(code)
    ]


class _Finder:
    """Finds the calls of what the user gave; `entrances` are the public functions that take each lock."""

    def __init__(self, locksets: LockSets, entrances: Mapping[LockKey, Sequence[Acquisition]]) -> None:
        self._locksets = locksets
        self._entrances = entrances
        self._given = _Given(locksets)
        self._listeners = Listeners(locksets)

    def calls(self, code: Code) -> Iterator[ForeignCall]:
        """Those that a function makes with a lock held for which public functions wait."""
        flow = self._locksets.places.dataflow(code)
        for operation in code.operations:
            if type(operation) is not facts.Call or flow.uses(operation.id) or operation.id in code.returns:
                continue
            held = [use for use in self._locksets.held(code, operation.id) if self._is_taken_by_others(use)]
            if held and not _is_tested(code, operation.id):
                found = self._of_listener(code, operation, held) or self._of_given(code, operation, held[-1])
                if found is not None:
                    yield found

    def _is_taken_by_others(self, use: LockUse) -> bool:
        excludes = use.lock.kind in EXCLUSIVE and use.lock.domain is LockDomain.THREAD
        return excludes and use.lock.key in self._entrances

    def _of_listener(self, code: Code, call: facts.Call, held: Sequence[LockUse]) -> ForeignCall | None:
        for lock in reversed(held):
            listener = self._listeners.called(code, call, lock)
            if listener is None:
                continue
            keeping = listener.keeping
            inside = [each for each in self._entrances[lock.lock.key] if each.code in keeping.givers]
            if inside:
                what = listener.name, True, lock, inside[0], keeping, listener.method
                return ForeignCall(code, call.id, call.span, *what)
        return None

    def _of_given(self, code: Code, call: facts.Call, lock: LockUse) -> ForeignCall | None:
        name, drawn = self._given.name(code, call.callee)
        entrance = self._entrances[lock.lock.key][0]
        return ForeignCall(code, call.id, call.span, name, drawn, lock, entrance) if name else None


def _is_tested(code: Code, id: int) -> bool:
    return any(isinstance(node, facts.Branch | facts.Loop) and node.test == id for node in code.controls)


class _Given:
    """Tells what the user has given: parameters of public functions, and the attributes that keep them."""

    def __init__(self, locksets: LockSets) -> None:
        self._places = locksets.places
        self._sources = locksets.places.types.names.sources
        self._kept: dict[int, set[str]] = {}

    def name(self, code: Code, id: int) -> tuple[str, bool]:
        """What is called, as the source spells it, if the user gave it, else ""; and whether that is its container."""
        flow = self._places.dataflow(code)
        if self._places.types.of(code, id):
            return "", False
        if self._is_given(code, id):
            return code.function.parameters[id].name, False
        own = code.own_name
        owner, _, attribute = origin(flow, id).partition(".")
        if code.cls is None or owner != own or not attribute or attribute not in self._attributes(code.cls):
            return "", False
        return f"{own}.{attribute}", type(flow.operation(id)) is not facts.LoadAttr

    @staticmethod
    def _is_given(code: Code, id: int) -> bool:
        first = 1 if code.is_method else 0
        return first <= id < len(code.function.parameters) and is_public(code)

    def _attributes(self, cls: ClassInfo) -> set[str]:
        """The attributes in which methods keep what they are given, or to which they add it."""
        found = self._kept.get(cls.key)
        if found is None:
            found = self._kept[cls.key] = set()
            for each in cls.mro:
                for method in self._places.types.attributes.methods(each):
                    found.update(self._keeps(method.code))
        return found

    def _keeps(self, code: Code) -> Iterator[str]:
        flow = self._places.dataflow(code)
        for each in code.operations:
            if type(each) is facts.StoreAttr and each.base == 0 and self._is_given(code, _unwrapped(flow, each.value)):
                yield each.name
        for _, base, value in put_in(code):
            if self._is_given(code, value):
                yield origin(flow, base).removeprefix(f"{code.first_name}.")


def _unwrapped(flow: Dataflow, id: int) -> int:
    """The parameter in `callback or nothing`."""
    operation = flow.operation(id)
    return operation.operands[0] if type(operation) is facts.Choice and operation.operands else id
