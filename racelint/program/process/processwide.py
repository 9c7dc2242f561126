"""Which state of the whole process (directory, environment, streams, ...) is changed beside other threads?

Such state has no owner and no name in the program: whoever calls `os.chdir` changes it for all. What is changed for a
while and then restored belongs together, from the change to the restoration.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from typing import Final

import msgspec

from racelint import facts
from racelint.facts import Span
from racelint.findings import Evidence
from racelint.knowledge.model import ProcessState
from racelint.knowledge.process import ASKING, KEYED, OLD_VALUES, REDIRECTED, WHILE_ENTERED
from racelint.program.contexts.contexts import Context
from racelint.program.contexts.threads import Threads
from racelint.program.dataflow.dataflow import Dataflow
from racelint.program.locking.locks import LockKey
from racelint.program.locking.locksets import LockSets
from racelint.program.sources.nodes import ids_in
from racelint.program.sources.source import ClassInfo, Code, span_of
from racelint.program.values.values import ClassRef, FunctionRef, Library, LibraryMethod

SPREADS: Final = ("*", "**")
"""What copies the items of one container into another: `{**os.environ}`."""


class Change(msgspec.Struct, frozen=True):
    """One change of the state of the process, by the library's function or variable `by`.

    `part` is the literal key, where only one entry is changed, or the variable; "" is all of it, None an entry that is
    not known.
    """

    state: ProcessState
    by: str
    code: Code
    id: int
    part: str | None

    @property
    def path(self) -> str:
        """The file of the change."""
        return self.code.path

    @property
    def span(self) -> Span:
        """Where in it."""
        return span_of(self.code, self.id)


class Disturbance(msgspec.Struct, frozen=True):
    """A change while others rely on the state: `one` makes it, `other` may make `partner` at the same time.

    `restored` is the change of the same function that takes it back, the change itself where a `with` does. `partner`
    is None where the other side is only known to run beside it.
    """

    change: Change
    restored: Change | None
    one: Context
    other: Context
    partner: Change | None
    evidence: Evidence = "threads"

    @property
    def gets_mixed_up(self) -> bool:
        """Whether something grave is changed for a while, and others change it as well.

        What a `with` puts back is grave for what is said to be shared: put back in the wrong order, it is never right.
        """
        lasts = self.evidence == "assumed" and self.change.by in WHILE_ENTERED
        return self.restored is not None and self.partner is not None and (lasts or not self.change.state.quiet)


def link_processwide(threads: Threads, locksets: LockSets, assumed: Sequence[str] = ()) -> list[Disturbance]:
    """Find the changes that meet others, in the order of the program, one for each function and state.

    What `assumed` names is taken to be called from many threads.
    """
    finder = _Finder(threads, locksets, assumed)
    return [found for changes in finder.changes.values() for found in finder.disturbances(changes)]


class _Finder:
    def __init__(self, threads: Threads, locksets: LockSets, assumed: Sequence[str]) -> None:
        self._threads = threads
        self._assumed = assumed
        self._locksets = locksets
        self._types = threads.calls.types
        self._knowledge = self._types.names.knowledge
        self._states: dict[str, ProcessState | None] = {}
        self.changes: dict[ProcessState, dict[int, list[Change]]] = defaultdict(lambda: defaultdict(list))
        """By state and function, in the order of evaluation."""
        for code in self._types.names.sources.codes:
            for change in self._changes(code):
                self.changes[change.state][code.key].append(change)

    def _changes(self, code: Code) -> Iterator[Change]:
        for operation in code.operations:
            if type(operation) is facts.Call:
                found = self._state(code, operation.callee, "")
                if found is not None and len(operation.arguments) <= ASKING.get(found[1], -1):
                    continue
            elif type(operation) is facts.StoreItem:
                found = self._state(code, operation.base, ".__setitem__")
            elif type(operation) is facts.DeleteItem:
                found = self._state(code, operation.base, ".__delitem__")
            elif type(operation) is facts.StoreAttr:
                found = self._state(code, operation.base, f".{operation.name}")
            else:
                continue
            if found is not None:
                yield Change(*found, code, operation.id, self._part(code, operation, found[1]))

    def _part(self, code: Code, operation: facts.Operation, by: str) -> str | None:
        """The key of the one entry that is changed, or the one variable."""
        flow = self._locksets.places.dataflow(code)
        match operation:
            case facts.StoreItem(key=key) | facts.DeleteItem(key=key):
                return flow.text(key)
            case facts.StoreAttr():
                return by
            case facts.Call() if by in REDIRECTED:
                return REDIRECTED[by]
            case facts.Call(callee=callee, arguments=arguments) if arguments:
                fetched = flow.operation(callee)
                keyed = type(fetched) is facts.LoadAttr and fetched.name in KEYED
                return flow.text(arguments[0].value) if keyed else ""
            case _:
                return ""

    def _state(self, code: Code, id: int, member: str) -> tuple[ProcessState, str] | None:
        for value in self._types.of(code, id):
            if isinstance(value, Library | LibraryMethod):
                name = f"{value.qualname}{member}"
                if name not in self._states:
                    self._states[name] = self._named(name)
                found = self._states[name]
                if found is not None:
                    return found, value.qualname if member.startswith(".__") else name
        return None

    def _named(self, name: str) -> ProcessState | None:
        """The state of the process that goes by a name of a library, be it that of a variable's attribute."""
        owner, _, last = name.rpartition(".")
        variable = self._knowledge.attribute(owner)
        found = self._knowledge.process_state(name)
        return self._knowledge.process_state(f"{variable.type}.{last}") if found is None and variable else found

    def disturbances(self, changes: dict[int, list[Change]]) -> Iterator[Disturbance]:
        """What meets what among the changes of one state."""
        every = [change for group in changes.values() for change in group]
        for group in changes.values():
            first, restored = self._for_a_while(group, every)
            met = self._met(first, every) or self._beside(first)
            if met is not None and self._is_told_elsewhere(first, met[2], every):
                continue
            found = None if met is None else Disturbance(first, restored, *met)
            if (found is None or not found.gets_mixed_up) and restored is not None and self._is_assumed(first):
                main = self._threads.contexts[0]
                yield Disturbance(first, restored, main, main, first, "assumed")
            elif found is not None:
                yield found

    def _is_assumed(self, change: Change) -> bool:
        """Whether `--assume-shared` names the function, its class or its module, and it changes the state unlocked."""
        code, names = change.code, [change.code.qualname]
        while "." in names[-1]:
            names.append(names[-1].rpartition(".")[0])
        return (
            code.key in self._threads.offered
            and not code.function.is_async
            and not self._locks(change)
            and any(fnmatchcase(name, pattern) for name in names for pattern in self._assumed)
        )

    def _met(self, change: Change, every: list[Change]) -> tuple[Context, Context, Change] | None:
        """Who makes the change, and who may make which other at the same time, with no lock to keep them apart."""
        nearest = sorted(every, key=lambda each: (each.code is not change.code, not self._may_be_same(change, each)))
        for other in nearest:
            same = change.code is other.code or change.part == other.part is not None or "" in (change.part, other.part)
            if not same or self._locks(change) & self._locks(other):
                continue
            for one in self._threads.of(change.code):
                for two in self._threads.of(other.code):
                    meet = self._threads.overlap(one, change.code, change.id, two, other.code, other.id)
                    if meet and self._is_near(one, change.code, two) and self._is_near(two, other.code, one):
                        return one, two, other
        return None

    def _is_near(self, one: Context, code: Code, other: Context) -> bool:
        """Whether the main context comes to its change from where the other one is started, not from just anywhere."""
        root = self._threads.trace(one, code)[0] if one.is_main else None
        return root is None or root.function.kind == "module" or root is other.code

    def _beside(self, change: Change) -> tuple[Context, Context, None] | None:
        """Whether a started context makes the change without a lock, beside the one that has started it."""
        started = [each for each in self._threads.of(change.code) if not each.is_main]
        return (started[0], self._threads.contexts[0], None) if started and not self._locks(change) else None

    def _is_told_elsewhere(self, change: Change, partner: Change | None, every: list[Change]) -> bool:
        """Whether the lock is missing on the other side, or the change only takes back what `__enter__` has changed."""
        if partner is not None and self._locks(change) and not self._locks(partner):
            return True
        entered = [each for each in every if each.code.cls is change.code.cls and each.code.name == "__enter__"]
        return change.code.is_method and change.code.name == "__exit__" and bool(entered)

    def _locks(self, change: Change) -> set[LockKey]:
        return {use.lock.key for use in self._locksets.held(change.code, change.id) if use.lock.excludes}

    def _for_a_while(self, group: list[Change], every: list[Change]) -> tuple[Change, Change | None]:
        """The first change of a function that is taken back, with what does so; the first one if none is."""
        restored = ((each, self._restoration(group[number:], every)) for number, each in enumerate(group))
        return next((pair for pair in restored if pair[1] is not None), (group[0], None))

    def _restoration(self, group: list[Change], every: list[Change]) -> Change | None:
        """The change that takes the first of some back: in the function, or in the `__exit__` to it."""
        first, code = group[0], group[0].code
        if first.by in WHILE_ENTERED:
            return first
        final = {id for node in code.controls if type(node) is facts.Try for id in ids_in(node.final)}
        for change in group[1:]:
            if self._may_be_same(first, change) and (change.id in final or self._puts_back(change)):
                return change
        if code.is_method and code.name == "__enter__":
            return next((each for each in every if each.code.cls is code.cls and each.code.name == "__exit__"), None)
        return first if self._puts_back(first) else None

    def _may_be_same(self, one: Change, other: Change) -> bool:
        """Whether two changes of one state may be of the same part of it."""
        return one.part == other.part or not one.part or not other.part

    def _puts_back(self, change: Change) -> bool:
        """Whether the new value was what the state had been before."""
        flow = self._locksets.places.dataflow(change.code)
        match change.code.operations[change.id]:
            case facts.Call(arguments=arguments):
                given = [each.value for each in arguments]
            case facts.StoreAttr(value=value) if type(flow.operation(value)) is facts.Call:
                # another stream, that may write to the old one
                return False
            case facts.StoreAttr(value=value) | facts.StoreItem(value=value):
                given = [value]
            case _:
                return False
        operations = change.code.operations
        made = {id for id, each in enumerate(operations) if self._makes_another(change.code, each)}
        others = frozenset({*made, *_entries_beside(flow, change)})
        reads = (flow.operation(id) for each in given for id in flow.sources(each, without=others))
        return any(self._is_old(change.code, read) for read in reads)

    def _makes_another(self, code: Code, operation: facts.Operation | None) -> bool:
        """Whether a value is another one, made with the old: more in front of a path, a stream around a stream."""
        match operation:
            case facts.Compute(kind=kind, operands=operands):
                return kind not in SPREADS or len(operands) > 1
            case facts.Call(callee=callee) if callee >= 0:
                return any(isinstance(each, ClassRef | FunctionRef) for each in self._types.of(code, callee))
            case _:
                return False

    def _is_old(self, code: Code, read: facts.Operation | None) -> bool:
        """Whether it is asked for what the state is, or for what a method has kept of that in an attribute."""
        if not isinstance(read, facts.LoadAttr | facts.LoadName) or read.name not in OLD_VALUES:
            return False
        if type(read) is facts.LoadName or code.cls is None or not code.own_attribute(read):
            asked = read.base if type(read) is facts.LoadAttr else read.id
            return any(isinstance(each, Library) for each in self._types.of(code, asked))
        return self._is_kept(code.cls, read.name)

    def _is_kept(self, cls: ClassInfo, name: str) -> bool:
        """Whether an object stores in its attribute what it has asked the state for."""
        own = ((code, each) for code in self._types.attributes.all_methods(cls) for each in code.own_stores())
        return any(self._is_asked_for(code, each.value) for code, each in own if each.name == name)

    def _is_asked_for(self, code: Code, value: int) -> bool:
        """Whether a value was made of what the state was found to be just then."""
        flow = self._locksets.places.dataflow(code)
        reads = map(flow.operation, flow.sources(value))
        return any(self._is_old(code, read) and not code.own_attribute(read) for read in reads)


def _entries_beside(flow: Dataflow, change: Change) -> Iterator[int]:
    """What is read of the state by another key than that of the entry which is changed: that is no old value of it."""
    stored = flow.operation(change.id)
    if type(stored) is not facts.StoreItem:
        return
    for each in change.code.operations:
        match each:
            case facts.LoadItem(id=id, base=base, key=key):
                asked = base
            case facts.Call(id=id, callee=callee, arguments=(facts.Argument(value=key), *_)):
                fetched = flow.operation(callee)
                asked = fetched.base if type(fetched) is facts.LoadAttr and fetched.name not in OLD_VALUES else callee
            case _:
                continue
        read = flow.operation(asked)
        is_state = isinstance(read, facts.LoadAttr | facts.LoadName) and read.name in OLD_VALUES
        if is_state and flow.key(key) != flow.key(stored.key):
            yield id
