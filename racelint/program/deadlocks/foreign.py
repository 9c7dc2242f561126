"""Stage 10: which functions that the user gave are called while a lock is held that public functions take?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from racelint import facts
from racelint.facts import Span
from racelint.knowledge.containers import GIVES_ELEMENT
from racelint.knowledge.model import LockDomain
from racelint.program.callgraph.calls import is_public
from racelint.program.dataflow.dataflow import Dataflow
from racelint.program.deadlocks.origins import origin, receiver_of
from racelint.program.locking.holding import Acquisition
from racelint.program.locking.locks import EXCLUSIVE, LockKey, LockUse
from racelint.program.locking.locksets import LockSets
from racelint.program.sources.source import ClassInfo, Code


@dataclass(frozen=True, slots=True, eq=False)
class ForeignCall:
    """A call of what the user gave, `name` in the source, with `lock` held, which `entrance` takes for any caller."""

    code: Code
    id: int
    span: Span
    name: str
    lock: LockUse
    entrance: Acquisition

    @property
    def path(self) -> str:
        """The file."""
        return self.code.path


def link_foreign(locksets: LockSets) -> list[ForeignCall]:
    """Look at every call that is made with a lock held, and whose answer nobody waits for."""
    entrances: dict[LockKey, Acquisition] = {}
    for acquisition in locksets.acquisitions():
        if acquisition.waits and is_public(acquisition.code) and acquisition.code.name != "__init__":
            entrances.setdefault(acquisition.use.lock.key, acquisition)
    finder = _Given(locksets)
    return [
        found
        for code in locksets.places.types.names.sources.codes
        if code.key in locksets.holdings or code.key in locksets.entry
        for found in _calls(locksets, finder, entrances, code)
    ]


def _calls(
    locksets: LockSets, finder: _Given, entrances: dict[LockKey, Acquisition], code: Code
) -> Iterator[ForeignCall]:
    flow = locksets.places.dataflow(code)
    for operation in code.operations:
        if type(operation) is not facts.Call or flow.uses(operation.id) or operation.id in code.returns:
            continue
        held = [
            use
            for use in locksets.held(code, operation.id)
            if use.lock.kind in EXCLUSIVE and use.lock.domain is LockDomain.THREAD and use.lock.key in entrances
        ]
        if held and not _is_tested(code, operation.id):
            name = finder.name(code, operation.callee)
            if name:
                lock = held[-1]
                yield ForeignCall(code, operation.id, operation.span, name, lock, entrances[lock.lock.key])


def _is_tested(code: Code, id: int) -> bool:
    return any(isinstance(node, facts.Branch | facts.Loop) and node.test == id for node in code.controls)


class _Given:
    """Tells what the user has given: parameters of public functions, and the attributes that keep them."""

    def __init__(self, locksets: LockSets) -> None:
        self._places = locksets.places
        self._sources = locksets.places.types.names.sources
        self._kept: dict[int, set[str]] = {}

    def name(self, code: Code, id: int) -> str:
        """What is called, as the source spells it, if the user gave it; else ""."""
        flow = self._places.dataflow(code)
        if self._places.types.of(code, id):
            return ""
        if self._is_given(code, id):
            return code.function.parameters[id].name
        own = code.own_name
        owner, _, attribute = origin(flow, id).partition(".")
        if code.cls is None or owner != own or not attribute or attribute not in self._attributes(code.cls):
            return ""
        fetched = flow.operation(id)
        return f"{own}.{attribute}" if type(fetched) is facts.LoadAttr else f"what is in {own}.{attribute}"

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
        for operation in code.operations:
            match operation:
                case facts.StoreAttr(base=0, name=name, value=value) if self._is_given(code, _unwrapped(flow, value)):
                    yield name
                case facts.StoreItem(base=base, value=value) if self._is_given(code, value):
                    yield origin(flow, base).removeprefix(f"{code.first_name}.")
                case facts.Call(callee=callee, arguments=arguments):
                    fetched = flow.operation(callee)
                    given = any(self._is_given(code, each.value) for each in arguments)
                    if given and type(fetched) is facts.LoadAttr and fetched.name in GIVES_ELEMENT:
                        yield origin(flow, receiver_of(code, operation)).removeprefix(f"{code.first_name}.")
                case _:
                    pass


def _unwrapped(flow: Dataflow, id: int) -> int:
    """The parameter in `callback or nothing`."""
    operation = flow.operation(id)
    return operation.operands[0] if type(operation) is facts.Choice and operation.operands else id
